//! Home directories: by `HOME` and the system's own look-up for this user, by the password file for others.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The password file, with one line per local user.
const PASSWORD_FILE: &str = "/etc/passwd";

/// The index of the field with the home directory.
const HOME_FIELD: usize = 5;

pub(super) fn home_dir(user: Option<&OsStr>) -> io::Result<Option<PathBuf>> {
    match user {
        None => Ok(std::env::home_dir()),
        Some(user) => Ok(home_of(&std::fs::read(PASSWORD_FILE)?, user)),
    }
}

fn home_of(table: &[u8], user: &OsStr) -> Option<PathBuf> {
    let mut lines = table.split(|byte| *byte == b'\n');
    lines.find_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let home = fields.next().filter(|name| *name == user.as_bytes()).and(fields.nth(HOME_FIELD - 1))?;
        Some(PathBuf::from(OsStr::from_bytes(home)))
    })
}

#[cfg(test)]
mod tests {
    use super::home_of;

    #[test]
    fn homes_are_found_by_the_whole_name() {
        const TABLE: &[u8] =
            b"top:x:0:0:top:/top:/bin/sh\nann:x:7:7::/var/ann:/bin/sh\nshort:x:8\nanna:x:9:9::/srv/a:\n";
        fn check(user: &str, expected: Option<&str>) {
            assert_eq!(
                home_of(TABLE, user.as_ref()).as_deref(),
                expected.map(|home| home.as_ref()),
                "{user}"
            );
        }
        check("ann", Some("/var/ann"));
        check("anna", Some("/srv/a"));
        check("an", None);
        check("short", None);
        check("x", None);
        check("", None);
    }
}
