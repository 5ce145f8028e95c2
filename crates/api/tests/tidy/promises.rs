//! The promises in the documentation against the names of the tests.

use std::collections::BTreeMap;

use crate::shape::function_name;
use crate::source::Source;

/// What the last column of the table says of a promise that a test shows, and of one that nothing keeps yet.
const TESTED: &str = "tested";
const PLANNED: &str = "planned";

/// Compares the table of promises in `text` with the tests whose names begin with a code, both ways.
pub(crate) fn every_promise_has_a_test(text: &str, sources: &[Source]) -> Vec<String> {
    let promised = promised(text);
    if promised.is_empty() {
        return vec!["docs/reliability.md: no table of promises".to_owned()];
    }
    let mut tests: BTreeMap<String, String> = BTreeMap::new();
    for source in sources {
        for (line, name) in tests_of(source) {
            let codes = name.split('_').map_while(as_code);
            tests.extend(codes.map(|code| (code, format!("{}: {name}", source.at(line)))));
        }
    }
    let unknown = tests.iter().filter(|(code, _)| !promised.contains_key(*code));
    let unknown = unknown.map(|(code, test)| format!("{test}: docs/reliability.md promises no {code}"));
    let wrong = promised.iter().filter_map(|(code, state)| match (state.as_str(), tests.get(code)) {
        (TESTED, Some(_)) | (PLANNED, None) => None,
        (TESTED, None) => {
            Some(format!("docs/reliability.md: no test's name begins with {}_", code.to_lowercase()))
        }
        (PLANNED, Some(test)) => {
            Some(format!("docs/reliability.md: {code} is planned, but tested by {test}"))
        }
        (other, _) => {
            Some(format!("docs/reliability.md: {code} is neither {TESTED} nor {PLANNED}: {other:?}"))
        }
    });
    unknown.chain(wrong).collect()
}

/// Each code of the table, and what its last column says.
fn promised(text: &str) -> BTreeMap<String, String> {
    let table = text
        .lines()
        .skip_while(|line| !line.starts_with("| | promise"))
        .take_while(|line| line.starts_with('|'));
    let rows = table.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let coded =
        rows.filter_map(|row| Some((as_code(&row.first()?.to_lowercase())?, (*row.last()?).to_owned())));
    coded.collect()
}

/// `D4` for `d4`.
fn as_code(part: &str) -> Option<String> {
    let &[letter @ b'a'..=b'z', b'0'..=b'9'] = part.as_bytes() else { return None };
    Some(part.replace(char::from(letter), &char::from(letter).to_uppercase().to_string()))
}

/// The functions behind a `#[test]` or `#[tokio::test]`, each with its line.
fn tests_of(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let is_test = |line: &String| line.trim() == "#[test]" || line.trim().starts_with("#[tokio::test");
    let marks = source.code.iter().enumerate().filter(move |(_, line)| is_test(line));
    marks.filter_map(|(mark, _)| {
        let below = source.code.iter().enumerate().skip(mark + 1);
        below.take(3).find_map(|(line, text)| Some((line, function_name(text)?)))
    })
}

#[test]
fn a_promise_without_its_test_is_caught() {
    let table = "x\n| | promise | |\n|---|---|---|\n| **Durability** | | |\n| D1 | Ok. | tested |\n| A1 | Whole. | planned |\n\n| D9 | no promise |\n";
    let check = |table: &str, code: &str, offends: &str| {
        let offences = every_promise_has_a_test(table, &[Source::new("crates/api/tests/a.rs", code)]);
        assert_eq!(offences.is_empty(), offends.is_empty(), "{code}: {offences:?}");
        assert!(offences.iter().all(|offence| offence.contains(offends)), "{offences:?}");
    };
    let held = "#[test]\nfn d1_it_holds() {}\n";
    check(table, held, "");
    check(table, "#[tokio::test]\n#[expect(x)]\nasync fn d1_it_holds() {}\n", "");
    check(table, "fn d1_it_holds() {}\n", "begins with d1_");
    check(table, "#[test]\nfn it_holds_d1() {}\n", "begins with d1_");
    check(table, &format!("{held}#[test]\nfn a1_too() {{}}\n"), "A1 is planned");
    check(table, "#[test]\nfn d1_d7_two() {}\n", "promises no D7");
    check(&table.replace("tested", "maybe"), held, "neither");
    check("no table", held, "no table");
}
