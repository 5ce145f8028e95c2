//! The medians as a file, for programs that go on calculating with them.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::rounds::Row;
use crate::workload::Workload;

/// Writes one object for each row: its number, its title, and nanoseconds per operation of each contender.
///
/// # Errors
///
/// The file cannot be written.
pub(crate) fn write(path: &Path, rows: &[(&Workload, Row)]) -> io::Result<()> {
    let rows: Vec<Value> = rows.iter().map(|(workload, row)| figures(workload, row)).collect();
    fs::write(path, serde_json::to_string_pretty(&rows)? + "\n")
}

fn figures(workload: &Workload, row: &Row) -> Value {
    let medians = row.columns.iter().filter_map(|(column, times)| {
        let median = times.as_ref()?.median();
        Some((column.key().to_owned(), median.into()))
    });
    let medians: Map<String, Value> = medians.collect();
    json!({ "id": workload.id, "title": workload.title, "rounds": row.rounds, "nanos_per_op": medians })
}
