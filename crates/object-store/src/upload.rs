//! Objects that are written part by part, and are there when all of it is.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use folio_engine::op::{PathOp, PathRequest, Subject, names};
use folio_engine::storage::{Identity, IfTaken, Storage, StorageFile};
use folio_engine::{Engine, Operation};
use futures::FutureExt;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use crate::error::{Refused, of_engine};
use crate::meta::e_tag;
use crate::put::write;
use crate::staged::{self, Litter};

/// Begins an upload: creates the file that the parts are written to.
pub(crate) async fn begin(engine: Engine, path: PathBuf, durable: bool) -> Result<Upload> {
    let (target, staged) = engine.call(create(engine.clone(), path, durable)).await.map_err(of_engine)?;
    Ok(Upload { target: Arc::new(target), staged: Some(staged), engine, offset: 0, durable })
}

fn create(engine: Engine, path: PathBuf, durable: bool) -> impl PathRequest<Reply = (Target, StagingName)> {
    PathOp::new(Operation::Open, path, move |storage, path: PathBuf| {
        let (file, staged) = staged::create(storage, &path, durable)?;
        let staged = StagingName { path: Some(staged), engine };
        Ok((Target { path, file, unwritten: AtomicUsize::new(0) }, staged))
    })
    .again()
}

/// An upload under way. Dropped, it leaves nothing.
pub(crate) struct Upload {
    target: Arc<Target>,
    /// `None` once it has ended.
    staged: Option<StagingName>,
    engine: Engine,
    /// Where the next part goes.
    offset: u64,
    durable: bool,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        if self.staged.is_none() {
            return std::future::ready(Err(Refused::Ended.into())).boxed();
        }
        let offset = self.offset;
        self.offset += payload.content_length() as u64;
        self.target.unwritten.fetch_add(1, Ordering::Relaxed);
        let (engine, target) = (self.engine.clone(), self.target.clone());
        async move { engine.call(write_part(Written(target), payload, offset)).await.map_err(of_engine) }
            .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        // Acquire: pairs with the end of each part, whose bytes are in the file by then.
        let unwritten = self.target.unwritten.load(Ordering::Acquire);
        if unwritten > 0 {
            return Err(Refused::Unwritten(unwritten).into());
        }
        let staged = self.staged.take().ok_or(Refused::Ended)?;
        let request = finish(Written(self.target.clone()), staged, self.durable);
        let tag = self.engine.call(request).await.map_err(of_engine)?;
        Ok(PutResult { e_tag: Some(tag), version: None, extensions: Default::default() })
    }

    async fn abort(&mut self) -> Result<()> {
        let mut staged = self.staged.take().ok_or(Refused::Ended)?;
        let Some(path) = staged.path.clone() else { return Err(Refused::Ended.into()) };
        self.engine.call(names::remove_file(path, false)).await.map_err(of_engine)?;
        staged.path = None;
        Ok(())
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("path", &self.target.path)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

/// What parts are written to.
struct Target {
    path: PathBuf,
    file: Box<dyn StorageFile>,
    /// The number of parts that have an offset and are not written, be it that they failed or were dropped.
    unwritten: AtomicUsize,
}

/// The target as the subject of a request.
#[derive(Clone)]
struct Written(Arc<Target>);

impl Subject for Written {
    fn path(&self) -> &Path {
        &self.0.path
    }

    /// None: the file has no name that others use.
    fn identities(&self, _: &dyn Storage) -> Vec<Identity> {
        Vec::new()
    }
}

fn write_part(target: Written, payload: PutPayload, offset: u64) -> impl PathRequest<Reply = ()> {
    let bytes = payload.content_length();
    PathOp::new(Operation::Write, target, move |_, Written(target)| {
        write(&*target.file, &payload, offset)?;
        // Release: pairs with the look of `complete`.
        target.unwritten.fetch_sub(1, Ordering::Release);
        Ok(())
    })
    .holding(bytes)
}

fn finish(target: Written, mut staged: StagingName, durable: bool) -> impl PathRequest<Reply = String> {
    PathOp::new(Operation::Rename, target, move |storage, Written(target)| {
        let path = staged.path.take().ok_or(io::ErrorKind::NotFound)?;
        let litter = Litter::new(storage, path);
        let tag = e_tag(&target.file.metadata()?);
        staged::publish(&*target.file, litter, &target.path, IfTaken::Replace, durable)?;
        Ok(tag)
    })
}

/// The name of a file that parts are written to. Dropped, it is removed.
struct StagingName {
    /// `None` once nothing is left to remove.
    path: Option<PathBuf>,
    engine: Engine,
}

impl Drop for StagingName {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            self.engine.call_detached(names::remove_file(path, false));
        }
    }
}
