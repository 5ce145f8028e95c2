//! Where the writers write, and what.

/// The folder of all files.
pub(super) const FOLDER: &str = "/folder";

/// The file that several tasks append to.
pub(super) const APPENDED: &str = "appended";

/// The file of slots, each with a task that fills it.
pub(super) const SLOTS: &str = "slots";
pub(super) const SLOTS_COUNT: u64 = 3;

/// Bytes of a slot: it lies within a sector, so that no power cut tears it.
pub(super) const SLOT: usize = 64;

/// The file that is replaced as a whole.
pub(super) const REPLACED: &str = "replaced";

/// The path of a file in the folder.
pub(super) fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// So many bytes that all say `number`.
pub(super) fn filled(number: u64, bytes: usize) -> Vec<u8> {
    number.to_le_bytes().repeat(bytes / 8)
}

/// The number that all of `bytes` say.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    let number = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
    (filled(number, bytes.len()) == bytes).then_some(number)
}
