//! What is in the files after a storm, against what was promised.

use std::collections::HashMap;
use std::path::Path;

use super::calls::SLOT;
use super::ledger::{All, Ledger};
use super::record::parse;
use super::stage::{BUFFERED, LOGS, SLOT_FILES, WHOLE_FILES};

/// Checks everything; returns how many records were whole.
pub(super) fn judge(room: &Path, ledger: &Ledger) -> Result<u64, String> {
    let all = ledger.all();
    let mut checked = 0;
    for log in 0..LOGS {
        checked += judge_log(room, log, &all)?;
    }
    for file in 0..BUFFERED {
        checked += judge_buffered(room, file, &all)?;
    }
    for file in 0..SLOT_FILES {
        checked += judge_slots(room, file, &all)?;
    }
    for file in 0..WHOLE_FILES {
        checked += judge_whole(room, file, &all)?;
    }
    no_stranger_is_left(room)?;
    Ok(checked)
}

fn read(room: &Path, name: &str) -> Result<Vec<u8>, String> {
    std::fs::read(room.join(name)).map_err(|error| format!("{name}: {error}"))
}

/// Takes a file apart into whole records that differ; returns their offsets by number.
fn records(room: &Path, name: &str) -> Result<HashMap<u64, u64>, String> {
    let bytes = read(room, name)?;
    let mut found = HashMap::new();
    let mut at = 0;
    while at < bytes.len() {
        let (number, len) = parse(&bytes[at..]).ok_or_else(|| format!("{name} is torn at {at}"))?;
        if let Some(before) = found.insert(number, at as u64) {
            return Err(format!("{name} has record {number} twice, at {before} and {at}"));
        }
        at += len;
    }
    Ok(found)
}

fn judge_log(room: &Path, log: usize, all: &All) -> Result<u64, String> {
    let name = format!("log-{log}");
    let found = records(room, &name)?;
    for (offset, number) in all.appended.get(&log).into_iter().flatten() {
        match found.get(number) {
            Some(at) if at == offset => {}
            Some(at) => return Err(format!("{name}: record {number} is at {at}, acknowledged at {offset}")),
            None => return Err(format!("{name}: the acknowledged record {number} is lost")),
        }
    }
    Ok(found.len() as u64)
}

fn judge_buffered(room: &Path, file: usize, all: &All) -> Result<u64, String> {
    let name = format!("buffered-{file}");
    let found = records(room, &name)?;
    let lost = all.accepted.get(&file).into_iter().flatten().find(|number| !found.contains_key(number));
    lost.map_or(Ok(found.len() as u64), |number| Err(format!("{name}: the accepted record {number} is lost")))
}

fn judge_slots(room: &Path, file: usize, all: &All) -> Result<u64, String> {
    let name = format!("slots-{file}");
    let bytes = read(room, &name)?;
    let mut checked = 0;
    for ((_, slot), (oldest, newest)) in all.slots.iter().filter(|((of, _), _)| *of == file) {
        let at = *slot as usize * SLOT;
        let there = bytes.get(at..at + SLOT).filter(|there| there.iter().any(|byte| *byte != 0));
        let seen = match there {
            Some(there) => parse(there).ok_or_else(|| format!("{name}: slot {slot} is torn"))?.0,
            None => 0,
        };
        // Numbers of one caller only grow.
        if !(*oldest..=*newest).contains(&seen) {
            return Err(format!("{name}: slot {slot} has version {seen}, not one of {oldest}..={newest}"));
        }
        checked += 1;
    }
    Ok(checked)
}

fn judge_whole(room: &Path, file: usize, all: &All) -> Result<u64, String> {
    let name = format!("whole-{file}");
    let Ok(bytes) = std::fs::read(room.join(&name)) else { return Ok(0) };
    let known = |number| all.replaced.get(&file).is_some_and(|numbers| numbers.contains(&number));
    let whole = parse(&bytes).is_some_and(|(number, len)| len == bytes.len() && known(number));
    if whole { Ok(1) } else { Err(format!("{name} is torn")) }
}

/// Temporary files of replacements that were given up are gone.
fn no_stranger_is_left(room: &Path) -> Result<(), String> {
    let entries = std::fs::read_dir(room).map_err(|error| error.to_string())?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let known = ["log-", "slots-", "buffered-", "whole-"];
    let strangers: Vec<_> = names.filter(|name| !known.iter().any(|start| name.starts_with(start))).collect();
    if strangers.is_empty() { Ok(()) } else { Err(format!("the storm leaves {strangers:?}")) }
}
