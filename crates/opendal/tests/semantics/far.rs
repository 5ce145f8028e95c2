//! A store in memory that is like S3: multipart uploads, ETags, conditions, listings by pages, no directories.
//!
//! Its contract: every request is recorded, then waits if a gate is closed, then for the delay, then fails if a fault is due,
//! and only then has an effect. A request that is given up before has none, and is recorded as given up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opendal::raw::oio::{
    Entry, MultipartPart, MultipartWrite, MultipartWriter, OneShotCopier, OneShotDelete, OneShotDeleter,
    PageContext, PageList, PageLister, ReadStreamDyn, StreamRead, StreamReader,
};
use opendal::raw::{
    OpCopy, OpCreateDir, OpDelete, OpList, OpPresign, OpRead, OpRename, OpStat, OpWrite, RpCreateDir,
    RpPresign, RpRead, RpRename, RpStat, Service, ServiceInfo,
};
use opendal::{
    Buffer, Builder, BytesRange, Capability, Error, ErrorKind, Metadata, MetadataBuilder, OperationContext,
    Operator, Result,
};
use tokio::sync::watch;

/// What a store can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Stat,
    Read(Range<u64>),
    Put,
    Initiate,
    /// A part, from 0, and its length.
    Part(usize, u64),
    Complete,
    Abort,
    /// A page of a listing, from 0.
    List(usize),
    Delete,
    Copy,
    Rename,
}

#[derive(Clone)]
struct Object {
    bytes: Buffer,
    etag: String,
}

struct Fault {
    matches: Box<dyn Fn(&Request) -> bool + Send>,
    /// How many matching requests go well before it.
    spared: usize,
    times: usize,
    error: fn() -> Error,
}

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Object>,
    /// Every object that there ever was, by its version.
    versions: BTreeMap<String, Object>,
    uploads: BTreeMap<String, BTreeMap<usize, Buffer>>,
    log: Vec<Request>,
    faults: Vec<Fault>,
    given_up: usize,
    serial: usize,
}

/// Which requests are meant.
pub(crate) type Matches = fn(&Request) -> bool;

/// The store, whose clones are the same one.
#[derive(Clone)]
pub(crate) struct Far {
    inner: Arc<Mutex<Inner>>,
    delay: Duration,
    page: usize,
    capability: Capability,
    scheme: &'static str,
    /// Whether its ETags are weak, so that no condition on one holds.
    weak: bool,
    /// Whether it has no ETags at all.
    untagged: bool,
    /// Whether parts are counted and not kept.
    forgets: bool,
    /// Which requests wait.
    closed: Arc<watch::Sender<Option<Matches>>>,
    pub(crate) at_once: Arc<AtomicUsize>,
    pub(crate) at_once_most: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Far {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Far")
    }
}

pub(crate) const PART_BYTES_MIN: usize = 1000;

impl Far {
    pub(crate) fn new() -> Far {
        let capability = Capability {
            stat: true,
            read: true,
            read_with_if_match: true,
            write: true,
            write_can_empty: true,
            write_can_multi: true,
            write_with_if_not_exists: true,
            write_multi_min_size: Some(PART_BYTES_MIN),
            delete: true,
            copy: true,
            copy_with_if_match: true,
            list: true,
            list_with_limit: true,
            list_with_recursive: true,
            ..Capability::default()
        };
        Far {
            inner: Arc::default(),
            delay: Duration::ZERO,
            page: 1000,
            capability,
            scheme: "s3",
            weak: false,
            untagged: false,
            forgets: false,
            closed: Arc::new(watch::Sender::new(None)),
            at_once: Arc::default(),
            at_once_most: Arc::default(),
        }
    }

    pub(crate) fn delay(self, delay: Duration) -> Far {
        Far { delay, ..self }
    }

    pub(crate) fn page(self, page: usize) -> Far {
        Far { page, ..self }
    }

    pub(crate) fn scheme(self, scheme: &'static str) -> Far {
        Far { scheme, ..self }
    }

    pub(crate) fn weak(self) -> Far {
        Far { weak: true, ..self }
    }

    pub(crate) fn untagged(self) -> Far {
        Far { untagged: true, ..self }
    }

    pub(crate) fn forgets(self) -> Far {
        Far { forgets: true, ..self }
    }

    pub(crate) fn can(mut self, change: impl FnOnce(&mut Capability)) -> Far {
        change(&mut self.capability);
        self
    }

    pub(crate) fn operator(&self) -> Operator {
        Operator::new(self.clone()).expect("it needs nothing")
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `spared` matching requests go well and the next `times` fail.
    pub(crate) fn fail(
        &self,
        matches: impl Fn(&Request) -> bool + Send + 'static,
        spared: usize,
        times: usize,
        error: fn() -> Error,
    ) {
        self.inner().faults.push(Fault { matches: Box::new(matches), spared, times, error });
    }

    /// Makes the matching requests wait until [`Far::open`].
    pub(crate) fn close(&self, matches: Matches) {
        self.closed.send_replace(Some(matches));
    }

    pub(crate) fn open(&self) {
        self.closed.send_replace(None);
    }

    pub(crate) fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        let mut inner = self.inner();
        inner.serial += 1;
        let object = Object { bytes: Buffer::from(bytes.into()), etag: format!("\"{}\"", inner.serial) };
        inner.versions.insert(object.etag.clone(), object.clone());
        inner.objects.insert(key.to_owned(), object);
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.inner().objects.get(key).map(|object| object.bytes.to_vec())
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.inner().objects.keys().cloned().collect()
    }

    /// Uploads that were neither completed nor aborted.
    pub(crate) fn uploads(&self) -> usize {
        self.inner().uploads.len()
    }

    pub(crate) fn log(&self) -> Vec<Request> {
        self.inner().log.clone()
    }

    /// Returns the requests since the last call.
    pub(crate) fn take_log(&self) -> Vec<Request> {
        std::mem::take(&mut self.inner().log)
    }

    pub(crate) fn given_up(&self) -> usize {
        self.inner().given_up
    }

    async fn request(&self, request: Request) -> Result<()> {
        self.inner().log.push(request.clone());
        let mut under_way = UnderWay::begin(self);
        let mut closed = self.closed.subscribe();
        let waited = closed.wait_for(|closed| !closed.is_some_and(|matches| matches(&request))).await;
        drop(waited.expect("the store keeps the gate"));
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        under_way.is_done = true;
        let mut inner = self.inner();
        let due = inner.faults.iter_mut().find(|fault| fault.times > 0 && (fault.matches)(&request));
        match due {
            Some(fault) if fault.spared > 0 => fault.spared -= 1,
            Some(fault) => {
                fault.times -= 1;
                return Err((fault.error)());
            }
            None => {}
        }
        Ok(())
    }
}

/// Counts a request that is under way, and one that is given up.
struct UnderWay<'a> {
    far: &'a Far,
    is_done: bool,
}

impl UnderWay<'_> {
    fn begin(far: &Far) -> UnderWay<'_> {
        let at_once = far.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        far.at_once_most.fetch_max(at_once, Ordering::SeqCst);
        UnderWay { far, is_done: false }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.far.at_once.fetch_sub(1, Ordering::SeqCst);
        if !self.is_done {
            self.far.inner().given_up += 1;
        }
    }
}

/// A failure that goes on.
pub(crate) fn broken() -> Error {
    Error::new(ErrorKind::Unexpected, "InternalError: the disk of the store is on fire")
}

/// A failure that a retry gets past.
pub(crate) fn busy() -> Error {
    Error::new(ErrorKind::Unexpected, "503 SlowDown").set_temporary()
}

fn missing() -> Error {
    Error::new(ErrorKind::NotFound, "NoSuchKey")
}

impl Far {
    fn metadata(&self, object: &Object) -> Metadata {
        let mut metadata = MetadataBuilder::file(object.bytes.len() as u64);
        if !self.untagged {
            metadata.etag(format!("{}{}", if self.weak { "W/" } else { "" }, object.etag));
        }
        if self.capability.read_with_version {
            metadata.version(&object.etag);
        }
        metadata.build()
    }
}

impl Inner {
    fn put(&mut self, key: &str, bytes: Buffer, args: &OpWrite) -> Result<Metadata> {
        if args.if_not_exists() && self.objects.contains_key(key) {
            return Err(Error::new(ErrorKind::ConditionNotMatch, "PreconditionFailed"));
        }
        self.serial += 1;
        let object = Object { bytes, etag: format!("\"{}\"", self.serial) };
        let metadata = MetadataBuilder::file(object.bytes.len() as u64).build();
        self.objects.insert(key.to_owned(), object);
        Ok(metadata)
    }
}

fn unsupported<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Unsupported, "the store has no such request"))
}

impl Default for Far {
    fn default() -> Far {
        Far::new()
    }
}

impl Builder for Far {
    type Config = ();

    fn build(self) -> Result<impl Service> {
        Ok(self)
    }
}

impl Service for Far {
    type Reader = StreamReader<FarReader>;
    type Writer = MultipartWriter<FarWriter>;
    type Lister = PageLister<FarLister>;
    type Deleter = OneShotDeleter<FarDeleter>;
    type Copier = OneShotCopier;
    type Composer = ();

    fn info(&self) -> ServiceInfo {
        ServiceInfo::new(self.scheme, "/", "far")
    }

    fn capability(&self) -> Capability {
        self.capability
    }

    async fn create_dir(&self, _: &OperationContext, _: &str, _: OpCreateDir) -> Result<RpCreateDir> {
        unsupported()
    }

    async fn stat(&self, _: &OperationContext, path: &str, _: OpStat) -> Result<RpStat> {
        self.request(Request::Stat).await?;
        let inner = self.inner();
        inner.objects.get(path).map(|object| RpStat::new(self.metadata(object))).ok_or_else(missing)
    }

    fn read(&self, _: &OperationContext, path: &str, args: OpRead) -> Result<Self::Reader> {
        Ok(StreamReader::new(FarReader { far: self.clone(), key: path.to_owned(), args }))
    }

    fn write(&self, ctx: &OperationContext, path: &str, args: OpWrite) -> Result<Self::Writer> {
        let writer = FarWriter { far: self.clone(), key: path.to_owned(), args: args.clone() };
        Ok(MultipartWriter::new(ctx.executor().clone(), writer, args.concurrent()))
    }

    fn delete(&self, _: &OperationContext) -> Result<Self::Deleter> {
        Ok(OneShotDeleter::new(FarDeleter(self.clone())))
    }

    fn list(&self, _: &OperationContext, path: &str, args: OpList) -> Result<Self::Lister> {
        let prefix = path.trim_start_matches('/').to_owned();
        Ok(PageLister::new(FarLister { far: self.clone(), prefix, recursive: args.recursive() }))
    }

    fn copy(&self, _: &OperationContext, from: &str, to: &str, args: OpCopy) -> Result<Self::Copier> {
        let (far, from, to) = (self.clone(), from.to_owned(), to.to_owned());
        Ok(OneShotCopier::new(async move {
            far.request(Request::Copy).await?;
            let mut inner = far.inner();
            let object = inner.objects.get(&from).cloned().ok_or_else(missing)?;
            if args.if_match().is_some_and(|etag| etag != object.etag) {
                return Err(Error::new(ErrorKind::ConditionNotMatch, "PreconditionFailed"));
            }
            inner.put(&to, object.bytes, &OpWrite::new())
        }))
    }

    async fn rename(&self, _: &OperationContext, from: &str, to: &str, _: OpRename) -> Result<RpRename> {
        self.request(Request::Rename).await?;
        let mut inner = self.inner();
        let object = inner.objects.remove(from).ok_or_else(missing)?;
        inner.objects.insert(to.to_owned(), object);
        Ok(RpRename::default())
    }

    async fn presign(&self, _: &OperationContext, _: &str, _: OpPresign) -> Result<RpPresign> {
        unsupported()
    }
}

pub(crate) struct FarReader {
    far: Far,
    key: String,
    args: OpRead,
}

impl StreamRead for FarReader {
    async fn open(&self, range: BytesRange) -> Result<(RpRead, Box<dyn ReadStreamDyn>)> {
        let (start, end) = (range.offset(), range.size().map_or(u64::MAX, |size| range.offset() + size));
        self.far.request(Request::Read(start..end)).await?;
        let inner = self.far.inner();
        let object = match self.args.version() {
            Some(version) => inner.versions.get(version),
            None => inner.objects.get(&self.key),
        };
        let object = object.ok_or_else(missing)?;
        if self.args.if_match().is_some_and(|etag| etag != object.etag || self.far.weak) {
            return Err(Error::new(ErrorKind::ConditionNotMatch, "PreconditionFailed"));
        }
        let len = object.bytes.len() as u64;
        if start >= len && len > 0 {
            return Err(Error::new(ErrorKind::RangeNotSatisfied, "InvalidRange"));
        }
        let bytes = object.bytes.slice(start as usize..end.min(len) as usize);
        Ok((RpRead::new(self.far.metadata(object)), Box::new(bytes)))
    }
}

pub(crate) struct FarWriter {
    far: Far,
    key: String,
    args: OpWrite,
}

impl MultipartWrite for FarWriter {
    async fn write_once(&self, _: u64, body: Buffer) -> Result<Metadata> {
        self.far.request(Request::Put).await?;
        self.far.inner().put(&self.key, body, &self.args)
    }

    async fn initiate_part(&self) -> Result<String> {
        self.far.request(Request::Initiate).await?;
        let mut inner = self.far.inner();
        inner.serial += 1;
        let id = inner.serial.to_string();
        inner.uploads.insert(id.clone(), BTreeMap::new());
        Ok(id)
    }

    async fn write_part(
        &self,
        id: &str,
        part_number: usize,
        size: u64,
        body: Buffer,
    ) -> Result<MultipartPart> {
        self.far.request(Request::Part(part_number, size)).await?;
        let mut inner = self.far.inner();
        let upload = inner.uploads.get_mut(id);
        let upload = upload.ok_or_else(|| Error::new(ErrorKind::NotFound, "NoSuchUpload"))?;
        let kept = if self.far.forgets { Buffer::from(vec![0; body.len()]) } else { body };
        upload.insert(part_number, kept);
        Ok(MultipartPart { part_number, etag: part_number.to_string(), checksum: None, size: None })
    }

    async fn complete_part(&self, id: &str, parts: &[MultipartPart]) -> Result<Metadata> {
        self.far.request(Request::Complete).await?;
        let mut inner = self.far.inner();
        let upload = inner.uploads.get(id);
        let upload = upload.ok_or_else(|| Error::new(ErrorKind::NotFound, "NoSuchUpload"))?.clone();
        let all_but_last = upload.values().rev().skip(1);
        if all_but_last.into_iter().any(|part| part.len() < PART_BYTES_MIN) {
            return Err(Error::new(ErrorKind::Unexpected, "EntityTooSmall"));
        }
        assert_eq!(parts.len(), upload.len());
        let bytes = upload.into_values().flat_map(|part| part.to_vec()).collect::<Vec<u8>>();
        let completed = inner.put(&self.key, Buffer::from(bytes), &self.args)?;
        inner.uploads.remove(id);
        Ok(completed)
    }

    async fn abort_part(&self, id: &str) -> Result<()> {
        self.far.request(Request::Abort).await?;
        self.far.inner().uploads.remove(id);
        Ok(())
    }
}

pub(crate) struct FarLister {
    far: Far,
    prefix: String,
    recursive: bool,
}

impl FarLister {
    /// Keys and common prefixes, in order.
    fn names(&self) -> BTreeSet<String> {
        let inner = self.far.inner();
        let keys = inner.objects.keys().filter(|key| key.starts_with(&self.prefix));
        keys.map(|key| match key[self.prefix.len()..].find('/') {
            Some(slash) if !self.recursive => key[..self.prefix.len() + slash + 1].to_owned(),
            _ => key.clone(),
        })
        .collect()
    }
}

impl PageList for FarLister {
    async fn next_page(&self, ctx: &mut PageContext) -> Result<()> {
        let (page, after) = ctx.token.split_once(' ').unwrap_or(("0", ""));
        let (page, after) = (page.parse::<usize>().expect("a number"), after.to_owned());
        self.far.request(Request::List(page)).await?;
        let names = self.names();
        let inner = self.far.inner();
        let mut left = names.into_iter().filter(|name| after.is_empty() || *name > after).peekable();
        for name in left.by_ref().take(self.far.page) {
            let object = inner.objects.get(&name).filter(|_| !name.ends_with('/'));
            let found =
                object.map_or_else(|| MetadataBuilder::dir().build(), |object| self.far.metadata(object));
            ctx.entries.push_back(Entry::new(&name, found));
            ctx.token = format!("{} {name}", page + 1);
        }
        ctx.done = left.peek().is_none();
        Ok(())
    }
}

pub(crate) struct FarDeleter(Far);

impl OneShotDelete for FarDeleter {
    async fn delete_once(&self, path: String, _: OpDelete) -> Result<()> {
        self.0.request(Request::Delete).await?;
        self.0.inner().objects.remove(&path);
        Ok(())
    }
}
