//! Finding paths that match a pattern, by walking only directories that can hold matches.

use std::ffi::OsStr;
use std::fmt;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use folio_engine::budget;
use folio_engine::storage::os::LOOP;
use futures_core::Stream;

mod name;
mod options;
mod pattern;

use self::name::{MatchRules, NamePattern, choices, is_hidden, literal};
use crate::fs::walk::{Walk, WalkEntry, WalkOptions};
use crate::{Error, Operation, Result};

pub use options::GlobOptions;
pub use pattern::Pattern;

/// Finds the paths that match a pattern.
///
/// | in the pattern | matches |
/// |---|---|
/// | `?`, `*` | one character, any number of characters, except `/` |
/// | `**` as a whole component | any number of directories |
/// | `[a-z]`, `[!a-z]` | one character of the class, one character outside of it |
/// | `{a,b}` | `a` or `b` |
/// | `\` | makes the next character literal; [`Pattern::escape`] escapes a whole text |
///
/// A leading dot and an unclosed `[` are literal characters. A pattern that ends with `/` finds only directories and links
/// to directories. `a/**` finds the directory `a` and everything below it. A pattern without special characters finds the
/// path that it spells, if it exists.
///
/// Symbolic links are followed if a component of the pattern matches them, like in a shell; `**` does not follow links. A
/// link to a directory that contains it is not followed. [`GlobOptions`] set other rules.
///
/// # Errors
///
/// If the pattern is invalid: an unclosed choice, a POSIX class (`[[:alpha:]]`), a NUL, more than 1,024 choices.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut sources = folio::fs::glob("crates/*/src/**/*.rs")?;
/// while let Some(path) = sources.next().await {
///     println!("{}", path?.display());
/// }
/// # Ok(())
/// # }
/// ```
pub fn glob(pattern: &str) -> Result<Glob> {
    GlobOptions::new().glob(pattern)
}

/// Finds the paths below a directory, at any depth, that match a pattern of [`glob`]. `rglob(root, p)` searches `root` for
/// `**/p`; no character of `root` is special.
///
/// # Errors
///
/// Like [`glob`]; if the pattern starts with `/`.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut logs = folio::fs::rglob("/var/log", "*.gz")?;
/// while let Some(path) = logs.next().await {
///     println!("{}", path?.display());
/// }
/// # Ok(())
/// # }
/// ```
pub fn rglob(root: impl AsRef<Path>, pattern: &str) -> Result<Glob> {
    GlobOptions::new().rglob(root, pattern)
}

/// Finds the paths that match a pattern of [`glob`] relative to the directory `root`. No character of `root` is special,
/// and it need not be UTF-8.
///
/// # Errors
///
/// Like [`glob`]; if the pattern starts with `/`.
///
/// ```
/// # async fn example(album: &std::path::Path) -> folio::Result<()> {
/// let mut songs = folio::fs::glob_in(album, "*.mp3")?;
/// while let Some(path) = songs.next().await {
///     println!("{}", path?.display());
/// }
/// # Ok(())
/// # }
/// ```
pub fn glob_in(root: impl AsRef<Path>, pattern: &str) -> Result<Glob> {
    GlobOptions::new().glob_in(root, pattern)
}

/// A pattern that is split at the first `.` or `..` after a special character, since no directory lists those names.
struct Cut<'a> {
    head: &'a str,
    dots: &'a str,
    tail: &'a str,
}

fn cut(pattern: &str) -> Option<Cut<'_>> {
    let (mut at, mut special_came) = (0, false);
    for part in pattern.split('/') {
        let end = at + part.len();
        if special_came && matches!(part, "." | "..") {
            return Some(Cut {
                head: &pattern[..at],
                dots: part,
                tail: pattern.get(end + 1..).unwrap_or(""),
            });
        }
        // A slash inside of a choice does not separate components.
        if part.contains(['{', '}']) {
            return None;
        }
        special_came |= literal(part, false).is_none();
        at = end + 1;
    }
    None
}

/// Starts a search; from each match, the continuation is searched.
fn start(search: Search, follow_links: bool, continuation: Option<Continuation>) -> Glob {
    let (levels, rules) = (search.levels.clone(), search.rules);
    let goes_through_links = follow_links || search.follows_links();
    let mut options = WalkOptions::new()
        .sort(true)
        .follow_links(goes_through_links)
        .keep_broken_links(true)
        .min_depth(search.min_depth)
        .filter(move |entry| may_lead_to_a_match(&levels, entry.depth(), entry.path(), rules));
    if let Some(depth) = search.max_depth {
        options = options.max_depth(depth);
    }
    let walk = options.walk(if search.base.as_os_str().is_empty() { Path::new(".") } else { &search.base });
    Glob { walk, search, follow_links, continuation, inner: None }
}

/// The rest of a pattern from a `.` or `..` on, which is searched from each directory that matches the part before.
#[derive(Debug)]
struct Continuation {
    dots: String,
    tail: String,
    options: GlobOptions,
}

/// A search for paths that match a pattern. Those of each directory are sorted by name.
pub struct Glob {
    walk: Walk,
    search: Search,
    follow_links: bool,
    continuation: Option<Continuation>,
    /// The search of the continuation from the last directory found.
    inner: Option<Box<Glob>>,
}

impl Glob {
    /// Returns the next path, or `None` at the end.
    ///
    /// # Errors
    ///
    /// If a directory that can hold matches may not be read; the next call continues after it. A missing directory at
    /// the start of the pattern is not an error.
    ///
    /// # Cancellation
    ///
    /// No path is lost: the next call continues where this one stopped.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let first = folio::fs::glob("*.toml")?.next().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<PathBuf>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns the match, or starts the search of the continuation from it.
    fn go_on(&mut self, path: PathBuf) -> Result<Option<PathBuf>> {
        let Some(Continuation { dots, tail, options }) = &self.continuation else { return Ok(Some(path)) };
        let path = path.join(dots);
        if tail.is_empty() {
            return Ok(Some(path));
        }
        self.inner = Some(Box::new(options.continue_in(&path, tail)?));
        Ok(None)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Glob").field("base", &self.search.base).finish_non_exhaustive()
    }
}

impl Stream for Glob {
    type Item = Result<PathBuf>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(inner) = &mut self.inner {
                match ready!(Pin::new(&mut **inner).poll_next(cx)) {
                    Some(found) => return Poll::Ready(Some(found)),
                    None => self.inner = None,
                }
            }
            // Matching an entry takes as long as a system call.
            ready!(budget::poll_spend(cx));
            let Some(met) = ready!(self.walk.poll_next(cx)) else { return Poll::Ready(None) };
            match met {
                Ok(entry) => {
                    if !self.follow_links && self.search.is_unnamed_link(&entry) {
                        self.walk.skip_current_dir();
                    }
                    if self.search.matches(&entry) {
                        let path = self.search.spell(entry);
                        match self.go_on(path) {
                            Ok(Some(path)) => return Poll::Ready(Some(Ok(path))),
                            Ok(None) => {}
                            Err(error) => return Poll::Ready(Some(Err(error))),
                        }
                    }
                }
                Err(error) if self.search.is_missing(&error) => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

/// A pattern, split into components.
#[derive(Debug)]
struct Search {
    /// The components before the first special character; empty for the working directory.
    base: PathBuf,
    /// The components after the base, for each choice.
    levels: Arc<[Vec<Part>]>,
    /// The least number of names that a match has after the base.
    names_min: usize,
    min_depth: usize,
    max_depth: Option<usize>,
    directories_only: bool,
    rules: MatchRules,
}

/// A component of a pattern. Each name is matched alone, so nothing can match a `/`.
#[derive(Clone, Debug)]
enum Part {
    /// `**` matches any number of directories; at the end, everything below.
    Any,
    /// Matches one name.
    Name(NamePattern),
}

impl Search {
    fn parse(text: &str, rules: MatchRules) -> Result<Search> {
        // If case is ignored, names with letters must be searched for; dots have no case.
        let is_found = |name: &String| rules.case_sensitive || name == "." || name == "..";
        let (mut names, rest) = split(text)?;
        let found = names.iter().take_while(|name| is_found(name)).count();
        let sought: Vec<Part> =
            names.drain(found..).map(|name| Part::Name(NamePattern::exactly(&name))).collect();
        let mut base = PathBuf::from(if text.starts_with('/') { "/" } else { "" });
        base.extend(&names);
        let base_is_empty = base.as_os_str().is_empty();
        let levels = expand(&sought, &rest).ok_or_else(|| refuse(text, "this is no pattern"))?;
        let names = |parts: &Vec<Part>| parts.iter().take_while(|part| matches!(part, Part::Name(_))).count();
        let spans = levels.iter().any(|parts| names(parts) < parts.len());
        let names_min = levels.iter().map(names).min().unwrap_or(0);
        Ok(Search {
            base,
            names_min,
            // The working directory itself is not a match.
            min_depth: names_min.max(usize::from(base_is_empty && (!rest.is_empty() || !sought.is_empty()))),
            max_depth: if spans { None } else { levels.iter().map(Vec::len).max() },
            levels: levels.into(),
            directories_only: text.ends_with('/'),
            rules,
        })
    }

    fn matches(&self, entry: &WalkEntry) -> bool {
        self.matches_way(below(entry), entry.file_type().is_dir())
    }

    /// Whether the entry at the path `way` from the base matches.
    fn matches_way(&self, way: &Path, is_dir: bool) -> bool {
        let names: Vec<&OsStr> = way.iter().collect();
        self.levels.iter().any(|parts| fits(parts, &names, is_dir, self.rules))
            && (!self.directories_only || is_dir)
    }

    /// Whether the walk has to follow links: if a component before the last can match one, or only directories match.
    fn follows_links(&self) -> bool {
        let goes_on = |parts: &Vec<Part>| parts.len() > 1 && matches!(parts[0], Part::Name(_));
        self.directories_only || self.levels.iter().any(goes_on)
    }

    /// Whether an entry is a link to a directory that only `**` matches.
    fn is_unnamed_link(&self, entry: &WalkEntry) -> bool {
        if !entry.path_is_symlink() || !entry.file_type().is_dir() || entry.depth() == 0 {
            return false;
        }
        let names: Vec<&OsStr> = below(entry).iter().collect();
        let named = |parts: &Vec<Part>| {
            let upto = parts.get(..names.len());
            upto.is_some_and(|upto| !upto.iter().any(is_any) && fits(upto, &names, true, self.rules))
        };
        !self.levels.iter().any(named)
    }

    /// The path of a match, without the `./` of a walk of the working directory.
    fn spell(&self, entry: WalkEntry) -> PathBuf {
        if self.base.as_os_str().is_empty() { below(&entry).to_path_buf() } else { entry.into_path() }
    }

    fn is_missing(&self, error: &Error) -> bool {
        let missing = [std::io::ErrorKind::NotFound, std::io::ErrorKind::NotADirectory];
        let leads_nowhere = missing.contains(&error.kind()) || error.raw_os_error() == Some(LOOP);
        error.path() == Some(&self.base) && leads_nowhere
    }
}

/// Splits a pattern into the literal names at its start and the rest.
fn split(text: &str) -> Result<(Vec<String>, String)> {
    if text.is_empty() || text.contains('\0') {
        return Err(refuse(text, "a pattern is not empty and has no NUL byte"));
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    let mut special_came = false;
    let plain = |part: &&str| {
        special_came |= part.contains('\\');
        literal(part, special_came)
    };
    let names: Vec<String> = parts.iter().map_while(plain).collect();
    let rest = parts[names.len()..].join("/");
    Ok((names, rest))
}

/// The components of each choice: `names`, then those of `rest`; `None` if the pattern is invalid.
fn expand(names: &[Part], rest: &str) -> Option<Vec<Vec<Part>>> {
    let way = |choice: &String| Some([names, &levels(choice)?].concat());
    choices(rest)?.iter().map(way).collect()
}

/// Parses a pattern without choices; `None` if it is invalid.
fn levels(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for part in text.split('/').filter(|_| !text.is_empty()) {
        match part {
            // Several in a row mean the same as one, but would take exponential time.
            "**" if matches!(parts.last(), Some(Part::Any)) => {}
            "**" => parts.push(Part::Any),
            part => parts.push(Part::Name(NamePattern::parse(part)?)),
        }
    }
    Some(parts)
}

fn fits(parts: &[Part], names: &[&OsStr], is_dir: bool, rules: MatchRules) -> bool {
    let passes = |names: &[&OsStr]| rules.hidden || !names.iter().any(|name| is_hidden(name));
    match (parts, names) {
        ([], []) => true,
        ([Part::Any], names) => passes(names) && (is_dir || !names.is_empty()),
        ([Part::Any, rest @ ..], names) => {
            let below = |count: usize| passes(&names[..count]) && fits(rest, &names[count..], is_dir, rules);
            (0..=names.len()).any(below)
        }
        ([Part::Name(pattern), rest @ ..], [name, below @ ..]) => {
            pattern.matches(name, rules) && fits(rest, below, is_dir, rules)
        }
        ([], [_, ..]) | ([Part::Name(_), ..], []) => false,
    }
}

fn refuse(text: &str, why: &'static str) -> Error {
    Error::invalid(Operation::ReadDir, why).at_path(Path::new(text))
}

/// The last `depth` components of an entry's path.
fn below(entry: &WalkEntry) -> &Path {
    let mut parts = entry.path().components();
    let above = parts.clone().count() - entry.depth();
    for _ in 0..above {
        parts.next();
    }
    parts.as_path()
}

fn may_lead_to_a_match(levels: &[Vec<Part>], depth: usize, path: &Path, rules: MatchRules) -> bool {
    let matches = |part: &Part| match part {
        Part::Name(name) => path.file_name().is_none_or(|this| name.matches(this, rules)),
        Part::Any => rules.hidden || !path.file_name().is_some_and(is_hidden),
    };
    let leads = |parts: &Vec<Part>| match parts.iter().take(depth).position(is_any) {
        // `**` may match it, and so may any component after that.
        Some(any) => parts[any..].iter().any(matches),
        None => parts.get(depth - 1).is_some_and(matches),
    };
    levels.iter().any(leads)
}

fn is_any(part: &Part) -> bool {
    matches!(part, Part::Any)
}
