//! The actors of one open file, one after the other. Whoever has a reference may end one; the next need starts
//! another, which takes over where that one ended.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use kameo::actor::ActorRef;

use crate::actor::file::FileActor;

/// See the module.
#[derive(Default)]
pub(crate) struct Incarnations {
    /// The only one that most files ever have. Apart, so that looking at it takes no lock.
    first: OnceLock<ActorRef<FileActor>>,
    later: Mutex<Option<ActorRef<FileActor>>>,
}

impl Incarnations {
    /// The actor, started by `start` if there is none that lives. It is given its predecessor.
    pub(crate) fn living(
        &self,
        start: impl Fn(Option<ActorRef<FileActor>>) -> ActorRef<FileActor>,
    ) -> ActorRef<FileActor> {
        let first = self.first.get_or_init(|| start(None));
        if first.is_alive() {
            return first.clone();
        }
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        let last = later.as_ref().unwrap_or(first);
        if last.is_alive() {
            return last.clone();
        }
        let next = start(Some(last.clone()));
        *later = Some(next.clone());
        next
    }

    /// The last actor, if there was any, dead or alive.
    pub(crate) fn last(&self) -> Option<ActorRef<FileActor>> {
        let first = self.first.get()?;
        if first.is_alive() {
            return Some(first.clone());
        }
        let later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        Some(later.as_ref().unwrap_or(first).clone())
    }

    /// Whether somebody else has a reference to the last actor.
    pub(crate) fn are_lent(&self) -> bool {
        let lent = |actor: &ActorRef<FileActor>| actor.strong_count() > 1;
        match self.first.get() {
            None => false,
            Some(first) if first.is_alive() => lent(first),
            Some(first) => {
                let later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
                lent(later.as_ref().unwrap_or(first))
            }
        }
    }

    /// Whether messages stand in the mailbox of the last actor. (What its predecessors leave behind is not
    /// settled before they have gone.)
    pub(crate) fn have_mail(&self) -> bool {
        let holds = |actor: &ActorRef<FileActor>| {
            let mailbox = actor.mailbox_sender();
            mailbox.capacity() < mailbox.max_capacity()
        };
        match self.first.get() {
            None => false,
            Some(first) if first.is_alive() => holds(first),
            Some(_) => self.last().as_ref().is_some_and(holds),
        }
    }
}

impl fmt::Debug for Incarnations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incarnations").field("last", &self.last().map(|actor| actor.id())).finish()
    }
}
