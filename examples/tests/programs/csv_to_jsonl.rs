//! The `csv_to_jsonl` example on tables with everything that a field can hold.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::program;

#[test]
fn every_record_becomes_a_line_with_its_fields_in_order() {
    check("b,a\n1,2\n3,4\n", r#"{"b":"1","a":"2"} {"b":"3","a":"4"}"#);
    check("b,a\r\n1,2\r\n3,4", r#"{"b":"1","a":"2"} {"b":"3","a":"4"}"#);
    check("\u{feff}name\nGödel\n", r#"{"name":"Gödel"}"#);
    check("a,b\n,\n", r#"{"a":"","b":""}"#);
    check("a\n007\n", r#"{"a":"007"}"#);
    check("a,b\n", "");
    check("", "");
}

#[test]
fn quotes_commas_and_ends_of_lines_within_quotes_belong_to_the_field() {
    check("a,b\n\"1,5\",x\n", r#"{"a":"1,5","b":"x"}"#);
    check("a,b\n\"say \"\"hi\"\"\",x\n", r#"{"a":"say \"hi\"","b":"x"}"#);
    check("a,b\n\"two\nlines\",\"a\r\nb\"\n3,4\n", r#"{"a":"two\nlines","b":"a\r\nb"} {"a":"3","b":"4"}"#);
    check("\"the\nname\"\nvalue\n", r#"{"the\nname":"value"}"#);
    check("a\n\"\"\"\n\"\"\"\n", r#"{"a":"\"\n\""}"#);
}

#[test]
fn a_table_of_many_batches_keeps_its_order_and_every_record() {
    const RECORDS: usize = 50_000;
    let mut csv = "number,note\n".to_owned();
    (0..RECORDS).for_each(|number| csv += &format!("{number},\"a \"\"note\"\"\nof two lines\"\n"));
    let (run, json) = converted(&csv);
    assert!(run.status.success(), "{run:?}");
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), RECORDS);
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(line["number"], number.to_string());
        assert_eq!(line["note"], "a \"note\"\nof two lines");
    }
}

#[test]
fn a_record_with_a_field_too_few_is_an_error() {
    let (run, _) = converted("a,b\n1,2\n3\n");
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&run.stderr).contains("UnequalLengths"), "{run:?}");
}

/// Converts `csv` and compares the lines, here parted by spaces, letter by letter.
fn check(csv: &str, expected: &str) {
    let (run, json) = converted(csv);
    assert!(run.status.success(), "{csv:?}: {run:?}");
    let expected: String = serde_json::Deserializer::from_str(expected)
        .into_iter::<Value>()
        .map(|value| format!("{}\n", value.unwrap()))
        .collect();
    assert_eq!(json, expected, "{csv:?}");
}

fn converted(csv: &str) -> (Output, String) {
    let place = TempDir::new().unwrap();
    let (from, to) = (place.path().join("in.csv"), place.path().join("out.jsonl"));
    fs::write(&from, csv).unwrap();
    fs::write(&to, "what was there before\n".repeat(10)).unwrap();
    let run = Command::new(program("csv_to_jsonl")).args([&from, &to]).output().unwrap();
    (run, fs::read_to_string(&to).unwrap())
}
