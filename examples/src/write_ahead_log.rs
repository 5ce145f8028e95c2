//! A write-ahead log: records that are there after any power cut once they were acknowledged, and a checkpoint that
//! replaces all of them by what is still needed.
//!
//! `examples/tests/programs/write_ahead_log.rs` tries every state that a power cut may leave of it.

use std::path::Path;

use folio::{Dir, File, OpenOptions, Result};
use sha2::{Digest, Sha256};

/// The log, and what is to replace it.
const NAME: &str = "log";
const NEXT: &str = "log.next";

/// Before each record: its length, and the first bytes of its checksum.
const LENGTH_BYTES: usize = 4;
const CHECKSUM_BYTES: usize = 8;

/// A part of the work that is easily forgotten. The test leaves each of them out, and a power cut shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omitted {
    /// The sync after records were written.
    Sync,
    /// The comparison of a record with its checksum.
    Checksum,
    /// The sync of the folder, which keeps names.
    FolderSync,
    /// Cutting off what is behind the last good record.
    Truncation,
    /// The sync of a checkpoint before it gets its name.
    CheckpointSync,
}

/// An open log.
#[derive(Debug)]
pub struct Log {
    dir: Dir,
    file: File,
    end: u64,
    omitted: Option<Omitted>,
}

impl Log {
    /// Opens the log in a folder, and returns the records in it.
    pub async fn open(folder: impl AsRef<Path>) -> Result<(Log, Vec<Vec<u8>>)> {
        Log::open_without(folder, None).await
    }

    /// Opens a log that omits something.
    pub async fn open_without(
        folder: impl AsRef<Path>,
        omitted: Option<Omitted>,
    ) -> Result<(Log, Vec<Vec<u8>>)> {
        let dir = Dir::open(folder).await?;
        let file = dir.open_with(NAME, OpenOptions::new().read(true).write(true).create(true)).await?;
        let bytes = dir.read(NAME).await?;
        let log = Log { dir, file, end: 0, omitted };
        let (records, end) = log.parse(&bytes);
        // What follows was never acknowledged. A record written there later must not be followed by an old one.
        if log.does(Omitted::Truncation) {
            log.file.set_len(end as u64).await?;
        }
        log.file.sync_all().await?;
        log.sync_folder().await?;
        Ok((Log { end: end as u64, ..log }, records))
    }

    /// Appends records. They are there after any power cut once this returns `Ok`; before, the first few of them may be.
    pub async fn append(&mut self, records: &[&[u8]]) -> Result<()> {
        let bytes = encoded(records);
        self.file.write_all_at(&bytes, self.end).await?;
        self.end += bytes.len() as u64;
        if self.does(Omitted::Sync) {
            self.file.sync_data().await?;
        }
        Ok(())
    }

    /// Replaces all records by others, in one step.
    pub async fn checkpoint(&mut self, records: &[&[u8]]) -> Result<()> {
        let bytes = encoded(records);
        let next = self.dir.create(NEXT).await?;
        next.write_all_at(&bytes, 0).await?;
        if self.does(Omitted::CheckpointSync) {
            next.sync_all().await?;
        }
        self.dir.rename(NEXT, &self.dir, NAME).await?;
        self.sync_folder().await?;
        (self.file, self.end) = (next, bytes.len() as u64);
        Ok(())
    }

    /// Takes records from the beginning up to the first bad one, and says where that is.
    fn parse(&self, bytes: &[u8]) -> (Vec<Vec<u8>>, usize) {
        let (mut records, mut end) = (Vec::new(), 0);
        while let Some((record, checksum)) = first(&bytes[end..]) {
            if self.does(Omitted::Checksum) && checksum != sum(record) {
                break;
            }
            records.push(record.to_vec());
            end += LENGTH_BYTES + CHECKSUM_BYTES + record.len();
        }
        (records, end)
    }

    async fn sync_folder(&self) -> Result<()> {
        if self.does(Omitted::FolderSync) { self.dir.sync().await } else { Ok(()) }
    }

    fn does(&self, part: Omitted) -> bool {
        self.omitted != Some(part)
    }
}

/// The first record, good or bad, and the checksum before it; `None` if it does not fit.
fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(LENGTH_BYTES)?;
    let (checksum, rest) = rest.split_at_checked(CHECKSUM_BYTES)?;
    let length = u32::from_le_bytes(length.try_into().ok()?);
    Some((rest.get(..length as usize)?, checksum))
}

fn encoded(records: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        bytes.extend((record.len() as u32).to_le_bytes());
        bytes.extend(sum(record));
        bytes.extend(*record);
    }
    bytes
}

fn sum(record: &[u8]) -> Vec<u8> {
    Sha256::digest(record)[..CHECKSUM_BYTES].to_vec()
}
