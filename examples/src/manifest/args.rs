//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::*;

pub(super) const USAGE: &str = "\
Usage: manifest DIR [--out FILE] [--jobs N] [--storage URI]

Hashes every regular file below DIR with SHA-256 and writes a list that
`sha256sum -c FILE` accepts from the current directory.

  --out FILE     where the list goes; replaced if it exists [manifest.sha256]
  --jobs N       files read at a time [twice the cores; 64 on a storage]
  --storage URI  what DIR is on, such as s3://bucket; the list stays here
";

/// Where the list goes unless the user says otherwise.
const OUT: &str = "manifest.sha256";

/// Files read at a time for each core: one is being hashed while another waits for the disk.
const JOBS_PER_CORE: usize = 2;

/// Files read at a time on a storage far away, where each waits for a network most of the time.
const JOBS_FAR: usize = 64;

/// Most files read at a time. Each costs a descriptor, and 1,024 descriptors is the usual limit.
const JOBS_MAX: usize = 512;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Args {
    pub(super) dir: PathBuf,
    pub(super) out: PathBuf,
    pub(super) jobs: usize,
    /// The storage that the directory is on; `None` for the machine's own.
    pub(super) storage: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To make a manifest.
    Manifest(Args),
    /// To be told the usage.
    Help,
}

/// Reads the arguments that follow the program's name.
pub(super) fn parse(raw: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(raw);
    let (mut dir, mut out, mut jobs, mut storage) = (None, PathBuf::from(OUT), None, None);
    while let Some(arg) = parser.next()? {
        match arg {
            Long("out") | Short('o') => out = parser.value()?.into(),
            Long("jobs") | Short('j') => jobs = Some(parser.value()?.parse_with(positive)?),
            Long("storage") => storage = Some(parser.value()?.string()?),
            Long("help") | Short('h') => return Ok(Asked::Help),
            Value(path) if dir.is_none() => dir = Some(PathBuf::from(path)),
            Value(_) | Long(_) | Short(_) => return Err(arg.unexpected()),
        }
    }
    let dir = dir.ok_or("which directory?")?;
    let jobs = jobs.unwrap_or_else(|| if storage.is_some() { JOBS_FAR } else { default_jobs() });
    Ok(Asked::Manifest(Args { dir, out, jobs, storage }))
}

fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from) * JOBS_PER_CORE
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs @ 1..=JOBS_MAX) => Ok(jobs),
        Ok(_) | Err(_) => Err(format!("not a number from 1 to {JOBS_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_read_or_refused() {
        check(&["tree"], Some(("tree", OUT, default_jobs())));
        check(&["tree", "--out", "x", "--jobs", "3"], Some(("tree", "x", 3)));
        check(&["--out=x", "tree"], Some(("tree", "x", default_jobs())));
        check_on(&["--storage", "s3://b", "tree"], Some(("tree", OUT, JOBS_FAR)), Some("s3://b"));
        check_on(&["--storage=s3://b", "-j1", "tree"], Some(("tree", OUT, 1)), Some("s3://b"));
        check(&["--", "-tree"], Some(("-tree", OUT, default_jobs())));
        check(&[], None);
        check(&["a", "b"], None);
        check(&["a", "--jobs", "0"], None);
        check(&["a", "--jobs", "513"], None);
        check(&["a", "--jobs"], None);
        check(&["a", "--fast"], None);
    }

    fn check(raw: &[&str], expected: Option<(&str, &str, usize)>) {
        check_on(raw, expected, None);
    }

    fn check_on(raw: &[&str], expected: Option<(&str, &str, usize)>, storage: Option<&str>) {
        let expected = expected.map(|(dir, out, jobs)| {
            let storage = storage.map(str::to_owned);
            Asked::Manifest(Args { dir: dir.into(), out: out.into(), jobs, storage })
        });
        assert_eq!(parse(raw.iter().map(OsString::from)).ok(), expected, "{raw:?}");
    }
}
