//! The requests: a draft is begun, and then it takes the name or goes.

use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::draft::{Draft, Drafts, Litter};
use super::how::Replacing;
use crate::error::Operation;
use crate::op::durable::directory;
use crate::op::{At, PathOp, PathRequest, Subject};
use crate::storage::{Identity, Opened, Storage, StorageFile};

/// Creates the draft of a file that is to be replaced.
pub fn begin(at: At, drafts: Drafts, how: Replacing) -> impl PathRequest<Reply = (Opened, Draft)> {
    PathOp::new(Operation::Replace, Wanted { at, drafts, how }, |storage, Wanted { at, drafts, how }| {
        let path = settled(&at, storage);
        Draft::begin(at, &path, drafts, how)
    })
    .later(|storage, Wanted { at, drafts, how }| Draft::begin_later(at, drafts, how, storage))
    .again()
}

/// What is to be replaced, and how. It is the subject and in no closure, of which a request has several.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) at: At,
    pub(crate) drafts: Drafts,
    pub(crate) how: Replacing,
}

impl Subject for Wanted {
    fn path(&self) -> &Path {
        self.at.path()
    }

    fn identities(&self, storage: &dyn Storage) -> Vec<Identity> {
        self.at.identities(storage)
    }
}

/// A path that leads to the same place when the process has changed its working directory, which it may do before a draft
/// is committed.
fn settled(at: &At, storage: &dyn Storage) -> PathBuf {
    let (names, path) = at.names(storage);
    let stays = at.of_process().is_none() || path.is_absolute();
    // A slash behind the name insists on a directory, and is refused as it is.
    let name = path.file_name().filter(|_| !stays && !path.as_os_str().as_bytes().ends_with(b"/"));
    // A storage need not have it; whatever else is wrong shows in a moment.
    let directory = name.and_then(|_| names.canonicalize(directory(path)).ok());
    match (directory, name) {
        (Some(directory), Some(name)) => directory.join(name),
        (_, _) => path.to_owned(),
    }
}

/// Gives a draft the name of the file it replaces; `file` is a handle on it whose closing may report late failures.
pub fn commit(draft: Draft, file: Box<dyn StorageFile>) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::Replace, Finishing { draft, file }, |_, Finishing { draft, file }| {
        draft.finish(&*file)
    })
}

/// Publishes a draft on a storage whose calls answer later.
pub(crate) fn publish(draft: Draft) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::Replace, Publishing(draft), |_, _| Err(ErrorKind::Unsupported.into()))
        .later(|_, Publishing(draft)| draft.finish_later())
}

/// A draft that is to be published.
struct Publishing(Draft);

impl Subject for Publishing {
    fn path(&self) -> &Path {
        self.0.path()
    }

    /// None: a file that is open under this name keeps the old contents.
    fn identities(&self, _: &dyn Storage) -> Vec<Identity> {
        Vec::new()
    }
}

/// Removes a draft. One that is dropped before that is given up like any other.
pub fn discard(draft: Draft) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::Replace, draft, |_, draft: Draft| draft.discard())
        .later(|_, draft| draft.discard_later())
}

/// Removes the name of a draft that was given up.
pub fn remove(litter: Litter) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::Replace, litter, |_, litter: Litter| litter.remove())
        .later(|_, litter| litter.remove_later())
}

/// A draft that is to take its name.
struct Finishing {
    draft: Draft,
    file: Box<dyn StorageFile>,
}

impl Subject for Finishing {
    fn path(&self) -> &Path {
        self.draft.path()
    }

    /// None: a file that is open under this name keeps the old contents.
    fn identities(&self, _: &dyn Storage) -> Vec<Identity> {
        Vec::new()
    }
}
