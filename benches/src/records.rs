//! Stamped records for the writing workloads, and the check of the file they leave.

/// Writers that a file of records can tell apart.
const WRITERS_MAX: usize = 64;
/// Bytes of the stamp at each end of a record: writer and sequence number.
const STAMP_BYTES: usize = 8;

/// One writer's record, stamped anew for each write. Only its ends change, so that stamping costs the same few
/// nanoseconds for every contender.
#[derive(Debug)]
pub(crate) struct Records {
    writer: u32,
    sequence: u32,
    record: Vec<u8>,
}

impl Records {
    pub(crate) fn new(writer: u64, record_bytes: usize) -> Self {
        let writer = u32::try_from(writer).expect("at most WRITERS_MAX writers");
        Self { writer, sequence: 0, record: vec![body_of(writer); record_bytes] }
    }

    /// Stamps the next record. It is handed out as a `Vec` because a contender that works on another thread has
    /// to move it there; it must put it back.
    pub(crate) fn stamped(&mut self) -> &mut Vec<u8> {
        let stamp = stamp(self.writer, self.sequence);
        self.sequence += 1;
        let tail = self.record.len() - STAMP_BYTES;
        self.record[..STAMP_BYTES].copy_from_slice(&stamp);
        self.record[tail..].copy_from_slice(&stamp);
        &mut self.record
    }
}

/// Checks that `file` holds `count` whole records, each once, those of one writer in the order of its writes.
///
/// # Errors
///
/// A sentence naming the first record that is not as it should be.
pub(crate) fn check(file: &[u8], record_bytes: usize, count: u64) -> Result<(), String> {
    if file.len() as u64 != count * record_bytes as u64 {
        return Err(format!("{} bytes for {count} records of {record_bytes}", file.len()));
    }
    let mut expected = [0u32; WRITERS_MAX];
    for (index, record) in file.chunks_exact(record_bytes).enumerate() {
        let writer = u32::from_le_bytes([record[0], record[1], record[2], record[3]]);
        let Some(sequence) = expected.get_mut(writer as usize) else {
            return Err(format!("record {index} names writer {writer}"));
        };
        if !is_whole(record, writer, *sequence) {
            return Err(format!("record {index} is not record {sequence} of writer {writer}, whole"));
        }
        *sequence += 1;
    }
    Ok(())
}

fn is_whole(record: &[u8], writer: u32, sequence: u32) -> bool {
    let stamp = stamp(writer, sequence);
    let tail = record.len() - STAMP_BYTES;
    record[..STAMP_BYTES] == stamp
        && record[tail..] == stamp
        && record[STAMP_BYTES..tail].iter().all(|byte| *byte == body_of(writer))
}

fn stamp(writer: u32, sequence: u32) -> [u8; STAMP_BYTES] {
    let mut stamp = [0; STAMP_BYTES];
    stamp[..4].copy_from_slice(&writer.to_le_bytes());
    stamp[4..].copy_from_slice(&sequence.to_le_bytes());
    stamp
}

/// Never zero, so that a hole does not pass for a body.
fn body_of(writer: u32) -> u8 {
    writer as u8 + 1
}

#[cfg(test)]
mod tests {
    use super::check as check_file;
    use super::*;

    const RECORD_BYTES: usize = 32;

    fn check(spoil: impl FnOnce(&mut Vec<u8>), valid: bool) {
        let (mut one, mut two) = (Records::new(0, RECORD_BYTES), Records::new(63, RECORD_BYTES));
        let mut file = Vec::new();
        for _ in 0..2 {
            file.extend_from_slice(one.stamped());
            file.extend_from_slice(two.stamped());
        }
        spoil(&mut file);
        assert_eq!(check_file(&file, RECORD_BYTES, 4).is_ok(), valid, "{file:?}");
    }

    #[test]
    fn lost_torn_repeated_and_swapped_records_are_found() {
        check(|_| (), true);
        check(|file| file.truncate(3 * RECORD_BYTES), false);
        check(|file| file[RECORD_BYTES / 2] ^= 1, false);
        check(|file| file.copy_within(0..RECORD_BYTES, 2 * RECORD_BYTES), false);
        check(|file| file.rotate_left(2 * RECORD_BYTES), false);
        check(|file| file[..RECORD_BYTES].fill(0), false);
    }
}
