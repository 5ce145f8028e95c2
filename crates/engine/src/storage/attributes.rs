//! Parameters of the calls on times, extended attributes, space and advice.

use std::time::SystemTime;

/// The new value of one of a file's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Unchanged.
    Keep,
    /// The moment of the call. If both times are `Now`, write permission is enough; otherwise the caller has to be the
    /// owner.
    Now,
    /// This moment, as precise as the file system keeps it.
    At(SystemTime),
}

impl From<SystemTime> for Stamp {
    fn from(moment: SystemTime) -> Self {
        Stamp::At(moment)
    }
}

/// New times for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// Of the last reading.
    pub accessed: Stamp,
    /// Of the last change of the contents.
    pub modified: Stamp,
}

/// Whether an extended attribute may, must or must not be there before it is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum XattrMode {
    /// Created or replaced.
    #[default]
    Any,
    /// Created; `EEXIST` if it is there.
    Create,
    /// Replaced; `ENODATA` if it is not there.
    Replace,
}

/// What `fallocate` does to a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allocation {
    /// Reserves space, so that writing there cannot run out of it; a range beyond the end extends the file.
    Extend,
    /// Reserves space, also beyond the end, and leaves the length alone.
    KeepSize,
    /// Frees the space: the range becomes a hole that reads as zeros. The length stays.
    PunchHole,
    /// Makes the range read as zeros without writing them; a range beyond the end extends the file.
    ZeroRange,
}

/// How a range of a file is going to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Nothing special.
    Normal,
    /// From the beginning to the end, so that more may be read ahead.
    Sequential,
    /// In no order, so that nothing should be read ahead.
    Random,
    /// Only once.
    NoReuse,
    /// Soon: it may be read into memory now.
    WillNeed,
    /// Not soon: what is in memory and written back may be forgotten.
    DontNeed,
}
