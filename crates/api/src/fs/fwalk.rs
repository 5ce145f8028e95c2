//! Walking a tree of directories one directory at a time, each open in the hands of the caller.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use folio_engine::op::dir::{self, OpenDir, Step};
use folio_engine::{Current, Engine};

use crate::checked;
use crate::limits::WAY_BYTES;
use crate::{Dir, Operation, Result};

/// Walks a tree as CPython's `os.walk` and `os.fwalk` do: a directory at a time, with the names in it, and with
/// the directory itself open. A directory comes before those in it, and no symbolic link is followed but the
/// root itself, even one that is put in a directory's place meanwhile.
///
/// [`walk`](crate::fs::walk()) is faster, and a stream of entries.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut walk = folio::fs::fwalk("project");
/// while let Some(step) = walk.next().await {
///     let step = step?;
///     step.dirs.retain(|name| name != "target");          // is not walked into
///     for name in &step.files {
///         println!("{}: {} bytes", step.path.join(name).display(), step.dir.symlink_metadata(name).await?.len());
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub fn fwalk(root: impl AsRef<Path>) -> Fwalk {
    let root = root.as_ref().to_path_buf();
    Fwalk { root, open: None, last: None, yielded: None, ahead: vec![PathBuf::new()] }
}

/// A walk under way. It holds the root open, and the directory it yielded last; the others are found again from
/// the root, or where the way from there is long, from the last, so that no tree is too deep for it.
///
/// Entries that come or go during the walk may or may not be seen. Dropping it ends it.
pub struct Fwalk {
    root: PathBuf,
    /// `None` until the first step.
    open: Option<(Current, OpenDir)>,
    /// The directory it yielded last, by the way to it from the root.
    last: Option<(PathBuf, OpenDir)>,
    yielded: Option<FwalkStep>,
    /// The directories that are still to be yielded, the next one last, by their ways from the root.
    ahead: Vec<PathBuf>,
}

/// One directory of a tree.
#[derive(Debug)]
#[non_exhaustive]
pub struct FwalkStep {
    /// The directory, open.
    pub dir: Dir,
    /// The root's path with the way from it to the directory joined.
    pub path: PathBuf,
    /// The names of the directories in it, in no particular order. The walk goes on into those that are left
    /// here when the next step is asked for, in this order.
    pub dirs: Vec<OsString>,
    /// All other names in it, those of symbolic links among them.
    pub files: Vec<OsString>,
    way: PathBuf,
}

impl Fwalk {
    /// Goes on to the next directory; `None` at the end. What is left in [`dirs`](FwalkStep::dirs) of the one
    /// before it is walked into.
    ///
    /// # Errors
    ///
    /// A directory that may not be read or has vanished; the walk goes on behind it.
    ///
    /// # Cancellation
    ///
    /// No directory is lost: the next call fetches the same one.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut walk = folio::fs::fwalk(".");
    /// if let Some(root) = walk.next().await {
    ///     println!("{:?}", root?.files);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<&mut FwalkStep>> {
        if let Some(FwalkStep { way, dirs, .. }) = self.yielded.take() {
            self.ahead.extend(dirs.into_iter().rev().map(|name| way.join(name)));
        }
        let way = self.ahead.last()?.clone();
        let step = self.fetch(way).await;
        self.ahead.pop();
        Some(step.map(|step| self.yielded.insert(step)))
    }

    async fn fetch(&mut self, way: PathBuf) -> Result<FwalkStep> {
        let (engine, root) = match &self.open {
            Some(open) => open,
            None => {
                let path = checked::path(Operation::ReadDir, &self.root)?;
                let engine = Engine::current()?;
                let root = engine.call(dir::open(path)).await?;
                self.open.insert((engine, root))
            }
        };
        // Looked up from the root each time, a long way would take the longer the deeper one is.
        let is_long = way.as_os_str().len() > WAY_BYTES;
        let below = self.last.as_ref().filter(|_| is_long);
        let below = below.and_then(|(above, dir)| Some((dir, way_from(above, &way)?)));
        let step = match below {
            Some((last, rest)) => last.step(rest),
            None => root.step(way.clone()),
        };
        let Step { dir, dirs, files } = engine.call(step).await?;
        self.last = Some((way.clone(), dir.clone()));
        let dir = Dir::new(dir, engine.clone());
        let path = dir.path().to_path_buf();
        Ok(FwalkStep { dir, path, dirs, files, way })
    }
}

/// The way from one directory to another that is below it. By bytes: a way that was joined from names is spelled in one
/// manner, and may have many of them.
fn way_from(above: &Path, way: &Path) -> Option<PathBuf> {
    let rest = way.as_os_str().as_bytes().strip_prefix(above.as_os_str().as_bytes())?;
    Some(OsStr::from_bytes(rest.strip_prefix(b"/")?).into())
}

impl fmt::Debug for Fwalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fwalk")
            .field("root", &self.root)
            .field("ahead", &self.ahead.len())
            .finish_non_exhaustive()
    }
}
