//! Short ranges of one object that are asked for at once: one opening of the file serves them all.
//!
//! ```text
//!   first get ── leads ── lets the executor's other tasks run once ── takes all who joined ── open, read each, answer each
//!   other gets ── join ─────────────┘                                                              │
//!                     answered, or on their own: not cached, too many, the leader was dropped ◀────┘
//! ```
//!
//! The file is opened after every one of them was asked for, so that none is answered with what was replaced before.

use std::collections::HashMap;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use folio_engine::op::{PathOp, PathRequest};
use folio_engine::storage::{Nature, Storage};
use folio_engine::{Engine, Operation};
use futures::channel::oneshot;
use object_store::path::Path as Location;
use object_store::{GetOptions, Result};

use crate::got::{Body, Got, within};
use crate::limits::{GATHERED_MAX, IN_PLACE_BYTES_MAX};
use crate::meta;
use crate::names::Root;
use crate::read::{open_cached, read_now};

/// The gets that wait for their leaders, by their locations.
#[derive(Clone, Default)]
pub(crate) struct Gathering(Arc<Mutex<HashMap<Location, Vec<Member>>>>);

/// One get. It is on its own if this is dropped.
struct Member {
    options: GetOptions,
    answer: oneshot::Sender<Result<Got>>,
}

impl Gathering {
    /// Answers a get together with others; `None` if it has to be carried out on its own.
    pub(crate) async fn ask(
        &self,
        engine: &Engine,
        root: &Root,
        location: &Location,
        options: &GetOptions,
    ) -> Option<Result<Got>> {
        let (answer, answered) = oneshot::channel();
        if let Some(mut leader) = self.join(location, Member { options: options.clone(), answer })? {
            turn_of_others().await;
            if let Some((location, members)) = leader.take() {
                // Whatever goes wrong, each of them finds out on its own.
                let _ = engine.call(read_all(root.of_prefix(&location), location, members)).await;
            }
        }
        answered.await.ok()
    }

    /// Joins the gets of the same object, or leads if there are none; `None` if there are too many.
    fn join<'a>(&'a self, location: &Location, member: Member) -> Option<Option<Leader<'a>>> {
        let mut waiting = self.waiting();
        match waiting.get_mut(location) {
            Some(members) if members.len() >= GATHERED_MAX => None,
            Some(members) => {
                members.push(member);
                Some(None)
            }
            None => {
                waiting.insert(location.clone(), vec![member]);
                Some(Some(Leader { gathering: self, location: Some(location.clone()) }))
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Location, Vec<Member>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The get that answers those who join it. Dropped, it leaves them on their own.
struct Leader<'a> {
    gathering: &'a Gathering,
    /// `None` once others wait for another leader.
    location: Option<Location>,
}

impl Leader<'_> {
    /// Ends the time in which others may join.
    fn take(&mut self) -> Option<(Location, Vec<Member>)> {
        let location = self.location.take()?;
        let members = self.gathering.waiting().remove(&location)?;
        Some((location, members))
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// Waits until the executor has polled what else is ready.
async fn turn_of_others() {
    let mut is_first = true;
    poll_fn(|cx| {
        if !is_first {
            return Poll::Ready(());
        }
        is_first = false;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Answers what can be answered in place.
fn read_all(path: PathBuf, location: Location, members: Vec<Member>) -> impl PathRequest<Reply = ()> {
    let members = Mutex::new(members);
    PathOp::new(Operation::Read, path, |_: &dyn Storage, _: PathBuf| Ok(())).in_place(move |storage, path| {
        let members = std::mem::take(&mut *members.lock().unwrap_or_else(PoisonError::into_inner));
        answer_all(storage, path, &location, members);
        Some(Ok(()))
    })
}

/// Answers until it has taken long enough, or something is missing; the members who are left are on their own.
fn answer_all(storage: &dyn Storage, path: &Path, location: &Location, members: Vec<Member>) -> Option<()> {
    let opened = open_cached(storage, path)?.ok()?;
    let metadata = opened.file.metadata().ok()?;
    if metadata.is_dir() || opened.nature == Nature::Stream {
        return None;
    }
    let meta = meta::of_file(&metadata, location.clone());
    let mut left = IN_PLACE_BYTES_MAX;
    for Member { options, answer } in members {
        let got = match within(&options, &meta) {
            Ok(range) => {
                left = left.checked_sub(range.end - range.start)?;
                let bytes = read_now(&*opened.file, range.clone(), None)?.ok()?;
                Ok(Got { meta: meta.clone(), range, body: Body::Whole(bytes) })
            }
            Err(error) => Err(error),
        };
        // One that was dropped meanwhile needs no answer.
        let _ = answer.send(got);
    }
    Some(())
}
