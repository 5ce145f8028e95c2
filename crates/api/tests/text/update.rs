//! Reading and writing one file: a write goes where the reader is, and reading goes on behind it.

use std::io::SeekFrom;
use std::path::Path;

use folio::Buffering;
use folio::text::{Encoding, Options, TextFile};
use folio_testkit::{Random, seeds};

use crate::file::{on, runtime};

/// Encodings in which each of [`CHARS`] has the same width, so that one can be written over another.
const ENCODINGS: [&str; 6] = ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1"];

const CHARS: [char; 5] = ['a', 'b', 'c', '7', '\n'];

/// What a text file is to whoever reads and writes it: characters and a position among them.
struct Model {
    chars: Vec<char>,
    at: usize,
    appends: bool,
}

impl Model {
    fn read(&mut self, n_chars: usize) -> String {
        let end = self.chars.len().min(self.at + n_chars).max(self.at);
        let read = self.chars.get(self.at..end).unwrap_or_default().iter().collect();
        self.at = end;
        read
    }

    fn readline(&mut self) -> String {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|c| *c == '\n').map_or(rest.len(), |end| end + 1);
        self.read(end)
    }

    fn write(&mut self, text: &str) {
        if self.appends {
            self.at = self.chars.len();
        }
        for c in text.chars() {
            match self.chars.get_mut(self.at) {
                Some(there) => *there = c,
                None => self.chars.push(c),
            }
            self.at += 1;
        }
    }

    fn cut(&mut self) {
        self.chars.truncate(self.at);
    }
}

#[test]
fn reads_and_writes_in_any_order_do_what_they_do_to_a_row_of_characters() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    let runtime = runtime();
    seeds(40, |seed| {
        let mut random = Random::new(seed);
        for encoding in ENCODINGS {
            for mode in ["r+", "a+"] {
                runtime.block_on(check(&path, encoding, mode, &mut random));
            }
        }
    });
}

async fn check(path: &Path, encoding: &str, mode: &str, random: &mut Random) {
    let text = |random: &mut Random, most| -> String {
        (0..random.index(most)).map(|_| CHARS[random.index(CHARS.len())]).collect()
    };
    let before = text(random, 60);
    let mut options = Options::new();
    options.encoding_name(encoding).newline_name(Some("\n"));
    options.python_mode("w").open(path).await.unwrap().write(&before).await.unwrap();
    options.python_mode(mode).buffering([-1, 1, 5][random.index(3)]);
    let mut file = options.open(path).await.unwrap();
    file.seek(SeekFrom::Start(0)).await.unwrap();
    let mut model = Model { chars: before.chars().collect(), at: 0, appends: mode == "a+" };
    let mut told = Vec::new();
    for _ in 0..30 {
        match random.index(8) {
            0 | 1 => {
                let count = random.index(9);
                assert_eq!(file.read(count).await.unwrap(), model.read(count), "{encoding} {mode}");
            }
            2 => assert_eq!(file.readline(None).await.unwrap(), model.readline(), "{encoding} {mode}"),
            3 | 4 => {
                let text = text(random, 6);
                assert_eq!(file.write(&text).await.unwrap(), text.len(), "{encoding} {mode}");
                if !text.is_empty() {
                    model.write(&text);
                }
            }
            5 => told.push((file.tell().await.unwrap(), model.at)),
            6 if !told.is_empty() => {
                let (place, at) = told[random.index(told.len())];
                // Past the end, a write would leave a hole.
                if at <= model.chars.len() {
                    file.seek(SeekFrom::Start(place)).await.unwrap();
                    model.at = at;
                }
            }
            6 => {}
            _ => {
                file.truncate(None).await.unwrap();
                model.cut();
            }
        }
    }
    file.close().await.unwrap();
    let left = options.python_mode("r").open(path).await.unwrap().read_to_string().await.unwrap();
    assert_eq!(left, model.chars.iter().collect::<String>(), "{encoding} {mode}");
}

#[test]
fn a_write_goes_where_the_reader_is_and_not_where_it_read_ahead_to() {
    let long = "0123456789".repeat(30_000);
    on(long.as_bytes(), async |path| {
        let mut file = Options::new().python_mode("r+").open(&path).await.unwrap();
        assert_eq!(file.read(2).await.unwrap(), "01");
        file.write("XX").await.unwrap();
        assert_eq!(file.read(2).await.unwrap(), "45");
        file.close().await.unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.starts_with("01XX456789") && written.len() == long.len());
    });
}

#[test]
fn reading_goes_on_behind_what_was_appended() {
    on(b"one\ntwo\n", async |path| {
        let mut file = Options::new().python_mode("a+").open(&path).await.unwrap();
        assert_eq!((file.tell().await.unwrap(), file.read(9).await.unwrap()), (8, String::new()));
        file.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(file.readline(None).await.unwrap(), "one\n");
        file.write("three\n").await.unwrap();
        assert_eq!((file.read(9).await.unwrap(), file.tell().await.unwrap()), (String::new(), 14));
        file.flush().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\nthree\n");
    });
}

#[test]
fn a_write_that_is_refused_leaves_the_reader_where_it_was() {
    on(b"one\ntwo\n", async |path| {
        for mode in ["r+", "a+"] {
            let mut file = Options::new().python_mode(mode).encoding_name("ascii").open(&path).await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.read(2).await.unwrap();
            assert!(file.write("é").await.is_err());
            assert_eq!(file.read_to_string().await.unwrap(), "e\ntwo\n", "{mode}");
        }
    });
}

#[test]
fn a_mark_is_written_at_the_start_of_the_file_and_never_amid_it() {
    async fn open(path: &Path, encoding: &str, mode: &str) -> TextFile {
        Options::new().python_mode(mode).encoding_name(encoding).open(path).await.unwrap()
    }
    for (encoding, mark, a) in
        [("utf-8-sig", &b"\xEF\xBB\xBF"[..], &b"a"[..]), ("utf-16", b"\xFF\xFE", b"a\0")]
    {
        let marked = |times: usize| [mark, &a.repeat(times)].concat();
        on(b"", async |path| {
            let mut file = open(&path, encoding, "w+").await;
            file.write("aaa").await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.write("a").await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), marked(3), "{encoding}: over the old mark");
            assert_eq!(file.tell().await.unwrap(), (mark.len() + a.len()) as u64);
            file.write("a").await.unwrap();
            file.seek(SeekFrom::End(0)).await.unwrap();
            file.write("a").await.unwrap();
            file.close().await.unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), marked(4), "{encoding}: none amid the text");
            let mut file = open(&path, encoding, "a+").await;
            file.write("a").await.unwrap();
            // CPython writes one here, amid the file.
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.write("a").await.unwrap();
            file.close().await.unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), marked(6), "{encoding}: none when appending");
        });
    }
}

#[test]
fn a_file_buffered_by_the_line_is_flushed_where_one_ends() {
    on(b"", async |path| {
        let mut file = Options::new().python_mode("w").buffering(1).open(&path).await.unwrap();
        assert!(file.line_buffering());
        let mut flushed = String::new();
        for (text, ends) in [("a", false), ("b\n", true), ("c", false), ("d\re", true)] {
            file.write(text).await.unwrap();
            let held = if ends { "" } else { text };
            flushed.push_str(text);
            let expected = flushed.strip_suffix(held).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected, "behind {text:?}");
        }
        for (buffering, lines) in
            [(Buffering::Default, false), (Buffering::Bytes(9), false), (Buffering::Line, true)]
        {
            let file = Options::new().python_mode("w").buffering(buffering).open(&path).await.unwrap();
            assert_eq!(file.line_buffering(), lines, "{buffering:?}");
        }
    });
}

#[test]
fn lines_are_written_one_after_the_other() {
    on(b"", async |path| {
        let mut file = Options::new().python_mode("w").newline_name(Some("\r\n")).open(&path).await.unwrap();
        let lines: Vec<String> = (0..20_000).map(|n| format!("{n}\n")).collect();
        file.writelines(&lines).await.unwrap();
        file.writelines(["no end", ""]).await.unwrap();
        assert_eq!(file.write("é\n").await.unwrap(), 2, "characters, not bytes, as they were given");
        file.close().await.unwrap();
        let expected = lines.concat() + "no endé\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected.replace('\n', "\r\n"));
    });
}

#[test]
fn every_encoding_can_be_read_where_it_was_written() {
    on(b"", async |path| {
        for encoding in Encoding::all() {
            let mut file = Options::new().python_mode("w+").encoding(encoding).open(&path).await.unwrap();
            file.write("ab\ncd\n").await.unwrap();
            assert_eq!(file.read(9).await.unwrap(), "", "{encoding}");
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.readlines(None).await.unwrap(), ["ab\n", "cd\n"], "{encoding}");
        }
    });
}
