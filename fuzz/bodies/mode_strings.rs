//! `OpenMode::parse` against a list of every mode there is.

use folio::OpenMode;

/// What a mode means.
#[derive(Debug, PartialEq, Eq)]
struct Meaning {
    reads: bool,
    writes: bool,
    appends: bool,
    is_text: bool,
}

/// Parses `input` if it is a string.
pub(crate) fn run(input: &[u8]) {
    let Ok(mode) = std::str::from_utf8(input) else { return };
    match (OpenMode::parse(mode), expected(mode)) {
        (Ok(parsed), Ok(meaning)) => {
            let found = Meaning {
                reads: parsed.reads(),
                writes: parsed.writes(),
                appends: parsed.appends(),
                is_text: parsed.is_text(),
            };
            assert_eq!(found, meaning, "{mode:?}");
            assert_eq!((parsed.as_str(), parsed.to_string().as_str()), (mode, mode));
            // Read again, the name that Python gives to a binary file means the same.
            let binary = OpenMode::parse(parsed.binary_name()).expect("it is a mode");
            assert!(!binary.is_text() && binary.binary_name() == parsed.binary_name(), "{mode:?}");
            assert_eq!(
                (binary.reads(), binary.writes(), binary.appends()),
                (found.reads, found.writes, found.appends)
            );
        }
        (Err(error), Err(why)) => {
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
            assert!(error.to_string().ends_with(&why), "{mode:?}: {error} instead of {why}");
        }
        (found, expected) => panic!("{mode:?}: {found:?} instead of {expected:?}"),
    }
}

/// Looks the letters up, in any order, among those of all modes.
fn expected(mode: &str) -> Result<Meaning, String> {
    let mut letters: Vec<char> = mode.chars().collect();
    letters.sort_unstable();
    for base in ['r', 'w', 'a', 'x'] {
        for plus in ["", "+"] {
            for kind in ["", "t", "b"] {
                let mut all: Vec<char> = format!("{base}{plus}{kind}").chars().collect();
                all.sort_unstable();
                if all == letters {
                    return Ok(Meaning {
                        reads: base == 'r' || plus == "+",
                        writes: base != 'r' || plus == "+",
                        appends: base == 'a',
                        is_text: kind != "b",
                    });
                }
            }
        }
    }
    let count = |wanted: &str| letters.iter().filter(|c| wanted.contains(**c)).count();
    let twice = letters.windows(2).any(|pair| pair[0] == pair[1]);
    Err(match (count("rwax"), count("bt")) {
        _ if twice || count("rwaxbt+") < letters.len() => format!("invalid mode: '{mode}'"),
        (_, 2) => "can't have text and binary mode at once".to_owned(),
        (0, _) => "Must have exactly one of create/read/write/append mode and at most one plus".to_owned(),
        (_, _) => "must have exactly one of create/read/write/append mode".to_owned(),
    })
}
