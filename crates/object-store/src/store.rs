//! The store: how it is made, and which request answers which call.

use std::fmt;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use folio_engine::storage::os::Os;
use folio_engine::storage::{IfTaken, Names as _};
use folio_engine::{BufferPool, Current, Engine, Operation};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    RenameTargetMode, Result,
};

use crate::error::{not_implemented, of_engine, of_two_names};
use crate::gather::Gathering;
use crate::limits::{DELETIONS_MAX, POOLED_BYTES_MAX};
use crate::names::Root;
use crate::{copy, delete, get, list, put, upload};

/// The files below a directory as objects, read and written by a folio engine. Clones are cheap.
///
/// Its constructors, options and answers are those of `object_store::local::LocalFileSystem`.
///
/// ```
/// # async fn example() -> object_store::Result<()> {
/// use folio_object_store::FolioStore;
/// use object_store::{ObjectStore, ObjectStoreExt, path::Path};
///
/// let store = FolioStore::new_with_prefix("/var/lib/tables")?;
/// store.put(&Path::from("events/7.parquet"), "bytes".into()).await?;
/// let footer = store.get_range(&Path::from("events/7.parquet"), 1..5).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FolioStore {
    root: Root,
    /// `None` for the current one of each call.
    engine: Option<Engine>,
    cleans_up: bool,
    durable: bool,
    /// Shared by clones on the same engine.
    gathering: Gathering,
    /// Memory of long reads. Shared by clones.
    pool: BufferPool,
}

impl FolioStore {
    /// Makes a store of all files.
    pub fn new() -> Self {
        let (root, gathering) = (Root::new("/".into()), Gathering::default());
        let pool = BufferPool::new(POOLED_BYTES_MAX);
        FolioStore { root, engine: None, cleans_up: false, durable: false, gathering, pool }
    }

    /// Makes a store of the files below a directory. It asks the disk, and may block.
    ///
    /// # Errors
    ///
    /// If `prefix` does not exist, or a directory on the way to it may not be searched.
    ///
    /// ```
    /// # fn example() -> object_store::Result<()> {
    /// let store = folio_object_store::FolioStore::new_with_prefix("/var/lib/tables")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_with_prefix(prefix: impl AsRef<FilePath>) -> Result<Self> {
        let prefix = prefix.as_ref();
        let root = Os::default().canonicalize(prefix);
        let root = root.map_err(|error| {
            crate::error::generic(folio_engine::Error::io(Operation::Canonicalize, error).at_path(prefix))
        })?;
        Ok(FolioStore { root: Root::new(root), ..FolioStore::new() })
    }

    /// Sets the engine that carries out all calls; unless set, that is the [current](Engine::current) one of each call.
    ///
    /// ```
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use folio_object_store::FolioStore;
    ///
    /// let engine = folio::Engine::builder().workers_max(16).start()?;
    /// let store = FolioStore::new_with_prefix("/var/lib/tables")?.with_engine(engine);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_engine(self, engine: impl Into<Engine>) -> Self {
        FolioStore { engine: Some(engine.into()), gathering: Gathering::default(), ..self }
    }

    /// Sets whether deleting an object removes the directories that are empty then; off unless set.
    #[must_use]
    pub fn with_automatic_cleanup(self, automatic_cleanup: bool) -> Self {
        FolioStore { cleans_up: automatic_cleanup, ..self }
    }

    /// Sets whether an object that was written, copied or renamed survives a power cut as soon as the call returns; off
    /// unless set. Its contents and every directory whose names have changed are synced; deletions are not.
    #[must_use]
    pub fn with_fsync(self, fsync: bool) -> Self {
        FolioStore { durable: fsync, ..self }
    }

    /// Returns the path of an object's file.
    ///
    /// # Errors
    ///
    /// If the location is empty, or ends like the names of files that are being written: in `#` and digits.
    pub fn path_to_filesystem(&self, location: &Path) -> Result<PathBuf> {
        self.root.of_object(location)
    }

    fn engine(&self) -> Result<Engine> {
        match &self.engine {
            Some(engine) => Ok(engine.clone()),
            None => Engine::current().map(|current| Engine::clone(&current)).map_err(of_engine),
        }
    }

    fn names(&self, from: &Path, to: &Path) -> Result<copy::Names> {
        let (from, to) = (self.root.of_object(from)?, self.root.of_object(to)?);
        Ok(copy::Names { from, to, durable: self.durable })
    }

    fn refuse_attributes(&self, attributes: &Attributes, call: &str) -> Result<()> {
        match attributes.is_empty() {
            true => Ok(()),
            false => Err(not_implemented(&format!("`{call}` with `opts.attributes` specified"), &self.root)),
        }
    }
}

impl Default for FolioStore {
    fn default() -> Self {
        FolioStore::new()
    }
}

impl fmt::Display for FolioStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl fmt::Debug for FolioStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FolioStore")
            .field("root", &self.root.path())
            .field("automatic_cleanup", &self.cleans_up)
            .field("fsync", &self.durable)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl ObjectStore for FolioStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let if_taken = match opts.mode {
            PutMode::Overwrite => IfTaken::Replace,
            PutMode::Create => IfTaken::Refuse,
            PutMode::Update(_) => {
                return Err(not_implemented("`put_opts` with mode `PutMode::Update`", &self.root));
            }
        };
        self.refuse_attributes(&opts.attributes, "put_opts")?;
        let path = self.root.of_object(location)?;
        put::put(self.engine()?, path, payload, if_taken, self.durable).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.refuse_attributes(&opts.attributes, "put_multipart_opts")?;
        let path = self.root.of_object(location)?;
        Ok(Box::new(upload::begin(self.engine()?, path, self.durable).await?))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        // Engines of scopes may have storages of their own: no get is carried out by the engine of another.
        let (engine, gathering) = match &self.engine {
            Some(engine) => (engine.clone(), Some(&self.gathering)),
            None => {
                let current = Engine::current().map_err(of_engine)?;
                let is_default = matches!(current, Current::Default(_));
                (Engine::clone(&current), is_default.then_some(&self.gathering))
            }
        };
        get::get(engine, gathering, &self.root, location, options, &self.pool).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let path = self.root.of_object(location)?;
        get::ranges(self.engine()?, path, ranges, self.pool.clone()).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations
            .map(move |location| {
                let store = store.clone();
                async move {
                    let location = location?;
                    let path = store.root.of_object(&location)?;
                    let request = delete::delete(path, store.root.clone(), store.cleans_up);
                    store.engine()?.call(request).await.map_err(of_engine)?;
                    Ok(location)
                }
            })
            .buffered(DELETIONS_MAX)
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        list::list(self.engine(), &self.root, prefix, None)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        list::list(self.engine(), &self.root, prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        list::one_level(self.engine()?, &self.root, prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let names = self.names(from, to)?;
        let (engine, target) = (self.engine()?, names.to.clone());
        let copied = match options.mode {
            CopyMode::Overwrite => engine.call(copy::overwrite(names)).await,
            CopyMode::Create => engine.call(copy::create(names)).await,
        };
        copied.map_err(|error| of_two_names(error, &target))
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let names = self.names(from, to)?;
        let (engine, target) = (self.engine()?, names.to.clone());
        let renamed = match options.target_mode {
            RenameTargetMode::Overwrite => engine.call(copy::rename(names)).await,
            RenameTargetMode::Create => {
                engine.call(copy::rename_if_free(names, self.root.clone(), self.cleans_up)).await
            }
        };
        renamed.map_err(|error| of_two_names(error, &target))
    }
}
