//! The adapters that people put between a file and the rest of their program: each must leave exactly the bytes that went
//! in, from sources that come in pieces, into and out of every kind of file, under every kind of runtime.
//!
//! `source` and `target` are the two ends, `runtime` what carries them. `writing` and `framing` lead into files, `reading`
//! out of them, `both` does both at once; `losing` gives up and begins again; `http`, `processes` and `standard` are the
//! neighbours of a program, `ending` is its end.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod both;
mod ending;
mod framing;
mod http;
mod losing;
mod processes;
mod reading;
mod runtime;
mod source;
mod standard;
mod target;
mod writing;

use std::path::PathBuf;

use tempfile::TempDir;

/// Lines of the pattern: 140,000 bytes, more than any buffer on the way.
const LINES: usize = 20_000;

/// Bytes of one line.
const LINE_BYTES: usize = 7;

/// Bytes in which any piece that is missing, doubled or elsewhere is recognised: numbered lines.
fn pattern(lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|number| format!("{number:06}\n").into_bytes()).collect()
}

/// The pattern for sources that come in such pieces: long enough, and not so many pieces that a suite takes minutes.
fn pattern_in_pieces_of(piece: usize) -> Vec<u8> {
    pattern((piece * 100 / LINE_BYTES).clamp(40, LINES))
}

/// Compares what arrived with what was sent.
#[track_caller]
fn assert_same(what: &str, got: &[u8], wanted: &[u8]) {
    let common = got.iter().zip(wanted).take_while(|(a, b)| a == b).count();
    let shown = |bytes: &[u8]| bytes[common..bytes.len().min(common + 24)].escape_ascii().to_string();
    assert!(
        got == wanted,
        "{what}: {} bytes for {}; at {common} {:?} for {:?}",
        got.len(),
        wanted.len(),
        shown(got),
        shown(wanted)
    );
}

/// A directory of one test.
struct Room {
    dir: TempDir,
}

impl Room {
    /// On the disk that holds the build.
    fn on_disk() -> Room {
        Room { dir: TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap() }
    }

    /// In memory, where no read is answered in place.
    fn in_memory() -> Room {
        Room { dir: TempDir::new_in("/dev/shm").unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}
