//! The port's moves to another file system, step by step, so that the engine decides in which order.

use std::io;

/// A move under way: a copy beside the target, under a name that nobody knows. Dropped, it stays as it is.
///
/// Every method may block.
pub trait Mover: Send {
    /// Copies on for a while, as long as a worker should be kept; `false` once the copy is complete and a power cut
    /// would leave it.
    fn more(&mut self) -> io::Result<bool>;

    /// Refuses if the original is not what was copied any more.
    fn check(&mut self) -> io::Result<()>;

    /// Gives the copy its name, which replaces what had it in one step, and makes that survive a power cut.
    fn give_name(&mut self) -> io::Result<()>;

    /// Removes the original, and nothing that was not copied.
    fn remove_original(&mut self) -> io::Result<()>;

    /// Removes the copy, unless it has its name already.
    fn undo(&mut self) -> io::Result<()>;
}
