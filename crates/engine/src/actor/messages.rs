//! What other actors need in order to ask a file's actor: the actor, its messages, and kameo itself.
//!
//! kameo is a public dependency: an application's actors have to be of the same version.

pub use kameo;
pub use kameo::actor::ActorRef;

pub use crate::actor::file::{Append, FileActor, Metadata, ReadAt, SetLen, SyncAll, SyncData, WriteAt};
