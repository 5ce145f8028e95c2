//! Patterns for one name, and the expansion of choices, for `fs::glob`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::limits::GLOB_CHOICES_MAX;

/// How names are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct MatchRules {
    /// Whether case matters.
    pub(super) case_sensitive: bool,
    /// Whether wildcards match a dot at the start of a name.
    pub(super) hidden: bool,
}

/// A pattern for one name, without slashes.
#[derive(Clone, Debug)]
pub(super) struct NamePattern {
    pieces: Vec<Piece>,
}

/// A part of a name's pattern.
#[derive(Clone, Debug)]
enum Piece {
    /// Matches this character.
    Char(char),
    /// `?` matches any character.
    One,
    /// `*` matches any number of characters.
    Many,
    /// `[a-z]` matches a character in the ranges, `[!a-z]` one outside of them.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl NamePattern {
    /// Parses a pattern; `None` if nothing follows a `\`, or it contains a POSIX class.
    pub(super) fn parse(text: &str) -> Option<NamePattern> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(c) = rest.chars().next() {
            let len = item_len(rest)?;
            pieces.push(match c {
                '*' => Piece::Many,
                '?' => Piece::One,
                '\\' => Piece::Char(rest[1..len].chars().next()?),
                // An unclosed bracket is literal.
                '[' if len == 1 => Piece::Char('['),
                '[' => class(&rest[1..len - 1])?,
                _ => Piece::Char(c),
            });
            rest = &rest[len..];
        }
        Some(NamePattern { pieces })
    }

    /// The pattern that matches only `name`.
    pub(super) fn exactly(name: &str) -> NamePattern {
        NamePattern { pieces: name.chars().map(Piece::Char).collect() }
    }

    /// Whether all of `name` matches. A byte that is not UTF-8 counts as a character that no pattern can spell.
    pub(super) fn matches(&self, name: &OsStr, rules: MatchRules) -> bool {
        let writes_dot = matches!(self.pieces.first(), Some(Piece::Char('.')));
        if is_hidden(name) && !rules.hidden && !writes_dot {
            return false;
        }
        let mut chars = Vec::with_capacity(name.len());
        for chunk in name.as_bytes().utf8_chunks() {
            chars.extend(chunk.valid().chars().map(Some));
            chars.extend(chunk.invalid().iter().map(|_| None));
        }
        let (mut at, mut next) = (0, 0);
        // Backtracking to the last `*` is enough: the ones before it matched as little as possible.
        let mut star: Option<(usize, usize)> = None;
        while at < chars.len() {
            match self.pieces.get(next) {
                Some(Piece::Many) => {
                    star = Some((next, at));
                    next += 1;
                }
                Some(piece) if piece.fits(chars[at], rules) => (at, next) = (at + 1, next + 1),
                Some(_) | None => {
                    let Some((piece, from)) = star else { return false };
                    star = Some((piece, from + 1));
                    (at, next) = (from + 1, piece + 1);
                }
            }
        }
        self.pieces[next..].iter().all(|piece| matches!(piece, Piece::Many))
    }
}

impl Piece {
    fn fits(&self, char: Option<char>, rules: MatchRules) -> bool {
        match self {
            Piece::Char(wanted) => char.is_some_and(|c| {
                c == *wanted || !rules.case_sensitive && c.to_lowercase().eq(wanted.to_lowercase())
            }),
            Piece::One | Piece::Many => true,
            Piece::Class { negated, ranges } => {
                let member = |c| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                let either = |c: char| member(c) || c.to_lowercase().chain(c.to_uppercase()).any(member);
                let is_member =
                    char.is_some_and(|c| if rules.case_sensitive { member(c) } else { either(c) });
                is_member != *negated
            }
        }
    }
}

/// Whether a name starts with a dot.
pub(super) fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

/// The name that a component spells if all special characters in it are escaped; `None` otherwise. A lone `}` is literal
/// if no special character, not even a `\`, came before.
pub(super) fn literal(part: &str, special_came: bool) -> Option<String> {
    let (mut name, mut rest) = (String::new(), part.chars());
    while let Some(c) = rest.next() {
        name.push(match c {
            '*' | '?' | '[' | '{' => return None,
            '}' if special_came => return None,
            '\\' => rest.next()?,
            _ => c,
        });
    }
    Some(name)
}

/// Escapes every special character.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | ',' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The length of the character, class or escape at the start of `text`.
fn item_len(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    match chars.next()?.1 {
        '\\' => chars.next().map(|(at, c)| at + c.len_utf8()),
        '[' => {
            let members = text[1..].strip_prefix(['!', '^']).unwrap_or(&text[1..]);
            // A `]` at the start is a member.
            let start = text.len() - members.len();
            let first = members.chars().next().map_or(0, char::len_utf8);
            Some(members[first..].find(']').map_or(1, |end| start + first + end + 1))
        }
        c => Some(c.len_utf8()),
    }
}

/// Parses the text between brackets. A reversed range is empty. POSIX classes are refused, because they would silently
/// mean something else.
fn class(members: &str) -> Option<Piece> {
    if members.contains("[:") {
        return None;
    }
    let negated = members.starts_with(['!', '^']);
    let members: Vec<char> = members.chars().skip(usize::from(negated)).collect();
    let (mut ranges, mut rest) = (Vec::new(), &members[..]);
    while let [low, after @ ..] = rest {
        let (high, after) = match after {
            ['-', high, after @ ..] => (high, after),
            _ => (low, after),
        };
        ranges.push((*low, *high));
        rest = after;
    }
    Some(Piece::Class { negated, ranges })
}

/// Expands the choices in `text`; `None` if a choice is not closed, a `}` closes none, or there are too many.
pub(super) fn choices(text: &str) -> Option<Vec<String>> {
    let (texts, rest) = sequence(text, false)?;
    rest.is_empty().then_some(texts)
}

/// Expands up to the end of the text, or inside of a choice up to the `,` or `}`; returns the rest.
fn sequence(text: &str, within: bool) -> Option<(Vec<String>, &str)> {
    let (mut texts, mut rest) = (vec![String::new()], text);
    while let Some(c) = rest.chars().next() {
        match c {
            ',' | '}' if within => return Some((texts, rest)),
            '}' => return None,
            '{' => {
                let (all, after) = choice(&rest[1..])?;
                if texts.len() * all.len() > GLOB_CHOICES_MAX {
                    return None;
                }
                let with = |text: &String| all.iter().map(|one| format!("{text}{one}")).collect::<Vec<_>>();
                texts = texts.iter().flat_map(with).collect();
                rest = after;
            }
            _ => {
                let (item, after) = rest.split_at(item_len(rest)?);
                texts.iter_mut().for_each(|text| text.push_str(item));
                rest = after;
            }
        }
    }
    (!within).then_some((texts, rest))
}

/// Expands the rest of a choice, including its `}`.
fn choice(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut all, mut rest) = (Vec::new(), text);
    loop {
        let (texts, after) = sequence(rest, true)?;
        all.extend(texts);
        if all.len() > GLOB_CHOICES_MAX {
            return None;
        }
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return Some((all, &after[1..])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_matched_by_its_characters() {
        let check = |pattern: &str, name: &[u8], expected: bool| {
            let parsed = NamePattern::parse(pattern).expect("it is a pattern");
            let exact = MatchRules { case_sensitive: true, hidden: true };
            assert_eq!(parsed.matches(OsStr::from_bytes(name), exact), expected, "{pattern} {name:?}");
        };
        check("?.?", "é.b".as_bytes(), true);
        check("[à-ü]", "é".as_bytes(), true);
        check("*a*b", b"xaxbxb", true);
        check("*a*b", b"xaxbxc", false);
        check("a**", b"a", true);
        check("", b"a", false);
        // What is no UTF-8 has no name but can be there.
        check("?[!a]*", b"\xFF\xFE\xFD", true);
        check("[a-\u{FFFF}]", b"\xFF", false);
    }

    #[test]
    fn a_name_is_matched_in_either_case_and_with_its_dot_written_if_asked() {
        let check = |pattern: &str, name: &str, case_sensitive: bool, hidden: bool, expected: bool| {
            let parsed = NamePattern::parse(pattern).expect("it is a pattern");
            let rules = MatchRules { case_sensitive, hidden };
            assert_eq!(parsed.matches(OsStr::new(name), rules), expected, "{pattern} {name} {rules:?}");
        };
        for (pattern, name) in [("a*É", "Abé"), ("[a-c]x", "BX"), ("[A-C]x", "bx"), ("ΣΣ", "σσ")] {
            check(pattern, name, false, true, true);
            check(pattern, name, true, true, false);
        }
        check("[!a-c]", "B", false, true, false);
        check("[!a-c]", "B", true, true, true);
        for (pattern, expected) in
            [("*", false), ("?a", false), ("[.]a", false), (".*", true), (r"\.a", true)]
        {
            check(pattern, ".a", true, false, expected);
            check(pattern, ".a", true, true, true);
        }
        check("*.a", "b.a", true, false, true);
    }

    #[test]
    fn what_is_escaped_is_literal() {
        for text in ["", "album [1]", "{a,b}", r"\*?", "a]b", "ü"] {
            assert_eq!(literal(&escape(text), true).as_deref(), Some(text));
            assert_eq!(choices(&escape(text)).expect("it is a pattern").len(), 1);
        }
        for text in ["*", "a?", "[a]", "{a,b}", r"a\"] {
            assert_eq!(literal(text, false), None, "{text}");
        }
    }

    #[test]
    fn choices_are_spread_and_bounded() {
        assert_eq!(choices("a{b,{c,}d}").expect("it is a pattern"), ["ab", "acd", "ad"]);
        assert_eq!(choices(r"[{]\{,").expect("it is a pattern"), [r"[{]\{,"]);
        assert!(choices("{a,b}".repeat(10).as_str()).is_some_and(|all| all.len() == 1024));
        assert!(choices("{a,b}".repeat(11).as_str()).is_none());
        assert!(choices("{a").is_none() && choices("a}").is_none());
    }
}
