//! How a file is to be replaced.

use std::io;

use crate::op::NO_PERMISSIONS;

/// What a file that was replaced survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// `Ok` says that the new contents survive a power cut. Before that the old ones do, or the new, and nothing else.
    #[default]
    Full,
    /// A power cut leaves the old contents or the new, and nothing else, but the old ones even some time after the `Ok`:
    /// the contents are synced, the directory is not.
    Data,
    /// Nothing is synced: a power cut may leave an empty file. Other processes still find the old contents or the new.
    None,
}

/// How a file is to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacing {
    /// What the new contents survive.
    pub durability: Durability,
    /// Permission bits of the new file; `None` for those of the old one, or of any new file.
    pub mode: Option<u32>,
    /// Whether permissions are those of the old file, unless `mode` gives them.
    pub keeps_mode: bool,
    /// Whether owner and group are those of the old file.
    pub keeps_owner: bool,
    /// Whether extended attributes, access lists among them, are those of the old file.
    pub keeps_xattrs: bool,
    /// Whether a name that is taken is refused.
    pub refuses_taken: bool,
    /// Whether a symbolic link is replaced itself, and not the file that it leads to.
    pub replaces_link: bool,
}

impl Replacing {
    /// Refuses what a storage whose calls answer later cannot give.
    pub(crate) fn check_later(&self) -> io::Result<()> {
        match self.mode {
            None => Ok(()),
            Some(_) => Err(io::Error::new(io::ErrorKind::Unsupported, NO_PERMISSIONS)),
        }
    }
}

impl Default for Replacing {
    fn default() -> Self {
        Replacing {
            durability: Durability::Full,
            mode: None,
            keeps_mode: true,
            keeps_owner: true,
            keeps_xattrs: true,
            refuses_taken: false,
            replaces_link: false,
        }
    }
}
