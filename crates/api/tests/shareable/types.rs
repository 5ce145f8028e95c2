//! The types, one line each. Nothing here runs: that it compiles is the proof.

use folio::actor::{ActorRef, FileActor};
use folio::compat::fs as compat;
use folio::dir::{Dir, Entries, Entry};
use folio::fs::{
    DirBuilder, DirEntry, Fwalk, FwalkStep, Glob, GlobOptions, Pattern, ReadDir, Walk, WalkEntry, WalkOptions,
};
use folio::stdio::{Input, InputBytes, Output, OutputBytes};
use folio::storage::{OpenRequest, Opened as OpenedFile};
use folio::tempfile::{
    NamedTemporaryFile, NamedTemporaryFileBuilder, SpooledTemporaryFile, SpooledTemporaryFileBuilder,
    TempPath, TemporaryDirectory, TemporaryDirectoryBuilder, TemporaryFile, TemporaryFileBuilder,
};
use folio::text::{
    DecodeError, Decoder, EncodeError, Encoder, Encoding, Errors, Lines, NameError, Newline, Options,
    Reading, Seen, TextFile,
};
use folio::wrap::Wrap;
use folio::{
    BinaryFile, BinaryLines, Buffering, Engine, EngineBuilder, Error, File, Name, OpenMode, OpenOptions,
    Opened, Reader, Rejected, ShutdownReport, Snapshot,
};

fn both<T: Send + Sync>() {}

/// Names every line, so that the compiler takes none for dead.
pub(crate) const ALL: &[fn()] = &[
    both::<ActorRef<FileActor>>,
    both::<FileActor>,
    both::<BinaryFile>,
    both::<BinaryLines>,
    both::<compat::DirBuilder>,
    both::<compat::DirEntry>,
    both::<compat::File>,
    both::<compat::FileTimes>,
    both::<compat::OpenOptions>,
    both::<compat::ReadDir>,
    both::<Buffering>,
    both::<DecodeError>,
    both::<Decoder>,
    both::<Dir>,
    both::<DirBuilder>,
    both::<DirEntry>,
    both::<EncodeError>,
    both::<Encoder>,
    both::<Encoding>,
    both::<Engine>,
    both::<EngineBuilder>,
    both::<Entries>,
    both::<Entry>,
    both::<Error>,
    both::<Errors>,
    both::<File>,
    both::<Fwalk>,
    both::<FwalkStep>,
    both::<Glob>,
    both::<GlobOptions>,
    both::<Pattern>,
    both::<TempPath>,
    both::<Input>,
    both::<InputBytes>,
    both::<Lines>,
    both::<Name>,
    both::<NameError>,
    both::<NamedTemporaryFile>,
    both::<NamedTemporaryFileBuilder>,
    both::<Newline>,
    both::<OpenMode>,
    both::<OpenOptions>,
    both::<OpenRequest>,
    both::<Opened>,
    both::<OpenedFile>,
    both::<Options>,
    both::<Output>,
    both::<OutputBytes>,
    both::<ReadDir>,
    both::<Reader>,
    both::<Reading>,
    both::<Rejected>,
    both::<Seen>,
    both::<ShutdownReport>,
    both::<Snapshot>,
    both::<SpooledTemporaryFile>,
    both::<SpooledTemporaryFileBuilder>,
    both::<TemporaryDirectory>,
    both::<TemporaryDirectoryBuilder>,
    both::<TemporaryFile>,
    both::<TemporaryFileBuilder>,
    both::<TextFile>,
    both::<TextFile<SpooledTemporaryFile>>,
    both::<Walk>,
    both::<WalkEntry>,
    both::<WalkOptions>,
    both::<Wrap<Vec<u8>>>,
];
