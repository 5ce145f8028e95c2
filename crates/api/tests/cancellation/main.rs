//! Dropping a future: before its operation began nothing happens, after that it finishes whole, and neither
//! permits, descriptors nor bytes are lost.

mod abandoned;
mod accepted;
mod adaptors;
mod after_begin;
mod before_begin;
mod every_operation;
mod every_path_operation;
mod long_writes;
mod openings;
mod shared_cursor;
mod shared_lines;
mod stage;
mod time_limit;
