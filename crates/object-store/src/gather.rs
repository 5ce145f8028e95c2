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
use object_store::Result;

use crate::get::{Body, Got, Wanted, open_cached, read_now};
use crate::limits::{GATHERED_MAX, IN_PLACE_BYTES_MAX};

/// The gets that wait for their leaders, by the paths of their files.
#[derive(Clone, Default)]
pub(crate) struct Gathering(Arc<Mutex<HashMap<PathBuf, Vec<Member>>>>);

/// One get. It is on its own if this is dropped.
struct Member {
    wanted: Wanted,
    answer: oneshot::Sender<Result<Got>>,
}

impl Gathering {
    /// Answers a get together with others; `None` if it has to be carried out on its own.
    pub(crate) async fn ask(&self, engine: &Engine, wanted: &Wanted) -> Option<Result<Got>> {
        let (answer, answered) = oneshot::channel();
        if let Some(mut leader) = self.join(Member { wanted: wanted.clone(), answer })? {
            turn_of_others().await;
            if let Some((path, members)) = leader.take() {
                // Whatever goes wrong, each of them finds out on its own.
                let _ = engine.call(read_all(path, Mutex::new(members))).await;
            }
        }
        answered.await.ok()
    }

    /// Joins the gets of the same path, or leads if there are none; `None` if there are too many.
    fn join<'a>(&'a self, member: Member) -> Option<Option<Leader<'a>>> {
        let mut waiting = self.waiting();
        let path = member.wanted.path.clone();
        match waiting.get_mut(&path) {
            Some(members) if members.len() >= GATHERED_MAX => None,
            Some(members) => {
                members.push(member);
                Some(None)
            }
            None => {
                waiting.insert(path.clone(), vec![member]);
                Some(Some(Leader { gathering: self, path: Some(path) }))
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<PathBuf, Vec<Member>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The get that answers those who join it. Dropped, it leaves them on their own.
struct Leader<'a> {
    gathering: &'a Gathering,
    /// `None` once others wait for another leader.
    path: Option<PathBuf>,
}

impl Leader<'_> {
    /// Ends the time in which others may join.
    fn take(&mut self) -> Option<(PathBuf, Vec<Member>)> {
        let path = self.path.take()?;
        let members = self.gathering.waiting().remove(&path)?;
        Some((path, members))
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
fn read_all(path: PathBuf, members: Mutex<Vec<Member>>) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::Read, path, |_: &dyn Storage, _: PathBuf| Ok(())).in_place(move |storage, path| {
        let members = std::mem::take(&mut *members.lock().unwrap_or_else(PoisonError::into_inner));
        answer_all(storage, path, members);
        Some(Ok(()))
    })
}

/// Answers until it has taken long enough, or something is missing; the members who are left are on their own.
fn answer_all(storage: &dyn Storage, path: &Path, members: Vec<Member>) -> Option<()> {
    let opened = open_cached(storage, path)?.ok()?;
    let metadata = opened.file.metadata().ok()?;
    if metadata.is_dir() || opened.nature == Nature::Stream {
        return None;
    }
    let mut left = IN_PLACE_BYTES_MAX;
    for Member { wanted, answer } in members {
        let got = match wanted.of(&metadata) {
            Ok((meta, range)) => {
                left = left.checked_sub(range.end - range.start)?;
                let bytes = read_now(&*opened.file, range.clone())?.ok()?;
                Ok(Got { meta, range, body: Body::Whole(bytes) })
            }
            Err(error) => Err(error),
        };
        // One that was dropped meanwhile needs no answer.
        let _ = answer.send(got);
    }
    Some(())
}
