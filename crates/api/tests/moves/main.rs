//! Copies and moves: nothing is lost, whatever fails when; nothing is left over; and what is moved is what it was.
//!
//! What must fail on order runs on the testkit's disk or on a file system that this process serves itself, the rest
//! between two devices of the machine.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod across;
mod closing;
mod dropped;
mod ground;
mod late;
mod order;
mod planted;
mod trees;
