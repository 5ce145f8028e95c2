//! The process's own streams, each test in a process that is made for it.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod again;
mod input;
mod limits;
mod output;
mod shell;
mod terminal;
