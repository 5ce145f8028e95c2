//! The printed table.

use std::io::{self, IsTerminal};

use crate::contender::Column;
use crate::rounds::{Row, Times};
use crate::suite::{COLUMNS, Suite};
use crate::workload::{Unit, Workload};

/// Characters of the first column; the longest title fits.
const TITLE_WIDTH: usize = 52;
/// Characters of each further column; a spread fits.
const COLUMN_WIDTH: usize = 17;

const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// Prints the line above the rows.
pub(crate) fn print_heading(suite: &Suite) {
    print_cells("", suite.columns.map(|column| column.heading().to_owned()), "", "");
}

/// Prints one row: medians, their spread, the goals, and what is not a column. A quick row has no goals: its
/// times are of cold, tiny laps.
pub(crate) fn print_row(suite: &Suite, workload: &Workload, row: &Row, quick: bool) {
    let (dim, plain) = if io::stdout().is_terminal() { (DIM, PLAIN) } else { ("", "") };
    let unit = workload.unit;
    let cells = suite.columns.map(|column| cell(row.times(column), |times| median(unit, times)));
    print_cells(&format!("{:<4}{}", workload.id, workload.title), cells, "", "");
    let spreads = suite.columns.map(|column| cell(row.times(column), |times| spread(unit, times)));
    let note = format!("    {}, p10–p90 of {} rounds", unit_name(unit), row.rounds);
    print_cells(&note, spreads, dim, plain);
    let notes = row.columns.iter().filter(|(column, _)| !suite.columns.contains(column));
    for (column, times) in notes.filter_map(|(column, times)| Some((column, times.as_ref()?))) {
        let (median, spread) = (median(unit, times), spread(unit, times));
        println!("    {dim}{}: {median} ({spread}){plain}", column.heading());
    }
    if !quick && !workload.goals.is_empty() {
        println!("    goals: {}", judged(workload, row));
    }
}

fn judged(workload: &Workload, row: &Row) -> String {
    let verdicts =
        workload.goals.iter().map(|goal| match (row.times(Column::Ours), row.times(goal.column())) {
            (Some(ours), Some(theirs)) => goal.judge(ours.median(), theirs.median()),
            (None, _) | (_, None) => "not measured".to_owned(),
        });
    verdicts.collect::<Vec<_>>().join(" · ")
}

fn print_cells(title: &str, cells: [String; COLUMNS], before: &str, after: &str) {
    let cells: String = cells.iter().map(|cell| format!("{cell:>COLUMN_WIDTH$}")).collect();
    println!("{before}{title:<TITLE_WIDTH$}{cells}{after}");
}

fn cell(times: Option<&Times>, show: impl FnOnce(&Times) -> String) -> String {
    times.map_or_else(|| "—".to_owned(), show)
}

fn median(unit: Unit, times: &Times) -> String {
    let value = in_unit(unit, times.median());
    match unit {
        Unit::MicrosPerOp | Unit::MicrosPerRecord => format!("{value} µs"),
        Unit::NanosPerLine | Unit::NanosPerEntry => format!("{value} ns"),
        Unit::GigabytesPerSecond(_) => format!("{value} GB/s"),
    }
}

fn spread(unit: Unit, times: &Times) -> String {
    let (low, high) = (in_unit(unit, times.percentile(10)), in_unit(unit, times.percentile(90)));
    match unit {
        Unit::MicrosPerOp | Unit::MicrosPerRecord | Unit::NanosPerLine | Unit::NanosPerEntry => {
            format!("{low}–{high}")
        }
        // The longest times are the lowest throughputs.
        Unit::GigabytesPerSecond(_) => format!("{high}–{low}"),
    }
}

/// Converts nanoseconds per operation, with three digits that mean something.
fn in_unit(unit: Unit, nanos: f64) -> String {
    let value = match unit {
        Unit::MicrosPerOp | Unit::MicrosPerRecord => nanos / 1000.0,
        Unit::NanosPerLine | Unit::NanosPerEntry => nanos,
        Unit::GigabytesPerSecond(bytes) => bytes as f64 / nanos,
    };
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$}")
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::MicrosPerOp => "per op",
        Unit::MicrosPerRecord => "per record",
        Unit::NanosPerLine => "per line",
        Unit::NanosPerEntry => "per entry",
        Unit::GigabytesPerSecond(_) => "throughput",
    }
}
