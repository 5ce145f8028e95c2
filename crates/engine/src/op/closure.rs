//! Running a closure of the program's own: a request that is about no path.

use std::path::Path;

use super::{PathOp, PathRequest};
use crate::error::Operation;

/// Runs a closure on a worker and answers what it returns; it runs once or never.
///
/// Where other requests have a path it has the place where it was written, as far as the compiler tells: for reports
/// of what is still running.
pub fn run<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(closure: F) -> impl PathRequest<Reply = T> {
    PathOp::new(Operation::Run, Path::new(std::any::type_name::<F>()), move |_, _| Ok(closure()))
}
