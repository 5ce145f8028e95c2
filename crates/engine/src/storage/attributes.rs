//! What can be changed about a file besides its bytes, in words that every storage understands.

use std::time::SystemTime;

/// What one of a file's times is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// What it is.
    Keep,
    /// The moment of the call. If both times are this, the right to write is enough; else it takes the owner.
    Now,
    /// This moment, as finely as the file system keeps it.
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
    /// Gives the space back: the range reads as zeros and takes none. The length stays.
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
    /// Once.
    NoReuse,
    /// Soon: it may be read into memory now.
    WillNeed,
    /// Not soon: what is in memory and written back may be forgotten.
    DontNeed,
}
