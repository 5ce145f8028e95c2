//! T18: where each line of a text ends, as whoever makes an index of it asks.

use std::fs;
use std::io;
use std::time::Instant;

use crate::contender::{Lap, Outcome};
use crate::everyday::EverydayRival;
use crate::job::{Everyday, Job};
use crate::text::Wording;
use crate::witness::Witness;
use crate::workload::{Count, Unit, Workload};

pub(super) const UTF_8: Workload = row("a line and tell, UTF-8", Wording::Utf8);
pub(super) const UTF_8_CRLF: Workload = row("a line and tell, UTF-8 with CRLF", Wording::Utf8CrLf);
pub(super) const LATIN_1: Workload = row("a line and tell, Latin-1", Wording::Latin1);
pub(super) const UTF_16: Workload = row("a line and tell, UTF-16", Wording::Utf16);
pub(super) const GB18030: Workload = row("a line and tell, GB 18030", Wording::Gb18030);

/// Nobody else here tells places of text; CPython, which does, stands in `compare/python.py`.
const fn row(title: &'static str, wording: Wording) -> Workload {
    let job = Job::Everyday(Everyday::Tell(wording));
    Workload { id: "T18", title, job, unit: Unit::NanosPerLine, count: Count::ToldLines, goals: &[] }
}

pub(super) async fn lap<R: EverydayRival>(wording: Wording, lap: Lap) -> io::Result<Outcome> {
    let path = lap.files.told(wording);
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    let end = R::tell(&path, wording.encoding(), |line| witness.see_line(line)).await?;
    let elapsed = start.elapsed();
    witness.count(0, end == fs::metadata(&path)?.len());
    Ok(Outcome { elapsed, witness })
}
