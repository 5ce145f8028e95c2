//! Which process something belongs to: the one place that knows of `fork`.
//!
//! A fork copies memory and one thread. A child therefore finds engines without their threads, and locks that stay
//! shut because whoever held them was not copied. Nothing tells that but a look at where something was made, so it is
//! looked at before any lock is taken. That costs a load: a fork handler counts.

use std::fmt;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use forkguard::atfork::Guard;

use crate::limits::FORKS_MAX;

/// The process in which something was made.
#[derive(Clone)]
pub(crate) struct Origin {
    /// `None` if the system has no room for a fork handler: then every process passes for the same.
    guard: Option<Guard>,
}

impl Origin {
    /// This process.
    pub(crate) fn here() -> Self {
        Origin { guard: Guard::try_new().ok() }
    }

    /// Whether it is this process, or one before a fork.
    pub(crate) fn is_here(&self) -> bool {
        match &self.guard {
            Some(guard) => !guard.clone().detected_fork(),
            None => true,
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").field("is_here", &self.is_here()).finish()
    }
}

/// A value that every process makes for itself, for statics: a child finds none where its parent's is.
///
/// A plain `OnceLock` would give a child its parent's, or make it wait for ever for a thread of its parent's that was
/// just then making it.
pub struct PerProcess<T> {
    /// One for each process of the line of forks that led here and wanted a value, eldest first.
    slots: [Slot<T>; FORKS_MAX],
}

struct Slot<T> {
    /// The process that may fill it; 0 as long as there is none.
    owner: AtomicU32,
    made: OnceLock<(Origin, T)>,
}

impl<T> PerProcess<T> {
    /// Makes an empty one.
    pub const fn new() -> Self {
        PerProcess { slots: [const { Slot { owner: AtomicU32::new(0), made: OnceLock::new() } }; FORKS_MAX] }
    }

    /// Returns this process's value, if it has been made.
    pub fn get(&self) -> Option<&T> {
        self.slots.iter().find_map(Slot::here)
    }

    /// Returns this process's value, made by `make` if there is none yet. `None` in a process with too many ancestors
    /// that have one of their own.
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> Option<&T> {
        if let Some(value) = self.get() {
            return Some(value);
        }
        let slot = self.slots.iter().find(|slot| slot.claim(process::id()))?;
        Some(&slot.made.get_or_init(|| (Origin::here(), make())).1)
    }
}

impl<T> Slot<T> {
    fn here(&self) -> Option<&T> {
        self.made.get().filter(|(origin, _)| origin.is_here()).map(|(_, value)| value)
    }

    /// Whether this process may fill it. A number that an ancestor had may come back, but not its value.
    fn claim(&self, process: u32) -> bool {
        match self.owner.compare_exchange(0, process, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => true,
            Err(owner) => owner == process && self.made.get().is_none_or(|(origin, _)| origin.is_here()),
        }
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        PerProcess::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PerProcess").field(&self.get()).finish()
    }
}
