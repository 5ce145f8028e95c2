//! The models: which of the un-synced changes a power cut may leave together.

/// How a file system brings changes to the disk, and so what a power cut may leave of those that no sync has covered.
///
/// Under each of them a sync of a file keeps its bytes and its length, and a sync of a directory its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrashModel {
    /// ext4 with `data=ordered` and without the heuristics of `auto_da_alloc`.
    ///
    /// * Changes of names, `set_len`, modes, owners and extended attributes go through a journal: what is left of them
    ///   are the first so many, in order. An operation on two names is one change.
    /// * A sync also keeps every such change up to the last one that the synced file or directory took part in.
    /// * Bytes beyond the end of a file may be left only together with all earlier changes of the journal, with the
    ///   blocks of 4,096 bytes before them, and with whatever was first written to their own block. What was written
    ///   to that block later may read as zeros. The length of a write may stop at the end of any of its blocks. So a
    ///   file that was never synced may be empty under its final name.
    /// * Bytes that overwrite others reach the disk whenever they like, sector by sector; a sector that has a later
    ///   write has the earlier ones too.
    Ext4Like,
    /// XFS: a journal of the same kind, and lengths that change only after data has arrived.
    ///
    /// It differs from [`Ext4Like`](CrashModel::Ext4Like) in what is behind the old end of a file: the last block below
    /// the new end has all its bytes, and any block before it may read as zeros.
    XfsLike,
    /// A disk without order: any set of un-synced changes may be left.
    ///
    /// Each sector of a write, each growth of a length by a block or less, and each operation on names in one directory is kept or lost by
    /// itself. A sync of a file keeps its own bytes, length and attributes, and not its name; a sync of a directory
    /// keeps the names in it, and of a rename from or to another directory its own half.
    WorstCase,
}

impl CrashModel {
    /// All of them.
    pub const ALL: [CrashModel; 3] = [CrashModel::Ext4Like, CrashModel::XfsLike, CrashModel::WorstCase];

    /// Whether changes of metadata are left in order.
    pub(super) fn is_journaled(self) -> bool {
        match self {
            CrashModel::Ext4Like | CrashModel::XfsLike => true,
            CrashModel::WorstCase => false,
        }
    }
}

impl std::fmt::Display for CrashModel {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(match self {
            CrashModel::Ext4Like => "ext4-like",
            CrashModel::XfsLike => "xfs-like",
            CrashModel::WorstCase => "worst-case",
        })
    }
}
