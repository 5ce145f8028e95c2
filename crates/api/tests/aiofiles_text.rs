//! The tests that aiofiles has for its text files (`tests/threadpool/test_text.py`), under the same names and with
//! the same parameters. Each case has a folder of its own.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::future::poll_fn;
use std::io::SeekFrom;
use std::path::Path;
use std::pin::Pin;

use folio::text::{Lines, Options, TextFile};
use futures_core::Stream;

/// `tests/resources/multiline_file.txt`.
const MULTILINE: &str = "line 1\nline 2\nline 3\nline 4";

/// `tests/resources/test_file1.txt`.
const DIGITS: &str = "0123456789";

/// `io.DEFAULT_BUFFER_SIZE`, to which upstream's longer files are measured.
const PYTHONS_BUFFER: usize = 8192;

/// Runs `case` for each mode on a file of these contents; for a mode that creates, there is no file.
#[track_caller]
fn each(modes: &[&str], contents: &str, case: impl AsyncFn(&Path, &str)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for mode in modes {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.txt");
        std::fs::write(&path, contents).unwrap();
        runtime.block_on(case(&path, mode));
    }
}

/// Opens as `aiofiles.open(path, mode)` does; upstream's tests rewind what is opened to append.
async fn open(path: &Path, mode: &str) -> TextFile {
    let mut file = Options::new().python_mode(mode).open(path).await.unwrap();
    if mode == "a+" {
        file.seek(SeekFrom::Start(0)).await.unwrap();
    }
    file
}

async fn next(lines: &mut Lines) -> Option<String> {
    poll_fn(|cx| Pin::new(&mut *lines).poll_next(cx)).await.transpose().unwrap()
}

fn on_disk(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn test_simple_iteration() {
    each(&["r", "r+", "a+"], MULTILINE, async |path, mode| {
        let mut file = open(path, mode).await;
        let mut counter = 1;
        loop {
            let line = file.readline(None).await.unwrap();
            if line.is_empty() {
                break;
            }
            assert_eq!(line.trim(), format!("line {counter}"), "{mode}");
            counter += 1;
        }
        assert_eq!(counter, 5, "{mode}");
        file.seek(SeekFrom::Start(0)).await.unwrap();
        let below = file.file().clone();
        let mut lines = file.lines();
        for counter in 1..5 {
            assert_eq!(next(&mut lines).await, Some(format!("line {counter}")), "{mode}");
        }
        assert_eq!(next(&mut lines).await, None, "{mode}");
        below.close().await.unwrap();
    });
}

#[test]
fn test_simple_readlines() {
    each(&["r", "r+", "a+"], MULTILINE, async |path, mode| {
        let expected: Vec<&str> = MULTILINE.split_inclusive('\n').collect();
        let mut file = open(path, mode).await;
        assert_eq!(file.readlines(None).await.unwrap(), expected, "{mode}");
        file.close().await.unwrap();
        assert!(file.closed());
    });
}

#[test]
fn test_simple_flush() {
    each(&["r+", "w", "a"], "", async |path, mode| {
        let mut file = open(path, mode).await;
        file.write("0").await.unwrap();
        assert_eq!(on_disk(path), "", "{mode}");
        file.flush().await.unwrap();
        assert_eq!(on_disk(path), "0", "{mode}");
        file.close().await.unwrap();
    });
}

#[test]
fn test_simple_read() {
    each(&["r", "r+", "a+"], DIGITS, async |path, mode| {
        let mut file = open(path, mode).await;
        assert_eq!(file.read_to_string().await.unwrap(), DIGITS, "{mode}");
        assert_eq!(file.read_to_string().await.unwrap(), "", "{mode}");
        file.close().await.unwrap();
        assert!(file.closed());
    });
}

#[test]
fn test_simple_read_fail() {
    each(&["w", "a"], "", async |path, mode| {
        let mut file = open(path, mode).await;
        file.seek(SeekFrom::Start(0)).await.unwrap();
        let error = file.read_to_string().await.unwrap_err();
        assert!(error.is_unsupported() && error.to_string().ends_with("not readable"), "{mode}: {error}");
        file.close().await.unwrap();
        assert!(file.closed());
    });
}

#[test]
fn test_staggered_read() {
    each(&["r", "r+", "a+"], DIGITS, async |path, mode| {
        let mut file = open(path, mode).await;
        let mut read = Vec::new();
        loop {
            let char = file.read(1).await.unwrap();
            if char.is_empty() {
                break;
            }
            read.push(char);
        }
        let expected: Vec<String> = DIGITS.chars().map(String::from).collect();
        assert_eq!(read, expected, "{mode}");
        file.close().await.unwrap();
        assert!(file.closed());
    });
}

#[test]
fn test_simple_seek() {
    each(&["r", "r+", "a+"], &DIGITS.repeat(4 * PYTHONS_BUFFER), async |path, mode| {
        let mut file = open(path, mode).await;
        file.seek(SeekFrom::Start(4)).await.unwrap();
        assert_eq!(file.read(1).await.unwrap(), "4", "{mode}");
        file.close().await.unwrap();
    });
}

#[test]
fn test_simple_close() {
    each(&["w", "r", "r+", "w+", "a", "a+"], DIGITS, async |path, mode| {
        let mut file = open(path, mode).await;
        let below = file.file().clone();
        assert!(!file.closed() && below.metadata().await.is_ok(), "{mode}");
        file.close().await.unwrap();
        assert!(file.closed() && below.metadata().await.unwrap_err().is_closed(), "{mode}");
    });
}

#[test]
fn test_simple_truncate() {
    let long = DIGITS.repeat(4 * PYTHONS_BUFFER);
    each(&["r+", "w", "a+"], &long, async |path, mode| {
        let mut file = open(path, mode).await;
        file.seek(SeekFrom::Start(0)).await.unwrap();
        if mode.contains('w') {
            file.write(&long).await.unwrap();
            file.flush().await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
        }
        file.truncate(None).await.unwrap();
        file.close().await.unwrap();
        assert_eq!(on_disk(path), "", "{mode}");
    });
}

#[test]
fn test_simple_write() {
    let content = "0".repeat(4 * PYTHONS_BUFFER);
    each(&["w", "r+", "w+", "a", "a+"], "", async |path, mode| {
        let mut file = open(path, mode).await;
        assert_eq!(file.write(&content).await.unwrap(), content.len(), "{mode}");
        file.close().await.unwrap();
        assert_eq!(on_disk(path), content, "{mode}");
    });
}

/// That the text file cannot be read or closed after `detach` is for the compiler to see: it takes the file.
#[test]
fn test_simple_detach() {
    each(&["r"], DIGITS, async |path, mode| {
        let raw = open(path, mode).await.detach().await.unwrap();
        assert_eq!(raw.read_bytes(10).await.unwrap(), DIGITS, "{mode}");
    });
}

#[test]
fn test_simple_iteration_ctx_mgr() {
    each(&["r", "r+", "a+"], MULTILINE, async |path, mode| {
        let file = open(path, mode).await;
        let below = file.file().clone();
        assert!(!file.closed(), "{mode}");
        let mut lines = file.lines();
        for counter in 1..5 {
            assert_eq!(next(&mut lines).await, Some(format!("line {counter}")), "{mode}");
        }
        assert_eq!(next(&mut lines).await, None, "{mode}");
        drop(lines);
        below.close().await.unwrap();
    });
}

#[test]
fn test_name_property() {
    each(&["r", "r+", "a+"], DIGITS, async |path, mode| {
        let mut file = open(path, mode).await;
        assert_eq!(file.name(), path, "{mode}");
        file.close().await.unwrap();
        assert!(file.closed() && file.name() == path);
    });
}

#[test]
fn test_mode_property() {
    each(&["r", "r+", "a+"], DIGITS, async |path, mode| {
        let mut file = open(path, mode).await;
        assert_eq!(file.mode(), mode);
        file.close().await.unwrap();
        assert!(file.closed() && file.mode() == mode);
    });
}
