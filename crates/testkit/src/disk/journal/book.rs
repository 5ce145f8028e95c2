//! The journal of a disk in use, and the recordings of it.

use std::sync::{Arc, Mutex, Weak};

use super::steps::{Journal, Step};
use crate::lock::lock;

/// The steps after a moment, in order.
pub(in crate::disk) type Recording = Mutex<Vec<Step>>;

/// The journal, with the recordings that follow it.
#[derive(Debug)]
pub(in crate::disk) struct Book {
    pub(in crate::disk) journal: Journal,
    recordings: Vec<Weak<Recording>>,
}

impl Book {
    pub(in crate::disk) fn new(journal: Journal) -> Book {
        Book { journal, recordings: Vec::new() }
    }

    pub(in crate::disk) fn record(&mut self, step: Step) {
        self.journal.step(&step);
        self.recordings.retain(|recording| recording.strong_count() > 0);
        for recording in self.recordings.iter().filter_map(Weak::upgrade) {
            lock(&recording).push(step.clone());
        }
        self.journal.sweep();
    }

    /// Begins a recording: the journal now, and the steps from now on.
    pub(in crate::disk) fn listen(&mut self) -> (Journal, Arc<Recording>) {
        let recording = Arc::default();
        self.recordings.push(Arc::downgrade(&recording));
        (self.journal.clone(), recording)
    }
}
