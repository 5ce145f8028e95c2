//! Records that show by themselves whether they are whole.

use folio_testkit::Random;

/// What every record begins with.
const MAGIC: u32 = 0x0F01_1050;

/// Bytes before the body: the magic, the length of the whole, the number.
pub(super) const HEAD: usize = 16;

/// Returns the record `number`, of `len` bytes. Its body follows from its number.
pub(super) fn record(number: u64, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len);
    bytes.extend(MAGIC.to_le_bytes());
    bytes.extend((len as u32).to_le_bytes());
    bytes.extend(number.to_le_bytes());
    let mut random = Random::new(number);
    while bytes.len() < len {
        bytes.extend(&random.bits().to_le_bytes()[..8.min(len - bytes.len())]);
    }
    bytes
}

/// Returns the number and the length of the whole record that `bytes` begin with.
pub(super) fn parse(bytes: &[u8]) -> Option<(u64, usize)> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (magic, len) = (word(0)?, word(4)? as usize);
    let number = u64::from_le_bytes(bytes.get(8..HEAD)?.try_into().ok()?);
    let whole = magic == MAGIC && len >= HEAD && bytes.get(..len)? == record(number, len);
    whole.then_some((number, len))
}
