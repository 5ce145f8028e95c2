//! Where folio is not like CPython's `open` on purpose: the only differences that a program may show.
//!
//! docs/aiofiles.md tells users of each, under the same name.

use crate::program::{Call, Program};
use crate::replay::{GONE, INEXPRESSIBLE};

/// A deliberate difference.
pub(crate) struct Difference {
    /// Its name, here, in the table of programs and in the documentation.
    pub(crate) id: &'static str,
    /// Why it is.
    pub(crate) reason: &'static str,
    pub(crate) kind: Kind,
}

/// How a difference says what folio does.
pub(crate) enum Kind {
    /// As CPython does when the program is rewritten: `runner.py` has the rewriting, the table its results.
    Rewritten,
    /// By a question about one result.
    Stated(fn(&Case) -> bool),
}

/// A result that is not the one that was wanted.
pub(crate) struct Case<'a> {
    pub(crate) program: &'a Program,
    /// Which result, of those that [`Program::results`] returns.
    pub(crate) at: usize,
    pub(crate) wanted: &'a str,
    pub(crate) got: &'a str,
}

const fn rewritten(id: &'static str, reason: &'static str) -> Difference {
    Difference { id, reason, kind: Kind::Rewritten }
}

const fn stated(id: &'static str, reason: &'static str, claims: fn(&Case) -> bool) -> Difference {
    Difference { id, reason, kind: Kind::Stated(claims) }
}

/// What a binary file says that was given away.
const DETACHED: &str = "raw stream has been detached";

impl Case<'_> {
    /// The call that came out otherwise; none for opening, the last closing and the last look.
    fn call(&self) -> Option<&Call> {
        self.program.steps.get(self.at.checked_sub(1)?).map(|step| &step.call)
    }

    /// Whether the call asks what the file was opened for.
    fn asks(&self) -> bool {
        matches!(self.call(), Some(Call::Seekable | Call::Readable | Call::Writable))
    }

    /// Whether CPython said that the file is closed, in one of the ways it has for that.
    fn wanted_closed(&self) -> bool {
        self.wanted.starts_with("!V") && self.wanted.contains("closed file")
    }
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    rewritten(
        "reads-see-writes",
        "what a file was told is what it says: CPython's read1 passes by what is not written yet",
    ),
    rewritten("seekable-as-opened", "whether a file has positions is its own, not that of the first seek"),
    rewritten("marks-are-whole", "half a byte order mark is a character cut off, not nothing"),
    rewritten("one-type", "one type of binary file has what Python spreads over three classes"),
    rewritten(
        "no-read-buffer",
        "what comes next is what the file holds, not what a buffer happens to hold of it",
    ),
    rewritten("lines-together", "the lines of one call are one piece: if one cannot be written, none is"),
    rewritten("nothing-is-nothing", "writing an empty text does not write a byte order mark"),
    rewritten("newlines-stay", "what was met in a file has been met, wherever the reader goes"),
    rewritten("marks-at-the-start", "a byte order mark amid the text would be read as a character"),
    rewritten("arguments-first", "a call that is refused must not have emptied the file"),
    rewritten("no-surrogates", "a string of Rust's cannot hold a lone surrogate"),
    rewritten("no-namereplace", "the names of all characters would be most of the library"),
    rewritten("unknown-handlers", "a wrong name is found when it is given, not at the first bad byte"),
    rewritten("marks-are-optional", "a file without a mark is read as `bytes.decode` reads its bytes"),
    rewritten("tell-while-iterating", "lines are taken by `readline`, as aiofiles takes them"),
    rewritten("tell-is-an-offset", "a position is an offset in bytes; the decoder finds its state from it"),
    rewritten(
        "append-where-the-cursor-is",
        "the cursor stands behind what was appended, not where it was before",
    ),
    rewritten(
        "update-where-the-reader-is",
        "text is written and cut where the reader is, not where its buffer is",
    ),
    rewritten("text-before-bad-bytes", "no text is lost because bytes near it mean nothing"),
    stated("types-refuse", "what no file understands has no way to be said", |case| {
        case.got == INEXPRESSIBLE && case.wanted.starts_with('!')
    }),
    stated(
        "detach-takes-the-file",
        "a text file that was given away cannot be asked, says the compiler",
        |case| {
            let before = case.program.steps.iter().take(case.at.saturating_sub(1));
            case.got == GONE && before.rev().any(|step| matches!(step.call, Call::Detach))
        },
    ),
    stated("detached-is-detached", "one error for every call on a binary file that was given away", |case| {
        case.got.ends_with(DETACHED) && (case.wanted.starts_with("!U") || case.wanted == "F" && case.asks())
    }),
    stated("closed-is-closed", "one error for every call on a closed file", |case| {
        case.got.starts_with("!C") && (case.wanted_closed() || case.wanted == "F" && case.asks())
    }),
    stated("detached-answers", "how a file was opened does not change when it is given away", |case| {
        let answers = !case.got.starts_with('!');
        let named = matches!(case.call(), Some(Call::Mode | Call::Name | Call::Closed));
        answers && named && case.wanted.ends_with(DETACHED)
    }),
    stated(
        "direction-first",
        "what a file was not opened for is said first, whatever else is wrong",
        |case| {
            let nothing = match case.call() {
                Some(Call::Writelines(lines)) => lines.is_empty() && case.wanted == "N",
                Some(Call::Readline(limit)) => *limit == Some(0) && case.wanted == "b",
                _ => false,
            };
            case.got.starts_with("!U") && (nothing || case.wanted_closed())
        },
    ),
    stated("words", "truncating a text file says what it was not opened for", |case| {
        case.wanted == "!Utruncate" && case.got.starts_with("!U") && case.got.ends_with(": not writable")
    }),
    stated("lookup-errors", "Rust has one kind of error for every argument that is wrong", |case| {
        let name = case.program.arguments.encoding.as_deref().unwrap_or_default();
        case.at == 0
            && case.wanted.starts_with("!L")
            && case.got.starts_with("!V")
            && case.got.ends_with(&format!("unknown encoding: {name}"))
    }),
];
