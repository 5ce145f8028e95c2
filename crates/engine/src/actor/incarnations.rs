//! The actors of one open file, one after another. Any owner of a reference may stop one; the next need starts
//! another, which continues where that one ended.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use kameo::actor::ActorRef;

use crate::actor::file::FileActor;

/// See the module.
#[derive(Default)]
pub(crate) struct Incarnations {
    /// The only actor that most files ever have. Kept apart, so that reading it takes no lock.
    first: OnceLock<ActorRef<FileActor>>,
    later: Mutex<Option<ActorRef<FileActor>>>,
}

impl Incarnations {
    /// Returns the live actor, started by `start` with its predecessor if there is none.
    pub(crate) fn get_or_start(
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

    /// Returns the last actor, if there was any, dead or alive.
    pub(crate) fn last(&self) -> Option<ActorRef<FileActor>> {
        let first = self.first.get()?;
        if first.is_alive() {
            return Some(first.clone());
        }
        let later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        Some(later.as_ref().unwrap_or(first).clone())
    }

    /// Whether others have a reference to the last actor.
    pub(crate) fn have_other_references(&self) -> bool {
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

    /// Whether the mailbox of the last actor has messages. (Those of its predecessors count as unsettled until
    /// they have ended.)
    pub(crate) fn have_messages(&self) -> bool {
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
