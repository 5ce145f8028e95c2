//! The task that carries out an upload: the caller who asked for a part may be gone before it has arrived.
//!
//! ```text
//!   writes ── parts, in order ──┐
//!   close, sync ── the rest ────┼── one task owns the writer ── multipart upload ── completed, or aborted
//!   the file is dropped ────────┘
//! ```
//!
//! After a failure nothing more is sent, and the upload is aborted: it is never completed without a part.

use std::sync::{Arc, OnceLock};

use opendal::options::WriteOptions;
use opendal::{Buffer, ErrorKind, Writer};
use rustix::io::Errno;
use tokio::sync::{mpsc, oneshot};

use crate::error::Failed;
use crate::key::Key;
use crate::limits::ORDERS_MAX;
use crate::store::Store;

/// What becomes of the bytes.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// They are the contents of the file from its completion on.
    Contents {
        /// Whether completion fails if the name is taken.
        refuses_taken: bool,
    },
    /// They are written under another name, and renamed to this one on completion.
    Renamed {
        /// The other name.
        staging: Key,
    },
    /// They go to the end of the file.
    Appended {
        /// Whether the file has to be created even if nothing is appended.
        is_new: bool,
    },
}

/// What an upload is asked for. It answers when it has done so.
#[derive(Debug)]
pub(crate) enum Order {
    /// Take these bytes.
    Bytes(Buffer, Answer),
    /// Take these bytes, and make everything visible.
    Complete(Buffer, Answer),
    /// Discard what is not visible.
    Abort(Answer),
}

pub(crate) type Answer = oneshot::Sender<Result<(), Failed>>;

/// The first failure of an upload.
pub(crate) type Failure = Arc<OnceLock<Failed>>;

struct Upload {
    store: Arc<Store>,
    key: Key,
    target: Target,
    progress: Progress,
    /// `None` before the first part, for a layer may count open writers as requests; at the end; and between the writes to a file
    /// that is appended to: each has its own.
    writer: Option<Writer>,
    failure: Failure,
    bytes: u64,
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Takes bytes.
    Open,
    /// All of it is visible.
    Completed,
    /// It has failed or was abandoned, and what could be removed is.
    Aborted,
}

/// Starts an upload. The store is asked for nothing before there are bytes to send.
pub(crate) fn start(store: Arc<Store>, key: Key, target: Target, failure: Failure) -> mpsc::Sender<Order> {
    let (orders, mut received) = mpsc::channel(ORDERS_MAX);
    let progress = Progress::Open;
    let mut upload = Upload { store, key, target, progress, writer: None, failure, bytes: 0 };
    tokio::spawn(async move {
        while let Some(order) = received.recv().await {
            upload.carry_out(order).await;
        }
        // The file was dropped. No caller is left who could learn of a failure.
        let _ = upload.abort().await;
    });
    orders
}

impl Upload {
    async fn carry_out(&mut self, order: Order) {
        let (outcome, answer) = match order {
            Order::Bytes(bytes, answer) => (self.write(bytes).await, answer),
            Order::Complete(rest, answer) => (self.complete(rest).await, answer),
            Order::Abort(answer) => (self.abort().await, answer),
        };
        // A caller who was dropped meanwhile needs no answer; a failure stays known.
        let _ = answer.send(outcome);
    }

    async fn open(&mut self) -> opendal::Result<&mut Writer> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let (key, options) = self.options();
                self.store.operator.writer_options(key, options).await?
            }
        };
        Ok(self.writer.insert(writer))
    }

    fn options(&self) -> (&str, WriteOptions) {
        let at_once =
            WriteOptions { concurrent: self.store.options.parts_at_once, ..WriteOptions::default() };
        match &self.target {
            Target::Contents { refuses_taken } => {
                (self.key.file(), WriteOptions { if_not_exists: *refuses_taken, ..at_once })
            }
            Target::Renamed { staging } => (staging.file(), at_once),
            Target::Appended { .. } => {
                (self.key.file(), WriteOptions { append: true, ..WriteOptions::default() })
            }
        }
    }

    async fn write(&mut self, bytes: Buffer) -> Result<(), Failed> {
        self.check()?;
        self.bytes += bytes.len() as u64;
        match self.send(bytes).await {
            Ok(()) => Ok(()),
            Err(failed) => Err(self.fail(Failed::of(failed)).await),
        }
    }

    async fn send(&mut self, bytes: Buffer) -> opendal::Result<()> {
        let appends = matches!(self.target, Target::Appended { .. });
        let writer = self.open().await?;
        writer.write(bytes).await?;
        if appends {
            // Only a writer that is closed promises that the bytes have arrived: some services buffer, and none says so.
            writer.close().await?;
            self.writer = None;
        }
        Ok(())
    }

    async fn complete(&mut self, mut rest: Buffer) -> Result<(), Failed> {
        self.check()?;
        match self.progress {
            Progress::Open => {}
            Progress::Completed => return Ok(()),
            Progress::Aborted => return Err(Failed::worded(Errno::CANCELED, "the file was abandoned")),
        }
        // Callers who have gone may have left more than a part.
        let part = self.store.part_bytes().unwrap_or(usize::MAX);
        while !rest.is_empty() {
            let at = rest.len().min(part);
            self.write(rest.split_to(at)).await?;
        }
        let closed = self.close().await.map_err(Failed::of);
        let published = match closed {
            Ok(()) => self.publish().await,
            Err(failed) => Err(failed),
        };
        if let Err(failed) = published {
            return Err(self.fail(failed).await);
        }
        self.writer = None;
        match self.target {
            Target::Appended { .. } => {}
            Target::Contents { .. } | Target::Renamed { .. } => self.progress = Progress::Completed,
        }
        Ok(())
    }

    async fn close(&mut self) -> opendal::Result<()> {
        match self.target {
            // Every write has closed its writer.
            Target::Appended { is_new } if !is_new || self.bytes > 0 => Ok(()),
            Target::Appended { .. } | Target::Contents { .. } | Target::Renamed { .. } => {
                self.open().await?.close().await.map(drop)
            }
        }
    }

    /// Does what is left after the writer was closed.
    async fn publish(&self) -> Result<(), Failed> {
        match &self.target {
            Target::Contents { .. } => self.see_the_empty_file(self.store.can.write_can_empty).await,
            Target::Appended { is_new } => self.see_the_empty_file(!is_new).await,
            Target::Renamed { staging } => {
                self.see_the_empty_file(self.store.can.write_can_empty).await?;
                let renamed = self.store.operator.rename(staging.file(), self.key.file()).await;
                renamed.map_err(Failed::of)
            }
        }
    }

    /// A store that promises no empty files may have ignored this one.
    async fn see_the_empty_file(&self, is_promised: bool) -> Result<(), Failed> {
        if self.bytes > 0 || is_promised {
            return Ok(());
        }
        let (key, _) = self.options();
        match self.store.operator.stat(key).await {
            Ok(_) => Ok(()),
            Err(failed) if failed.kind() == ErrorKind::NotFound => {
                let why =
                    "the store has not created the empty file: its capability `write_can_empty` is false";
                Err(Failed::worded(Errno::OPNOTSUPP, why))
            }
            Err(failed) => Err(Failed::of(failed)),
        }
    }

    async fn abort(&mut self) -> Result<(), Failed> {
        if self.progress != Progress::Open {
            return Ok(());
        }
        self.progress = Progress::Aborted;
        let aborted = match self.writer.take() {
            Some(mut writer) => writer.abort().await,
            None => Ok(()),
        };
        match (&self.target, aborted) {
            (Target::Renamed { staging }, _) => {
                self.store.operator.delete(staging.file()).await.map_err(Failed::of)
            }
            // Whatever was written is visible already.
            (_, Err(failed)) if failed.kind() == ErrorKind::Unsupported => Ok(()),
            (_, aborted) => aborted.map_err(Failed::of),
        }
    }

    fn check(&self) -> Result<(), Failed> {
        self.failure.get().map_or(Ok(()), |failed| Err(failed.clone()))
    }

    /// Ends the upload without completing it.
    async fn fail(&mut self, failed: Failed) -> Failed {
        let failed = self.failure.get_or_init(|| failed).clone();
        // The failure that led here says more than one of clearing up after it.
        let _ = self.abort().await;
        failed
    }
}
