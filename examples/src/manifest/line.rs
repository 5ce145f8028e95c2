//! One line of the list, as GNU `sha256sum` writes and reads it.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Writes `HASH  PATH` and a newline.
///
/// A name may hold any byte but 0. Those that would end the line are escaped, which a backslash in front of
/// the whole line announces; everything else stays as it is, valid UTF-8 or not.
pub(super) fn line(digest: &[u8], path: &Path) -> Vec<u8> {
    let name = path.as_os_str().as_bytes();
    let escaped = name.iter().any(|byte| escape(*byte).is_some());
    let mut hex = String::with_capacity(2 * digest.len());
    for byte in digest {
        write!(hex, "{byte:02x}").expect("a String takes everything");
    }
    let mut line = Vec::with_capacity(hex.len() + name.len() + 4);
    if escaped {
        line.push(b'\\');
    }
    line.extend_from_slice(hex.as_bytes());
    line.extend_from_slice(b"  ");
    for byte in name {
        match escape(*byte) {
            Some(letter) => line.extend_from_slice(&[b'\\', letter]),
            None => line.push(*byte),
        }
    }
    line.push(b'\n');
    line
}

fn escape(byte: u8) -> Option<u8> {
    match byte {
        b'\\' => Some(b'\\'),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn names_are_written_as_sha256sum_writes_them() {
        check(b"plain", b"0aff  plain\n");
        check(b"a/two words ", b"0aff  a/two words \n");
        check(b" *starred", b"0aff   *starred\n");
        check(b"a\nb", b"\\0aff  a\\nb\n");
        check(b"a\rb", b"\\0aff  a\\rb\n");
        check(b"a\\b", b"\\0aff  a\\\\b\n");
        check(b"\\n", b"\\0aff  \\\\n\n");
        check(b"caf\xe9\xff", b"0aff  caf\xe9\xff\n");
        check(b"tab\there\x1b[", b"0aff  tab\there\x1b[\n");
    }

    fn check(name: &[u8], expected: &[u8]) {
        let line = line(&[0x0a, 0xff], Path::new(OsStr::from_bytes(name)));
        assert_eq!(line, expected, "{:?}", OsStr::from_bytes(name));
    }
}
