//! The paths a file names: `use` trees unfolded, and those written in place.

use crate::source::Source;

/// A path such as `crate::limits::SWEEP_PAUSE`, and the index of the line that names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) line: usize,
    pub(crate) path: String,
}

impl Named {
    /// Whether the path is `prefix` or begins with it, segment by segment.
    pub(crate) fn begins(&self, prefix: &str) -> bool {
        self.path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }
}

/// Lists every path of two segments and more in the file's code outside of tests.
pub(crate) fn paths(source: &Source) -> Vec<Named> {
    let tokens: Vec<Token> = source.shipped().flat_map(|(line, text)| tokens(line, text)).collect();
    let mut reader = Reader { tokens: &tokens, next: 0, found: Vec::new() };
    while reader.next < tokens.len() {
        match tokens[reader.next].text {
            text if is_ident(text) => reader.path(""),
            _ => reader.next += 1,
        }
    }
    reader.found.retain(|named| named.path.contains("::"));
    reader.found
}

struct Token<'a> {
    line: usize,
    text: &'a str,
}

fn is_ident(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Cuts a line into identifiers, `::` and single characters.
fn tokens(line: usize, text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let ident = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let len = match ident {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            len => len,
        };
        tokens.push(Token { line, text: &rest[..len] });
        rest = rest[len..].trim_start();
    }
    tokens
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    next: usize,
    found: Vec<Named>,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.next + ahead).map_or("", |token| token.text)
    }

    /// Reads the path that begins here, whose group's common part is `prefix`.
    fn path(&mut self, prefix: &str) {
        let line = self.tokens[self.next].line;
        let mut path = format!("{prefix}{}", self.peek(0));
        self.next += 1;
        while self.peek(0) == "::" {
            if self.peek(1) == "{" {
                self.next += 2;
                return self.group(&format!("{path}::"));
            }
            if !is_ident(self.peek(1)) && self.peek(1) != "*" {
                break;
            }
            path = format!("{path}::{}", self.peek(1));
            self.next += 2;
        }
        self.found.push(Named { line, path });
    }

    /// Reads the members of a group up to its closing brace.
    fn group(&mut self, prefix: &str) {
        while self.next < self.tokens.len() {
            match self.peek(0) {
                "}" => {
                    self.next += 1;
                    return;
                }
                // A new name binds nothing that a rule could ask for.
                "as" => self.next += 2,
                text if is_ident(text) || text == "*" => self.path(prefix),
                _ => self.next += 1,
            }
        }
    }
}

#[test]
fn use_trees_are_unfolded() {
    check("use a::b;", &["a::b"]);
    check("use std::{fs, io::{self, Read as _}};", &["std::fs", "std::io::self", "std::io::Read"]);
    check("use crate::{\n    a::B,\n    c::*,\n};", &["crate::a::B", "crate::c::*"]);
    check("let x = crate::a::f::<u8>(b::C); // d::e", &["crate::a::f", "b::C"]);
    check("pub(crate) fn f() -> io::Result<()> {}", &["io::Result"]);
    check("#[cfg(test)]\nmod tests {\n    use a::b;\n}", &[]);
    check("\"a::b\"; 'x'; r#\"c::d\"#", &[]);
}

#[cfg(test)]
fn check(text: &str, expected: &[&str]) {
    let found = paths(&Source::new("crates/engine/src/a.rs", text));
    let found: Vec<&str> = found.iter().map(|named| named.path.as_str()).collect();
    assert_eq!(found, expected, "{text}");
}
