//! Timestamps to be given to a file.

use std::time::SystemTime;

/// The times that [`File::set_times`](super::File::set_times) sets; one that is not set stays as it is.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// use folio::compat::fs::{FileTimes, OpenOptions};
///
/// let file = OpenOptions::new().write(true).open("data.bin").await?;
/// file.set_times(FileTimes::new().set_modified(std::time::SystemTime::UNIX_EPOCH)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "must be applied to a file via `File::set_times` to have any effect"]
pub struct FileTimes {
    accessed: Option<SystemTime>,
    modified: Option<SystemTime>,
}

impl FileTimes {
    /// Starts with none set.
    pub fn new() -> Self {
        FileTimes::default()
    }

    /// Sets the time of the last access.
    pub fn set_accessed(mut self, t: SystemTime) -> Self {
        self.accessed = Some(t);
        self
    }

    /// Sets the time of the last modification.
    pub fn set_modified(mut self, t: SystemTime) -> Self {
        self.modified = Some(t);
        self
    }

    pub(super) fn into_std(self) -> std::fs::FileTimes {
        let mut times: std::fs::FileTimes = Default::default();
        if let Some(accessed) = self.accessed {
            times = times.set_accessed(accessed);
        }
        if let Some(modified) = self.modified {
            times = times.set_modified(modified);
        }
        times
    }
}
