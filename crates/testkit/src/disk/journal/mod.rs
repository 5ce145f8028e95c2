//! What is on the disk for good, and what no sync has covered yet.

mod book;
mod change;
mod inode;

mod names;
mod number;
mod steps;

pub(super) use book::{Book, Recording};
pub(super) use change::{Change, Fate, FileLog, Pending};
pub(super) use inode::{Body, Inode, Kept};
pub(super) use names::NameChange;
pub(super) use number::{Ino, ROOT, Serial};
pub(super) use steps::{Journal, Step};
