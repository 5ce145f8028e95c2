//! Text: codecs and newlines against CPython and naive models, files against both.

mod codec;
mod file;
mod newline;
mod oracle;
mod written;
