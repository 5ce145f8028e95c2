//! The table in docs/stores.md says what the stores did.

use std::fs;
use std::path::Path;

use super::Outcome;

/// The outcomes of one store, one for each operation.
pub(super) type Column = Vec<(&'static str, Outcome)>;

/// Demands that the page's column of this name has these outcomes, each in its row.
pub(super) fn compare(store: &str, outcomes: &Column) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/stores.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let found = column(&page, store);
    let expected: Vec<_> =
        outcomes.iter().map(|(name, outcome)| ((*name).to_owned(), word(*outcome).to_owned())).collect();
    let lines: Vec<_> = expected.iter().map(|(name, word)| format!("{word:8} {name}")).collect();
    assert!(found == expected, "docs/stores.md has another column {store} than:\n{}", lines.join("\n"));
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Yes => "yes",
        Outcome::Refused => "refused",
        Outcome::Less => "less",
    }
}

/// Each operation of the page's first table with the cell of a store, without the number of its note.
fn column(page: &str, store: &str) -> Vec<(String, String)> {
    let table = page.lines().skip_while(|line| !line.starts_with('|'));
    let mut rows = table.take_while(|line| line.starts_with('|')).map(cells);
    let head = rows.next().expect("the page has a table");
    let at = head.iter().position(|cell| cell == store).unwrap_or_else(|| panic!("no column {store}"));
    let rows = rows.skip(1);
    rows.map(|row| (row[0].clone(), row[at].split('[').next().unwrap_or_default().trim().to_owned()))
        .collect()
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}
