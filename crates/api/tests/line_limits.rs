//! How long a line may be: one rule for every reader, whatever pieces the bytes come in and wherever they are.
//!
//! A line of `n` bytes without its end is read where `n` is the limit at most. A longer one is refused and stays.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::io::{Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;

use folio::tempfile::SpooledTemporaryFile;
use folio::text::{Encoding, Options, TextFile};
use folio::{BinaryFile, Engine, File, OpenOptions, Result, wrap};
use folio_testkit::{Call, Disk};

/// None, a few, and more than the first look for an end.
const LIMITS: [usize; 3] = [0, 3, 1_100];

/// Bytes that come at a time.
const PIECES: [usize; 3] = [1, 1_000, usize::MAX];

/// Who reads lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    NextLine,
    TextReadline,
    TextReadlines,
    TextLines,
    Readline,
    Readlines,
    ReadlinesToHint,
    BinaryLines,
    File,
}

const READERS: [Reader; 9] = [
    Reader::NextLine,
    Reader::TextReadline,
    Reader::TextReadlines,
    Reader::TextLines,
    Reader::Readline,
    Reader::Readlines,
    Reader::ReadlinesToHint,
    Reader::BinaryLines,
    Reader::File,
];

/// What came of reading lines until one was refused or there were no more.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// Those that came, without their ends.
    lines: Vec<String>,
    /// Where one was refused: what is there to be read after that, if anybody is left to read it.
    refused: Option<Option<String>>,
}

/// An empty line, one of `len` bytes, and what follows.
struct Case {
    len: usize,
    end: &'static str,
    limit: usize,
}

impl Case {
    fn all() -> impl Iterator<Item = Case> {
        Case::in_pieces(usize::MAX)
    }

    /// Those that do not take many thousand pieces.
    fn in_pieces(pieces: usize) -> impl Iterator<Item = Case> {
        LIMITS.into_iter().filter(move |limit| limit / pieces < 100).flat_map(|limit| {
            [limit.saturating_sub(1), limit, limit + 1].into_iter().flat_map(move |len| {
                ["", "\n", "\nz", "\r\n"].into_iter().map(move |end| Case { len, end, limit })
            })
        })
    }

    fn line(&self) -> String {
        "x".repeat(self.len) + self.end
    }

    fn contents(&self) -> String {
        "\n".to_owned() + &self.line()
    }

    /// What `reader` has to make of it.
    fn expected(&self, reader: Reader) -> Outcome {
        let text = match reader {
            Reader::NextLine | Reader::TextReadline | Reader::TextReadlines | Reader::TextLines => true,
            Reader::Readline
            | Reader::Readlines
            | Reader::ReadlinesToHint
            | Reader::BinaryLines
            | Reader::File => false,
        };
        let read = |text_of: String| if text { text_of.replace("\r\n", "\n") } else { text_of };
        let lines: Vec<String> = read(self.contents()).lines_as_they_are();
        if lines.iter().all(|line| line.len() <= self.limit) {
            return Outcome { lines, refused: None };
        }
        let kept = lines.into_iter().take_while(|line| line.len() <= self.limit).collect();
        match reader {
            Reader::NextLine
            | Reader::TextReadline
            | Reader::Readline
            | Reader::BinaryLines
            | Reader::File => Outcome { lines: kept, refused: Some(Some(self.rest_at_refused(&read))) },
            Reader::TextLines => Outcome { lines: kept, refused: Some(None) },
            Reader::TextReadlines | Reader::ReadlinesToHint => {
                Outcome { lines: Vec::new(), refused: Some(Some(self.rest_at_refused(&read))) }
            }
            Reader::Readlines => Outcome { lines: Vec::new(), refused: Some(Some(read(self.contents()))) },
        }
    }

    /// What there is from the line that is too long on: the second, or what comes behind it.
    fn rest_at_refused(&self, read: &impl Fn(String) -> String) -> String {
        let second = read(self.line());
        let (first, rest) = second.split_once('\n').unwrap_or((&second, ""));
        if first.len() > self.limit { second } else { rest.to_owned() }
    }
}

/// Lines as `\n` alone ends them.
trait Lines {
    fn lines_as_they_are(&self) -> Vec<String>;
}

impl Lines for String {
    fn lines_as_they_are(&self) -> Vec<String> {
        let bare = |line: &str| line.strip_suffix('\n').unwrap_or(line).to_owned();
        self.split_inclusive('\n').map(bare).collect()
    }
}

async fn read(reader: Reader, engine: &Engine, path: &Path, limit: usize) -> Outcome {
    match reader {
        Reader::NextLine | Reader::TextReadline | Reader::TextReadlines | Reader::TextLines => {
            let file = Options::new().python_mode("r").line_limit(limit).open_on(engine, path).await.unwrap();
            read_text(reader, file).await
        }
        Reader::Readline | Reader::Readlines | Reader::ReadlinesToHint | Reader::BinaryLines => {
            let file = OpenOptions::new().python_mode("rb").open_binary_on(engine, path).await.unwrap();
            read_bytes(reader, file.with_line_limit(limit)).await
        }
        Reader::File => {
            let file = File::options().read(true).open_on(engine, path).await;
            read_file(file.unwrap(), limit).await
        }
    }
}

async fn read_text(reader: Reader, mut file: TextFile) -> Outcome {
    let mut lines = Vec::new();
    if reader == Reader::TextLines {
        let mut stream = file.lines();
        while let Some(line) = stream.next().await {
            let Ok(line) = line else {
                assert!(line.unwrap_err().is_too_long() && stream.next().await.is_none());
                return Outcome { lines, refused: Some(None) };
            };
            lines.push(line);
        }
        return Outcome { lines, refused: None };
    }
    loop {
        let next = match reader {
            Reader::NextLine => file.next_line().await.map(|line| line.map(|line| vec![line])),
            Reader::TextReadline => file.readline(None).await.map(some),
            _ => file.readlines(None).await.map(|lines| Some(lines).filter(|lines| !lines.is_empty())),
        };
        match next {
            Ok(None) => return Outcome { lines, refused: None },
            Ok(Some(more)) => lines.extend(more.iter().map(|line| bare(line.as_bytes()))),
            Err(error) => {
                assert!(error.is_too_long() && file.readline(None).await.unwrap_err().is_too_long());
                let rest = file.read_to_string().await.unwrap();
                return Outcome { lines, refused: Some(Some(rest)) };
            }
        }
    }
}

/// One line, unless that is the end.
fn some(line: String) -> Option<Vec<String>> {
    Some(vec![line]).filter(|lines| !lines[0].is_empty())
}

fn bare(line: &[u8]) -> String {
    String::from_utf8(line.strip_suffix(b"\n").unwrap_or(line).to_vec()).unwrap()
}

async fn read_bytes(reader: Reader, file: BinaryFile) -> Outcome {
    let (mut lines, mut stream) = (Vec::new(), file.lines());
    loop {
        let next: Result<Vec<_>> = match reader {
            Reader::Readline => file.readline(None).await.map(|line| vec![line]),
            Reader::BinaryLines => stream.next_line().await.map(|line| vec![line.unwrap_or_default()]),
            Reader::Readlines => file.readlines(None).await,
            _ => file.readlines(Some(usize::MAX)).await,
        };
        match next {
            Ok(more) if more.iter().all(|line| line.is_empty()) => return Outcome { lines, refused: None },
            Ok(more) => lines.extend(more.iter().map(|line| bare(line))),
            Err(error) => {
                assert!(error.is_too_long(), "{error}");
                let rest = bare_text(&file.readall().await.unwrap());
                return Outcome { lines, refused: Some(Some(rest)) };
            }
        }
    }
}

async fn read_file(file: File, limit: usize) -> Outcome {
    let mut lines = Vec::new();
    loop {
        match file.read_line(limit).await {
            Ok(line) if line.is_empty() => return Outcome { lines, refused: None },
            Ok(line) => lines.push(bare(&line)),
            Err(error) => {
                assert!(error.is_too_long() && file.read_line(limit).await.unwrap_err().is_too_long());
                let rest = file.read_full(usize::MAX).await.unwrap();
                return Outcome { lines, refused: Some(Some(bare_text(&rest))) };
            }
        }
    }
}

fn bare_text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn check(case: &Case, reader: Reader, pieces: usize, outcome: &Outcome) {
    let what = format!(
        "{reader:?}: {} bytes and {:?}, limit {}, pieces of {pieces}",
        case.len, case.end, case.limit
    );
    assert_eq!(*outcome, case.expected(reader), "{what}");
}

#[tokio::test]
async fn a_line_of_a_file_may_be_as_long_as_the_limit() {
    let disk = Disk::new();
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    for pieces in PIECES {
        for in_place in [true, false] {
            let plan = disk.plan();
            let now = match in_place {
                true => plan.on(Call::ReadNow).at_most(pieces),
                false => plan.on(Call::ReadNow).would_block(),
            };
            let later = plan.on(Call::ReadAt).at_most(pieces);
            for case in Case::in_pieces(pieces) {
                disk.put("/file", case.contents().as_bytes());
                for reader in READERS {
                    check(
                        &case,
                        reader,
                        pieces,
                        &read(reader, &engine, Path::new("/file"), case.limit).await,
                    );
                }
            }
            now.lift();
            later.lift();
        }
    }
}

#[tokio::test]
async fn a_line_on_this_system_may_be_as_long_as_the_limit() {
    let room = tempfile::tempdir().unwrap();
    let (path, engine) = (room.path().join("file"), Engine::current().unwrap());
    for case in Case::all() {
        std::fs::write(&path, case.contents()).unwrap();
        for reader in READERS {
            check(&case, reader, usize::MAX, &read(reader, &engine, &path, case.limit).await);
        }
    }
}

/// Reads from a pipe that gets `contents` in pieces.
fn read_piped(reader: Reader, contents: &str, pieces: usize, limit: usize) -> Outcome {
    let (ours, mut theirs) = pipe().unwrap();
    let path = format!("/dev/fd/{}", ours.as_raw_fd());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for piece in contents.as_bytes().chunks(pieces) {
                theirs.write_all(piece).unwrap();
                std::thread::yield_now();
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(read(reader, &Engine::current().unwrap(), Path::new(&path), limit))
    })
}

#[test]
fn a_line_of_a_pipe_may_be_as_long_as_the_limit() {
    for pieces in PIECES {
        for case in Case::in_pieces(pieces) {
            for reader in READERS {
                check(&case, reader, pieces, &read_piped(reader, &case.contents(), pieces, case.limit));
            }
        }
    }
}

/// Gives its bytes in pieces, once.
struct Drizzle {
    rest: std::io::Cursor<Vec<u8>>,
    pieces: usize,
}

impl Read for Drizzle {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let len = buf.len().min(self.pieces);
        self.rest.read(&mut buf[..len])
    }
}

#[tokio::test]
async fn a_line_of_an_object_may_be_as_long_as_the_limit() {
    for pieces in PIECES {
        for case in Case::in_pieces(pieces) {
            let open = || {
                let rest = std::io::Cursor::new(case.contents().into_bytes());
                wrap::reader(Drizzle { rest, pieces }).open()
            };
            for reader in [Reader::NextLine, Reader::TextReadline, Reader::TextReadlines, Reader::TextLines] {
                let file = open().await.unwrap();
                let file = Options::new().line_limit(case.limit).open_file(file).unwrap();
                check(&case, reader, pieces, &read_text(reader, file).await);
            }
            let file = open().await.unwrap();
            check(&case, Reader::File, pieces, &read_file(file, case.limit).await);
        }
    }
}

#[tokio::test]
async fn a_line_of_a_spooled_file_may_be_as_long_as_the_limit() {
    for on_disk in [false, true] {
        for case in Case::all() {
            for reader in [Reader::Readline, Reader::ReadlinesToHint] {
                let mut file = SpooledTemporaryFile::builder().line_limit(case.limit).build();
                file.write_all(case.contents().as_bytes()).await.unwrap();
                if on_disk {
                    file.rollover().await.unwrap();
                }
                file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
                check(&case, reader, usize::MAX, &read_spooled(reader, &mut file).await);
            }
            let mut options = Options::new();
            options.python_mode("w+").newline(folio::text::Newline::Lf).line_limit(case.limit);
            let mut file = SpooledTemporaryFile::builder().build_text(&options).unwrap();
            file.write(&case.contents()).await.unwrap();
            file.seek(std::io::SeekFrom::Start(0)).await.unwrap();
            let expected = case.expected(Reader::Readline);
            let mut lines = Vec::new();
            let refused = loop {
                match file.next_line().await {
                    Ok(None) => break None,
                    Ok(Some(line)) => lines.push(line),
                    Err(error) if error.is_too_long() => break Some(file.read_to_string().await.ok()),
                    Err(error) => panic!("{error}"),
                }
            };
            assert_eq!(Outcome { lines, refused }, expected, "{} {:?} {}", case.len, case.end, case.limit);
        }
    }
}

async fn read_spooled(reader: Reader, file: &mut SpooledTemporaryFile) -> Outcome {
    let mut lines = Vec::new();
    loop {
        let next = match reader {
            Reader::Readline => file.readline(None).await.map(|line| vec![line]),
            _ => file.readlines(None).await,
        };
        match next {
            Ok(more) if more.iter().all(Vec::is_empty) => return Outcome { lines, refused: None },
            Ok(more) => lines.extend(more.iter().map(|line| bare(line))),
            Err(error) => {
                assert!(error.is_too_long(), "{error}");
                let rest = bare_text(&file.read_to_end().await.unwrap());
                return Outcome { lines, refused: Some(Some(rest)) };
            }
        }
    }
}

#[tokio::test]
async fn a_line_with_a_limit_of_its_own_is_cut_and_never_too_long() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("file");
    std::fs::write(&path, "xxxxx\n").unwrap();
    let mut text = Options::new().python_mode("r").line_limit(2).open(&path).await.unwrap();
    let bytes = OpenOptions::new().python_mode("rb").open_binary(&path).await.unwrap().with_line_limit(2);
    let mut spooled = SpooledTemporaryFile::builder().line_limit(2).build();
    spooled.write_all(b"xxxxx\n").await.unwrap();
    spooled.seek(std::io::SeekFrom::Start(0)).await.unwrap();
    for expected in ["xxxx", "x\n", ""] {
        assert_eq!(text.readline(Some(4)).await.unwrap(), expected);
        assert_eq!(bytes.readline(Some(4)).await.unwrap(), expected);
        assert_eq!(spooled.readline(Some(4)).await.unwrap(), expected.as_bytes());
    }
}

#[tokio::test]
async fn a_limit_of_text_counts_its_bytes_in_utf_8() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("file");
    for (encoding, bytes) in
        [("utf-8", "éé\n".as_bytes()), ("latin-1", b"\xE9\xE9\n"), ("utf-16-be", b"\0\xE9\0\xE9\0\n")]
    {
        std::fs::write(&path, bytes).unwrap();
        for (limit, fits) in [(3, false), (4, true)] {
            let mut options = Options::new();
            options.python_mode("r").encoding(Encoding::for_name(encoding).unwrap()).line_limit(limit);
            let line = options.open(&path).await.unwrap().next_line().await;
            assert_eq!(line.is_ok(), fits, "{encoding} {limit}");
        }
    }
}

#[tokio::test]
async fn lines_of_real_files_are_read_without_a_word_about_limits() {
    // An index for searching in a browser, of the length that the longest of them have.
    let line = "x".repeat(6_000_000);
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("index.js");
    std::fs::write(&path, &line).unwrap();
    let read = folio::text::open(&path).await.unwrap().readline(None).await.unwrap();
    assert!(read == line);
    let read = folio::open(&path, "rb").await.unwrap().binary().unwrap().readline(None).await.unwrap();
    assert!(read == line);
}
