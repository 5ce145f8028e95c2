//! The operations of a history: which, and how each is asked for.

use std::io::SeekFrom;

use folio::{File, Result};
use folio_testkit::{ModelOp, Outcome, Random};

use super::setting::Setting;

/// Bytes that operations aim at: few, so that most of them meet.
const AIM: u64 = 48;

/// Draws an operation that this opening's promises cover.
///
/// One opening orders everything. Between several the kernel does, call by call: what takes more than one call, or more
/// than one byte of a real file, may be seen half done.
pub(super) fn some_op(setting: Setting, is_seen_late: bool, random: &mut Random) -> ModelOp {
    let is_alone = setting.openings == 1;
    let longest = if is_alone || (setting.simulated && !is_seen_late) { 12 } else { 1 };
    let (offset, len) = (random.within(0..AIM), random.within(1..longest + 1) as usize);
    if is_seen_late {
        return match random.within(0..100) {
            0..40 => ModelOp::ReadAt { offset, len },
            40..80 => ModelOp::Write { bytes: random.bytes(len) },
            _ => ModelOp::Sync,
        };
    }
    match random.within(0..100) {
        25..45 => ModelOp::WriteAt { offset, bytes: random.bytes(len) },
        45..55 => ModelOp::Read { len },
        55..60 if is_alone => ModelOp::ReadUntil { delimiter: random.bits() as u8, limit: 8 * len },
        60..70 => ModelOp::Write { bytes: random.bytes(len) },
        70..78 => ModelOp::Seek(SeekFrom::Start(offset)),
        78..82 => ModelOp::Seek(SeekFrom::Current(-(len as i64))),
        82..85 => ModelOp::Seek(SeekFrom::End(0)),
        85..93 => ModelOp::Append { bytes: random.bytes(len) },
        93..96 if is_alone || setting.simulated => ModelOp::SetLen(offset),
        96..98 => ModelOp::Len,
        98.. => ModelOp::Sync,
        _ => ModelOp::ReadAt { offset, len },
    }
}

pub(super) async fn run(file: &File, op: &ModelOp) -> Result<Outcome> {
    match op {
        ModelOp::ReadAt { offset, len } => {
            let mut buf = vec![0; *len];
            let count = file.read_at(&mut buf, *offset).await?;
            Ok(Outcome::Bytes(buf[..count].to_vec()))
        }
        ModelOp::Read { len } => file.read_bytes(*len).await.map(|bytes| Outcome::Bytes(bytes.to_vec())),
        ModelOp::ReadUntil { delimiter, limit } => {
            file.read_until(*delimiter, *limit).await.map(|bytes| Outcome::Bytes(bytes.to_vec()))
        }
        ModelOp::WriteAt { offset, bytes } => {
            file.write_all_at(bytes, *offset).await.map(|()| Outcome::Written(bytes.len()))
        }
        ModelOp::Write { bytes } => file.write_all(bytes).await.map(|()| Outcome::Written(bytes.len())),
        ModelOp::Seek(to) => file.seek(*to).await.map(Outcome::Offset),
        ModelOp::Append { bytes } => file.append_bytes(bytes.clone()).await.map(Outcome::Offset),
        ModelOp::SetLen(len) => file.set_len(*len).await.map(|()| Outcome::Done),
        ModelOp::Len => file.metadata().await.map(|metadata| Outcome::Len(metadata.len())),
        ModelOp::Sync => file.sync_data().await.map(|()| Outcome::Done),
    }
}
