//! The bugs that can be planted in a storage.

/// What a storage does wrong, to show that a search finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A positioned write returns at once and is made by the next call that changes the file.
    LateWrite,
    /// A sync returns `Ok` and does nothing.
    LyingSync,
    /// A write that fails returns `Ok`.
    SwallowedError,
    /// Now and then a record is appended twice.
    DoubledRecord,
    /// Now and then the last byte of an appended record is missing.
    TornRecord,
    /// Now and then an appended record is not written.
    LostRecord,
}
