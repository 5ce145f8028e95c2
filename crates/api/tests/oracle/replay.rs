//! Carries out a program with folio; the only file here that knows folio's names.
//!
//! What comes back is in the notation of the table, so that it can be compared with what stands there.

use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};

use folio::text::{DecodeError, EncodeError, NameError, Options, TextFile};
use folio::{BinaryFile, Error, File, OpenOptions, Result};

use crate::format::{escaped, noted, noted_list};
use crate::program::{Arguments, Call, Data, Program, Start, Target};

/// A call that folio's types cannot express.
pub(crate) const INEXPRESSIBLE: &str = "!-inexpressible";

/// A call on a file that was given away by `detach`.
pub(crate) const GONE: &str = "!-gone";

/// A program under way.
struct Replay<'a> {
    program: &'a Program,
    path: PathBuf,
    open: Open,
    /// What each step, if it was a `tell`, returned.
    told: Vec<Option<u64>>,
}

/// What became of the file.
enum Open {
    /// Opening failed.
    Never,
    Text(Box<TextFile>),
    Binary(BinaryFile),
    /// It was detached; this is what is left, if it was open.
    Detached(Option<File>),
}

/// Runs `program` in the file at `path`, which is removed again; returns all its results.
pub(crate) async fn replay(program: &Program, path: PathBuf) -> Vec<String> {
    match &program.start {
        Start::Missing => {}
        Start::Directory => std::fs::create_dir(&path).expect("the folder is ours"),
        Start::File(bytes) => std::fs::write(&path, bytes).expect("the folder is ours"),
    }
    let mut replay = Replay { program, path, open: Open::Never, told: Vec::new() };
    let mut results = vec![replay.open().await];
    for step in &program.steps {
        replay.told.push(None);
        results.push(replay.step(&step.call).await);
    }
    results.push(replay.finish().await);
    results.push(disk(&replay.path));
    let path = &replay.path;
    let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path));
    results
}

impl Replay<'_> {
    async fn open(&mut self) -> String {
        let Arguments { encoding, errors, newline, .. } = &self.program.arguments;
        if self.program.is_binary() && [encoding, errors, newline].iter().any(|argument| argument.is_some()) {
            // The options of binary files have no such thing.
            return INEXPRESSIBLE.to_owned();
        }
        let opened = match self.program.is_binary() {
            true => self.open_binary().await.map(Open::Binary),
            false => self.open_text().await.map(|file| Open::Text(Box::new(file))),
        };
        match opened {
            Ok(open) => {
                self.open = open;
                "N".to_owned()
            }
            Err(error) => failure(&error, &[]),
        }
    }

    async fn open_binary(&self) -> Result<BinaryFile> {
        let arguments = &self.program.arguments;
        let mut options = OpenOptions::new();
        options.python_mode(&*arguments.mode);
        if let Some(buffering) = arguments.buffering {
            options.buffering(buffering);
        }
        options.open_binary(&self.path).await
    }

    async fn open_text(&self) -> Result<TextFile> {
        let arguments = &self.program.arguments;
        let mut options = Options::new();
        options.python_mode(&arguments.mode).newline_name(arguments.newline.as_deref());
        if let Some(buffering) = arguments.buffering {
            options.buffering(buffering);
        }
        if let Some(encoding) = &arguments.encoding {
            options.encoding_name(encoding);
        }
        if let Some(errors) = &arguments.errors {
            options.errors_name(errors);
        }
        options.open(&self.path).await
    }

    async fn step(&mut self, call: &Call) -> String {
        match (call, &mut self.open) {
            (Call::Disk, _) => disk(&self.path),
            (_, Open::Never) => "-".to_owned(),
            (_, Open::Detached(_)) => GONE.to_owned(),
            (Call::Detach, Open::Text(_)) => self.detach().await,
            (Call::Seek(target, whence), Open::Text(file)) => {
                let Some(to) = seek_from(target, *whence, &self.told) else {
                    return INEXPRESSIBLE.to_owned();
                };
                outcome(file.seek(to).await, number)
            }
            (Call::Tell, Open::Text(file)) => {
                let told = file.tell().await;
                self.told.pop();
                self.told.push(told.as_ref().ok().copied());
                outcome(told, number)
            }
            (Call::Seek(target, whence), Open::Binary(file)) => {
                let Some(to) = seek_from(target, *whence, &self.told) else {
                    return INEXPRESSIBLE.to_owned();
                };
                outcome(file.seek(to).await, number)
            }
            (Call::Tell, Open::Binary(file)) => {
                let told = file.tell().await;
                self.told.pop();
                self.told.push(told.as_ref().ok().copied());
                outcome(told, number)
            }
            (call, Open::Binary(file)) => {
                on_binary(file, call, &self.path, self.program.arguments.buffering == Some(0)).await
            }
            (call, Open::Text(file)) => on_text(file, call, &self.path).await,
        }
    }

    async fn detach(&mut self) -> String {
        let Open::Text(file) = std::mem::replace(&mut self.open, Open::Never) else { return GONE.to_owned() };
        match file.detach().await {
            Ok(file) => {
                self.open = Open::Detached(Some(file));
                "N".to_owned()
            }
            Err(error) => {
                self.open = Open::Detached(None);
                failure(&error, &[])
            }
        }
    }

    /// Closes what is open.
    async fn finish(&mut self) -> String {
        match std::mem::replace(&mut self.open, Open::Never) {
            Open::Never => "N".to_owned(),
            Open::Binary(file) => outcome(file.close().await, nothing),
            Open::Text(mut file) => outcome(file.close().await, nothing),
            Open::Detached(file) => {
                if let Some(file) = file {
                    file.close().await.expect("what was detached can be closed");
                }
                GONE.to_owned()
            }
        }
    }
}

async fn on_text(file: &mut TextFile, call: &Call, path: &Path) -> String {
    match call {
        Call::Read(count) => match size(*count) {
            None => outcome(file.read_to_string().await, text),
            Some(count) => outcome(file.read(count).await, text),
        },
        Call::Readline(limit) => outcome(file.readline(size(*limit)).await, text),
        Call::Readlines(hint) => outcome(file.readlines(size(*hint)).await, texts),
        Call::Next => match file.readline(None).await {
            Ok(line) if line.is_empty() => "X".to_owned(),
            line => outcome(line, text),
        },
        Call::Write(data) => {
            let data = data.text();
            written(file.write(&data).await, number, &[data])
        }
        Call::Writelines(lines) => {
            let lines: Vec<String> = lines.iter().map(Data::text).collect();
            written(file.writelines(&lines).await, nothing, &lines)
        }
        Call::Truncate(to) => match to.map(u64::try_from).transpose() {
            Ok(to) => outcome(file.truncate(to).await, number),
            Err(_) => INEXPRESSIBLE.to_owned(),
        },
        Call::Flush => outcome(file.flush().await, nothing),
        Call::Isatty => outcome(file.isatty(), flag),
        Call::Seekable => outcome(file.seekable(), flag),
        Call::Readable => outcome(file.readable(), flag),
        Call::Writable => outcome(file.writable(), flag),
        Call::Mode => text(file.mode().to_owned()),
        Call::Name => flag(file.name() == path),
        Call::Fileno => outcome(file.fileno(), |number| flag(number >= 0)),
        Call::Closed => flag(file.closed()),
        Call::Newlines => {
            let seen = file.newlines();
            let ends = [(seen.cr, "\r"), (seen.lf, "\n"), (seen.crlf, "\r\n")];
            texts(ends.iter().filter(|(seen, _)| *seen).map(|(_, end)| (*end).to_owned()).collect())
        }
        Call::Encoding => text(codec_name(file.encoding().name())),
        Call::Errors => text(format!("{:?}", file.errors()).to_lowercase()),
        Call::LineBuffering => flag(file.line_buffering()),
        Call::Close => outcome(file.close().await, nothing),
        Call::Read1(_) | Call::Readall | Call::Readinto(_) | Call::Peek(_) => INEXPRESSIBLE.to_owned(),
        Call::Seek(..) | Call::Tell | Call::Detach | Call::Disk => unreachable!("the replay does it"),
    }
}

async fn on_binary(file: &BinaryFile, call: &Call, path: &Path, raw: bool) -> String {
    match call {
        // Only a file without a buffer takes every negative number for none.
        Call::Read(Some(..-1)) if !raw => INEXPRESSIBLE.to_owned(),
        Call::Read(count) => outcome(file.read(size(*count)).await, bytes),
        Call::Read1(count) => outcome(file.read1(size(*count)).await, bytes),
        Call::Readall => outcome(file.readall().await, bytes),
        Call::Readinto(size) => {
            let mut buffer = vec![0; *size];
            let count = file.readinto(&mut buffer).await;
            outcome(count, |count| bytes(&buffer[..count]))
        }
        Call::Peek(_) => outcome(file.peek().await, bytes),
        Call::Readline(limit) => outcome(file.readline(size(*limit)).await, bytes),
        Call::Readlines(hint) => {
            let lines = file.readlines(size(*hint)).await;
            outcome(lines, |lines| {
                noted_list('b', &lines.iter().map(|line| line.to_vec()).collect::<Vec<_>>())
            })
        }
        Call::Next => match file.readline(None).await {
            Ok(line) if line.is_empty() => "X".to_owned(),
            line => outcome(line, bytes),
        },
        Call::Write(data) => outcome(file.write(data.bytes()).await, number),
        Call::Writelines(lines) => outcome(file.writelines(lines.iter().map(Data::bytes)).await, nothing),
        Call::Truncate(to) => match to.map(u64::try_from).transpose() {
            Ok(to) => outcome(file.truncate(to).await, number),
            Err(_) => INEXPRESSIBLE.to_owned(),
        },
        Call::Flush => outcome(file.flush().await, nothing),
        Call::Isatty => outcome(file.isatty(), flag),
        Call::Seekable => outcome(file.seekable(), flag),
        Call::Readable => outcome(file.readable(), flag),
        Call::Writable => outcome(file.writable(), flag),
        Call::Mode => text(file.mode().to_owned()),
        Call::Name => flag(file.name().as_path() == Some(path)),
        Call::Fileno => outcome(file.fileno(), |number| flag(number >= 0)),
        Call::Closed => flag(file.closed()),
        Call::Close => outcome(file.close().await, nothing),
        Call::Detach => outcome(file.detach().await.map(drop), nothing),
        Call::Newlines | Call::Encoding | Call::Errors | Call::LineBuffering => INEXPRESSIBLE.to_owned(),
        Call::Seek(..) | Call::Tell | Call::Disk => unreachable!("the replay does it"),
    }
}

/// Where to; `None` for what a `SeekFrom` cannot say.
fn seek_from(target: &Target, whence: Option<i64>, told: &[Option<u64>]) -> Option<SeekFrom> {
    match (target, whence) {
        (Target::Told(step), _) => told[*step].map(SeekFrom::Start),
        (Target::Offset(offset), None | Some(0)) => u64::try_from(*offset).ok().map(SeekFrom::Start),
        (Target::Offset(offset), Some(1)) => Some(SeekFrom::Current(*offset)),
        (Target::Offset(offset), Some(2)) => Some(SeekFrom::End(*offset)),
        (Target::Offset(_), Some(_)) => None,
    }
}

/// Python's sizes: none and negative ones mean everything.
fn size(size: Option<i64>) -> Option<usize> {
    size.and_then(|size| usize::try_from(size).ok())
}

/// The name that CPython's codecs give themselves.
fn codec_name(name: &str) -> String {
    if name == "latin_1" { "iso8859-1".to_owned() } else { name.replace('_', "-") }
}

/// What another process sees.
fn disk(path: &Path) -> String {
    match std::fs::read(path) {
        Ok(bytes) => noted('b', &bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => "N".to_owned(),
        Err(_) => "F".to_owned(),
    }
}

fn outcome<T>(result: Result<T>, note: impl Fn(T) -> String) -> String {
    written(result, note, &[])
}

/// The outcome of writing `lines`.
fn written<T>(result: Result<T>, note: impl Fn(T) -> String, lines: &[String]) -> String {
    result.map_or_else(|error| failure(&error, lines), note)
}

fn nothing((): ()) -> String {
    "N".to_owned()
}

fn flag(flag: bool) -> String {
    if flag { "T".to_owned() } else { "F".to_owned() }
}

fn number<N: std::fmt::Display>(number: N) -> String {
    format!("i{number}")
}

fn bytes(bytes: impl AsRef<[u8]>) -> String {
    noted('b', bytes.as_ref())
}

fn text(text: String) -> String {
    noted('s', text.as_bytes())
}

fn texts(texts: Vec<String>) -> String {
    noted_list('s', &texts.into_iter().map(String::into_bytes).collect::<Vec<_>>())
}

/// An error by the class that CPython would raise; of encoding, if `lines` were to be written.
fn failure(error: &Error, lines: &[String]) -> String {
    let source = error.get_ref();
    if let Some(why) = source.and_then(|source| source.downcast_ref::<DecodeError>()) {
        return format!("!D{},{}", why.offset(), why.reason());
    }
    if let Some(why) = source.and_then(|source| source.downcast_ref::<EncodeError>()) {
        return format!("!E{},{}", within_its_line(lines, why.offset()), why.reason());
    }
    if source.is_some_and(|source| source.downcast_ref() == Some(&NameError::WriteOnly)) {
        return "!T".to_owned();
    }
    let words = escaped(error.to_string().as_bytes());
    match (error.raw_os_error(), error.kind()) {
        (Some(errno), _) => format!("!O{errno}"),
        _ if error.is_unsupported() => format!("!U{words}"),
        _ if error.is_closed() => format!("!C{words}"),
        (None, ErrorKind::InvalidInput) => format!("!V{words}"),
        _ => format!("!?{words}"),
    }
}

/// CPython counts characters from the start of the line that fails, folio bytes from that of the first line.
fn within_its_line(lines: &[String], mut offset: usize) -> usize {
    for line in lines {
        if offset < line.len() {
            return line[..offset].chars().count();
        }
        offset -= line.len();
    }
    offset
}
