//! Ranges that are asked for in the same turn of the executor: neighbours are one request.
//!
//! ```text
//!   first ── its task lets the executor's other tasks run once ── takes all ranges ── one request for each group ── answers
//!   others ── wait ──────────────┘
//! ```
//!
//! A group whose callers are all gone gives its request up.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use opendal::Buffer;
use tokio::sync::oneshot;

use crate::error::Failed;
use crate::limits::{GAP_BYTES_MAX, GATHERED_BYTES_MAX, REQUEST_BYTES_MAX};
use crate::read::fetch::Source;

/// The ranges of one file that wait for a request.
#[derive(Debug)]
pub(crate) struct Gathering {
    source: Arc<Source>,
    waiting: Mutex<Vec<Wanted>>,
}

#[derive(Debug)]
struct Wanted {
    range: Range<u64>,
    answer: oneshot::Sender<Result<Bytes, Failed>>,
}

impl Gathering {
    pub(crate) fn new(source: Arc<Source>) -> Arc<Gathering> {
        Arc::new(Gathering { source, waiting: Mutex::default() })
    }

    /// Returns these bytes.
    pub(crate) async fn read(self: &Arc<Self>, range: Range<u64>) -> Result<Bytes, Failed> {
        if range.end - range.start > GATHERED_BYTES_MAX {
            return self.source.fetch(range).await.map(|buffer| buffer.to_bytes());
        }
        let (answer, answered) = oneshot::channel();
        if self.join(Wanted { range, answer }) {
            tokio::spawn(self.clone().carry_out());
        }
        answered.await.unwrap_or_else(|_| Err(Failed::ended()))
    }

    /// Adds a range; `true` if it is the first.
    fn join(&self, wanted: Wanted) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(wanted);
        waiting.len() == 1
    }

    async fn carry_out(self: Arc<Self>) {
        tokio::task::yield_now().await;
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut groups = grouped(waiting).into_iter();
        let last = groups.next_back();
        groups.for_each(|group| drop(tokio::spawn(group.ask(self.source.clone()))));
        if let Some(last) = last {
            last.ask(self.source.clone()).await;
        }
    }
}

/// Ranges that are one request.
struct Group {
    range: Range<u64>,
    members: Vec<Wanted>,
}

impl Group {
    async fn ask(mut self, source: Arc<Source>) {
        let got = tokio::select! {
            got = source.fetch(self.range.clone()) => got,
            () = all_gone(&mut self.members) => return,
        };
        for Wanted { range, answer } in self.members {
            let cut = |buffer: &Buffer| {
                let start = (range.start - self.range.start) as usize;
                buffer.slice(start..start + (range.end - range.start) as usize).to_bytes()
            };
            // One that was dropped meanwhile needs no answer.
            let _ = answer.send(got.as_ref().map(cut).map_err(Failed::clone));
        }
    }
}

async fn all_gone(members: &mut [Wanted]) {
    for member in members {
        member.answer.closed().await;
    }
}

/// Puts neighbours together.
fn grouped(mut waiting: Vec<Wanted>) -> Vec<Group> {
    waiting.sort_unstable_by_key(|wanted| wanted.range.start);
    let mut groups: Vec<Group> = Vec::new();
    for wanted in waiting {
        let range = wanted.range.clone();
        match groups.last_mut().filter(|group| is_neighbour(&group.range, &range)) {
            Some(group) => {
                group.range.end = group.range.end.max(range.end);
                group.members.push(wanted);
            }
            None => groups.push(Group { range, members: vec![wanted] }),
        }
    }
    groups
}

fn is_neighbour(group: &Range<u64>, next: &Range<u64>) -> bool {
    let end = group.end.max(next.end);
    next.start <= group.end.saturating_add(GAP_BYTES_MAX) && end - group.start <= REQUEST_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::{Wanted, grouped};
    use crate::limits::{GAP_BYTES_MAX, REQUEST_BYTES_MAX};
    use std::ops::Range;
    use tokio::sync::oneshot;

    fn groups(ranges: &[Range<u64>]) -> Vec<(u64, u64)> {
        let wanted = ranges.iter().map(|range| Wanted { range: range.clone(), answer: oneshot::channel().0 });
        grouped(wanted.collect()).into_iter().map(|group| (group.range.start, group.range.end)).collect()
    }

    #[test]
    fn neighbours_are_one_request() {
        assert_eq!(groups(&[10..20, 0..10]), [(0, 20)]);
        assert_eq!(groups(&[0..100, 20..30, 90..120]), [(0, 120)]);
        let gap = GAP_BYTES_MAX;
        assert_eq!(groups(&[0..1, 1 + gap..2 + gap]), [(0, 2 + gap)]);
        assert_eq!(groups(&[0..1, 2 + gap..3 + gap]), [(0, 1), (2 + gap, 3 + gap)]);
    }

    #[test]
    fn no_request_is_longer_than_its_bound() {
        let half = REQUEST_BYTES_MAX / 2;
        assert_eq!(
            groups(&[0..half, half..2 * half, 2 * half..2 * half + 1]),
            [(0, 2 * half), (2 * half, 2 * half + 1)]
        );
    }
}
