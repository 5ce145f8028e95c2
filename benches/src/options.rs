//! The command line.

use std::env;
use std::path::{Path, PathBuf};

use crate::suite::Suite;

/// What may be given.
const KNOWN: &str = "--quick, --only T8,T12, --alone, --json FILE";

/// What the run was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    /// Tiny counts, to check results only.
    pub(crate) quick: bool,
    /// Identifiers of the rows to run; empty for all.
    pub(crate) only: Vec<String>,
    /// Only folio, without the rivals and the noise.
    pub(crate) alone: bool,
    /// File that the medians are written to.
    pub(crate) json: Option<PathBuf>,
    /// Directory in which the files are made.
    pub(crate) dir: PathBuf,
}

impl Options {
    /// Reads the arguments and the environment: `FOLIO_BENCH_QUICK=1`, `FOLIO_BENCH_DIR`.
    ///
    /// # Errors
    ///
    /// A sentence about the argument that is unknown.
    pub(crate) fn read(suite: &Suite, default_dir: &Path) -> Result<Self, String> {
        let quick = env::var_os("FOLIO_BENCH_QUICK").is_some_and(|value| value == "1");
        let dir = env::var_os("FOLIO_BENCH_DIR").map_or_else(|| default_dir.to_owned(), PathBuf::from);
        let options = Self { quick, only: Vec::new(), alone: false, json: None, dir };
        options.with_arguments(suite, env::args().skip(1))
    }

    /// Tells whether the row of this workload is wanted.
    pub(crate) fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == id)
    }

    fn with_arguments(
        mut self,
        suite: &Suite,
        arguments: impl Iterator<Item = String>,
    ) -> Result<Self, String> {
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo's own, to every bench.
                "--bench" => {}
                "--quick" => self.quick = true,
                "--alone" => self.alone = true,
                "--json" => {
                    self.json = Some(arguments.next().ok_or("--json takes a file")?.into());
                }
                "--only" => {
                    let ids = arguments.next().ok_or("--only takes rows, such as T8,T12")?;
                    self.only.extend(ids.split(',').map(str::to_uppercase));
                }
                unknown => return Err(format!("unknown argument {unknown}; known: {KNOWN}")),
            }
        }
        let rows = suite.workloads;
        match self.only.iter().find(|id| rows.iter().all(|workload| workload.id != id.as_str())) {
            Some(id) => Err(format!("no row is named {id}")),
            None => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suites::HOT_PATH;

    fn check(arguments: &str, expected: Option<(bool, &[&str])>) {
        let options =
            Options { quick: false, only: Vec::new(), alone: false, json: None, dir: PathBuf::new() };
        let read = options.with_arguments(&HOT_PATH, arguments.split_whitespace().map(str::to_owned));
        let found = read.as_ref().ok().map(|options| (options.quick, options.only.clone()));
        let expected = expected.map(|(quick, only)| (quick, only.iter().map(ToString::to_string).collect()));
        assert_eq!(found, expected, "{arguments:?}");
    }

    #[test]
    fn known_arguments_are_read_and_others_refused() {
        check("--bench", Some((false, &[])));
        check("--quick --bench", Some((true, &[])));
        check("--only t1,T5 --only T11", Some((false, &["T1", "T5", "T11"])));
        check("--only T1 --alone --json figures", Some((false, &["T1"])));
        check("--only T6", None);
        check("--json", None);
        check("--only", None);
        check("--only T99", None);
        check("--fast", None);
    }
}
