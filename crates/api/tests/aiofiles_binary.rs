//! aiofiles' tests of binary files (tests/threadpool/test_binary.py), one by one: the same names, the same cases.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use folio::{BinaryFile, OpenOptions};
use folio_testkit::process::descriptors_below;
use folio_testkit::wait::eventually_blocking;
use futures_core::Stream;
use tempfile::TempDir;

/// Python's `io.DEFAULT_BUFFER_SIZE` where upstream's tests were written.
const DEFAULT_BUFFER_SIZE: usize = 8 * 1024;

/// Upstream's tests/resources/multiline_file.txt.
const MULTILINE: &[u8] = b"line 1\nline 2\nline 3\nline 4";

const READING: [&str; 3] = ["rb", "rb+", "ab+"];
const BUFFERINGS: [i64; 2] = [-1, 0];

/// One case: a mode, a buffering, and a directory of its own.
struct Case {
    room: TempDir,
    mode: &'static str,
    buffering: i64,
}

impl Case {
    fn path(&self) -> PathBuf {
        self.room.path().join("file.bin")
    }

    fn put(&self, contents: &[u8]) {
        std::fs::write(self.path(), contents).unwrap();
    }

    /// Read modes want the file to exist.
    fn ensure(&self) {
        if self.mode.contains('r') {
            self.put(b"");
        }
    }

    fn on_disk(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }

    async fn open(&self) -> BinaryFile {
        let mut options = OpenOptions::new();
        let file = options.python_mode(self.mode).buffering(self.buffering).open_binary(self.path()).await;
        file.unwrap_or_else(|error| panic!("{self}: {error}"))
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mode {}, buffering {}", self.mode, self.buffering)
    }
}

/// Runs a test for every mode with every buffering.
async fn check(modes: &[&'static str], bufferings: &[i64], test: impl AsyncFn(&Case)) {
    for mode in modes {
        for buffering in bufferings {
            test(&Case { room: TempDir::new().unwrap(), mode, buffering: *buffering }).await;
        }
    }
}

async fn rewound(file: BinaryFile) -> BinaryFile {
    file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
    file
}

fn digits() -> Vec<u8> {
    b"0123456789".repeat(4 * DEFAULT_BUFFER_SIZE)
}

fn line(number: usize) -> String {
    let end = if number < 4 { "\n" } else { "" };
    format!("line {number}{end}")
}

#[tokio::test]
async fn test_simple_iteration() {
    check(&READING, &BUFFERINGS, async |case| {
        case.put(MULTILINE);
        let file = rewound(case.open().await).await;
        for number in 1..=4 {
            assert_eq!(file.readline(None).await.unwrap(), line(number), "{case}");
        }
        assert_eq!(file.readline(None).await.unwrap(), "", "{case}");
        let file = rewound(file).await;
        let mut lines = file.lines();
        let mut next = async || poll_fn(|cx| Pin::new(&mut lines).poll_next(cx)).await.transpose().unwrap();
        for number in 1..=4 {
            assert_eq!(next().await, Some(Bytes::from(line(number))), "{case}");
        }
        assert_eq!(next().await, None, "{case}");
        file.close().await.unwrap();
        assert!(file.closed(), "{case}");
    })
    .await;
}

#[tokio::test]
async fn test_simple_readlines() {
    check(&READING, &BUFFERINGS, async |case| {
        case.put(MULTILINE);
        let file = rewound(case.open().await).await;
        let expected: Vec<String> = (1..=4).map(line).collect();
        assert_eq!(file.readlines(None).await.unwrap(), expected, "{case}");
        file.close().await.unwrap();
        assert!(file.closed(), "{case}");
    })
    .await;
}

#[tokio::test]
async fn test_simple_flush() {
    check(&["rb+", "wb", "ab"], &BUFFERINGS, async |case| {
        case.ensure();
        let file = case.open().await;
        file.write(b"0").await.unwrap();
        let before: &[u8] = if case.buffering == -1 { b"" } else { b"0" };
        assert_eq!(case.on_disk(), before, "{case}");
        file.flush().await.unwrap();
        assert_eq!(case.on_disk(), b"0", "{case}");
    })
    .await;
}

#[tokio::test]
async fn test_simple_peek() {
    check(&["rb+", "wb+", "ab+"], &[-1], async |case| {
        case.put(b"0123456789");
        let file = rewound(case.open().await).await;
        let peeked = file.peek().await.unwrap();
        assert_eq!(peeked.is_empty(), case.mode == "wb+", "{case}");
        if !peeked.is_empty() {
            assert!(peeked.starts_with(b"0"), "{case}");
            let read = file.read(Some(1)).await.unwrap();
            assert!(!read.is_empty() && peeked.starts_with(&read), "{case}");
        }
    })
    .await;
}

#[tokio::test]
async fn test_simple_read() {
    check(&READING, &BUFFERINGS, async |case| {
        case.put(MULTILINE);
        let file = rewound(case.open().await).await;
        assert_eq!(file.read(None).await.unwrap(), MULTILINE, "{case}");
        assert_eq!(file.read(None).await.unwrap(), "", "{case}");
    })
    .await;
}

#[tokio::test]
async fn test_staggered_read() {
    check(&READING, &BUFFERINGS, async |case| {
        case.put(MULTILINE);
        let file = rewound(case.open().await).await;
        let mut actual = Vec::new();
        loop {
            match file.read(Some(1)).await.unwrap() {
                byte if byte.is_empty() => break,
                byte => actual.push(byte),
            }
        }
        assert_eq!(actual, MULTILINE.chunks(1).collect::<Vec<_>>(), "{case}");
        assert_eq!(file.read(None).await.unwrap(), "", "{case}");
    })
    .await;
}

#[tokio::test]
async fn test_simple_seek() {
    check(&READING, &BUFFERINGS, async |case| {
        case.put(&digits());
        let file = case.open().await;
        assert_eq!(file.seek(std::io::SeekFrom::Start(4)).await.unwrap(), 4, "{case}");
        assert_eq!(file.read(Some(1)).await.unwrap(), "4", "{case}");
    })
    .await;
}

/// Rust leaves a scope where Python leaves an `async with`.
#[tokio::test]
async fn test_simple_close_ctx_mgr_iter() {
    check(&["wb", "rb", "rb+", "wb+", "ab", "ab+"], &BUFFERINGS, async |case| {
        case.ensure();
        {
            let file = case.open().await;
            assert!(!file.closed(), "{case}");
        }
        eventually_blocking("every descriptor is closed", || descriptors_below(case.room.path()) == 0);
    })
    .await;
}

#[tokio::test]
async fn test_simple_close_ctx_mgr() {
    check(&["wb", "rb", "rb+", "wb+", "ab", "ab+"], &BUFFERINGS, async |case| {
        case.ensure();
        let file = case.open().await;
        let other = file.clone();
        assert!(!file.closed() && !other.closed(), "{case}");
        file.close().await.unwrap();
        assert!(file.closed() && other.closed(), "{case}");
        eventually_blocking("every descriptor is closed", || descriptors_below(case.room.path()) == 0);
    })
    .await;
}

#[tokio::test]
async fn test_simple_readinto() {
    check(&READING, &BUFFERINGS, async |case| {
        case.put(MULTILINE);
        let file = rewound(case.open().await).await;
        let mut array = [0; 4];
        assert_eq!(file.readinto(&mut array).await.unwrap(), 4, "{case}");
        assert_eq!(array, MULTILINE[..4], "{case}");
    })
    .await;
}

#[tokio::test]
async fn test_simple_truncate() {
    check(&["rb+", "wb", "ab+"], &BUFFERINGS, async |case| {
        case.put(&digits());
        let file = rewound(case.open().await).await;
        if case.mode.contains('w') {
            file.write(digits()).await.unwrap();
            file.flush().await.unwrap();
            rewound(file.clone()).await;
        }
        assert_eq!(case.on_disk(), digits(), "{case}");
        assert_eq!(file.truncate(None).await.unwrap(), 0, "{case}");
        file.close().await.unwrap();
        assert_eq!(case.on_disk(), b"", "{case}");
    })
    .await;
}

#[tokio::test]
async fn test_simple_write() {
    check(&["wb", "rb+", "wb+", "ab", "ab+"], &BUFFERINGS, async |case| {
        let content = b"0".repeat(4 * DEFAULT_BUFFER_SIZE);
        case.ensure();
        let file = case.open().await;
        assert_eq!(file.write(&content).await.unwrap(), content.len(), "{case}");
        file.close().await.unwrap();
        assert_eq!(case.on_disk(), content, "{case}");
    })
    .await;
}

#[tokio::test]
async fn test_simple_detach() {
    check(&["rb"], &[-1], async |case| {
        use std::io::Read;

        case.put(b"0123456789");
        let file = case.open().await;
        let mut raw = file.detach().await.unwrap();
        for error in [file.read(None).await.unwrap_err(), file.close().await.unwrap_err()] {
            assert!(error.to_string().ends_with("raw stream has been detached"), "{error}");
        }
        let mut read = [0; 11];
        assert_eq!(raw.read(&mut read).unwrap(), 10);
        assert_eq!(&read[..10], b"0123456789");
    })
    .await;
}

#[tokio::test]
async fn test_simple_readall() {
    check(&["rb"], &[0], async |case| {
        let content = b"0".repeat(4 * DEFAULT_BUFFER_SIZE);
        case.put(&content);
        let file = case.open().await;
        assert_eq!(file.readall().await.unwrap(), content);
        file.close().await.unwrap();
        assert!(file.closed());
    })
    .await;
}

#[tokio::test]
async fn test_name_property() {
    check(&READING, &BUFFERINGS, async |case| {
        case.put(MULTILINE);
        let file = case.open().await;
        assert_eq!(file.name().as_path(), Some(&*case.path()), "{case}");
        file.close().await.unwrap();
        assert!(file.closed(), "{case}");
    })
    .await;
}

#[tokio::test]
async fn test_mode_property() {
    check(&READING, &BUFFERINGS, async |case| {
        case.put(MULTILINE);
        let file = case.open().await;
        assert_eq!(file.mode(), case.mode, "{case}");
        file.close().await.unwrap();
        assert!(file.closed(), "{case}");
    })
    .await;
}
