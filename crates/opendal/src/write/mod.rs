//! Files that are written in order, from their beginning or at their end.
//!
//! * [`collect`]: pieces that wait until they make a part;
//! * [`upload`]: the task that sends the parts and completes the upload.

use std::fmt;
use std::future::ready;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use folio_engine::storage::{AsyncFile, Later, Metadata};
use rustix::io::Errno;
use tokio::sync::{mpsc, oneshot};

use crate::attributes::of_file;
use crate::error::{Failed, error};
use crate::key::Key;
use crate::store::Store;
use collect::Collected;
use upload::{Answer, Failure, Order};

mod collect;
mod upload;

pub(crate) use upload::Target;

/// A file that is open for writing.
pub(crate) struct Outgoing {
    store: Arc<Store>,
    key: Key,
    opened: SystemTime,
    appends: bool,
    /// The first failure, after which everything fails.
    failure: Failure,
    orders: mpsc::Sender<Order>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Where the next byte goes.
    position: u64,
    collected: Collected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Takes bytes.
    Open,
    /// A sync has completed the file, or is about to.
    Complete,
    /// A close has been asked for, and its outcome was not returned yet.
    Closing,
    /// Closed or abandoned.
    Closed,
}

impl Outgoing {
    /// Starts to write. `position` is where the first byte goes.
    pub(crate) fn start(store: Arc<Store>, key: Key, target: Target, position: u64) -> Outgoing {
        let failure = Failure::default();
        let appends = matches!(target, Target::Appended { .. });
        let orders = upload::start(store.clone(), key.clone(), target, failure.clone());
        let state = State { phase: Phase::Open, position, collected: Collected::default() };
        let opened = SystemTime::now();
        Outgoing { store, key, opened, appends, failure, orders, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Collects bytes within the call itself: the order of the calls is the order of the bytes, whichever future is polled
    /// first.
    fn accept(&self, bytes: Bytes, offset: Option<u64>) -> io::Result<u64> {
        let mut state = self.state();
        let at = self.claim(&mut state, bytes.len(), offset)?;
        state.collected.push(bytes);
        Ok(at)
    }

    /// Takes the next `len` bytes of the file for a caller.
    fn claim(&self, state: &mut State, len: usize, offset: Option<u64>) -> io::Result<u64> {
        if let Some(failed) = self.failure.get() {
            return Err(failed.clone().into());
        }
        match state.phase {
            Phase::Open => {}
            Phase::Complete => {
                return Err(self
                    .store
                    .refuse("has completed the file with the sync, and takes no more of it"));
            }
            Phase::Closing | Phase::Closed => return Err(error(Errno::BADF)),
        }
        let at = state.position;
        if let Some(offset) = offset.filter(|offset| *offset != at) {
            let why = format_args!("takes a file in order: its next byte is at {at}, not at {offset}");
            return Err(self.store.refuse(why));
        }
        let end = at.saturating_add(len as u64);
        if let Some(why) = self.too_long(end) {
            return Err(self.failure.get_or_init(|| why).clone().into());
        }
        state.position = end;
        Ok(at)
    }

    /// Why the store cannot have a file of this length.
    fn too_long(&self, len: u64) -> Option<Failed> {
        let total = self.store.can.write_total_max_size.map(|bytes| (bytes as u64, "write_total_max_size"));
        let whole = self.store.options.whole_bytes_max;
        let whole = self.store.part_bytes().is_none().then_some((whole, "write_can_multi"));
        let (most, capability) = [total, whole].into_iter().flatten().min()?;
        let why = format!("the store takes files of at most {most} bytes, by its capability `{capability}`");
        (len > most).then(|| Failed::worded(Errno::FBIG, why))
    }

    /// Sends parts as long as there is a whole one.
    async fn send_parts(&self) -> Result<(), Failed> {
        let Some(part) = self.store.part_bytes() else { return Ok(()) };
        while self.state().collected.len() >= part {
            let order = |state: &mut State, answer| {
                let is_whole = state.collected.len() >= part;
                is_whole.then(|| Order::Bytes(state.collected.take(part), answer))
            };
            self.order(order).await?;
        }
        self.failure.get().map_or(Ok(()), |failed| Err(failed.clone()))
    }

    /// Makes an order once the upload can take one, and waits for its outcome. Making and sending are one step, so that no
    /// order overtakes another one, and none is lost with a caller who goes.
    async fn order(&self, make: impl FnOnce(&mut State, Answer) -> Option<Order>) -> Result<(), Failed> {
        let permit = self.orders.reserve().await.map_err(|_| Failed::ended())?;
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.state();
            match make(&mut state, answer) {
                Some(order) => permit.send(order),
                None => return Ok(()),
            }
        }
        answered.await.unwrap_or_else(|_| Err(Failed::ended()))
    }

    /// Makes all bytes so far visible. Unless they are appended, the file takes no more of them.
    async fn complete(&self) -> Result<(), Failed> {
        let order = |state: &mut State, answer| {
            if state.phase == Phase::Open && !self.appends {
                state.phase = Phase::Complete;
            }
            Some(Order::Complete(state.collected.take(usize::MAX), answer))
        };
        self.order(order).await
    }

    async fn append_now(&self, bytes: Bytes, offset: Option<u64>) -> io::Result<u64> {
        let mut at = Ok(0);
        let sent = self.order(|state, answer| {
            at = self.claim(state, bytes.len(), offset);
            at.is_ok().then(|| Order::Bytes(bytes.into(), answer))
        });
        sent.await?;
        at
    }
}

impl AsyncFile for Outgoing {
    fn read_at(&self, _: usize, _: u64) -> Later<'_, Bytes> {
        Box::pin(ready(Err(self.store.refuse("shows nothing of a file that is being written"))))
    }

    fn write_at(&self, bytes: Bytes, offset: u64) -> Later<'_, ()> {
        if self.appends {
            return Box::pin(async move { self.append_now(bytes, Some(offset)).await.map(drop) });
        }
        let accepted = self.accept(bytes, Some(offset));
        Box::pin(async move {
            accepted?;
            Ok(self.send_parts().await?)
        })
    }

    fn append(&self, bytes: Bytes) -> Later<'_, u64> {
        if self.appends {
            return Box::pin(self.append_now(bytes, None));
        }
        let accepted = self.accept(bytes, None);
        Box::pin(async move {
            let at = accepted?;
            self.send_parts().await?;
            Ok(at)
        })
    }

    fn sync(&self) -> Later<'_, ()> {
        Box::pin(async { Ok(self.complete().await?) })
    }

    fn set_len(&self, len: u64) -> Later<'_, ()> {
        let position = self.state().position;
        let why = || self.store.refuse("cannot cut or extend a file");
        Box::pin(ready(if len == position { Ok(()) } else { Err(why()) }))
    }

    fn metadata(&self) -> Later<'_, Metadata> {
        let identity = self.store.identity(self.key.as_bytes());
        Box::pin(ready(Ok(of_file(identity, self.state().position, Some(self.opened)))))
    }

    fn close(&self) -> Later<'_, ()> {
        let was = std::mem::replace(&mut self.state().phase, Phase::Closing);
        if was == Phase::Closed {
            self.state().phase = was;
            return Box::pin(ready(Ok(())));
        }
        Box::pin(async {
            let closed = self.complete().await;
            self.state().phase = Phase::Closed;
            Ok(closed?)
        })
    }

    fn abandon(&self) -> Later<'_, ()> {
        let was = std::mem::replace(&mut self.state().phase, Phase::Closed);
        if was == Phase::Closed {
            return Box::pin(ready(Ok(())));
        }
        Box::pin(async {
            let order = |state: &mut State, answer| {
                drop(state.collected.take(usize::MAX));
                Some(Order::Abort(answer))
            };
            Ok(self.order(order).await?)
        })
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("key", &self.key).field("state", &self.state).finish_non_exhaustive()
    }
}
