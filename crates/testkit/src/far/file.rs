//! An open object.

use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use folio_engine::storage::{AsyncFile, Later, Metadata};

use super::{FarCall, FarStore, Object};
use crate::errno::{EBADF, EEXIST, ENOENT};
use crate::lock::lock;

#[derive(Debug)]
pub(super) struct FarFile {
    store: FarStore,
    key: String,
    mode: Mode,
    upload: Mutex<Upload>,
}

/// How an object was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    /// In order, from nothing; a name that is taken may be refused when it ends.
    Write {
        refuses_taken: bool,
    },
    Append,
}

/// What was written and is not visible.
#[derive(Debug, Default)]
struct Upload {
    bytes: BytesMut,
    ended: bool,
}

impl FarFile {
    pub(super) fn new(store: FarStore, key: String, mode: Mode) -> FarFile {
        FarFile { store, key, mode, upload: Mutex::default() }
    }

    fn upload(&self) -> MutexGuard<'_, Upload> {
        lock(&self.upload)
    }

    fn object(&self) -> io::Result<Object> {
        self.store.tree().objects.get(&self.key).cloned().ok_or(io::Error::from_raw_os_error(ENOENT))
    }

    async fn publish(&self) -> io::Result<()> {
        let Mode::Write { refuses_taken } = self.mode else { return Ok(()) };
        if self.upload().ended {
            return Ok(());
        }
        let passed = self.store.shared.plan.pass(FarCall::Publish).await;
        let mut upload = self.upload();
        upload.ended = true;
        passed?;
        let object = Object { bytes: upload.bytes.split().freeze(), modified: SystemTime::now() };
        let mut tree = self.store.tree();
        if refuses_taken && tree.objects.contains_key(&self.key) {
            return Err(io::Error::from_raw_os_error(EEXIST));
        }
        tree.objects.insert(self.key.clone(), object);
        Ok(())
    }
}

impl AsyncFile for FarFile {
    fn read_at(&self, len: usize, offset: u64) -> Later<'_, Bytes> {
        Box::pin(async move {
            self.store.shared.plan.pass(FarCall::Read).await?;
            if self.mode != Mode::Read {
                return Err(io::Error::from_raw_os_error(EBADF));
            }
            let bytes = self.object()?.bytes;
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            Ok(bytes.slice(from..from + len.min(bytes.len() - from)))
        })
    }

    fn write_at(&self, bytes: Bytes, offset: u64) -> Later<'_, ()> {
        Box::pin(async move {
            self.store.shared.plan.pass(FarCall::Write).await?;
            let mut upload = self.upload();
            match self.mode {
                Mode::Write { .. } if upload.ended => {
                    Err(io::Error::new(ErrorKind::Unsupported, "an object is written once"))
                }
                Mode::Write { .. } if offset != upload.bytes.len() as u64 => {
                    Err(io::Error::new(ErrorKind::Unsupported, "an object is written in order"))
                }
                Mode::Write { .. } => {
                    upload.bytes.extend_from_slice(&bytes);
                    Ok(())
                }
                Mode::Read | Mode::Append => Err(io::Error::from_raw_os_error(EBADF)),
            }
        })
    }

    fn append(&self, bytes: Bytes) -> Later<'_, u64> {
        Box::pin(async move {
            self.store.shared.plan.pass(FarCall::Append).await?;
            if self.mode != Mode::Append {
                return Err(io::Error::new(ErrorKind::Unsupported, "the object is not open for appending"));
            }
            let mut tree = self.store.tree();
            let object = tree.objects.get_mut(&self.key).ok_or(io::Error::from_raw_os_error(ENOENT))?;
            let start = object.bytes.len() as u64;
            object.bytes = [object.bytes.as_ref(), bytes.as_ref()].concat().into();
            object.modified = SystemTime::now();
            Ok(start)
        })
    }

    fn sync(&self) -> Later<'_, ()> {
        Box::pin(self.publish())
    }

    fn metadata(&self) -> Later<'_, Metadata> {
        Box::pin(async move {
            self.store.shared.plan.pass(FarCall::Metadata).await?;
            let (len, modified) = match self.mode {
                Mode::Write { .. } if !self.upload().ended => {
                    (self.upload().bytes.len() as u64, SystemTime::now())
                }
                Mode::Read | Mode::Append | Mode::Write { .. } => {
                    let object = self.object()?;
                    (object.bytes.len() as u64, object.modified)
                }
            };
            Ok(self.store.metadata_of(&self.key, len, modified))
        })
    }

    fn close(&self) -> Later<'_, ()> {
        Box::pin(self.publish())
    }

    fn abandon(&self) -> Later<'_, ()> {
        Box::pin(async move {
            self.upload().ended = true;
            self.store.shared.plan.pass(FarCall::Abandon).await
        })
    }
}
