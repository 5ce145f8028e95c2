//! CPython as oracle: programs that open and use a file, with what CPython made of each step.
//!
//! `generate.py` writes the programs and runs them with CPython. One program alone is run with
//! `FOLIO_ORACLE=N cargo test -p folio --test oracle`.

mod coverage;
mod differences;
mod format;
mod judge;
mod program;
mod replay;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use differences::DIFFERENCES;
use judge::{Verdict, judge, report};

/// Which program to run, instead of all.
const ONLY: &str = "FOLIO_ORACLE";

/// Programs under way at once: enough for workers never to wait for the next one.
const TASKS: usize = 8;

/// Reports that are shown; more would bury the first.
const REPORTS_MAX: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_program_does_what_cpython_does_or_differs_by_a_difference_on_the_list() {
    let table = Arc::new(format::committed());
    let only =
        std::env::var(ONLY).ok().map(|number| number.parse::<usize>().expect("FOLIO_ORACLE is a number"));
    let folder = Arc::new(Folder::new());
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (table, folder) = (table.clone(), folder.clone());
            tokio::spawn(async move {
                let programs = table.programs.iter().skip(task).step_by(TASKS);
                let mut outcomes = Vec::new();
                for program in programs.filter(|program| only.is_none_or(|only| only == program.number)) {
                    let got = replay::replay(program, folder.0.join(program.number.to_string())).await;
                    outcomes.push((program.number, judge(program, &got), got));
                }
                outcomes
            })
        })
        .collect();
    let mut claimed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut reports = BTreeMap::new();
    for task in tasks {
        for (number, verdict, got) in task.await.unwrap() {
            match verdict {
                Verdict::Agrees(by) => by.into_iter().for_each(|id| *claimed.entry(id).or_default() += 1),
                Verdict::Differs(at) => {
                    reports.insert(number, report(&table, number, &got, at));
                }
            }
        }
    }
    let shown: Vec<&str> = reports.values().take(REPORTS_MAX).map(String::as_str).collect();
    assert!(reports.is_empty(), "{} programs differ:\n\n{}", reports.len(), shown.join("\n\n"));
    if only.is_none() {
        let idle: Vec<&str> = DIFFERENCES
            .iter()
            .map(|difference| difference.id)
            .filter(|id| !claimed.contains_key(id))
            .collect();
        assert!(idle.is_empty(), "no program shows the differences {idle:?}; is folio like CPython there?");
    }
}

#[test]
fn every_difference_is_documented_and_no_other() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/aiofiles.md"))
        .unwrap();
    let (_, section) = page.split_once("\n## Deliberate differences\n").expect("the page has the section");
    let documented: BTreeSet<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(id, _)| id)
        .collect();
    let listed: BTreeSet<&str> = DIFFERENCES.iter().map(|difference| difference.id).collect();
    assert_eq!(documented, listed);
    assert!(DIFFERENCES.iter().all(|difference| !difference.reason.is_empty()));
}

/// A folder for this test alone, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oracle-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("cargo's folder for tests can be written");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
