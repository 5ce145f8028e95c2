//! wip
mod disk;
pub mod errno;
mod faults;
mod lock;
mod random;
pub use disk::{Disk, Mount, Survivors};
pub use faults::{Call, Fault, Gate, Plan, Trigger};
pub use random::{Random, seeds};
mod history;
mod model;
pub use history::{Entry, History, Invocation, Recorder, Violation, ViolationKind, check};
pub use model::{FileModel, ModelOp, Outcome};
mod conformance;
pub use conformance::conformance;
