//! The images of one moment, one after another.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::atom::Choice;
use super::choices::{Choices, Coverage};
use super::model::CrashModel;
use super::outcome::Outcome;
use super::revive;
use super::shown;
use super::subject::Subject;
use crate::disk::Disk;
use crate::disk::journal::Journal;
use crate::lock::lock;

/// Unit in which a disk writes, in bytes, at first: what none tears.
const SECTOR_BYTES: usize = 512;

/// Images drawn at random, at first, where not every combination is tried.
const SAMPLES: usize = 256;

/// Every different state that a power cut may leave, or samples of them; made by [`Disk::crash_images`].
///
/// The same disk, model, options and seed give the same images in the same order, so that `nth(index)` replays the one
/// that a failed test has printed.
#[derive(Debug)]
pub struct CrashImages {
    subject: Arc<Subject>,
    choices: Choices,
    seed: u64,
    next: u64,
    given: u64,
    seen: BTreeSet<u64>,
}

impl Disk {
    /// Returns every state that a power cut may leave now, by the rules of `model`; samples by the dice of `seed` if
    /// there are too many. This disk itself goes on unchanged.
    ///
    /// ```
    /// use std::{io::IoSlice, path::Path};
    /// use folio_engine::storage::{Names, OpenRequest};
    /// use folio_testkit::{CrashModel, Disk};
    ///
    /// let disk = Disk::new();
    /// disk.put("/log", *b"first;");
    /// let log = disk.open(Path::new("/log"), &OpenRequest::default().append(true))?.file;
    /// log.append(&[IoSlice::new(b"second;")])?;
    ///
    /// let images = disk.crash_images(CrashModel::WorstCase, 1);
    /// assert!(images.exhaustive());
    /// for image in images {
    ///     let left = image.disk().contents("/log");
    ///     assert!(left.starts_with(b"first;"), "{image}");
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn crash_images(&self, model: CrashModel, seed: u64) -> CrashImages {
        let journal = lock(&self.shared.book).journal.clone();
        CrashImages::of(journal, model, seed)
    }
}

impl CrashImages {
    pub(super) fn of(journal: Journal, model: CrashModel, seed: u64) -> CrashImages {
        let subject = Arc::new(Subject::new(journal, model, SECTOR_BYTES));
        let choices = Choices::of(&subject, seed, SAMPLES);
        CrashImages { subject, choices, seed, next: 0, given: 0, seen: BTreeSet::new() }
    }

    /// Sets the unit that the disk writes whole, in bytes: 512 at first; 4,096 is that of many disks of today.
    ///
    /// # Panics
    ///
    /// If an image has been given already, or `bytes` is not between 1 and 4,096 and a power of two.
    #[must_use]
    pub fn sector_bytes(mut self, bytes: usize) -> CrashImages {
        assert!(bytes.is_power_of_two() && bytes <= 4096, "no disk has sectors of {bytes} bytes");
        assert_eq!(self.next, 0, "the images have begun");
        self.subject = Arc::new(Subject::new(self.subject.journal.clone(), self.subject.model, bytes));
        self.choices = Choices::of(&self.subject, self.seed, self.choices.samples);
        self
    }

    /// Sets how many images are drawn at random where not every one is tried; 256 at first. Equal ones are given once.
    #[must_use]
    pub fn samples(mut self, count: usize) -> CrashImages {
        self.choices.samples = count;
        self
    }

    /// Returns how many operations no sync has covered, by the rules of the model.
    pub fn unsynced(&self) -> usize {
        self.subject.unsynced()
    }

    /// Returns whether every state is among the images.
    pub fn exhaustive(&self) -> bool {
        self.coverage() == Coverage::Every
    }

    /// Returns how much is among the images.
    pub fn coverage(&self) -> Coverage {
        self.choices.coverage
    }
}

impl Iterator for CrashImages {
    type Item = CrashImage;

    fn next(&mut self) -> Option<CrashImage> {
        while self.next < self.choices.count() {
            let choice = self.choices.get(self.next);
            self.next += 1;
            let outcome = Outcome::of(&self.subject, &choice);
            if self.seen.insert(outcome.fingerprint()) {
                let (subject, seed, index) = (Arc::clone(&self.subject), self.seed, self.given);
                self.given += 1;
                return Some(CrashImage { subject, choice, outcome, seed, index });
            }
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.choices.count() - self.next) as usize;
        (usize::from(self.given == 0).min(left), Some(left))
    }
}

/// One state that a power cut may leave. Shown, it lists what was un-synced, what of that was kept, and what is there.
pub struct CrashImage {
    subject: Arc<Subject>,
    choice: Choice,
    outcome: Outcome,
    seed: u64,
    index: u64,
}

impl CrashImage {
    /// Returns a new disk in this state, each time another one: everything on it is durable, and its plan is empty.
    pub fn disk(&self) -> Disk {
        revive::disk(&self.outcome)
    }

    /// Returns its place among the images, from 0: what `nth` takes to replay it.
    pub fn index(&self) -> u64 {
        self.index
    }
}

impl fmt::Display for CrashImage {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.subject.model;
        writeln!(to, "what a power cut left: image {} of the {model} model, seed {}", self.index, self.seed)?;
        shown::show(&self.subject, &self.choice, &self.outcome, to)
    }
}

impl fmt::Debug for CrashImage {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, to)
    }
}
