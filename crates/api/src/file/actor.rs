//! The actor of an open file, for actors of the program's own.

use folio_engine::Handle;
use folio_engine::messages::{ActorRef, FileActor};

use crate::File;

impl File {
    /// Returns the file's actor, for other actors to ask. It keeps the file open, like a clone.
    ///
    /// An actor that was stopped or killed is replaced by another; no message is lost. The actor of a closed file
    /// has stopped, and so have the actors of a file whose sync or close has just failed: actors that are linked to them
    /// are notified, with the reason.
    ///
    /// `None` for a FIFO, socket or terminal, which have none.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let file = folio::File::open("data.bin").await?;
    /// let actor = file.actor().expect("a regular file has an actor");
    /// let head = actor.ask(folio::actor::ReadAt { offset: 0, len: 16 }).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn actor(&self) -> Option<ActorRef<FileActor>> {
        match &self.handle {
            Handle::Plain(file) => Some(file.actor()),
            Handle::Stream(_) => None,
        }
    }
}
