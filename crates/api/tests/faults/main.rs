//! D2, D4: whichever call of the storage fails, with whatever, the operation that made it says so, once.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod absorbed;
mod acts;
mod at_every_call;
mod dir_acts;
mod file_acts;
mod ground;
mod only_a_kernel;
mod path_acts;
mod real_limits;
mod sweep;
mod text_acts;
mod through_the_kernel;
mod verdict;
