//! What the rules leave of a call.

use std::io;

use crate::errno::EAGAIN;

/// What a call that was let through may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// Bytes that a read or write may move.
    pub(crate) bytes_max: usize,
    /// The errno to fail with after those bytes, for a torn write.
    pub(crate) torn: Option<i32>,
}

impl Allowance {
    pub(super) const WHOLE: Allowance = Allowance { bytes_max: usize::MAX, torn: None };
}

/// Why a call was not let through.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// It fails with this errno.
    Errno(i32),
    /// It would block.
    WouldBlock,
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> io::Error {
        io::Error::from_raw_os_error(match refusal {
            Refusal::Errno(errno) => errno,
            Refusal::WouldBlock => EAGAIN,
        })
    }
}
