//! What an operation is to the sweep.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use folio::{Buffering, Error, File, Result};

/// What an operation came to: what it returned, as text.
pub(crate) type Doing = Pin<Box<dyn Future<Output = Result<String>>>>;

/// One public operation, or the shortest program around it.
#[derive(Clone, Copy)]
pub(crate) struct Act {
    pub(crate) name: &'static str,
    /// What it is about, below the room: its errors name one of these, or something below one.
    pub(crate) about: &'static [&'static str],
    pub(crate) body: Body,
}

impl Act {
    /// Whether it needs more bytes than one call moves.
    pub(crate) fn is_large(&self) -> bool {
        self.about.contains(&"large") || self.name == "Dir::copy"
    }

    /// Whether an error with this path and text names what the act is about.
    pub(crate) fn is_named(&self, error: &Error, room: &Path) -> bool {
        let about = |path: &Path| self.about.iter().any(|about| path.starts_with(room.join(about)));
        let text = error.to_string();
        error.path().is_some_and(|path| text.contains(&*path.to_string_lossy()))
            // A link names its target first, which may be any text.
            && (error.path().is_some_and(about) || self.about.iter().any(|about| text.contains(&*room.join(about).to_string_lossy())))
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// In the room, which holds what [`furnish`](crate::ground::furnish) puts there.
    Room(fn(PathBuf) -> Doing),
    /// On a file that was opened before.
    File(Kind, fn(File) -> Doing),
}

/// How that file was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// With room for the writes of any act.
    Buffered,
    /// With less room than one write of an act takes.
    Narrow,
    Appending,
}

impl Kind {
    pub(crate) fn options(self) -> folio::OpenOptions {
        let mut options = File::options();
        options.read(true).write(self != Kind::Appending).append(self == Kind::Appending);
        match self {
            Kind::Plain | Kind::Appending => &mut options,
            Kind::Buffered => options.buffering(Buffering::Bytes(64 * 1024)),
            Kind::Narrow => options.buffering(Buffering::Bytes(2)),
        };
        options
    }
}

/// An act in a room, from an expression that is a future of a result.
macro_rules! room {
    ($name:literal, $about:expr, |$room:ident| $call:expr) => {
        $crate::acts::Act {
            name: $name,
            about: &$about,
            body: $crate::acts::Body::Room(|$room: std::path::PathBuf| {
                Box::pin(async move { $call.await.map(|value| format!("{value:?}")) })
            }),
        }
    };
}

/// An act on an open file.
macro_rules! file {
    ($kind:ident, $name:literal, |$file:ident| $call:expr) => {
        $crate::acts::Act {
            name: concat!(stringify!($kind), " ", $name),
            about: &["file"],
            body: $crate::acts::Body::File($crate::acts::Kind::$kind, |$file: folio::File| {
                Box::pin(async move { $call.await.map(|value| format!("{value:?}")) })
            }),
        }
    };
}

pub(crate) use {file, room};
