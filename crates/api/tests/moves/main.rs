//! Copies and moves: nothing is lost, whatever fails when; nothing is left over; and what is moved is what it was.

mod closing;
mod late;
