//! Text: codecs and newlines against CPython and naive models, files against both.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod codec;
mod corpus;
mod digests;
mod file;
mod following;
mod named;
mod newline;
mod oracle;
mod places;
mod positions;
mod update;
mod written;
