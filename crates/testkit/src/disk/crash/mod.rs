//! What a power cut may leave: every image, by the rules of a model of the file system.

mod atom;
mod choices;
mod history;
mod images;
mod journaled;
mod model;
mod outcome;
mod power;
mod revive;
mod shown;
mod subject;
mod worst;

pub use choices::Coverage;
pub use history::{DiskHistory, Moment};
pub use images::{CrashImage, CrashImages};
pub use model::CrashModel;
pub use power::Survivors;
