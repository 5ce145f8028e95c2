//! D5: partial progress is exact, for the operation that failed and for its neighbours in the same system call.

use folio::{Engine, File, Result};
use folio_testkit::{Call, Disk, Gate, errno::ENOSPC};

use crate::{PATH, Pending, bench, open};

/// Queued together, so that they merge.
const PAYLOADS: [&[u8]; 4] = [b"aaaaa", b"bbbbbbb", b"c", b"dddddddd"];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// At the cursor, one behind the other.
    Cursor,
    /// At offsets that touch.
    Positioned,
    /// At the end.
    Append,
}

/// One case: how many bytes each call takes, and which call fails.
#[derive(Clone, Copy, Debug)]
struct Case {
    form: Form,
    at_most: usize,
    failing: u64,
}

#[tokio::test]
async fn d5_partial_progress_is_exact() {
    let (mut failed, mut whole) = (0, 0);
    for form in [Form::Cursor, Form::Positioned, Form::Append] {
        for at_most in [1, 3, 5, 6, 12, 100] {
            for failing in 1..=6 {
                let errors = check(Case { form, at_most, failing }).await;
                failed += errors;
                whole += 1 - errors;
            }
        }
    }
    assert!(failed > 50 && whole > 5, "the table tests too little: {failed} failures, {whole} without");
}

/// Returns the number of errors, which is that of the faults.
async fn check(case: Case) -> usize {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let call = if case.form == Form::Append { Call::Append } else { Call::WriteAt };
    let short = disk.plan().on(call).at_most(case.at_most);
    let fault = disk.plan().on(call).nth(case.failing).fail(ENOSPC);
    let (outcomes, calls) = run(case, &disk, &engine, &file).await;
    assert!(short.fired() > 0, "{case:?}");
    let errors: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert_eq!(errors.len() as u64, fault.fired(), "{case:?}");
    assert!(calls > 0, "{case:?}");
    let done: Vec<usize> =
        outcomes.iter().zip(PAYLOADS).map(|(outcome, payload)| progress(outcome, payload)).collect();
    check_contents(case, &disk, &done, &outcomes);
    if case.form == Form::Cursor {
        let total: usize = done.iter().sum();
        assert_eq!(file.stream_position().await.unwrap(), total as u64, "{case:?}: {outcomes:?}");
    }
    errors.len()
}

async fn run(case: Case, disk: &Disk, engine: &Engine, file: &File) -> (Vec<Result<u64>>, u64) {
    let gate = Gate::closed();
    let held = disk.plan().on(Call::SetLen).wait_for(&gate);
    let before = Pending::new(file.set_len(0));
    gate.arrived(1);
    let mut offset = 0;
    let mut queued = Vec::new();
    for payload in PAYLOADS {
        queued.push(Pending::new(async move {
            match case.form {
                Form::Cursor => file.write_all(payload).await.map(|()| 0),
                Form::Positioned => file.write_all_at(payload, offset).await.map(|()| 0),
                Form::Append => file.append(payload).await,
            }
        }));
        offset += payload.len() as u64;
    }
    gate.open();
    before.done().await.unwrap();
    let mut outcomes = Vec::new();
    for write in queued {
        outcomes.push(write.done().await);
    }
    assert_eq!(held.fired(), 1);
    (outcomes, engine.snapshot().counters.write_calls)
}

fn progress(outcome: &Result<u64>, payload: &[u8]) -> usize {
    match outcome {
        Ok(_) => payload.len(),
        Err(error) => {
            assert_eq!(error.raw_os_error(), Some(ENOSPC));
            assert!(error.bytes_done() < payload.len() as u64, "a whole write failed: {error}");
            error.bytes_done() as usize
        }
    }
}

/// The file holds of each payload exactly what its outcome says.
fn check_contents(case: Case, disk: &Disk, done: &[usize], outcomes: &[Result<u64>]) {
    let contents = disk.contents(PATH);
    let mut expected = Vec::new();
    let mut offset = 0;
    for ((payload, done), outcome) in PAYLOADS.iter().zip(done).zip(outcomes) {
        match case.form {
            Form::Cursor => expected.extend_from_slice(&payload[..*done]),
            Form::Append => {
                if let Ok(at) = outcome {
                    assert_eq!(*at, expected.len() as u64, "{case:?}: an offset is wrong: {outcomes:?}");
                }
                expected.extend_from_slice(&payload[..*done]);
            }
            Form::Positioned if *done > 0 => {
                expected.resize(offset, 0);
                expected.extend_from_slice(&payload[..*done]);
            }
            Form::Positioned => {}
        }
        offset += payload.len();
    }
    assert_eq!(contents, expected, "{case:?}: {outcomes:?}");
}

/// Whoever is still on the way to the actor when the gate opens is not merged; mostly nobody is.
#[tokio::test]
async fn d5_merged_neighbours_share_calls() {
    let mut fewest = u64::MAX;
    for _ in 0..50 {
        let (disk, engine) = bench();
        let file = open(&engine).await;
        let case = Case { form: Form::Cursor, at_most: 100, failing: 0 };
        let (outcomes, calls) = run(case, &disk, &engine, &file).await;
        assert!(outcomes.iter().all(Result::is_ok));
        fewest = fewest.min(calls);
    }
    assert_eq!(fewest, 1, "or the table above tests no merging");
}
