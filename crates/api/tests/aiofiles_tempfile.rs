//! The tests that aiofiles has for temporary files (`tests/test_tempfile.py`), under the same names and with the same
//! parameters. What upstream does not test is in `tempfile/`.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::io::SeekFrom;
use std::path::Path;

use folio::OpenMode;
use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile, TemporaryDirectory, TemporaryFile};
use folio::text::{Options, Seen};
use folio_testkit::wait::eventually;
use tokio::io::{AsyncBufReadExt, BufReader};

/// Upstream's parameter of most tests.
const MODES: [&str; 4] = ["r+", "w+", "rb+", "wb+"];

const DATA: &str = "Hello World!";

fn is_text(mode: &str) -> bool {
    mode.parse::<OpenMode>().unwrap().is_text()
}

/// Waits until what a drop left to a worker is gone.
async fn gone(path: &Path) {
    eventually("it is gone", || !path.exists()).await;
}

#[tokio::test]
async fn test_temporary_file() {
    const LINE: &str = "Hello World!\n";
    for mode in MODES {
        let mut lines = 0;
        if is_text(mode) {
            let mut file =
                TemporaryFile::builder().create_text(Options::new().python_mode(mode)).await.unwrap();
            for _ in 0..3 {
                file.write(LINE).await.unwrap();
            }
            file.flush().await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            while let Some(line) = file.next_line().await.unwrap() {
                assert_eq!(line + "\n", LINE, "{mode}");
                lines += 1;
            }
        } else {
            let file = TemporaryFile::new().await.unwrap();
            for _ in 0..3 {
                file.file().write_all(LINE.as_bytes()).await.unwrap();
            }
            file.file().flush().await.unwrap();
            file.file().rewind().await.unwrap();
            let mut reader = BufReader::new(file.into_file());
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).await.unwrap() > 0 {
                assert_eq!(line, LINE.as_bytes(), "{mode}");
                line.clear();
                lines += 1;
            }
        }
        assert_eq!(lines, 3, "{mode}");
    }
}

/// Writes, flushes and reads back, and asks after the path inside and outside.
async fn named_temporary_file(mode: &str) {
    let path = if is_text(mode) {
        let builder = NamedTemporaryFile::builder();
        let (mut text, mut named) = builder.create_text(Options::new().python_mode(mode)).await.unwrap();
        text.write(DATA).await.unwrap();
        text.flush().await.unwrap();
        text.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(text.read_to_string().await.unwrap(), DATA, "{mode}");
        assert!(named.path().is_file() && named.is_temporary(), "{mode}");
        text.close().await.unwrap();
        named.close().await.unwrap();
        named.path().to_owned()
    } else {
        let mut named = NamedTemporaryFile::new().await.unwrap();
        named.file().write_all(DATA.as_bytes()).await.unwrap();
        named.file().flush().await.unwrap();
        named.file().rewind().await.unwrap();
        assert_eq!(named.file().read_to_end_limited(100).await.unwrap(), DATA.as_bytes(), "{mode}");
        assert!(named.path().is_file() && named.is_temporary(), "{mode}");
        named.close().await.unwrap();
        named.path().to_owned()
    };
    assert!(!path.exists(), "{mode}");
}

#[tokio::test]
async fn test_named_temporary_file() {
    for mode in MODES {
        named_temporary_file(mode).await;
    }
}

/// For Python 3.12 and later, whose files do not tell whether they are to be deleted.
#[tokio::test]
async fn test_named_temporary_file_312() {
    for mode in MODES {
        named_temporary_file(mode).await;
    }
}

#[tokio::test]
async fn test_named_temporary_delete_on_close() {
    for (mode, delete_on_close) in MODES.iter().flat_map(|mode| [(mode, true), (mode, false)]) {
        let case = format!("{mode}, {delete_on_close}");
        let mut builder = NamedTemporaryFile::builder();
        builder.delete_on_close(delete_on_close);
        let mut named = if is_text(mode) {
            let (mut text, named) = builder.create_text(Options::new().python_mode(mode)).await.unwrap();
            text.write(DATA).await.unwrap();
            text.flush().await.unwrap();
            named
        } else {
            let named = builder.create().await.unwrap();
            named.file().write_all(DATA.as_bytes()).await.unwrap();
            named.file().flush().await.unwrap();
            named
        };
        named.close().await.unwrap();
        let path = named.path().to_owned();
        assert_eq!(path.exists(), !delete_on_close, "{case}");
        drop(named);
        gone(&path).await;
    }
}

#[tokio::test]
async fn test_spooled_temporary_file() {
    for mode in MODES {
        let mut builder = SpooledTemporaryFile::builder();
        builder.max_size(DATA.len() as u64 + 1);
        if is_text(mode) {
            let mut spool = builder.build_text(Options::new().python_mode(mode)).unwrap();
            for on_disk in [false, true] {
                spool.write(DATA).await.unwrap();
                spool.flush().await.unwrap();
                assert_eq!(spool.is_rolled_over(), on_disk, "{mode}");
            }
            spool.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(spool.read_to_string().await.unwrap(), [DATA, DATA].concat(), "{mode}");
        } else {
            let mut spool = builder.build();
            for on_disk in [false, true] {
                spool.write_all(DATA.as_bytes()).await.unwrap();
                spool.flush().await.unwrap();
                assert_eq!(spool.is_rolled_over(), on_disk, "{mode}");
            }
            spool.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(spool.read_to_end().await.unwrap(), [DATA, DATA].concat().as_bytes(), "{mode}");
        }
    }
}

#[tokio::test]
async fn test_spooled_temporary_file_newlines() {
    let none = Seen::default();
    for (text, newlines) in [("LF\n", Seen { lf: true, ..none }), ("CRLF\r\n", Seen { crlf: true, ..none })] {
        let mut spool = SpooledTemporaryFile::builder().build_text(Options::new().python_mode("w+")).unwrap();
        spool.write(text).await.unwrap();
        spool.flush().await.unwrap();
        spool.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(spool.newlines(), none, "{text:?}");
        spool.read_to_string().await.unwrap();
        assert_eq!(spool.newlines(), newlines, "{text:?}");
    }
}

#[tokio::test]
async fn test_temporary_directory() {
    for (prefix, suffix) in [("a", "b"), ("c", "d"), ("e", "f")] {
        let mut room = TemporaryDirectory::builder().prefix(prefix).suffix(suffix).create().await.unwrap();
        let path = room.path().to_owned();
        assert!(path.is_dir());
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(prefix) && name.ends_with(suffix), "{name}");
        room.cleanup().await.unwrap();
        assert!(!path.exists());
    }
}
