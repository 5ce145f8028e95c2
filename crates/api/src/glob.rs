//! Paths that match a pattern, found by walking only where matches can be.

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use globset::{GlobBuilder, GlobMatcher};

use crate::fs::checked;
use crate::walk::{Walk, WalkEntry, WalkOptions};
use crate::{Error, Operation, Result};

/// Finds the paths that match a pattern.
///
/// `?` and `*` stand for one and any number of characters but `/`, `**` as a whole part of the pattern for any
/// number of directories, `[a-z]` and `[!a-z]` for one character, `{a,b}` for either; `\` takes the meaning of
/// the next character away. A leading dot is a character like any other. A pattern that ends with `/` finds
/// directories only. Without any of these it finds the path it is, if there is such a thing.
///
/// Only the part of the pattern before the first such character may lead through symbolic links.
///
/// # Errors
///
/// If the text is no pattern: an unclosed class or choice, a NUL.
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
    Ok(search(Pattern::parse(pattern)?))
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
    if pattern.is_empty() || pattern.starts_with('/') {
        return Err(refuse(pattern, "the pattern begins below the directory"));
    }
    let base = checked::path(Operation::ReadDir, root)?;
    Ok(search(Pattern { base, ..Pattern::parse(&format!("**/{pattern}"))? }))
}

fn search(pattern: Pattern) -> Glob {
    let levels = pattern.levels.clone();
    let mut options = WalkOptions::new()
        .sort(true)
        .min_depth(pattern.min_depth)
        .filter(move |entry| may_lead_to_a_match(&levels, entry));
    if let Some(depth) = pattern.max_depth {
        options = options.max_depth(depth);
    }
    let walk = options.walk(if pattern.base.as_os_str().is_empty() { Path::new(".") } else { &pattern.base });
    Glob { walk, pattern }
}

/// Paths that match a pattern, those of each directory in the order of their names.
#[derive(Debug)]
pub struct Glob {
    walk: Walk,
    pattern: Pattern,
}

impl Glob {
    /// Returns the next path, or `None` at the end.
    ///
    /// # Errors
    ///
    /// A directory that may hold matches and may not be read; the search goes on behind it. That the beginning
    /// of the pattern names nothing is no error.
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

impl Stream for Glob {
    type Item = Result<PathBuf>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(met) = ready!(self.walk.poll_next(cx)) else { return Poll::Ready(None) };
            match met {
                Ok(entry) if self.pattern.matches(&entry) => {
                    return Poll::Ready(Some(Ok(self.pattern.spell(entry))));
                }
                Ok(_) => {}
                Err(error) if self.pattern.is_missing(&error) => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

/// A pattern, taken apart at its slashes.
#[derive(Debug)]
struct Pattern {
    /// The parts before the first special character; empty for the working directory.
    base: PathBuf,
    /// One matcher for each level below the base, up to the first part that spans levels.
    levels: Vec<GlobMatcher>,
    /// For the whole way from the base.
    whole: Option<GlobMatcher>,
    min_depth: usize,
    max_depth: Option<usize>,
    directories_only: bool,
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern> {
        if text.is_empty() || text.contains('\0') {
            return Err(refuse(text, "a pattern is not empty and has no NUL byte"));
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
        let literal = parts.iter().take_while(|part| !part.contains(SPECIAL)).count();
        let mut base = PathBuf::from(if text.starts_with('/') { "/" } else { "" });
        base.extend(&parts[..literal]);
        let rest = &parts[literal..];
        // A choice may hold slashes, so that its parts are no patterns by themselves.
        let plain = rest.iter().take_while(|part| **part != "**" && !part.contains('{')).count();
        let levels = rest[..plain].iter().map(|part| compile(part)).collect::<Result<_>>()?;
        let whole = if rest.is_empty() { None } else { Some(compile(&rest.join("/"))?) };
        Ok(Pattern {
            base,
            levels,
            whole,
            min_depth: plain.max(usize::from(!rest.is_empty())),
            max_depth: (plain == rest.len()).then_some(plain),
            directories_only: text.ends_with('/'),
        })
    }

    fn matches(&self, entry: &WalkEntry) -> bool {
        let whole = self.whole.as_ref();
        let below = below(entry);
        whole.is_none_or(|whole| whole.is_match(below))
            && (!self.directories_only || entry.file_type().is_dir())
    }

    /// Without the `./` that a walk of the working directory puts before everything.
    fn spell(&self, entry: WalkEntry) -> PathBuf {
        if self.base.as_os_str().is_empty() { below(&entry).to_path_buf() } else { entry.into_path() }
    }

    fn is_missing(&self, error: &Error) -> bool {
        let missing = [std::io::ErrorKind::NotFound, std::io::ErrorKind::NotADirectory];
        error.path() == Some(&self.base) && missing.contains(&error.kind())
    }
}

/// What begins a part that is no plain name.
const SPECIAL: [char; 5] = ['*', '?', '[', '{', '\\'];

fn compile(part: &str) -> Result<GlobMatcher> {
    let glob = GlobBuilder::new(part).literal_separator(true).backslash_escape(true).build();
    Ok(glob.map_err(|_| refuse(part, "this is no pattern"))?.compile_matcher())
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

fn may_lead_to_a_match(levels: &[GlobMatcher], entry: &WalkEntry) -> bool {
    match (levels.get(entry.depth() - 1), entry.path().file_name()) {
        (Some(level), Some(name)) => level.is_match(Path::new(name)),
        (None, _) | (_, None) => true,
    }
}
