//! A program: what the file holds, how it is opened, what is done with it, and what CPython made of that.

use std::fmt::{self, Write as _};

use crate::format::{string, unescaped};

/// One program of the table.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its place in the table, from 0.
    pub(crate) number: usize,
    pub(crate) start: Start,
    pub(crate) arguments: Arguments,
    pub(crate) opened: Expected,
    pub(crate) steps: Vec<Step>,
    /// What closing it at the end said.
    pub(crate) closing: Expected,
    /// What was on the disk after that.
    pub(crate) last: Expected,
}

/// What is there before the file is opened.
#[derive(Debug)]
pub(crate) enum Start {
    /// Nothing.
    Missing,
    /// A directory.
    Directory,
    /// A file that holds this.
    File(Vec<u8>),
}

/// The arguments of `open`; `None` for those that are not given.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) mode: String,
    pub(crate) buffering: Option<i64>,
    pub(crate) encoding: Option<String>,
    pub(crate) errors: Option<String>,
    pub(crate) newline: Option<String>,
}

/// A result of CPython's, in the notation of `notation.py`.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) result: String,
    pub(crate) other: Option<Other>,
}

/// CPython's result for the program rewritten as a deliberate difference says.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) difference: String,
    pub(crate) result: String,
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) call: Call,
    pub(crate) expected: Expected,
}

/// What is asked of the file; Python's names.
#[derive(Debug)]
pub(crate) enum Call {
    Read(Option<i64>),
    Read1(Option<i64>),
    Readall,
    Readinto(usize),
    Peek(Option<i64>),
    Readline(Option<i64>),
    Readlines(Option<i64>),
    Next,
    Write(Data),
    Writelines(Vec<Data>),
    Seek(Target, Option<i64>),
    Tell,
    Truncate(Option<i64>),
    Flush,
    Isatty,
    Seekable,
    Readable,
    Writable,
    Mode,
    Name,
    Fileno,
    Closed,
    Newlines,
    Encoding,
    Errors,
    LineBuffering,
    Close,
    Detach,
    /// Not asked of the file: what another process sees in it.
    Disk,
}

/// Where to.
#[derive(Debug)]
pub(crate) enum Target {
    /// There.
    Offset(i64),
    /// Where an earlier step, a `tell`, said.
    Told(usize),
}

/// What is to be written: `unit`, `count` times.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) unit: Vec<u8>,
    pub(crate) count: usize,
}

impl Data {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.unit.repeat(self.count)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).expect("what is written to a text file is UTF-8 in the table")
    }
}

impl Program {
    pub(crate) fn is_binary(&self) -> bool {
        self.arguments.mode.contains('b')
    }

    /// Every result: of opening, of the steps, of closing, and of a last look at the disk.
    pub(crate) fn results(&self) -> Vec<&Expected> {
        let steps = self.steps.iter().map(|step| &step.expected);
        [&self.opened].into_iter().chain(steps).chain([&self.closing, &self.last]).collect()
    }

    /// The program as somebody would type it into Python, a line for each result.
    pub(crate) fn python(&self) -> Vec<String> {
        let kind = |data: &Data| data.python(self.is_binary());
        let steps = self.steps.iter().map(|step| match &step.call {
            Call::Write(data) => format!("f.write({})", kind(data)),
            Call::Writelines(lines) => {
                format!("f.writelines([{}])", lines.iter().map(kind).collect::<Vec<_>>().join(", "))
            }
            call => call.to_string(),
        });
        let opened = format!("f = open(path{})", self.arguments);
        let closing = "f.close()".to_owned();
        let last = "open(path, 'rb').read()".to_owned();
        [opened].into_iter().chain(steps).chain([closing, last]).collect()
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Start::Missing => f.write_str("pass  # there is no file"),
            Start::Directory => f.write_str("os.mkdir(path)"),
            Start::File(bytes) => write!(f, "open(path, 'wb').write({})", literal(bytes, true)),
        }
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ", {}", literal(self.mode.as_bytes(), false))?;
        if let Some(buffering) = self.buffering {
            write!(f, ", {buffering}")?;
        }
        let named = [("encoding", &self.encoding), ("errors", &self.errors), ("newline", &self.newline)];
        for (name, value) in named {
            if let Some(value) = value {
                write!(f, ", {name}={}", literal(value.as_bytes(), false))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = |number: &Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        match self {
            Call::Read(count) => write!(f, "f.read({})", some(count)),
            Call::Read1(count) => write!(f, "f.read1({})", some(count)),
            Call::Readall => f.write_str("f.readall()"),
            Call::Readinto(size) => write!(f, "f.readinto(bytearray({size}))"),
            Call::Peek(count) => write!(f, "f.peek({})", some(count)),
            Call::Readline(count) => write!(f, "f.readline({})", some(count)),
            Call::Readlines(hint) => write!(f, "f.readlines({})", some(hint)),
            Call::Next => f.write_str("next(f)"),
            Call::Write(data) => write!(f, "f.write({})", data.python(true)),
            Call::Writelines(lines) => write!(f, "f.writelines({} lines)", lines.len()),
            Call::Seek(target, whence) => {
                let whence = whence.map(|whence| format!(", {whence}")).unwrap_or_default();
                match target {
                    Target::Offset(offset) => write!(f, "f.seek({offset}{whence})"),
                    Target::Told(step) => write!(f, "f.seek(told[{step}]{whence})"),
                }
            }
            Call::Tell => f.write_str("f.tell()"),
            Call::Truncate(size) => write!(f, "f.truncate({})", some(size)),
            Call::Flush => f.write_str("f.flush()"),
            Call::Isatty => f.write_str("f.isatty()"),
            Call::Seekable => f.write_str("f.seekable()"),
            Call::Readable => f.write_str("f.readable()"),
            Call::Writable => f.write_str("f.writable()"),
            Call::Mode => f.write_str("f.mode"),
            Call::Name => f.write_str("f.name == path"),
            Call::Fileno => f.write_str("isinstance(f.fileno(), int)"),
            Call::Closed => f.write_str("f.closed"),
            Call::Newlines => f.write_str("f.newlines"),
            Call::Encoding => f.write_str("codecs.lookup(f.encoding).name"),
            Call::Errors => f.write_str("f.errors"),
            Call::LineBuffering => f.write_str("f.line_buffering"),
            Call::Close => f.write_str("f.close()"),
            Call::Detach => f.write_str("raw = f.detach()"),
            Call::Disk => f.write_str("open(path, 'rb').read()"),
        }
    }
}

impl Data {
    fn python(&self, binary: bool) -> String {
        let unit = literal(&self.unit, binary);
        if self.count == 1 { unit } else { format!("{unit} * {}", self.count) }
    }
}

/// Bytes, or the text that they are in UTF-8, as Python's source has them.
fn literal(bytes: &[u8], binary: bool) -> String {
    let mut out = String::from(if binary { "b'" } else { "'" });
    let text = String::from_utf8_lossy(bytes);
    let plain = |c: char| c == ' ' || c.is_ascii_graphic() && c != '\'' && c != '\\';
    let mut put = |point: u32| {
        let shown = match char::from_u32(point) {
            Some('\n') => "\\n".to_owned(),
            Some('\r') => "\\r".to_owned(),
            Some(c) if plain(c) => c.to_string(),
            _ if point <= 0xFF => format!("\\x{point:02x}"),
            _ if point <= 0xFFFF => format!("\\u{point:04x}"),
            _ => format!("\\U{point:08x}"),
        };
        out.push_str(&shown);
    };
    if binary {
        bytes.iter().for_each(|byte| put(u32::from(*byte)));
    } else {
        text.chars().for_each(|c| put(u32::from(c)));
    }
    out.push('\'');
    out
}

/// A result as Python would show it.
pub(crate) fn shown(result: &str) -> String {
    let (kind, rest) = result.split_at(result.len().min(1));
    let text = |field: &str| literal(string(field).as_bytes(), false);
    match kind {
        "N" => "None".to_owned(),
        "T" => "True".to_owned(),
        "F" => "False".to_owned(),
        "X" => "StopIteration".to_owned(),
        "?" => "anything".to_owned(),
        "i" => rest.to_owned(),
        "s" => text(rest),
        "b" => literal(&unescaped(rest), true),
        "S" | "B" => format!("digest({rest})"),
        "[" => list(rest),
        "!" => error(rest),
        _ => result.to_owned(),
    }
}

fn list(items: &str) -> String {
    let binary = items.starts_with('b');
    let items = items.split('|').skip(1).map(|item| literal(&unescaped(item), binary));
    let mut out = String::from("[");
    for (at, item) in items.enumerate() {
        write!(out, "{}{item}", if at == 0 { "" } else { ", " }).expect("a String takes whatever is written");
    }
    out + "]"
}

fn error(notation: &str) -> String {
    let (class, rest) = notation.split_at(notation.len().min(1));
    let class = match class {
        "U" => "UnsupportedOperation",
        "O" => "OSError errno",
        "I" => "OSError",
        "L" => "LookupError",
        "V" => "ValueError",
        "A" => "AttributeError",
        "T" => "TypeError",
        "D" => "UnicodeDecodeError at",
        "E" => "UnicodeEncodeError at",
        _ => "Error",
    };
    format!("{class} {}", String::from_utf8_lossy(&unescaped(rest)))
}
