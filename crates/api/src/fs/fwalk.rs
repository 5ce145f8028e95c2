//! Walking a tree one directory at a time, with each directory open.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use folio_engine::op::dir::{self, OpenDir, Step};
use folio_engine::{Current, Engine};

use crate::checked;
use crate::limits::WAY_BYTES;
use crate::{Dir, Operation, Result};

/// Walks a tree like CPython's `os.walk` and `os.fwalk`: one directory at a time, open, with the names in it. A directory
/// comes before its subdirectories. Only the root may be a symbolic link; other links are never followed, even if one
/// replaces a directory during the walk.
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
    Fwalk { root, open: None, last: None, current: None, pending: vec![PathBuf::new()] }
}

/// A walk by directories. It holds two directories open: the root and the one returned last. It opens the next one from
/// the root, or from the last one if the path from the root is long, so that it can walk trees of any depth.
///
/// Entries that are created or removed during the walk may or may not be seen. Dropping it ends the walk.
pub struct Fwalk {
    root: PathBuf,
    /// `None` until the first step.
    open: Option<(Current, OpenDir)>,
    /// The directory returned last, with its path from the root.
    last: Option<(PathBuf, OpenDir)>,
    current: Option<FwalkStep>,
    /// The directories still to come, the next one last, by their paths from the root.
    pending: Vec<PathBuf>,
}

/// One directory of a tree.
#[derive(Debug)]
#[non_exhaustive]
pub struct FwalkStep {
    /// The directory, open.
    pub dir: Dir,
    /// The path of the directory: the root's path joined with the path from there.
    pub path: PathBuf,
    /// The names of its subdirectories, in no particular order. The next call of [`Fwalk::next`] walks into those
    /// that are still in this list, in this order.
    pub dirs: Vec<OsString>,
    /// All other names in it, including symbolic links.
    pub files: Vec<OsString>,
    way: PathBuf,
}

impl Fwalk {
    /// Returns the next directory; `None` at the end.
    ///
    /// # Errors
    ///
    /// If the directory may not be read or has vanished; the next call continues after it.
    ///
    /// # Cancellation
    ///
    /// No directory is lost: the next call returns the same one.
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
        if let Some(FwalkStep { way, dirs, .. }) = self.current.take() {
            self.pending.extend(dirs.into_iter().rev().map(|name| way.join(name)));
        }
        let way = self.pending.last()?.clone();
        let step = self.fetch(way).await;
        self.pending.pop();
        Some(step.map(|step| self.current.insert(step)))
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
        // Looking up long paths from the root each time would take time quadratic in the depth.
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

/// The path from one directory to another below it. Comparing bytes is enough, because both were joined from names, and
/// faster than comparing thousands of components.
fn way_from(above: &Path, way: &Path) -> Option<PathBuf> {
    let rest = way.as_os_str().as_bytes().strip_prefix(above.as_os_str().as_bytes())?;
    Some(OsStr::from_bytes(rest.strip_prefix(b"/")?).into())
}

impl fmt::Debug for Fwalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fwalk")
            .field("root", &self.root)
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}
