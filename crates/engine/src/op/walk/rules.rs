//! Which entries a walk reports, and in which order.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::entry::WalkEntry;

/// Which entries a walk reports, and in which order.
#[derive(Clone)]
pub struct WalkRules {
    /// Whether the walk enters symbolic links to directories.
    pub follow_links: bool,
    /// Whether followed links that are broken or circular are reported as links instead of as errors.
    pub keep_broken_links: bool,
    /// Whether the walk enters a root that is a symbolic link, even if it follows no other links.
    pub follow_root_links: bool,
    /// Whether directories on another file system than the root's are reported but not entered.
    pub same_file_system: bool,
    /// Entries of a smaller depth are not reported, though the walk enters them; the root has depth 0.
    pub min_depth: usize,
    /// Directories of this depth are not entered.
    pub max_depth: usize,
    /// The order of the entries of each directory.
    pub order: WalkOrder,
    /// Whether a directory is reported after its contents.
    pub contents_first: bool,
    /// Returns `false` for entries to skip: the walk neither reports nor enters them. Not called for the root.
    pub filter: Option<Filter>,
}

/// The order of the entries of one directory.
#[derive(Clone, Default)]
pub enum WalkOrder {
    /// The order of the directory itself.
    #[default]
    AsListed,
    /// By name, byte by byte.
    ByName,
    /// By a function, which workers call.
    By(Compare),
}

/// See [`WalkOrder::By`]. Entries are as their directory lists them: links have not been followed yet.
pub type Compare = Arc<dyn Fn(&WalkEntry, &WalkEntry) -> Ordering + Send + Sync>;

/// See [`WalkRules::filter`]. Called by workers.
pub type Filter = Arc<dyn Fn(&WalkEntry) -> bool + Send + Sync>;

impl Default for WalkRules {
    fn default() -> Self {
        WalkRules {
            follow_links: false,
            keep_broken_links: false,
            follow_root_links: true,
            same_file_system: false,
            min_depth: 0,
            max_depth: usize::MAX,
            order: WalkOrder::AsListed,
            contents_first: false,
            filter: None,
        }
    }
}

impl fmt::Debug for WalkRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WalkRules")
            .field("follow_links", &self.follow_links)
            .field("keep_broken_links", &self.keep_broken_links)
            .field("follow_root_links", &self.follow_root_links)
            .field("same_file_system", &self.same_file_system)
            .field("min_depth", &self.min_depth)
            .field("max_depth", &self.max_depth)
            .field("order", &self.order)
            .field("contents_first", &self.contents_first)
            .field("filter", &self.filter.is_some())
            .finish()
    }
}

impl fmt::Debug for WalkOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WalkOrder::AsListed => "AsListed",
            WalkOrder::ByName => "ByName",
            WalkOrder::By(_) => "By",
        })
    }
}
