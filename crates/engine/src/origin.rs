//! The process that a value belongs to: the only file that knows of `fork`.
//!
//! A fork copies memory and one thread. A child therefore has engines without their threads, and locks that are
//! never released because their holders were not copied. Only a comparison of processes can tell, so it comes
//! before any lock. It costs a load: a fork handler counts.

use std::fmt;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use forkguard::atfork::Guard;

use crate::limits::FORKS_MAX;

/// The process in which something was made.
#[derive(Clone)]
pub(crate) struct Origin {
    /// `None` if the system has no room for a fork handler: then every process counts as the same.
    guard: Option<Guard>,
}

impl Origin {
    /// This process.
    pub(crate) fn here() -> Self {
        Origin { guard: Guard::try_new().ok() }
    }

    /// Whether this is that process, and not a forked child.
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

/// A static value that each process makes for itself: a child does not see its parent's.
///
/// A plain `OnceLock` would give a child its parent's value, or make it wait for ever for a thread of the
/// parent that was just making it.
pub struct PerProcess<T> {
    /// One for each process in the chain of forks that has a value, eldest first.
    slots: [Slot<T>; FORKS_MAX],
}

struct Slot<T> {
    /// The process that may fill it; 0 if there is none yet.
    owner: AtomicU32,
    made: OnceLock<(Origin, T)>,
}

impl<T> PerProcess<T> {
    /// Creates an empty one.
    pub const fn new() -> Self {
        PerProcess { slots: [const { Slot { owner: AtomicU32::new(0), made: OnceLock::new() } }; FORKS_MAX] }
    }

    /// Returns this process's value, if it has been made.
    pub fn get(&self) -> Option<&T> {
        self.slots.iter().find_map(Slot::here)
    }

    /// Returns this process's value, made by `make` if there is none yet. `None` in a process with too many
    /// ancestors that have a value.
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

    /// Whether this process may fill it. A process id of an ancestor may come back, but not its value.
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
