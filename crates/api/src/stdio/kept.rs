//! A stream of the process, opened by its first use.

use folio_engine::storage::os::Standard;
use folio_engine::{Engine, PerProcess};

use crate::{File, Result};

/// A stream that its first use opens. If that fails, the next use tries again.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub(super) stream: Standard,
    place: PerProcess<T>,
}

impl<T: From<File>> Kept<T> {
    pub(super) const fn new(stream: Standard) -> Self {
        Kept { stream, place: PerProcess::new() }
    }

    /// Returns the stream. Two first uses at the same time open it twice and keep one.
    pub(super) fn get(&'static self) -> Result<&'static T> {
        if let Some(kept) = self.place.get() {
            return Ok(kept);
        }
        let opened = Engine::try_global()?.standard(self.stream)?;
        let kept = self.place.get_or_init(|| T::from(File::new(opened)));
        Ok(kept.expect("there is room for a process that has a default engine of its own"))
    }
}
