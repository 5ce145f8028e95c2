//! Drafts on a storage whose calls answer later: new contents that have no name until they are complete.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::storage::{AsyncFile, Later, Metadata, refuse};

/// The new contents as a file for the program. Every holder may close it: only the draft publishes.
#[derive(Debug)]
pub(super) struct Unpublished(pub(super) Arc<dyn AsyncFile>);

impl AsyncFile for Unpublished {
    fn read_at(&self, len: usize, offset: u64) -> Later<'_, Bytes> {
        self.0.read_at(len, offset)
    }

    fn write_at(&self, bytes: Bytes, offset: u64) -> Later<'_, ()> {
        self.0.write_at(bytes, offset)
    }

    fn append(&self, bytes: Bytes) -> Later<'_, u64> {
        self.0.append(bytes)
    }

    fn sync(&self) -> Later<'_, ()> {
        refuse("what replaces a file on this storage is durable once it has the name, not before")
    }

    fn set_len(&self, len: u64) -> Later<'_, ()> {
        self.0.set_len(len)
    }

    fn metadata(&self) -> Later<'_, Metadata> {
        self.0.metadata()
    }

    fn close(&self) -> Later<'_, ()> {
        Box::pin(std::future::ready(Ok::<(), io::Error>(())))
    }
}
