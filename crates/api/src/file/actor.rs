//! The actor of an open file, for the program's own actors.

use folio_engine::Handle;
use folio_engine::messages::{ActorRef, FileActor};

use crate::File;

impl File {
    /// Returns the file's actor, to which other actors can send messages. It keeps the file open, like a clone. `None` for a
    /// FIFO, socket or terminal, which has no actor.
    ///
    /// An actor that was stopped or killed is replaced, and no message is lost. When a file is closed, its actor stops; when
    /// a sync or close fails, all actors of that file stop. Linked actors are notified with the reason.
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
