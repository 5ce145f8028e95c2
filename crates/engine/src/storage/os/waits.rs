//! What a call may wait for that needs no disk.

/// What may keep a call waiting that needs no disk: an open of a cached path, or a look at its attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(dead_code, reason = "only Linux has calls in place")]
pub(super) enum Waits {
    /// Nothing: the kernel answers from its own memory.
    Never,
    /// An open may wait for a server or another process. Which device a file is on is known without one.
    AtOpen,
    /// Any call may wait, or it is not known which.
    #[default]
    Always,
}

impl Waits {
    /// Whether any call may wait, so that workers make them all.
    pub(super) fn is_remote(self) -> bool {
        match self {
            Waits::Never => false,
            Waits::AtOpen | Waits::Always => true,
        }
    }
}
