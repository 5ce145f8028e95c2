//! What the writers were promised, by the moment of the disk at which they were.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use folio_testkit::Disk;

use super::place::{APPENDED, REPLACED, SLOT, SLOTS, filled, number, path};

/// Whether a slot may hold a mixture of the versions that no sync has covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tearing {
    /// Each is written by one call, within a sector.
    Never,
    /// Calls come short and fail half way.
    UntilSynced,
}

/// All promises of one program.
#[derive(Debug, Default)]
pub(super) struct Claims {
    all: Mutex<All>,
}

#[derive(Debug, Default)]
pub(super) struct All {
    records: Vec<Record>,
    pub(super) slots: BTreeMap<u64, Versions>,
    pub(super) replaced: Versions,
    /// Moments from which a renamed file has its name.
    pub(super) named: Vec<(u64, u64)>,
    pub(super) streams: BTreeMap<String, Stream>,
}

/// An appended record, there from its answer on, and durable from some moment on.
#[derive(Debug)]
struct Record {
    offset: usize,
    bytes: Vec<u8>,
    durable: Option<u64>,
}

/// The bytes that a buffered file accepted.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) accepted: Vec<u8>,
    /// How many of them were durable from which moment on.
    pub(super) durable: Vec<(u64, usize)>,
    /// Whether a close said that all are in the file.
    pub(super) closed: bool,
}

/// The versions of something that one task writes, from 1.
#[derive(Debug, Default)]
pub(super) struct Versions {
    /// The moments at which each was begun.
    begun: Vec<u64>,
    /// The last one that was acknowledged, and whether none was begun after it.
    acknowledged: u64,
    durable: Vec<(u64, u64)>,
}

impl Versions {
    /// Begins the next version.
    pub(super) fn begin(&mut self, moment: u64) -> u64 {
        self.begun.push(moment);
        self.begun.len() as u64
    }

    pub(super) fn acknowledge(&mut self, number: u64) {
        self.acknowledged = self.acknowledged.max(number);
    }

    pub(super) fn durable_from(&mut self, moment: u64, number: u64) {
        self.durable.push((moment, number));
    }

    /// The oldest version that a power cut at this moment may leave.
    fn oldest(&self, moment: u64) -> u64 {
        let durable = self.durable.iter().filter(|(from, _)| *from <= moment);
        durable.map(|(_, number)| *number).max().unwrap_or(0)
    }

    /// The newest one that may be there.
    fn newest(&self, moment: u64) -> u64 {
        self.begun.iter().filter(|begun| **begun <= moment).count() as u64
    }

    /// Whether what is `seen` is one of those that may be there at this moment.
    fn allow(&self, oldest: u64, moment: u64, seen: Option<u64>, tearing: Tearing) -> bool {
        let newest = self.newest(moment);
        let torn = tearing == Tearing::UntilSynced && newest > oldest;
        seen.map_or(torn, |seen| (oldest..=newest).contains(&seen) || torn)
    }
}

impl Claims {
    pub(super) fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().expect("no holder panics")
    }

    /// Returns the number of a record that was appended.
    pub(super) fn appended(&self, offset: u64, bytes: Vec<u8>) -> usize {
        let mut all = self.all();
        all.records.push(Record { offset: offset as usize, bytes, durable: None });
        all.records.len() - 1
    }

    pub(super) fn records_durable(&self, moment: u64, numbers: &[usize]) {
        let mut all = self.all();
        numbers.iter().for_each(|number| all.records[*number].durable = Some(moment));
    }

    /// Whether all that was acknowledged is in the files now, synced or not.
    pub(super) fn hold_now(&self, disk: &Disk) -> Result<(), String> {
        let all = self.all();
        all.records.iter().try_for_each(|record| record.is_in(disk))?;
        for (name, stream) in all.streams.iter().filter(|(_, stream)| stream.closed) {
            is_prefix(disk, name, &stream.accepted)?;
        }
        let now = u64::MAX;
        let tearing = Tearing::UntilSynced;
        all.check_versions(disk, now, tearing, |versions| versions.acknowledged)
    }

    /// Whether all is on this disk that was durable at this moment.
    pub(super) fn hold_in(&self, disk: &Disk, moment: u64, tearing: Tearing) -> Result<(), String> {
        let all = self.all();
        let durable = |record: &&Record| record.durable.is_some_and(|from| from <= moment);
        all.records.iter().filter(durable).try_for_each(|record| record.is_in(disk))?;
        for (name, stream) in &all.streams {
            let durable = stream.durable.iter().filter(|(from, _)| *from <= moment);
            if let Some(len) = durable.map(|(_, len)| *len).max() {
                is_prefix(disk, name, &stream.accepted[..len])?;
            }
        }
        for (_, number) in all.named.iter().filter(|(from, _)| *from <= moment) {
            let name = format!("name-{number}");
            is_prefix(disk, &name, &filled(*number, SLOT))?;
        }
        all.check_versions(disk, moment, tearing, |versions| versions.oldest(moment))
    }
}

impl All {
    fn check_versions(
        &self,
        disk: &Disk,
        moment: u64,
        tearing: Tearing,
        oldest: impl Fn(&Versions) -> u64,
    ) -> Result<(), String> {
        let slots = disk.contents(path(SLOTS));
        for (slot, versions) in &self.slots {
            let at = *slot as usize * SLOT;
            let seen = slots.get(at..at + SLOT).and_then(number);
            if !versions.allow(oldest(versions), moment, seen, tearing) {
                let (from, to) = (oldest(versions), versions.newest(moment));
                return Err(format!("slot {slot} has version {seen:?}, not one of {from}..={to}"));
            }
        }
        let seen = disk.contents(path(REPLACED));
        let seen = number(&seen);
        let oldest = oldest(&self.replaced);
        if self.replaced.allow(oldest, moment, seen, Tearing::Never) {
            return Ok(());
        }
        let to = self.replaced.newest(moment);
        Err(format!("the replaced file has version {seen:?}, not one of {oldest}..={to}"))
    }
}

impl Record {
    fn is_in(&self, disk: &Disk) -> Result<(), String> {
        let file = disk.contents(path(APPENDED));
        if file.get(self.offset..).is_some_and(|rest| rest.starts_with(&self.bytes)) {
            return Ok(());
        }
        Err(format!("the record of {} bytes at {} is not there", self.bytes.len(), self.offset))
    }
}

fn is_prefix(disk: &Disk, name: &str, expected: &[u8]) -> Result<(), String> {
    let is_there = disk.exists(path(name)) && disk.contents(path(name)).starts_with(expected);
    if is_there { Ok(()) } else { Err(format!("{name} does not begin with its {} bytes", expected.len())) }
}
