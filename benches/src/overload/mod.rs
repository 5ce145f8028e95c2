//! Far more operations than the limits allow, offered to a pool that is stuck: what refusing, waiting and giving up
//! cost, and whether everything goes on afterwards.
//!
//! ```text
//! cargo bench -p folio-benches --bench overload               all rows, about a minute
//! cargo bench -p folio-benches --bench overload -- --quick    few operations: results are checked, times are not
//! cargo bench -p folio-benches --bench overload -- --only cancelled
//! ```
//!
//! The pool is stuck because every write of the simulated disk waits at a gate. Each row has a process of its own, since
//! memory is what the kernel counts for all that it does.

mod cancelled;
mod offered;
mod stuck;
mod waiting;

use std::env;
use std::process::{Command, ExitCode};

use folio_testkit::process::resident_bytes;

/// One row: what is offered, by how many operations, and the function that offers it and returns the figures.
struct Row {
    name: &'static str,
    operations: usize,
    measure: fn(usize) -> String,
}

const ROWS: [Row; 14] = [
    Row { name: "refused by try_write_bytes_at", operations: 1_000_000, measure: offered::refused },
    Row { name: "awaited and given up", operations: 1_000_000, measure: offered::given_up },
    Row { name: "with a time limit of 1 ms", operations: 1_000_000, measure: offered::limited },
    Row { name: "a waiting task: write_all_at", operations: 50_000, measure: waiting::write_all_at },
    Row { name: "a waiting task: write_bytes_at", operations: 50_000, measure: waiting::write_bytes_at },
    Row { name: "a waiting task: append", operations: 50_000, measure: waiting::append },
    Row { name: "a waiting task: fs::write", operations: 50_000, measure: waiting::whole },
    Row { name: "a waiting task: tokio::fs::write", operations: 50_000, measure: waiting::tokio_whole },
    Row { name: "a waiting task: nothing at all", operations: 50_000, measure: waiting::bare },
    Row { name: "cancelled, the first first", operations: 3_000, measure: cancelled::first_first },
    Row { name: "cancelled, the first first", operations: 10_000, measure: cancelled::first_first },
    Row { name: "cancelled, the first first", operations: 40_000, measure: cancelled::first_first },
    Row { name: "cancelled, the last first", operations: 40_000, measure: cancelled::last_first },
    Row { name: "cancelled, in no order", operations: 40_000, measure: cancelled::shuffled },
];

/// Operations of each row in a run that only checks results.
const QUICK: usize = 500;

/// Prints the table. The exit code is 0 if every result was right, whatever the figures are.
pub fn overload() -> ExitCode {
    let quick = env::args().any(|argument| argument == "--quick");
    let value_of = |name: &str| env::args().skip_while(|argument| argument != name).nth(1);
    if let Some(row) = value_of("--row").and_then(|row| ROWS.get(row.parse::<usize>().ok()?)) {
        let operations = if quick { row.operations.min(QUICK) } else { row.operations };
        println!("{:<36}{operations:>12}   {}", row.name, (row.measure)(operations));
        return ExitCode::SUCCESS;
    }
    println!("{:<36}{:>12}   figures", "operations offered to a stuck pool", "");
    let only = value_of("--only");
    let chosen = |row: &Row| only.as_ref().is_none_or(|only| row.name.contains(only));
    let mut all_right = true;
    for number in (0..ROWS.len()).filter(|number| chosen(&ROWS[*number])) {
        all_right &= in_a_process(number, quick);
    }
    if all_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Mebibytes by which the memory of this process has grown since it had `before` bytes.
fn grown_mebibytes(before: u64) -> f64 {
    (resident_bytes() as f64 - before as f64) / f64::from(1 << 20)
}

/// Makes one row in a child process, which prints it; returns whether its results were right.
fn in_a_process(number: usize, quick: bool) -> bool {
    let Ok(this) = env::current_exe() else { return false };
    let mut child = Command::new(this);
    child.args(["--row", &number.to_string()]).args(quick.then_some("--quick"));
    child.status().is_ok_and(|status| status.success())
}
