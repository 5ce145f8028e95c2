//! The images of every moment of a program that ran once.

use std::fmt;
use std::sync::Arc;

use super::images::CrashImages;
use super::model::CrashModel;
use crate::disk::Disk;
use crate::disk::journal::{Journal, Recording, Step};
use crate::lock::lock;

/// What happened to a disk since a moment; made by [`Disk::history`].
///
/// It keeps each change once, however many moments are looked at.
pub struct DiskHistory {
    start: Journal,
    recording: Arc<Recording>,
}

impl Disk {
    /// Begins to remember every change of the disk, so that one run of a program gives the images of all its moments.
    ///
    /// ```
    /// use std::{io::IoSlice, path::Path};
    /// use folio_engine::storage::{Names, OpenRequest};
    /// use folio_testkit::{CrashModel, Disk};
    ///
    /// let disk = Disk::new();
    /// disk.put("/log", "");
    /// let history = disk.history();
    /// let log = disk.open(Path::new("/log"), &OpenRequest::default().append(true))?.file;
    /// log.append(&[IoSlice::new(b"record;")])?;
    /// log.sync(false)?;
    /// let acknowledged = disk.moment();
    ///
    /// for moment in history.moments() {
    ///     for image in moment.crash_images(CrashModel::Ext4Like, 1) {
    ///         let left = image.disk().contents("/log");
    ///         assert!(moment.number() < acknowledged || left == b"record;", "{image}");
    ///     }
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn history(&self) -> DiskHistory {
        let (start, recording) = lock(&self.shared.book).listen();
        DiskHistory { start, recording }
    }

    /// Returns the number of the present moment: how many changes and syncs the disk has seen.
    pub fn moment(&self) -> u64 {
        lock(&self.shared.book).journal.moment
    }
}

impl DiskHistory {
    /// Returns the moments until now: the one at which the history began, and one after each change or sync.
    pub fn moments(&self) -> impl Iterator<Item = Moment> + use<> {
        let steps: Vec<Step> = lock(&self.recording).clone();
        let mut journal = self.start.clone();
        let first = Moment { journal: journal.clone() };
        let later = steps.into_iter().filter_map(move |step| {
            journal.step(&step);
            step.is_seen().then(|| Moment { journal: journal.clone() })
        });
        std::iter::once(first).chain(later)
    }
}

impl fmt::Debug for DiskHistory {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = lock(&self.recording).iter().filter(|step| step.is_seen()).count();
        to.debug_struct("DiskHistory")
            .field("begin", &self.start.moment)
            .field("moments", &(seen + 1))
            .finish()
    }
}

/// A moment of a history, at which the power may go.
pub struct Moment {
    journal: Journal,
}

impl Moment {
    /// Returns its number, as [`Disk::moment`] gave it then.
    pub fn number(&self) -> u64 {
        self.journal.moment
    }

    /// Returns what a power cut may have left at this moment, as [`Disk::crash_images`] does now.
    pub fn crash_images(&self, model: CrashModel, seed: u64) -> CrashImages {
        CrashImages::of(self.journal.clone(), model, seed)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Moment").field("number", &self.number()).finish()
    }
}
