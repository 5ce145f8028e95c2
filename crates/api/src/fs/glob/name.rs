//! Patterns of names, and the choices among them, as `fs::glob` knows them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::limits::GLOB_CHOICES_MAX;

/// What makes two names alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Likeness {
    /// Whether upper and lower case are different.
    pub(super) case_sensitive: bool,
    /// Whether a dot at the beginning of a name is a character like any other, or has to be written.
    pub(super) hidden: bool,
}

/// A pattern for one name: no slash is in it.
#[derive(Clone, Debug)]
pub(super) struct NamePattern {
    pieces: Vec<Piece>,
}

/// What stands for some characters.
#[derive(Clone, Debug)]
enum Piece {
    /// This one.
    Char(char),
    /// `?`: any one.
    One,
    /// `*`: any number.
    Many,
    /// `[a-z]` or `[!a-z]`: one of these, or one that is none of these.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl NamePattern {
    /// Reads a pattern; `None` if nothing follows a `\`, or a class is one of POSIX' by name.
    pub(super) fn parse(text: &str) -> Option<NamePattern> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(c) = rest.chars().next() {
            let len = item_len(rest)?;
            pieces.push(match c {
                '*' => Piece::Many,
                '?' => Piece::One,
                '\\' => Piece::Char(rest[1..len].chars().next()?),
                // One that is not closed is a character.
                '[' if len == 1 => Piece::Char('['),
                '[' => class(&rest[1..len - 1])?,
                _ => Piece::Char(c),
            });
            rest = &rest[len..];
        }
        Some(NamePattern { pieces })
    }

    /// The pattern that one name alone matches.
    pub(super) fn exactly(name: &str) -> NamePattern {
        NamePattern { pieces: name.chars().map(Piece::Char).collect() }
    }

    /// Whether all of `name` matches. A byte that is not UTF-8 counts as a character that no pattern names.
    pub(super) fn matches(&self, name: &OsStr, likeness: Likeness) -> bool {
        let writes_dot = matches!(self.pieces.first(), Some(Piece::Char('.')));
        if is_hidden(name) && !likeness.hidden && !writes_dot {
            return false;
        }
        let mut chars = Vec::with_capacity(name.len());
        for chunk in name.as_bytes().utf8_chunks() {
            chars.extend(chunk.valid().chars().map(Some));
            chars.extend(chunk.invalid().iter().map(|_| None));
        }
        let (mut at, mut next) = (0, 0);
        // Only the last `*` is ever taken back: the ones before it took as little as they could.
        let mut star: Option<(usize, usize)> = None;
        while at < chars.len() {
            match self.pieces.get(next) {
                Some(Piece::Many) => {
                    star = Some((next, at));
                    next += 1;
                }
                Some(piece) if piece.fits(chars[at], likeness) => (at, next) = (at + 1, next + 1),
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
    fn fits(&self, char: Option<char>, likeness: Likeness) -> bool {
        match self {
            Piece::Char(wanted) => char.is_some_and(|c| {
                c == *wanted || !likeness.case_sensitive && c.to_lowercase().eq(wanted.to_lowercase())
            }),
            Piece::One | Piece::Many => true,
            Piece::Class { negated, ranges } => {
                let member = |c| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                let either = |c: char| member(c) || c.to_lowercase().chain(c.to_uppercase()).any(member);
                let is_member =
                    char.is_some_and(|c| if likeness.case_sensitive { member(c) } else { either(c) });
                is_member != *negated
            }
        }
    }
}

/// Whether a name begins with a dot.
pub(super) fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

/// The name that a part of a pattern is if nothing in it is special but what is taken the meaning of; `None` for
/// any other. A `}` alone is a character as long as nothing special has come, not even a `\`.
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

/// Takes the meaning of every special character away.
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

/// How long the character, class or escape is that `text` begins with.
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

/// Reads what stands between the brackets. A range that runs backwards has no member. `[[:alpha:]` would be read as
/// a set of other characters than its writer means.
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

/// The patterns without choices that `text` stands for; `None` if a choice is open or closed twice, or there are
/// too many.
pub(super) fn choices(text: &str) -> Option<Vec<String>> {
    let (texts, rest) = sequence(text, false)?;
    rest.is_empty().then_some(texts)
}

/// Reads up to the end, or within a choice to the `,` or `}` that ends it; returns what is left.
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

/// Reads the rest of a choice, up to and with its `}`.
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
            let exact = Likeness { case_sensitive: true, hidden: true };
            assert_eq!(parsed.matches(OsStr::from_bytes(name), exact), expected, "{pattern} {name:?}");
        };
        check("?.?", "é.b".as_bytes(), true);
        check("[à-ü]", "é".as_bytes(), true);
        check("*a*b", b"xaxbxb", true);
        check("*a*b", b"xaxbxc", false);
        check("a**", b"a", true);
        check("", b"a", false);
        // A character that is not UTF-8 cannot be written in a pattern, but a name may have it.
        check("?[!a]*", b"\xFF\xFE\xFD", true);
        check("[a-\u{FFFF}]", b"\xFF", false);
    }

    #[test]
    fn a_name_is_matched_in_either_case_and_with_its_dot_written_if_asked() {
        let check = |pattern: &str, name: &str, case_sensitive: bool, hidden: bool, expected: bool| {
            let parsed = NamePattern::parse(pattern).expect("it is a pattern");
            let likeness = Likeness { case_sensitive, hidden };
            assert_eq!(parsed.matches(OsStr::new(name), likeness), expected, "{pattern} {name} {likeness:?}");
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
