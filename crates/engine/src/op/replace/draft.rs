//! The new contents of a file, as long as they have a name of their own.

use std::fmt;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::attributes::dress;
use super::how::{Durability, Replacing};
use super::later::Unpublished;
use super::target::Target;
use crate::error::Worded;
use crate::limits::BESIDE_NAMES_MAX;
use crate::op::durable::{Parent, directory};
use crate::op::{At, Subject};
use crate::storage::{
    AsyncFile, AsyncStorage, Identity, IfTaken, LockKind, OpenRequest, Opened, Storage, StorageFile, errno,
    unpredictable,
};

/// What the names of drafts begin with; behind it come the number of the process and sixteen random digits.
const PREFIX: &str = ".folio-replace-";

/// Random digits in a name, in base 16: 64 bits.
const RANDOM_DIGITS: usize = 16;

/// Permission bits of a draft whose own are set later: no other user may read contents that may be secret.
const PRIVATE_MODE: u32 = 0o600;

/// Sees to it, without blocking, that the name of a draft that was given up is removed.
type GiveUp = Arc<dyn Fn(Litter) + Send + Sync>;

/// What drafts are made with.
#[derive(Clone)]
pub struct Drafts {
    storage: Arc<dyn Storage>,
    give_up: GiveUp,
}

impl Drafts {
    /// `give_up` has what it is given [removed](super::remove); it must not block.
    pub fn new(storage: Arc<dyn Storage>, give_up: impl Fn(Litter) + Send + Sync + 'static) -> Self {
        Drafts { storage, give_up: Arc::new(give_up) }
    }
}

/// A file beside the one that it is to replace. Dropped, it is given up: its name is removed.
pub struct Draft {
    /// `None` once the draft has another name, or none.
    litter: Option<Litter>,
    /// What is replaced, as it was asked for.
    at: At,
    target: PathBuf,
    how: Replacing,
    drafts: Drafts,
}

/// What has to be removed of a draft.
pub struct Litter {
    at: At,
    what: What,
}

enum What {
    /// A name.
    Beside(PathBuf, Arc<dyn Storage>),
    /// Contents without one, on a storage whose calls answer later.
    Upload(Arc<dyn AsyncFile>),
}

impl Litter {
    pub(super) fn remove(self) -> io::Result<()> {
        let What::Beside(beside, storage) = self.what else { return Err(ErrorKind::Unsupported.into()) };
        let (names, _) = self.at.names(&*storage);
        match names.remove_file(&beside) {
            // A sweep on another machine has removed it, which does not see its lock, or it went with its directory.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    pub(super) async fn remove_later(self) -> io::Result<()> {
        match self.what {
            What::Beside(..) => Err(ErrorKind::Unsupported.into()),
            What::Upload(file) => file.abandon().await,
        }
    }
}

impl Draft {
    /// Creates one for what `path` leads to, which is `at`. What fails here has left nothing behind.
    pub(crate) fn begin(at: At, path: &Path, drafts: Drafts, how: Replacing) -> io::Result<(Opened, Draft)> {
        let (names, _) = at.names(&*drafts.storage);
        let Target { path: target, old } = Target::find(names, path, how.replaces_link)?;
        if how.refuses_taken && old.is_some() {
            return Err(errno::error(errno::NAME_TAKEN));
        }
        // Permissions below the umask, and what a directory passes on, are the kernel's to give, at the creation alone.
        let is_new = how.mode.is_none() && (old.is_none() || !how.keeps_mode);
        let mode = if is_new { None } else { Some(PRIVATE_MODE) };
        let request = OpenRequest::default().read(true).write(true).create_new(true).mode(mode);
        let mut draft = Draft { litter: None, at: at.clone(), target, how, drafts: drafts.clone() };
        for _ in 0..BESIDE_NAMES_MAX {
            let beside = directory(&draft.target).join(unforeseen());
            let opened = names.open(&beside, &request);
            if opened.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
                continue;
            }
            // Even if that failed: the name may be there already when the next call for it fails.
            let what = What::Beside(beside, drafts.storage.clone());
            draft.litter = Some(Litter { at: at.clone(), what });
            match opened.and_then(|opened| Ok((draft.claim(&*opened.file)?, opened))) {
                Ok((true, opened)) => return Ok((opened, draft)),
                Ok((false, _)) => draft.abandon(),
                Err(error) => {
                    draft.abandon();
                    return Err(error);
                }
            }
        }
        Err(errno::error(errno::NAME_TAKEN))
    }

    /// Creates one on a storage whose calls answer later.
    pub(super) async fn begin_later(
        at: At,
        drafts: Drafts,
        how: Replacing,
        storage: Arc<dyn AsyncStorage>,
    ) -> io::Result<(Opened, Draft)> {
        how.check_later()?;
        let target = at.path().to_owned();
        let opened = storage.replace(&target, how.refuses_taken).await?;
        let Some(file) = opened.file.asynchronous().cloned() else {
            return Err(ErrorKind::Unsupported.into());
        };
        let litter = Some(Litter { at: at.clone(), what: What::Upload(file.clone()) });
        let identity = storage.identity(&target);
        let opened = Opened::asynchronous(Arc::new(Unpublished(file)), identity, opened.len);
        Ok((opened, Draft { litter, at, target, how, drafts }))
    }

    /// Whether it is one of a storage whose calls answer later.
    pub(crate) fn is_later(&self) -> bool {
        self.litter.as_ref().is_some_and(|litter| matches!(litter.what, What::Upload(_)))
    }

    /// Publishes the new contents, on a storage whose calls answer later.
    pub(super) async fn finish_later(mut self) -> io::Result<()> {
        match self.litter.take().map(|litter| litter.what) {
            Some(What::Upload(file)) => file.close().await,
            Some(What::Beside(..)) | None => Err(ErrorKind::Unsupported.into()),
        }
    }

    /// Tells every sweep that the writer lives; `false` if one was faster and has removed the name.
    fn claim(&self, file: &dyn StorageFile) -> io::Result<bool> {
        match file.try_lock(LockKind::Exclusive) {
            Ok(true) => Ok(file.metadata()?.nlink() > 0),
            Ok(false) => Ok(false),
            // Where nothing can be locked, no sweep finds out that it may remove anything.
            Err(_) => Ok(true),
        }
    }

    /// Gives the draft the name of what it replaces. Whatever fails before that leaves the old contents, and nothing
    /// beside them.
    pub(crate) fn finish(mut self, file: &dyn StorageFile) -> io::Result<()> {
        let published = self.publish(file);
        self.abandon();
        published
    }

    fn publish(&mut self, file: &dyn StorageFile) -> io::Result<()> {
        let Some(Litter { what: What::Beside(beside, _), .. }) = &self.litter else { return Ok(()) };
        let (names, _) = self.at.names(&*self.drafts.storage);
        dress(names, &self.target, file, &self.how)?;
        let parent = match self.how.durability {
            Durability::Full => {
                file.sync(true)?;
                Some(Parent::of(names, &self.target)?)
            }
            Durability::Data => {
                file.sync(false)?;
                None
            }
            Durability::None => None,
        };
        // NFS and FUSE tell at a close that what was written is lost, so that comes first. The lock lives in the second
        // handle; without one, a sweep that comes at this very moment makes the rename fail.
        let locked = file.duplicate();
        file.close()?;
        let if_taken = if self.how.refuses_taken { IfTaken::Refuse } else { IfTaken::Replace };
        names.rename_with(beside, names, &self.target, if_taken)?;
        self.litter = None;
        drop(locked);
        parent.map_or(Ok(()), |parent| parent.sync().map_err(failed_after_rename))
    }

    /// Removes the name now. That it cannot be removed is less than what went wrong before.
    pub(crate) fn abandon(&mut self) {
        if let Some(litter) = self.litter.take() {
            drop(litter.remove());
        }
    }

    /// Removes the name now, and says if it cannot be removed.
    pub(super) fn discard(mut self) -> io::Result<()> {
        self.litter.take().map_or(Ok(()), Litter::remove)
    }

    /// The same, on a storage whose calls answer later.
    pub(super) async fn discard_later(mut self) -> io::Result<()> {
        match self.litter.take() {
            Some(litter) => litter.remove_later().await,
            None => Ok(()),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(litter) = self.litter.take() {
            (self.drafts.give_up)(litter);
        }
    }
}

impl Subject for Draft {
    fn path(&self) -> &Path {
        self.at.path()
    }

    fn identities(&self, _: &dyn Storage) -> Vec<Identity> {
        Vec::new()
    }
}

impl Subject for Litter {
    fn path(&self) -> &Path {
        self.at.path()
    }

    fn identities(&self, _: &dyn Storage) -> Vec<Identity> {
        Vec::new()
    }
}

/// A name that no other user can guess, and that a sweep recognises.
fn unforeseen() -> String {
    format!("{PREFIX}{}-{}", std::process::id(), unpredictable())
}

/// Whether a name is one that a draft could have.
pub(super) fn is_draft(name: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX.as_bytes()) else { return false };
    let Some(dash) = rest.iter().position(|byte| *byte == b'-') else { return false };
    let (process, random) = (&rest[..dash], &rest[dash + 1..]);
    let is_random = random.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    !process.is_empty()
        && process.iter().all(u8::is_ascii_digit)
        && random.len() == RANDOM_DIGITS
        && is_random
}

impl fmt::Debug for Drafts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drafts").finish_non_exhaustive()
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("target", &self.target)
            .field("litter", &self.litter)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Litter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Litter").field("path", &self.at.path()).finish_non_exhaustive()
    }
}

/// Why a replacement that has its name failed all the same.
fn failed_after_rename(error: io::Error) -> io::Error {
    let words = "the new contents have the name, but may lose it to the old ones in a power cut";
    match error.raw_os_error() {
        Some(errno) => Worded::error(errno, words),
        None => io::Error::new(error.kind(), format!("{words}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_draft, unforeseen};

    #[test]
    fn a_sweep_recognises_the_names_of_drafts_and_no_other() {
        assert!(is_draft(unforeseen().as_bytes()));
        assert!(is_draft(b".folio-replace-1-0123456789abcdef"));
        let foreign: [&[u8]; 7] = [
            b"folio-replace-1-0123456789abcdef",
            b".folio-replace-1-0123456789abcde",
            b".folio-replace-1-0123456789abcdef0",
            b".folio-replace-1-0123456789ABCDEF",
            b".folio-replace--0123456789abcdef",
            b".folio-replace-1x-0123456789abcdef",
            b".folio-replace-0123456789abcdef",
        ];
        for name in foreign {
            assert!(!is_draft(name), "{}", name.escape_ascii());
        }
    }
}
