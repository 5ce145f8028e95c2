//! Temporary files as text: modes, encodings and buffers, in memory and on disk.

use std::io::{ErrorKind, SeekFrom};

use folio::Buffering;
use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile, TemporaryFile};
use folio::text::{Options, TextFile};
use folio_testkit::{Random, seeds};

use crate::{names, room};

/// A text that every encoding below has, in lines of every kind.
const TEXT: &str = "für\nalle\r\n\nohne Ende";

#[tokio::test]
async fn the_bytes_are_those_of_the_encoding_and_the_newline() {
    let utf_16 = "\u{feff}für\r\nalle\r\r\n\r\nohne Ende".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = TEXT.chars().map(|c| c as u8).collect();
    for (encoding, newline, expected) in
        [("utf-8", None, TEXT.into()), ("latin-1", Some("\n"), latin), ("utf-16", Some("\r\n"), utf_16)]
    {
        let mut options = Options::new();
        options.python_mode("w+").encoding_name(encoding).newline_name(newline);
        let (mut text, named) = NamedTemporaryFile::builder().create_text(&options).await.unwrap();
        text.write(TEXT).await.unwrap();
        text.flush().await.unwrap();
        assert_eq!(std::fs::read(named.path()).unwrap(), expected, "{encoding}");
        let mut text = TemporaryFile::builder().create_text(&options).await.unwrap();
        text.write(TEXT).await.unwrap();
        assert_eq!(text.file().read_bytes_at(0, 100).await.unwrap(), expected, "{encoding}, unnamed");
        for max_size in [0, 3, 100] {
            let mut text = SpooledTemporaryFile::builder().max_size(max_size).build_text(&options).unwrap();
            text.write(TEXT).await.unwrap();
            let mut spool = text.detach().await.unwrap();
            spool.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(spool.read_to_end().await.unwrap(), expected, "{encoding}, {max_size} in memory");
        }
    }
}

#[tokio::test]
async fn a_mode_without_reading_or_writing_is_kept_to() {
    for (mode, reads, writes) in [("w", false, true), ("r", true, false), ("x+", true, true)] {
        let mut options = Options::new();
        options.python_mode(mode);
        let unnamed = TemporaryFile::builder().create_text(&options).await.unwrap();
        let (named, _guard) = NamedTemporaryFile::builder().create_text(&options).await.unwrap();
        can(unnamed.readable().unwrap(), unnamed.writable().unwrap(), reads, writes, mode);
        can(named.readable().unwrap(), named.writable().unwrap(), reads, writes, mode);
        let mut spool = SpooledTemporaryFile::builder().build_text(&options).unwrap();
        can(spool.readable().unwrap(), spool.writable().unwrap(), reads, writes, mode);
        assert_eq!(spool.write("x").await.is_err_and(|error| error.is_unsupported()), !writes, "{mode}");
        assert_eq!(spool.read(1).await.is_err_and(|error| error.is_unsupported()), !reads, "{mode}");
        assert_eq!(spool.mode(), mode);
    }
}

#[track_caller]
fn can(readable: bool, writable: bool, reads: bool, writes: bool, mode: &str) {
    assert_eq!((readable, writable), (reads, writes), "{mode}");
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused_before_anything_is_touched() {
    let room = room();
    let (mut named, mut unnamed) = (NamedTemporaryFile::builder(), TemporaryFile::builder());
    named.in_dir(room.path()).delete(false);
    unnamed.in_dir(room.path());
    let mut cases = [Options::new(), Options::new(), Options::new(), Options::new()];
    cases[0].python_mode("zz");
    cases[1].python_mode("w+b");
    cases[2].python_mode("w+").buffering(0);
    cases[3].python_mode("w+").encoding_name("klingon");
    for options in &cases {
        let errors = [
            named.create_text(options).await.map(drop).unwrap_err(),
            unnamed.create_text(options).await.map(drop).unwrap_err(),
            SpooledTemporaryFile::builder().build_text(options).map(drop).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{options:?}: {error}");
        }
    }
    assert_eq!(names(room.path()), [""; 0]);
}

#[tokio::test]
async fn what_is_written_is_kept_back_as_the_options_or_else_the_builder_say() {
    let (plain, mut line) = (Options::new(), Options::new());
    line.python_mode("w+").buffering(1);
    let mut python = Options::new();
    python.python_mode("w+");
    for (options, builders, held_back) in [
        (&plain, Buffering::Unbuffered, false),
        (&plain, Buffering::Default, true),
        (&python, Buffering::Unbuffered, true),
        (&line, Buffering::Default, false),
    ] {
        let mut builder = NamedTemporaryFile::builder();
        builder.buffering(builders);
        let (mut text, mut named) = builder.create_text(options).await.unwrap();
        text.write("one line\n").await.unwrap();
        let on_disk = std::fs::read_to_string(named.path()).unwrap();
        assert_eq!(on_disk.is_empty(), held_back, "{options:?}, {builders:?}");
        // Whoever closes the file writes it out.
        named.file().flush().await.unwrap();
        assert_eq!(std::fs::read_to_string(named.path()).unwrap(), "one line\n");
        named.close().await.unwrap();
        assert!(text.write("more").await.is_err_and(|error| error.is_closed()));
    }
}

#[tokio::test]
async fn a_reader_of_lines_does_not_notice_the_rollover() {
    let mut spool =
        SpooledTemporaryFile::builder().max_size(20).build_text(Options::new().python_mode("w+")).unwrap();
    spool.writelines(["eins\r\n", "zwei\n", "drei"]).await.unwrap();
    spool.seek(SeekFrom::Start(0)).await.unwrap();
    assert_eq!(spool.readline(None).await.unwrap(), "eins\n");
    let here = spool.tell().await.unwrap();
    assert!(spool.fileno().await.unwrap() > 2 && spool.is_rolled_over());
    assert_eq!(spool.readlines(None).await.unwrap(), ["zwei\n", "drei"]);
    spool.seek(SeekFrom::Start(here)).await.unwrap();
    assert_eq!(spool.truncate(None).await.unwrap(), 6);
    spool.write("Ende").await.unwrap();
    spool.seek(SeekFrom::Start(0)).await.unwrap();
    assert_eq!(spool.read_to_string().await.unwrap(), "eins\nEnde");
    spool.close().await.unwrap();
    assert!(spool.closed() && spool.read(1).await.unwrap_err().is_closed());
}

#[test]
fn text_in_memory_is_like_text_on_disk() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    seeds(40, |seed| runtime.block_on(compare(seed)));
}

/// Does the same to a spooled text and to one in an unnamed file, and compares every answer.
async fn compare(seed: u64) {
    let mut random = Random::new(seed);
    let mut options = Options::new();
    options.python_mode("w+").encoding_name(["utf-8", "utf-16", "latin-1"][random.index(3)]);
    options.newline_name([None, Some(""), Some("\r\n")][random.index(3)]);
    let mut spool: TextFile<SpooledTemporaryFile> =
        SpooledTemporaryFile::builder().max_size(random.within(0..400)).build_text(&options).unwrap();
    let mut model = TemporaryFile::builder().create_text(&options).await.unwrap();
    for _ in 0..30 {
        let len = random.index(30);
        match random.index(6) {
            0 | 1 => {
                let pieces = ["ä", "x\n", "\r\n", "\r", " "];
                let text: String = (0..len).map(|_| pieces[random.index(pieces.len())]).collect();
                assert_eq!(spool.write(&text).await.ok(), model.write(&text).await.ok());
            }
            2 => assert_eq!(spool.read(len).await.ok(), model.read(len).await.ok()),
            3 => assert_eq!(spool.readline(None).await.ok(), model.readline(None).await.ok()),
            4 => {
                let to = [SeekFrom::Start(0), SeekFrom::End(0), SeekFrom::Current(0)][random.index(3)];
                assert_eq!(spool.seek(to).await.ok(), model.seek(to).await.ok(), "{to:?}");
            }
            _ => assert_eq!(spool.truncate(None).await.ok(), model.truncate(None).await.ok()),
        }
        assert_eq!(spool.tell().await.ok(), model.tell().await.ok());
    }
    for text in [spool.seek(SeekFrom::Start(0)).await, model.seek(SeekFrom::Start(0)).await] {
        assert_eq!(text.unwrap(), 0);
    }
    assert_eq!(spool.read_to_string().await.ok(), model.read_to_string().await.ok());
}
