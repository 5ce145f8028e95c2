//! What `fs::glob` would find, against a matcher that tries every way.
//!
//! An input is a pattern, a NUL, and paths with NULs between them; one that ends with `/` is a directory.

use folio::fs::Pattern;

/// Choices that a pattern may come to, a bound on the work and the memory of the model.
const CHOICES_MAX: usize = 64;

/// Characters of a pattern, because a backtracking matcher takes its time.
const PATTERN_CHARS_MAX: usize = 40;

/// Asks whether the pattern finds each of the paths.
pub(crate) fn run(input: &[u8]) {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let mut texts = input.split('\0');
    let pattern = texts.next().unwrap_or_default();
    if pattern.chars().count() > PATTERN_CHARS_MAX {
        return;
    }
    let Some(model) = Model::parse(pattern) else { return };
    for text in texts.chain(["a"]).take(8) {
        let parts: Vec<&str> = text.split('/').filter(|part| !["", ".", ".."].contains(part)).collect();
        let (path, is_dir) = (parts.join("/"), text.ends_with('/'));
        if path.is_empty() {
            continue;
        }
        let spelled = if is_dir { format!("{path}/") } else { path.clone() };
        let found = Pattern::new(pattern).map(|pattern| pattern.matches(&spelled));
        match (&model, found) {
            (Model::NoPattern, Err(error)) => assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput),
            (Model::Choices { choices, directories_only }, Ok(found)) => {
                let expected = (is_dir || !directories_only)
                    && choices.iter().any(|choice| matches(choice, &parts, is_dir));
                assert_eq!(found, expected, "{pattern:?} {path:?}");
            }
            (model, found) => panic!("{pattern:?}: {found:?} instead of {model:?}"),
        }
    }
}

/// A pattern as the model reads it.
#[derive(Debug)]
enum Model {
    /// The text is no pattern.
    NoPattern,
    /// Each choice without braces, in parts; a path that matches one of them is found.
    Choices { choices: Vec<Vec<Part>>, directories_only: bool },
}

/// What stands between two slashes.
#[derive(Clone, Debug)]
enum Part {
    /// `**`: any number of directories.
    Any,
    /// One name.
    Name(Vec<Piece>),
}

/// What stands for some characters of a name.
#[derive(Clone, Debug)]
enum Piece {
    Char(char),
    One,
    Many,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Model {
    /// `None` for what it does not know: the parts `.` and `..`, and a path from the root.
    fn parse(pattern: &str) -> Option<Model> {
        let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
        if pattern.starts_with('/') || parts.contains(&".") || parts.contains(&"..") {
            return None;
        }
        if pattern.is_empty() {
            return Some(Model::NoPattern);
        }
        // A part is a plain name as long as nothing special has come.
        let plain = parts.iter().take_while(|part| !part.contains(['*', '?', '[', '{', '\\'])).count();
        let names = parts[..plain].iter();
        let names: Vec<Part> =
            names.map(|part| Part::Name(part.chars().map(Piece::Char).collect())).collect();
        let rest = parts[plain..].join("/");
        let Some(choices) = spread(&rest) else { return Some(Model::NoPattern) };
        if choices.len() > CHOICES_MAX {
            return None;
        }
        let mut read = Vec::new();
        for choice in &choices {
            let mut parts = names.clone();
            for part in choice.split('/') {
                match part {
                    "" if rest.is_empty() => {}
                    "**" => parts.push(Part::Any),
                    _ => match pieces(part) {
                        Some(pieces) => parts.push(Part::Name(pieces)),
                        None => return Some(Model::NoPattern),
                    },
                }
            }
            read.push(parts);
        }
        Some(Model::Choices { choices: read, directories_only: pattern.ends_with('/') })
    }
}

/// Where the class that begins at `at` ends, behind its `]`; behind its `[` if nothing closes it.
fn class_end(chars: &[char], at: usize) -> usize {
    let mut first = at + 1;
    if matches!(chars.get(first), Some('!' | '^')) {
        first += 1;
    }
    // A `]` at the start is a member.
    let end = chars.iter().skip(first + 1).position(|c| *c == ']');
    end.map_or(at + 1, |end| first + 1 + end + 1)
}

/// The patterns without braces that one with braces stands for; `None` if braces, classes or escapes are open.
fn spread(pattern: &str) -> Option<Vec<String>> {
    let chars: Vec<char> = pattern.chars().collect();
    let (mut done, rest) = sequence(&chars, 0, false)?;
    (rest == chars.len()).then_some(())?;
    done.truncate(CHOICES_MAX + 1);
    Some(done)
}

/// Reads from `at` to the end, or within a choice to the `,` or `}` that ends it.
fn sequence(chars: &[char], mut at: usize, within: bool) -> Option<(Vec<String>, usize)> {
    let mut texts = vec![String::new()];
    while at < chars.len() {
        let end = match chars[at] {
            ',' | '}' if within => return Some((texts, at)),
            '}' => return None,
            '{' => {
                let (choices, end) = choices(chars, at + 1)?;
                texts = texts
                    .iter()
                    .flat_map(|text| choices.iter().map(move |choice| format!("{text}{choice}")))
                    .collect();
                texts.truncate(CHOICES_MAX + 1);
                at = end;
                continue;
            }
            '\\' => (at + 2 <= chars.len()).then_some(at + 2)?,
            '[' => class_end(chars, at),
            _ => at + 1,
        };
        for text in &mut texts {
            text.extend(&chars[at..end]);
        }
        at = end;
    }
    (!within).then_some((texts, at))
}

/// Reads the choices up to the `}` that ends them.
fn choices(chars: &[char], mut at: usize) -> Option<(Vec<String>, usize)> {
    let mut all = Vec::new();
    loop {
        let (texts, end) = sequence(chars, at, true)?;
        all.extend(texts);
        match chars[end] {
            ',' => at = end + 1,
            _ => return Some((all, end + 1)),
        }
    }
}

/// The pieces of a name; `None` if it is none.
fn pieces(part: &str) -> Option<Vec<Piece>> {
    let chars: Vec<char> = part.chars().collect();
    let (mut pieces, mut at) = (Vec::new(), 0);
    while at < chars.len() {
        let (piece, end) = match chars[at] {
            '*' => (Piece::Many, at + 1),
            '?' => (Piece::One, at + 1),
            '\\' => (Piece::Char(*chars.get(at + 1)?), at + 2),
            '[' => {
                let end = class_end(&chars, at);
                (if end == at + 1 { Piece::Char('[') } else { class(&chars[at + 1..end - 1])? }, end)
            }
            c => (Piece::Char(c), at + 1),
        };
        pieces.push(piece);
        at = end;
    }
    Some(pieces)
}

/// Reads what stands between brackets; `None` if one of POSIX' classes is named.
fn class(members: &[char]) -> Option<Piece> {
    if members.windows(2).any(|pair| pair == ['[', ':']) {
        return None;
    }
    let negated = matches!(members.first(), Some('!' | '^'));
    let members = &members[usize::from(negated)..];
    let (mut ranges, mut at) = (Vec::new(), 0);
    while at < members.len() {
        match members[at..] {
            [low, '-', high, ..] => {
                ranges.push((low, high));
                at += 3;
            }
            [member, ..] => {
                ranges.push((member, member));
                at += 1;
            }
            [] => {}
        }
    }
    Some(Piece::Class { negated, ranges })
}

/// Whether a path matches, part by part. `**` at the end is for a directory and what is below.
fn matches(pattern: &[Part], path: &[&str], is_dir: bool) -> bool {
    match (pattern, path) {
        ([], []) => true,
        ([Part::Any], path) => is_dir || !path.is_empty(),
        ([Part::Any, rest @ ..], path) => {
            (0..=path.len()).any(|skipped| matches(rest, &path[skipped..], is_dir))
        }
        ([Part::Name(pieces), rest @ ..], [name, below @ ..]) => {
            let chars: Vec<char> = name.chars().collect();
            fits(pieces, &chars) && matches(rest, below, is_dir)
        }
        ([], [_, ..]) | ([Part::Name(_), ..], []) => false,
    }
}

fn fits(pieces: &[Piece], chars: &[char]) -> bool {
    match (pieces, chars) {
        ([], []) => true,
        ([Piece::Many, rest @ ..], _) => (0..=chars.len()).any(|skipped| fits(rest, &chars[skipped..])),
        ([piece, rest @ ..], [c, after @ ..]) => {
            let one = match piece {
                Piece::Char(wanted) => wanted == c,
                Piece::One => true,
                Piece::Many => false,
                Piece::Class { negated, ranges } => {
                    ranges.iter().any(|(low, high)| (low..=high).contains(&c)) != *negated
                }
            };
            one && fits(rest, after)
        }
        ([], [_, ..]) | ([_, ..], []) => false,
    }
}
