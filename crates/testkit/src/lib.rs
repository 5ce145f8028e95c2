//! What folio's tests stand on: a disk that fails on request, a model of a file, and a judge of histories.
//!
//! | To show that … | take |
//! |---|---|
//! | a fault, a delay or a panic in the n-th call is survived | [`Disk`], [`Plan`], [`Gate`], [`Clock`] |
//! | the same on a storage that answers later | [`FarStore`] |
//! | the same through real system calls | `FuseMount`, with the feature `fuse` |
//! | acknowledged data survives a power cut now, or at any moment of a run | [`Disk::crash_images`], [`Disk::history`] |
//! | concurrent operations on one file look like one after another | [`Recorder`], [`check`] |
//! | one operation after another does what a file does | [`FileModel`] |
//! | another storage keeps the port's contracts | [`conformance`] |
//! | a property holds for many seeds | [`seeds`], [`Random`] |
//! | something happens in the end, or at once, or not yet | [`wait`], [`polling`] |
//! | a process sees, does or leaves something | [`process`] |
//!
//! A check that cannot run on this machine says so by [`skip`].
//!
//! ```
//! use std::{io::IoSlice, path::Path};
//! use folio_engine::storage::{Names, OpenRequest};
//! use folio_testkit::{Call, Disk, Survivors, errno::EIO};
//!
//! let disk = Disk::new();
//! disk.put("/data", *b"old");
//! let fault = disk.plan().on(Call::Sync).nth(1).fail(EIO);
//!
//! let request = OpenRequest::default().write(true);
//! let file = disk.open(Path::new("/data"), &request)?.file;
//! file.write_at(&[IoSlice::new(b"new")], 0)?;
//! assert!(file.sync(true).is_err());
//! // Trying again succeeds and still saves nothing: the reason why folio never does.
//! assert!(file.sync(true).is_ok());
//!
//! assert_eq!(fault.fired(), 1);
//! assert_eq!(disk.contents("/data"), b"new");
//! assert_eq!(disk.after_power_cut(Survivors::Nothing).contents("/data"), b"old");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Limits
//!
//! The disk has no streams or descriptors; [`Disk`] says in full what it simulates and what not. The checker knows one file and up to four openings of it, each with its cursor. Its work grows with the operations that overlap
//! and, steeply, with those that were cancelled after they may have begun: it says so when it gives up.
//! Only what is async needs an async runtime; a closed [`Gate`] blocks the thread that comes to it.

pub mod errno;
pub mod polling;
pub mod process;
pub mod wait;

mod conformance;
mod disk;
mod far;
mod faults;
mod history;
mod lock;
mod model;
mod random;
mod skip;

pub use conformance::conformance;
pub use disk::{Coverage, CrashImage, CrashImages, CrashModel, Disk, DiskHistory, Moment, Mount, Survivors};
#[cfg(all(feature = "fuse", target_os = "linux"))]
pub use disk::{FuseCache, FuseMount};
pub use far::{FarCall, FarStore};
pub use faults::{Call, Clock, Fault, Gate, Plan, Trigger};
pub use history::{Entry, History, Invocation, Recorder, Violation, ViolationKind, check};
pub use model::{FileModel, ModelOp, Outcome};
pub use random::{Random, seeds};
pub use skip::skip;
