//! What other actors need to send messages to a file's actor: the actor, its messages, and kameo itself.
//!
//! kameo is a public dependency: an application must use the same version.

pub use kameo;
pub use kameo::actor::ActorRef;

pub use crate::actor::file::{Append, FileActor, Metadata, ReadAt, SetLen, SyncAll, SyncData, WriteAt};
