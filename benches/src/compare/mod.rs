//! The rivals, one file each. Each does what its documentation recommends, with no wrapper but the mutex that
//! sharing its files takes.

mod async_fs;
pub(crate) mod everyday;
mod spawn_blocking;
mod std_file;
mod tokio_fs;

pub(crate) use async_fs::AsyncFs;
pub(crate) use spawn_blocking::SpawnBlocking;
pub(crate) use std_file::StdFile;
pub(crate) use tokio_fs::{TokioFs, TokioFsUnflushed};
