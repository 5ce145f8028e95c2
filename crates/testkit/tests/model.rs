//! The model does what a file does, and allows exactly what it should.
#![allow(clippy::unwrap_used, reason = "a test says by its failure what went wrong")]

use std::io::SeekFrom;

use folio_testkit::{FileModel, ModelOp, Outcome};

#[test]
fn each_operation_gives_what_a_file_gives() {
    use ModelOp::{Append, Len, Read, ReadAt, Seek, SetLen, Sync, Write, WriteAt};
    let bytes = |bytes: &[u8]| Outcome::Bytes(bytes.to_vec());
    let new = |bytes: &[u8]| bytes.to_vec();
    let mut file = FileModel::new(*b"abc");
    for (op, outcome, contents, cursor) in [
        (Read { len: 2 }, bytes(b"ab"), &b"abc"[..], 2),
        (Read { len: 2 }, bytes(b"c"), b"abc", 3),
        (Read { len: 2 }, bytes(b""), b"abc", 3),
        (ReadAt { offset: 1, len: 9 }, bytes(b"bc"), b"abc", 3),
        (ReadAt { offset: u64::MAX, len: 9 }, bytes(b""), b"abc", 3),
        (WriteAt { offset: 5, bytes: new(b"x") }, Outcome::Written(1), b"abc\0\0x", 3),
        (WriteAt { offset: 50, bytes: new(b"") }, Outcome::Written(0), b"abc\0\0x", 3),
        (Write { bytes: new(b"d") }, Outcome::Written(1), b"abcd\0x", 4),
        (Append { bytes: new(b"yz") }, Outcome::Offset(6), b"abcd\0xyz", 4),
        (SetLen(2), Outcome::Done, b"ab", 4),
        (SetLen(3), Outcome::Done, b"ab\0", 4),
        (Write { bytes: new(b"!") }, Outcome::Written(1), b"ab\0\0!", 5),
        (Seek(SeekFrom::Current(-9)), Outcome::Failed, b"ab\0\0!", 5),
        (Seek(SeekFrom::End(-4)), Outcome::Offset(1), b"ab\0\0!", 1),
        (Seek(SeekFrom::Start(u64::MAX)), Outcome::Failed, b"ab\0\0!", 1),
        (WriteAt { offset: u64::MAX, bytes: new(b"x") }, Outcome::Failed, b"ab\0\0!", 1),
        (Len, Outcome::Len(5), b"ab\0\0!", 1),
        (Sync, Outcome::Done, b"ab\0\0!", 1),
    ] {
        let after = file.after(&op, &outcome).unwrap_or_else(|| panic!("{op:?} -> {outcome:?}"));
        assert_eq!(file.run(&op), outcome, "{op:?}");
        assert_eq!((file.bytes(), file.cursor()), (contents, cursor), "{op:?}");
        assert_eq!((after.bytes(), after.cursor()), (contents, cursor), "{op:?}");
    }
}

#[test]
fn short_outcomes_are_allowed_only_on_request_and_never_empty() {
    let check = |op: &ModelOp, outcome: Outcome, allowed_if_short: bool| {
        let strict = FileModel::new(*b"abc");
        let lenient = strict.clone().with_short_reads().with_short_writes();
        assert!(strict.after(op, &outcome).is_none(), "{op:?} -> {outcome:?}");
        assert_eq!(lenient.after(op, &outcome).is_some(), allowed_if_short, "{op:?} -> {outcome:?}");
    };
    let read = ModelOp::Read { len: 3 };
    check(&read, Outcome::Bytes(b"ab".to_vec()), true);
    check(&read, Outcome::Bytes(b"".to_vec()), false);
    check(&read, Outcome::Bytes(b"b".to_vec()), false);
    check(&read, Outcome::Bytes(b"abcd".to_vec()), false);
    let write = ModelOp::Write { bytes: b"xyz".to_vec() };
    check(&write, Outcome::Written(2), true);
    check(&write, Outcome::Written(0), false);
    check(&write, Outcome::Written(4), false);
}

#[test]
fn a_short_outcome_moves_the_cursor_by_what_was_done() {
    let file = FileModel::new(*b"abc").with_short_reads().with_short_writes();
    let read = file.after(&ModelOp::Read { len: 3 }, &Outcome::Bytes(b"a".to_vec())).unwrap();
    assert_eq!(read.cursor(), 1);
    let wrote = read.after(&ModelOp::Write { bytes: b"xyz".to_vec() }, &Outcome::Written(1)).unwrap();
    assert_eq!((wrote.bytes(), wrote.cursor()), (&b"axc"[..], 2));
}

#[test]
fn an_append_only_file_writes_at_its_end() {
    let mut file = FileModel::new(*b"abc").append_only();
    file.run(&ModelOp::Write { bytes: b"d".to_vec() });
    assert_eq!((file.bytes(), file.cursor()), (&b"abcd"[..], 4));
    file.run(&ModelOp::WriteAt { offset: 0, bytes: b"e".to_vec() });
    assert_eq!((file.bytes(), file.cursor()), (&b"abcde"[..], 4));
}
