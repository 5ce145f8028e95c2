//! Replacing files: whole, or by a handle on the new contents.

use std::path::Path;
use std::sync::Arc;

use super::{Engine, Handle};
use crate::error::{Error, Operation, Result};
use crate::file_op::lent::Contents;
use crate::handle::FileHandle;
use crate::op::replace::{Draft, Drafts, Replacing, begin, commit, discard, publish, remove};
use crate::op::whole::{Whole, replace};
use crate::op::{At, Subject};
use crate::storage::OpenRequest;

/// Replacing files.
impl Engine {
    /// Replaces a file by one that holds exactly `contents`, copied piece by piece if they are borrowed.
    ///
    /// # Errors
    ///
    /// Those of creating, writing, syncing and renaming. The old file is still there then, and nothing beside it, unless
    /// the last step has failed, which is the sync of the directory.
    ///
    /// # Cancellation
    ///
    /// Before it begins: nothing happens. Afterwards: it completes with a copy of the remaining bytes.
    pub async fn replace_whole(&self, at: At, how: Replacing, contents: Contents<'_>) -> Result<()> {
        let open = replace(at, self.drafts(), how);
        match Box::pin(self.inner.context.write_whole(open, contents, self.priority)).await? {
            Whole::Done(()) => Ok(()),
            Whole::Stream(_) => unreachable!("a draft is a file"),
        }
    }

    /// Creates the draft of a file that is to be replaced, with a write buffer of `buffer_bytes`.
    ///
    /// # Errors
    ///
    /// Those of creating a file beside it; what cannot be replaced.
    ///
    /// # Cancellation
    ///
    /// No draft is left behind.
    pub async fn draft(&self, at: At, how: Replacing, buffer_bytes: usize) -> Result<(FileHandle, Draft)> {
        let path: Arc<Path> = at.path().into();
        let (opened, draft) = self.call(begin(at, self.drafts(), how)).await?;
        let request = OpenRequest { read: true, write: true, buffer_bytes, ..OpenRequest::default() };
        match self.register(opened, &request, path.clone())? {
            Handle::Plain(file) => Ok((file, draft)),
            Handle::Stream(_) => {
                Err(Error::unsupported(Operation::Replace, "its storage makes streams of new files")
                    .at_path(path))
            }
        }
    }

    /// Closes the file of a draft for every clone, after everything that was asked for before, and gives the draft the
    /// name of what it replaces.
    ///
    /// # Errors
    ///
    /// Those of [`replace_whole`](Engine::replace_whole), and any earlier failure that the next sync would report.
    ///
    /// # Cancellation
    ///
    /// Before the last step begins: the draft is removed. Afterwards: it completes.
    pub async fn commit(&self, file: &FileHandle, draft: Draft) -> Result<()> {
        if draft.is_later() {
            file.close_all().await?;
            return self.call(publish(draft)).await;
        }
        let second = file.duplicate(Operation::Replace).await?;
        file.close_all().await?;
        self.call(commit(draft, second)).await
    }

    /// Removes a draft.
    ///
    /// # Errors
    ///
    /// Any error of removing its name.
    ///
    /// # Cancellation
    ///
    /// It is removed.
    pub async fn discard(&self, draft: Draft) -> Result<()> {
        self.call(discard(draft)).await
    }

    fn drafts(&self) -> Drafts {
        let cleaner = self.clone();
        Drafts::new(self.inner.context.storage.clone(), move |litter| cleaner.call_detached(remove(litter)))
    }
}
