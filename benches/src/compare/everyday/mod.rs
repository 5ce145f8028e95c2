//! The rivals of everyday work, one file each, called as their documentation shows it.

mod async_fs;
mod std_fs;
mod tokio_fs;
mod walkdir;

pub(crate) use async_fs::AsyncFs;
pub(crate) use std_fs::{StdFs, StdSameBuffer};
pub(crate) use tokio_fs::{TokioBuffered, TokioFs};
pub(crate) use walkdir::Walkdir;
