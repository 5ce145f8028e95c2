//! One Rust file as the rules see it: line by line, with comments, literals and tests told apart from code.

use std::ops::Range;

/// A file with its parts told apart. Every view has as many lines as the text, so that an index into one is
/// an index into all.
#[derive(Debug)]
pub(crate) struct Source {
    /// Path below the workspace, with `/` between its parts.
    pub(crate) path: String,
    /// The lines as they stand.
    pub(crate) lines: Vec<String>,
    /// The lines with comments and the contents of literals blanked out.
    pub(crate) code: Vec<String>,
    /// Whether a line belongs to an item under `#[cfg(test)]`, or the whole file to tests.
    pub(crate) test: Vec<bool>,
}

impl Source {
    /// Splits `text` into its views.
    pub(crate) fn new(path: &str, text: &str) -> Source {
        let code: Vec<String> = blank(text).lines().map(str::to_owned).collect();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let test = mark_tests(&code, path.contains("/tests/"));
        Source { path: path.to_owned(), lines, code, test }
    }

    /// Whether the file holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        !self.test.is_empty() && self.test.iter().all(|test| *test)
    }

    /// Declares the whole file a test.
    pub(crate) fn become_test(&mut self) {
        self.test.fill(true);
    }

    /// Whether this file declares the file at `path` as a module under `#[cfg(test)]`.
    pub(crate) fn declares_test(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(&self.module_folder()) else { return false };
        let name = rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs");
        let mut tests = self.code.iter().zip(&self.test).filter(|(_, test)| **test);
        tests.any(|(line, _)| line.trim() == format!("mod {name};"))
    }

    /// Where the modules of this file are, with a slash at the end.
    fn module_folder(&self) -> String {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        match name {
            "lib.rs" | "main.rs" | "mod.rs" => format!("{folder}/"),
            _ => format!("{}/", self.path.trim_end_matches(".rs")),
        }
    }

    /// The lines of code outside of tests, with their indices; blank ones are left out.
    pub(crate) fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = self.code.iter().enumerate();
        code.filter(|(i, line)| !self.test[*i] && !line.trim().is_empty()).map(|(i, line)| (i, line.as_str()))
    }

    /// Every line of code, with its index; blank ones are left out.
    pub(crate) fn written(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = self.code.iter().enumerate().filter(|(_, line)| !line.trim().is_empty());
        code.map(|(i, line)| (i, line.as_str()))
    }

    /// Says where line `index` is, in the form that editors open.
    pub(crate) fn at(&self, index: usize) -> String {
        format!("{}:{}", self.path, index + 1)
    }

    /// The lines from `start` to the one that closes the first brace opened there; to the line that ends
    /// the item with `;` if no brace comes first.
    pub(crate) fn item(&self, start: usize) -> Range<usize> {
        start..item_end(&self.code, start)
    }
}

fn mark_tests(code: &[String], all: bool) -> Vec<bool> {
    let mut test = vec![all; code.len()];
    for (start, line) in code.iter().enumerate() {
        if test[start] || !is_test_attribute(line) {
            continue;
        }
        let end = item_end(code, start + 1);
        test[start..end].fill(true);
    }
    test
}

/// `#[cfg(test)]` and its kin; `not(test)` is shipped code.
fn is_test_attribute(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("#[cfg(") && !line.contains("not(test") && word(line, "test")
}

/// Whether `line` contains `wanted` as a whole identifier.
pub(crate) fn word(line: &str, wanted: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == wanted)
}

fn item_end(code: &[String], start: usize) -> usize {
    let (mut depth, mut nested) = (0_usize, 0_usize);
    for (i, line) in code.iter().enumerate().skip(start) {
        for c in line.chars() {
            match c {
                '{' => depth += 1,
                '}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return i + 1;
                    }
                }
                '(' | '[' => nested += 1,
                ')' | ']' => nested = nested.saturating_sub(1),
                ';' if depth == 0 && nested == 0 => return i + 1,
                _ => {}
            }
        }
    }
    code.len()
}

/// Where the scan of a text stands.
enum State {
    /// In code.
    Code,
    /// Behind `//`, until the line ends.
    Line,
    /// Inside so many nested block comments.
    Block(usize),
    /// Inside `"…"`.
    Text,
    /// Inside a raw string that ends with a quote and so many `#`.
    Raw(usize),
}

/// Replaces comments and the contents of literals by spaces; line breaks stay.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut state = State::Code;
    let mut i = 0;
    while i < chars.len() {
        let (next, len, keep) = step(&state, &chars, i);
        for c in &chars[i..(i + len).min(chars.len())] {
            out.push(if keep || *c == '\n' { *c } else { ' ' });
        }
        i += len;
        state = next;
    }
    out
}

/// Reads on from `i`: the state behind it, how many characters were read, whether they are code.
fn step(state: &State, chars: &[char], i: usize) -> (State, usize, bool) {
    let next = chars.get(i + 1).copied();
    match (state, chars[i]) {
        (State::Code, '/') if next == Some('/') => (State::Line, 2, false),
        (State::Code, '/') if next == Some('*') => (State::Block(1), 2, false),
        (State::Code, '"') => (State::Text, 1, true),
        (State::Code, 'r') if !is_ident(i.checked_sub(1).map(|i| chars[i])) => start_raw(chars, i),
        (State::Code, '\'') => (State::Code, char_literal(chars, i), false),
        (State::Code, _) => (State::Code, 1, true),
        (State::Line, '\n') => (State::Code, 1, true),
        (State::Line, _) => (State::Line, 1, false),
        (State::Block(depth), '/') if next == Some('*') => (State::Block(depth + 1), 2, false),
        (State::Block(1), '*') if next == Some('/') => (State::Code, 2, false),
        (State::Block(depth), '*') if next == Some('/') => (State::Block(depth - 1), 2, false),
        (State::Block(depth), _) => (State::Block(*depth), 1, false),
        (State::Text, '\\') => (State::Text, 2, false),
        (State::Text, '"') => (State::Code, 1, true),
        (State::Text, _) => (State::Text, 1, false),
        (State::Raw(hashes), '"') if ends_raw(chars, i, *hashes) => (State::Code, 1 + hashes, true),
        (State::Raw(hashes), _) => (State::Raw(*hashes), 1, false),
    }
}

/// A byte string's `b` counts as no identifier: `br"…"` is raw too.
fn is_ident(c: Option<char>) -> bool {
    c.is_some_and(|c| (c.is_alphanumeric() || c == '_') && c != 'b')
}

fn start_raw(chars: &[char], i: usize) -> (State, usize, bool) {
    let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
    match chars.get(i + 1 + hashes) {
        Some('"') => (State::Raw(hashes), 2 + hashes, true),
        _ => (State::Code, 1, true),
    }
}

fn ends_raw(chars: &[char], i: usize, hashes: usize) -> bool {
    chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
}

/// The length of the literal at `i`, or 1 for the tick of a lifetime. Literals that hold a quote or a brace
/// would mislead whoever counts those, so their three characters are passed in one step.
fn char_literal(chars: &[char], i: usize) -> usize {
    match chars.get(i + 1) {
        Some('\\') => chars[i + 2..].iter().skip(1).position(|c| *c == '\'').map_or(1, |len| len + 4),
        _ if chars.get(i + 2) == Some(&'\'') => 3,
        _ => 1,
    }
}

#[test]
fn a_module_under_cfg_test_is_a_test() {
    let lib = Source::new("crates/engine/src/lib.rs", "mod a;\n#[cfg(all(test, folio_loom))]\nmod models;\n");
    assert!(lib.declares_test("crates/engine/src/models.rs"));
    assert!(lib.declares_test("crates/engine/src/models/turn.rs"));
    assert!(!lib.declares_test("crates/engine/src/a.rs"));
    assert!(!lib.declares_test("crates/engine/src/a/models.rs"));
}

#[test]
fn comments_and_literals_are_no_code() {
    check("a(); // b", "a();     ");
    check("/* a /* b */ c */ d", "                  d");
    check(r#"f("a \" b", c)"#, r#"f("      ", c)"#);
    check("r#\"a\"b\"# c", "r#\"   \"# c");
    // The tick of a lifetime is lost, which no rule minds.
    check("'{' '\\'' '\\u{7b}' <'a>", "                  < a>");
}

#[cfg(test)]
#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(Source::new("a.rs", text).code, [expected]);
}
