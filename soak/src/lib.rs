//! Searches for broken promises that take longer than continuous integration has time.
//!
//! | kind | what a round tries |
//! |---|---|
//! | [`Kind::Histories`] | random operations of many callers on one file, through clones, several openings, hard links and other spellings: is there an order that explains every answer? |
//! | [`Kind::Images`] | writers on a simulated disk, and every power cut: is all there that was acknowledged? |
//! | [`Kind::Faults`] | the same writers while calls fail, tear, come short, dawdle and panic: is every `Ok` true, and does all come to rest? |
//! | [`Kind::Storms`] | operations on shared files that are dropped, timed out and aborted: is a record torn, lost or doubled, and does anything remain? |
//!
//! # What a seed replays
//!
//! A seed decides what every caller asks for and in which order, after how many polls a call is dropped, every fault with the
//! count of the call that it meets, every moment of a power cut and every image of it. It does not decide how threads
//! interleave, nor when a time limit expires: a violation that needs a certain interleaving may take several runs
//! of its seed.

mod bug;
mod cut_short;
mod figures;
mod histories;
mod kind;
mod planted;
mod program;
mod runtime;
mod storm;
mod tally;

pub use bug::Bug;
pub use figures::{Figures, Size, Verdict};
pub use histories::{Setting, check_file};
pub use kind::Kind;
pub use tally::Tally;
