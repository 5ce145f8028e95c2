//! The port's moves to another file system, step by step, so that the engine decides their order.

use std::io;

/// A move under way: a copy beside the target, under an unpredictable name. Dropping it leaves the copy as it is.
///
/// Every method may block.
pub trait Mover: Send {
    /// Copies more, for as long as one job may keep a worker; `false` once the copy is complete and durable.
    fn more(&mut self) -> io::Result<bool>;

    /// Fails if the original has changed since it was copied.
    fn check(&mut self) -> io::Result<()>;

    /// Renames the copy to its final name, atomically replacing a file of that name, and makes the name durable.
    fn give_name(&mut self) -> io::Result<()>;

    /// Removes the original, but no entry that was not copied.
    fn remove_original(&mut self) -> io::Result<()>;

    /// Removes the copy, unless it has its final name already.
    fn undo(&mut self) -> io::Result<()>;
}
