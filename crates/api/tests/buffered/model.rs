//! Random programs against a file in memory: whatever is kept back, every operation answers as if nothing were.

use std::io::SeekFrom;

use folio_testkit::{Random, seeds};

use crate::{PATH, bench, open, open_to_append};

/// Operations of one program.
const STEPS: usize = 60;

/// A file as it would be without a buffer.
#[derive(Default)]
struct Plain {
    bytes: Vec<u8>,
    cursor: usize,
    appends: bool,
}

impl Plain {
    fn write_at(&mut self, bytes: &[u8], at: usize) {
        let end = at + bytes.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[at..end].copy_from_slice(bytes);
    }

    fn write(&mut self, bytes: &[u8]) {
        let at = if self.appends { self.bytes.len() } else { self.cursor };
        self.write_at(bytes, at);
        self.cursor = at + bytes.len();
    }

    fn read_at(&self, len: usize, at: usize) -> &[u8] {
        let start = at.min(self.bytes.len());
        &self.bytes[start..(at + len).clamp(start, self.bytes.len())]
    }
}

#[tokio::test]
async fn nothing_tells_a_buffered_file_from_one_without_a_buffer() {
    let mut checked = Vec::new();
    seeds(300, |seed| checked.push(seed));
    for seed in checked {
        run(seed).await;
    }
}

async fn run(seed: u64) {
    let mut random = Random::new(seed);
    let initial = "x".repeat(random.index(30));
    let (disk, engine) = bench(&initial);
    let capacity = 2 + random.index(40);
    let appends = random.chance(30);
    let file = if appends { open_to_append(&engine, capacity).await } else { open(&engine, capacity).await };
    let handles = [file.clone(), file];
    let mut plain = Plain { bytes: initial.into_bytes(), cursor: 0, appends };
    for step in 0..STEPS {
        let file = &handles[random.index(2)];
        let (len, at) = (random.index(24), random.index(60));
        let bytes: Vec<u8> = (0..len).map(|_| b'a' + random.index(26) as u8).collect();
        let said = format!("seed {seed} (FOLIO_SEED={seed}), step {step}, capacity {capacity}");
        match random.index(10) {
            0..=3 if !bytes.is_empty() => {
                file.write_all(&bytes).await.unwrap();
                plain.write(&bytes);
            }
            4 if !appends => {
                file.write_all_at(&bytes, at as u64).await.unwrap();
                if !bytes.is_empty() {
                    plain.write_at(&bytes, at);
                }
            }
            5 => {
                let read = file.read_bytes_at(at as u64, len).await.unwrap();
                assert_eq!(read, plain.read_at(len, at), "{said}: read_at {at}+{len}");
            }
            6 => {
                let read = file.read_bytes(len).await.unwrap();
                assert_eq!(read, plain.read_at(len, plain.cursor), "{said}: read {len}");
                plain.cursor += read.len();
            }
            7 => {
                file.seek(SeekFrom::Start(at as u64)).await.unwrap();
                plain.cursor = at;
            }
            8 => {
                file.set_len(at as u64).await.unwrap();
                plain.bytes.resize(at, 0);
            }
            _ => {
                file.flush().await.unwrap();
                assert_eq!(disk.contents(PATH), plain.bytes, "{said}: flush");
            }
        }
        let position = file.stream_position().await.unwrap();
        assert_eq!(position, plain.cursor as u64, "{said}: the cursor");
    }
    let [file, other] = handles;
    drop(other);
    file.close().await.unwrap();
    assert_eq!(disk.contents(PATH), plain.bytes, "seed {seed}: the end");
}
