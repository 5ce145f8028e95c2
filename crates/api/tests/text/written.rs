//! Writing text files: ends of lines, byte order marks, and what is refused.

use std::future::Future;
use std::task::{Context, Waker};

use folio::text::{Encoding, Errors, Newline, Options};

use crate::file::{on, runtime};

fn encoding(name: &str) -> Encoding {
    Encoding::for_name(name).unwrap()
}

#[test]
fn a_byte_order_mark_stands_at_the_start_of_the_file_only() {
    for (name, before, expected) in [
        ("utf-16", &b""[..], &b"\xFF\xFEa\0b\0"[..]),
        ("utf-16", b"\xFF\xFEx\0", b"\xFF\xFEx\0a\0b\0"),
        ("utf-8-sig", b"", b"\xEF\xBB\xBFab"),
        ("utf-8-sig", b"x", b"xab"),
        ("utf-16-be", b"", b"\0a\0b"),
        ("utf-32", b"", b"\xFF\xFE\0\0a\0\0\0b\0\0\0"),
    ] {
        on(before, async |path| {
            let mut file = Options::new().append(true).encoding(encoding(name)).open(&path).await.unwrap();
            file.write("").await.unwrap();
            file.write("a").await.unwrap();
            file.write("b").await.unwrap();
            file.close().await.unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), expected, "{name} behind {before:x?}");
        });
        on(before, async |path| {
            let mut options = Options::new();
            options.write(true).truncate(true).encoding(encoding(name));
            let mut file = options.open(&path).await.unwrap();
            file.write("ab").await.unwrap();
            let written = std::fs::read(&path).unwrap();
            assert!(before.is_empty() == (written == expected), "{name}: the old text is gone");
        });
    }
}

#[test]
fn a_dropped_write_leaves_at_most_one_mark() {
    for _ in 0..50 {
        on(b"", async |path| {
            let mut options = Options::new();
            options.append(true).encoding(encoding("utf-16"));
            let mut file = options.open(&path).await.unwrap();
            {
                let mut write = std::pin::pin!(file.write("a"));
                let _ = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
            file.write("b").await.unwrap();
            let written = std::fs::read(&path).unwrap();
            let whole = [&b"\xFF\xFEb\0"[..], b"\xFF\xFEa\0b\0"];
            assert!(whole.contains(&&written[..]), "{written:x?}");
        });
    }
}

#[test]
fn ends_of_lines_are_written_as_asked() {
    for (newline, expected) in [
        (Newline::Universal, "a\nb\n"),
        (Newline::Lf, "a\nb\n"),
        (Newline::Cr, "a\rb\r"),
        (Newline::CrLf, "a\r\nb\r\n"),
    ] {
        on(b"", async |path| {
            let mut file = Options::new().write(true).newline(newline).open(&path).await.unwrap();
            file.write("a\nb").await.unwrap();
            file.write_line("").await.unwrap();
            file.flush().await.unwrap();
            file.sync_data().await.unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected, "{newline:?}");
        });
    }
}

#[test]
fn a_character_that_the_encoding_lacks_leaves_the_file_as_it_was() {
    on(b"", async |path| {
        let mut options = Options::new();
        options.write(true).encoding(encoding("latin-1"));
        let mut file = options.open(&path).await.unwrap();
        file.write("é").await.unwrap();
        let error = file.write("ab€").await.unwrap_err();
        assert!(error.offset() == Some(2) && !error.may_have_happened(), "{error}");
        assert!(error.to_string().contains("'latin-1' codec"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"\xE9");
        let mut windows = options.newline(Newline::CrLf).open(&path).await.unwrap();
        assert_eq!(windows.write("a\n\n€").await.unwrap_err().offset(), Some(3));
        let mut lax = options.errors(Errors::XmlCharRefReplace).open(&path).await.unwrap();
        lax.write("€").await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"&#8364;");
        assert!(lax.read(1).await.is_err());
    });
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let error = runtime().block_on(folio::text::open("no/such/file")).unwrap_err();
    assert!(error.kind() == std::io::ErrorKind::NotFound && error.to_string().contains("no/such/file"));
}
