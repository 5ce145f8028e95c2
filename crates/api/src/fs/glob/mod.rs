//! Paths that match a pattern, found by walking only where matches can be.

use std::ffi::OsStr;
use std::fmt;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use folio_engine::storage::os::LOOP;
use futures_core::Stream;

mod name;
mod options;
mod pattern;

use self::name::{Likeness, NamePattern, choices, is_hidden, literal};
use crate::fs::walk::{Walk, WalkEntry, WalkOptions};
use crate::{Error, Operation, Result};

pub use options::GlobOptions;
pub use pattern::Pattern;

/// Finds the paths that match a pattern.
///
/// `?` and `*` stand for one and any number of characters but `/`, `**` as a whole part of the pattern for any
/// number of directories, `[a-z]` and `[!a-z]` for one character, `{a,b}` for either; `\` escapes the next
/// character ([`Pattern::escape`] does so for a whole text). A leading dot is a character like any other. A
/// `[` that nothing closes is one, too. A pattern that ends with `/` finds directories only, links to some among them.
/// `a/**` finds `a`, if it is a directory, and everything below. Without any of these it finds the path it is, if there is
/// such a thing.
///
/// Symbolic links are gone through where a part of the pattern names them, as by a shell, and not by `**`. One that leads
/// back to a directory that it is in is a name like any other. [`GlobOptions`] set other rules.
///
/// # Errors
///
/// If the text is not a pattern: an unclosed choice, a class of POSIX' (`[[:alpha:]]`), a NUL, more than 1,024 choices.
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

/// Finds the paths below a directory, at any depth, that match a pattern as [`glob`] knows them: `rglob(root, p)`
/// is `**/p` looked for from `root`, in which no character is special.
///
/// # Errors
///
/// Like [`glob`]; and if the pattern begins with `/`.
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

/// Finds the paths below a directory that match a pattern as [`glob`] knows them, which begins in that directory. No
/// character of `root` is special, and it need not be UTF-8.
///
/// # Errors
///
/// Like [`glob`]; and if the pattern begins with `/`.
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

/// A pattern in two, at the first `.` or `..` behind a special character: no directory lists those.
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
        // Within a choice a slash parts nothing.
        if part.contains(['{', '}']) {
            return None;
        }
        special_came |= literal(part, false).is_none();
        at = end + 1;
    }
    None
}

/// Begins a search; behind each match of it, another one for `tail`.
fn begin(search: Search, follow_links: bool, then: Option<Then>) -> Glob {
    let (levels, likeness) = (search.levels.clone(), search.likeness);
    let goes_through_links = follow_links || search.names_what_it_goes_through();
    let mut options = WalkOptions::new()
        .sort(true)
        .follow_links(goes_through_links)
        .keep_broken_links(true)
        .min_depth(search.min_depth)
        .filter(move |entry| may_lead_to_a_match(&levels, entry.depth(), entry.path(), likeness));
    if let Some(depth) = search.max_depth {
        options = options.max_depth(depth);
    }
    let walk = options.walk(if search.base.as_os_str().is_empty() { Path::new(".") } else { &search.base });
    Glob { walk, search, follow_links, then, inner: None }
}

/// What comes behind a `.` or `..`, to be looked for from each directory that was found before it.
#[derive(Debug)]
struct Then {
    dots: String,
    tail: String,
    options: GlobOptions,
}

/// Paths that match a pattern, those of each directory in the order of their names.
pub struct Glob {
    walk: Walk,
    search: Search,
    follow_links: bool,
    then: Option<Then>,
    /// What is looked for behind the last directory that was found.
    inner: Option<Box<Glob>>,
}

impl Glob {
    /// Returns the next path, or `None` at the end.
    ///
    /// # Errors
    ///
    /// A directory that may hold matches and may not be read; the search goes on behind it. That the beginning
    /// of the pattern names nothing is not an error.
    ///
    /// # Cancellation
    ///
    /// No path is lost: the next call goes on where this one stopped.
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
}

impl Glob {
    /// What is found, unless more has to be looked for behind it.
    fn go_on(&mut self, path: PathBuf) -> Result<Option<PathBuf>> {
        let Some(Then { dots, tail, options }) = &self.then else { return Ok(Some(path)) };
        let path = path.join(dots);
        if tail.is_empty() {
            return Ok(Some(path));
        }
        self.inner = Some(Box::new(options.go_on_in(&path, tail)?));
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
            let Some(met) = ready!(self.walk.poll_next(cx)) else { return Poll::Ready(None) };
            match met {
                Ok(entry) => {
                    if !self.follow_links && self.search.stays_out_of(&entry) {
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

/// A pattern to be looked for, taken apart at its slashes.
#[derive(Debug)]
struct Search {
    /// The parts before the first special character; empty for the working directory.
    base: PathBuf,
    /// For the way from the base, level by level: what each choice looks for.
    levels: Arc<[Vec<Part>]>,
    /// Parts that a match has at least.
    least: usize,
    min_depth: usize,
    max_depth: Option<usize>,
    directories_only: bool,
    likeness: Likeness,
}

/// What stands for some parts of a path. Each name is matched by itself, so that nothing can match a `/`.
#[derive(Clone, Debug)]
enum Part {
    /// `**`: any number of directories; at the end, whatever is below.
    Any,
    /// One name.
    Name(NamePattern),
}

impl Search {
    fn parse(text: &str, likeness: Likeness) -> Result<Search> {
        // A name in any case has to be looked for, but for those that have none.
        let is_found = |name: &String| likeness.case_sensitive || name == "." || name == "..";
        let (mut names, rest) = split(text)?;
        let found = names.iter().take_while(|name| is_found(name)).count();
        let sought: Vec<Part> =
            names.drain(found..).map(|name| Part::Name(NamePattern::exactly(&name))).collect();
        let mut base = PathBuf::from(if text.starts_with('/') { "/" } else { "" });
        base.extend(&names);
        let base_is_empty = base.as_os_str().is_empty();
        let levels = ways(&sought, &rest).ok_or_else(|| refuse(text, "this is no pattern"))?;
        let names = |parts: &Vec<Part>| parts.iter().take_while(|part| matches!(part, Part::Name(_))).count();
        let spans = levels.iter().any(|parts| names(parts) < parts.len());
        let least = levels.iter().map(names).min().unwrap_or(0);
        Ok(Search {
            base,
            least,
            // What is below the working directory does not include that.
            min_depth: least.max(usize::from(base_is_empty && (!rest.is_empty() || !sought.is_empty()))),
            max_depth: if spans { None } else { levels.iter().map(Vec::len).max() },
            levels: levels.into(),
            directories_only: text.ends_with('/'),
            likeness,
        })
    }

    fn matches(&self, entry: &WalkEntry) -> bool {
        self.matches_way(below(entry), entry.file_type().is_dir())
    }

    /// Whether what lies at `way` from the base is looked for.
    fn matches_way(&self, way: &Path, is_dir: bool) -> bool {
        let names: Vec<&OsStr> = way.iter().collect();
        self.levels.iter().any(|parts| fits(parts, &names, is_dir, self.likeness))
            && (!self.directories_only || is_dir)
    }

    /// Whether links have to be looked behind: a part of the pattern may name one and go on, or asks for directories.
    fn names_what_it_goes_through(&self) -> bool {
        let goes_on = |parts: &Vec<Part>| parts.len() > 1 && matches!(parts[0], Part::Name(_));
        self.directories_only || self.levels.iter().any(goes_on)
    }

    /// Whether an entry is a link that no part of the pattern has named.
    fn stays_out_of(&self, entry: &WalkEntry) -> bool {
        if !entry.path_is_symlink() || !entry.file_type().is_dir() || entry.depth() == 0 {
            return false;
        }
        let names: Vec<&OsStr> = below(entry).iter().collect();
        let named = |parts: &Vec<Part>| {
            let upto = parts.get(..names.len());
            upto.is_some_and(|upto| !upto.iter().any(is_any) && fits(upto, &names, true, self.likeness))
        };
        !self.levels.iter().any(named)
    }

    /// Without the `./` that a walk of the working directory puts before everything.
    fn spell(&self, entry: WalkEntry) -> PathBuf {
        if self.base.as_os_str().is_empty() { below(&entry).to_path_buf() } else { entry.into_path() }
    }

    fn is_missing(&self, error: &Error) -> bool {
        let missing = [std::io::ErrorKind::NotFound, std::io::ErrorKind::NotADirectory];
        let leads_nowhere = missing.contains(&error.kind()) || error.raw_os_error() == Some(LOOP);
        error.path() == Some(&self.base) && leads_nowhere
    }
}

/// The plain names that a pattern begins with, and what comes behind them.
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

/// What each choice of a pattern looks for behind these names, level by level; `None` if it is none.
fn ways(names: &[Part], rest: &str) -> Option<Vec<Vec<Part>>> {
    let way = |choice: &String| Some([names, &levels(choice)?].concat());
    choices(rest)?.iter().map(way).collect()
}

/// Reads a pattern without choices; `None` if it is none.
fn levels(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for part in text.split('/').filter(|_| !text.is_empty()) {
        match part {
            // Several in a row are one, and would each be tried with all others.
            "**" if matches!(parts.last(), Some(Part::Any)) => {}
            "**" => parts.push(Part::Any),
            part => parts.push(Part::Name(NamePattern::parse(part)?)),
        }
    }
    Some(parts)
}

fn fits(parts: &[Part], names: &[&OsStr], is_dir: bool, likeness: Likeness) -> bool {
    let passes = |names: &[&OsStr]| likeness.hidden || !names.iter().any(|name| is_hidden(name));
    match (parts, names) {
        ([], []) => true,
        ([Part::Any], names) => passes(names) && (is_dir || !names.is_empty()),
        ([Part::Any, rest @ ..], names) => {
            let below =
                |count: usize| passes(&names[..count]) && fits(rest, &names[count..], is_dir, likeness);
            (0..=names.len()).any(below)
        }
        ([Part::Name(pattern), rest @ ..], [name, below @ ..]) => {
            pattern.matches(name, likeness) && fits(rest, below, is_dir, likeness)
        }
        ([], [_, ..]) | ([Part::Name(_), ..], []) => false,
    }
}

fn refuse(text: &str, why: &'static str) -> Error {
    Error::invalid(Operation::ReadDir, why).at_path(Path::new(text))
}

/// The last `depth` parts of an entry's path.
fn below(entry: &WalkEntry) -> &Path {
    let mut parts = entry.path().components();
    let above = parts.clone().count() - entry.depth();
    for _ in 0..above {
        parts.next();
    }
    parts.as_path()
}

fn may_lead_to_a_match(levels: &[Vec<Part>], depth: usize, path: &Path, likeness: Likeness) -> bool {
    let matches = |part: &Part| match part {
        Part::Name(name) => path.file_name().is_none_or(|this| name.matches(this, likeness)),
        Part::Any => likeness.hidden || !path.file_name().is_some_and(is_hidden),
    };
    let leads = |parts: &Vec<Part>| match parts.iter().take(depth).position(is_any) {
        // It is one of the names that `**` stands for, or any of those behind it.
        Some(any) => parts[any..].iter().any(matches),
        None => parts.get(depth - 1).is_some_and(matches),
    };
    levels.iter().any(leads)
}

fn is_any(part: &Part) -> bool {
    matches!(part, Part::Any)
}
