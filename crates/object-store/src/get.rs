//! Reading objects: whole, a range, piece by piece.

use std::io;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use folio_engine::op::{PathOp, PathRequest, Subject};
use folio_engine::storage::{Nature, Opened, StorageFile};
use folio_engine::{BufferPool, Engine, Operation};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{Attributes, GetOptions, GetRange, GetResult, GetResultPayload, Result};

use crate::error::{Refused, of_call, of_engine};
use crate::gather::Gathering;
use crate::got::{Body, Got, OpenFile, within};
use crate::limits::{GATHERED_BYTES_MAX, GET_AT_ONCE_BYTES_MAX, PIECE_BYTES_MAX};
use crate::meta;
use crate::names::Root;
use crate::ranges::Plan;
use crate::read::{open_cached, read, read_now, reading};

/// Carries out a get. One that may be `gathered` with others of the same object is, and if that has no answer for it, it
/// is carried out by itself.
pub(crate) async fn get(
    engine: Engine,
    gathered: Option<&Gathering>,
    root: &Root,
    location: &Path,
    options: GetOptions,
    pool: &BufferPool,
) -> Result<GetResult> {
    root.check(location)?;
    let answered = match gathered.filter(|_| is_short(&options)) {
        Some(gathering) => gathering.ask(&engine, root, location, &options).await,
        None => None,
    };
    let Got { meta, range, body } = match answered {
        Some(answer) => answer?,
        None => {
            let path = root.of_prefix(location);
            let wanted = Wanted { path, location: location.clone(), options, pool: pool.clone() };
            engine.call(request(wanted)).await.map_err(of_engine)??
        }
    };
    let stream = match body {
        Body::Whole(bytes) => stream::iter((!bytes.is_empty()).then_some(Ok(bytes))).boxed(),
        Body::Open(file) => pieces(engine, file, range.clone(), pool.clone()),
    };
    let payload = GetResultPayload::Stream(stream);
    Ok(GetResult { payload, meta, range, attributes: Attributes::default(), extensions: Default::default() })
}

/// The object that is asked for.
#[derive(Clone)]
struct Wanted {
    path: PathBuf,
    location: Path,
    options: GetOptions,
    /// Where the bytes are put.
    pool: BufferPool,
}

/// Whether it is a range that is soon read, whatever the length of the object.
fn is_short(options: &GetOptions) -> bool {
    let bytes = match &options.range {
        Some(GetRange::Bounded(range)) => range.end.saturating_sub(range.start),
        Some(GetRange::Suffix(bytes)) => *bytes,
        Some(GetRange::Offset(_)) | None => return false,
    };
    bytes <= GATHERED_BYTES_MAX && !options.head
}

impl Subject for Wanted {
    fn path(&self) -> &FilePath {
        &self.path
    }
}

/// Opens the file, asks what is to be known of it, and reads it if that is soon done: one request, in place if all of it
/// is cached.
fn request(wanted: Wanted) -> impl PathRequest<Reply = Result<Got>> {
    PathOp::new(Operation::Read, wanted, |storage, wanted: Wanted| {
        let opened = storage.open(&wanted.path, &reading())?;
        answer(opened, &wanted, |file, range| match range.end - range.start {
            len if len > GET_AT_ONCE_BYTES_MAX => Ok(None),
            _ => read(file, &wanted.path, range.clone(), &wanted.pool).map(Some),
        })
    })
    .in_place(|storage, wanted| {
        let opened = match open_cached(storage, &wanted.path)? {
            Ok(opened) => opened,
            Err(error) => return Some(Err(error)),
        };
        Some(answer(opened, wanted, |file, range| {
            read_now(file, range.clone(), Some(&wanted.pool)).transpose()
        }))
    })
    .again()
}

fn answer(
    opened: Opened,
    wanted: &Wanted,
    read: impl FnOnce(&dyn StorageFile, &Range<u64>) -> io::Result<Option<Bytes>>,
) -> io::Result<Result<Got>> {
    let metadata = opened.file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "is a directory"));
    }
    if opened.nature == Nature::Stream {
        return Ok(Err(Refused::NotAFile(wanted.path.clone()).into()));
    }
    let meta = meta::of_file(&metadata, wanted.location.clone());
    let range = match within(&wanted.options, &meta) {
        Ok(range) => range,
        Err(error) => return Ok(Err(error)),
    };
    let bytes = match wanted.options.head || range.is_empty() {
        true => Some(Bytes::new()),
        false => read(&*opened.file, &range)?,
    };
    let body = match bytes {
        Some(bytes) => Body::Whole(bytes),
        None => Body::Open(OpenFile { path: wanted.path.as_path().into(), file: opened.file.into() }),
    };
    Ok(Ok(Got { meta, range, body }))
}

fn pieces(
    engine: Engine,
    file: OpenFile,
    range: Range<u64>,
    pool: BufferPool,
) -> BoxStream<'static, Result<Bytes>> {
    let rest = Some((engine, file, range, pool));
    stream::unfold(rest, async |rest| {
        let (engine, file, range, pool) = rest.filter(|(_, _, range, _)| !range.is_empty())?;
        let piece = range.start..range.end.min(range.start + PIECE_BYTES_MAX);
        let rest = piece.end..range.end;
        match engine.call(read_piece(file.clone(), piece, pool.clone())).await {
            Ok(bytes) => Some((Ok(bytes), Some((engine, file, rest, pool)))),
            Err(error) => Some((Err(of_engine(error)), None)),
        }
    })
    .boxed()
}

fn read_piece(file: OpenFile, range: Range<u64>, pool: BufferPool) -> impl PathRequest<Reply = Bytes> {
    let (now, bytes, pool_now) = (range.clone(), range.end - range.start, pool.clone());
    PathOp::new(Operation::Read, file, move |_, OpenFile { path, file }| read(&*file, &path, range, &pool))
        .in_place(move |_, OpenFile { file, .. }| read_now(&**file, now.clone(), Some(&pool_now)))
        .holding(bytes as usize)
}

/// Reads many ranges of one file.
pub(crate) async fn ranges(
    engine: Engine,
    path: PathBuf,
    ranges: &[Range<u64>],
    pool: BufferPool,
) -> Result<Vec<Bytes>> {
    let plan = Plan::of(ranges)?;
    engine.call(read_ranges(path, plan, pool)).await.map_err(of_engine)?
}

fn read_ranges(path: PathBuf, plan: Plan, pool: BufferPool) -> impl PathRequest<Reply = Result<Vec<Bytes>>> {
    let (bytes, plan) = (plan.bytes(), Arc::new(plan));
    let (now, pool_now) = (plan.clone(), pool.clone());
    PathOp::new(Operation::Read, path, move |storage, path: PathBuf| {
        let opened = storage.open(&path, &reading())?;
        let file = &*opened.file;
        let read = |piece: &Range<u64>| match read(file, &path, piece.clone(), &pool) {
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(of_call(&path, error)),
        };
        Ok(plan.read(read))
    })
    .in_place(move |storage, path| {
        let opened = match open_cached(storage, path)? {
            Ok(opened) => opened,
            Err(error) => return Some(Err(error)),
        };
        now.read_now(&*opened.file, &pool_now)
    })
    .again()
    .holding(usize::try_from(bytes).unwrap_or(usize::MAX))
}
