//! Checks of what is in a file: reads, writes, appends, length, sync, and what an opening allows.

use std::io::IoSlice;

use folio_engine::storage::Nature;

use super::Check;
use super::ground::{Ground, appending, both, contents, fails, ok, reading, write_all, writing};
use crate::errno::{EBADF, EEXIST, EINVAL, EISDIR, ENOENT};

pub(super) const CHECKS: &[Check] = &[
    ("open keeps the errno of what went wrong", open_errors),
    ("create and truncate do what they say", create_and_truncate),
    ("an opening tells identity, length and nature", openings_identify),
    ("a read returns what is there, and 0 only at the end", reads),
    ("a read that would not block equals one that may", reads_now),
    ("a write puts its buffers in order at its offset", writes),
    ("a cursor reads and writes where it stands", cursors),
    ("a hole reads as zeros", holes),
    ("an append goes to the end and tells where", appends),
    ("a file opened for appending is only appended to", append_openings),
    ("set_len cuts, and extends with zeros", lengths),
    ("sync and close succeed on files, sync on directories", syncs),
    ("an opening allows only what it was opened for", access),
    ("offsets no file can have are errors", wild_offsets),
];

fn open_errors(on: &Ground) {
    ok(on.storage.create_dir(&on.path("dir"), None));
    on.put("file", b"x");
    let new = writing().create_new(true);
    for (name, request, errno) in [
        ("missing", reading(), ENOENT),
        ("missing", writing(), ENOENT),
        ("missing/file", writing().create(true), ENOENT),
        ("file", new, EEXIST),
        ("dir", writing(), EISDIR),
    ] {
        let error = on.open_error(name, &request);
        assert_eq!(error.raw_os_error(), Some(errno), "{name} with {request:?}: {error}");
    }
}

fn create_and_truncate(on: &Ground) {
    on.open("a", &both().create_new(true));
    assert_eq!(on.contents("a"), b"");
    on.put("a", b"hello");
    on.open("a", &writing().create(true));
    assert_eq!(on.contents("a"), b"hello", "create leaves an existing file alone");
    let opened = on.open("a", &writing().truncate(true));
    assert_eq!(opened.len, 0, "the length is the one after truncating");
    assert_eq!(on.contents("a"), b"");
}

fn openings_identify(on: &Ground) {
    on.put("a", b"hello");
    on.put("b", b"");
    let (first, second, other) = (on.open("a", &reading()), on.open("a", &both()), on.open("b", &reading()));
    assert_eq!((first.device, first.inode), (second.device, second.inode));
    assert_ne!((first.device, first.inode), (other.device, other.inode));
    assert_eq!((first.len, first.nature), (5, Nature::Plain));
    ok(on.storage.rename(&on.path("a"), &*on.storage, &on.path("c")));
    assert_eq!(on.open("c", &reading()).inode, first.inode, "a rename keeps the identity");
}

fn reads(on: &Ground) {
    on.put("a", b"0123456789");
    let file = on.file("a");
    for (offset, len, there) in [
        (0, 10, &b"0123456789"[..]),
        (3, 4, b"3456"),
        (8, 10, b"89"),
        (10, 5, b""),
        (99, 5, b""),
        (2, 0, b""),
    ] {
        let mut buf = vec![0xEE; len];
        let count = ok(file.read_at(&mut buf, offset));
        assert!(there.starts_with(&buf[..count]), "{len} bytes at {offset} gave {:?}", &buf[..count]);
        assert_eq!(count == 0, there.is_empty(), "{len} bytes at {offset} gave {count}");
        assert!(buf[count..].iter().all(|byte| *byte == 0xEE), "nothing behind the {count} bytes is touched");
    }
}

fn reads_now(on: &Ground) {
    on.put("a", b"0123456789");
    let file = on.file("a");
    for (offset, there) in [(0, &b"012345"[..]), (6, b"6789"), (10, b"")] {
        let mut buf = [0; 6];
        let Some(result) = file.read_now(&mut buf, offset) else { continue };
        let count = ok(result);
        assert!(there.starts_with(&buf[..count]), "at {offset}: {:?}", &buf[..count]);
        assert_eq!(count == 0, there.is_empty(), "at {offset}: {count}");
    }
}

fn writes(on: &Ground) {
    on.put("a", b"..........");
    let file = on.file("a");
    let count = ok(file.write_at(&[IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")], 3));
    assert!((1..=5).contains(&count));
    let expected = [&b"..."[..], &b"abcde"[..count], &b"......."[count..]].concat();
    assert_eq!(contents(&*file), expected);
    assert_eq!(ok(file.write_at(&[], 0)), 0);
    assert_eq!(ok(file.write_at(&[IoSlice::new(b"")], 50)), 0);
    assert_eq!(ok(file.len()), 10, "a write of nothing does not extend the file");
}

/// Files of a disk have positions; only what has none may go on from where it stands by itself.
fn cursors(on: &Ground) {
    on.put("a", b"0123456789");
    let file = on.open("a", &both()).file;
    assert!(file.has_positions());
    assert!(!file.appends());
    for offset in [4, 0, 7] {
        let mut buf = [0xEE; 1];
        assert_eq!(ok(file.read_on(&mut buf, offset)), 1);
        assert_eq!(buf[0], b'0' + offset as u8, "at {offset}");
        assert_eq!(ok(file.write_on(&[IoSlice::new(b"x")], offset)), 1);
    }
    assert_eq!(on.contents("a"), b"x123x56x89");
}

fn holes(on: &Ground) {
    on.put("a", b"a");
    let file = on.file("a");
    write_all(&*file, b"z", 9000);
    let bytes = contents(&*file);
    assert_eq!((bytes.len(), bytes[0], bytes[9000]), (9001, b'a', b'z'));
    assert!(bytes[1..9000].iter().all(|byte| *byte == 0));
}

fn appends(on: &Ground) {
    on.put("a", b"head");
    let file = on.open("a", &appending()).file;
    let mut end = 4;
    for record in [&b"one"[..], b"", b"three"] {
        let (count, offset) = ok(file.append(&[IoSlice::new(record)]));
        assert_eq!(count == 0, record.is_empty());
        assert!(count == 0 || offset == end, "at {offset} and not at {end}");
        end += count as u64;
    }
    assert_eq!(on.contents("a").len() as u64, end);
    // Another handle extends the file, and the append goes to the new end.
    write_all(&*on.file("a"), b"!", 99);
    assert_eq!(ok(file.append(&[IoSlice::new(b"x")])), (1, 100));
}

fn append_openings(on: &Ground) {
    on.put("a", b"head");
    let file = on.open("a", &appending().read(true)).file;
    ok(file.append(&[IoSlice::new(b"+")]));
    assert_eq!(contents(&*file), b"head+");
    fails(on.open("a", &appending()).file.read_at(&mut [0], 0), &[EBADF]);
}

fn lengths(on: &Ground) {
    on.put("a", b"abcdef");
    let file = on.file("a");
    ok(file.set_len(2));
    assert_eq!((ok(file.len()), contents(&*file)), (2, b"ab".to_vec()));
    ok(file.set_len(5));
    assert_eq!((ok(file.len()), contents(&*file)), (5, b"ab\0\0\0".to_vec()), "what was cut does not return");
}

fn syncs(on: &Ground) {
    on.put("a", b"abc");
    let file = on.file("a");
    write_all(&*file, b"x", 0);
    ok(file.sync(false));
    ok(file.sync(true));
    ok(file.close());
    assert_eq!(on.contents("a"), b"xbc");
    ok(on.open("", &reading()).file.sync(true));
}

fn access(on: &Ground) {
    on.put("a", b"abc");
    let (reader, writer) = (on.open("a", &reading()).file, on.open("a", &writing()).file);
    fails(reader.write_at(&[IoSlice::new(b"x")], 0), &[EBADF]);
    fails(reader.append(&[IoSlice::new(b"x")]), &[EBADF]);
    fails(reader.set_len(0), &[EINVAL, EBADF]);
    fails(writer.read_at(&mut [0], 0), &[EBADF]);
    fails(on.open("", &reading()).file.read_at(&mut [0], 0), &[EISDIR]);
    assert_eq!(on.contents("a"), b"abc");
}

fn wild_offsets(on: &Ground) {
    on.put("a", b"abc");
    let file = on.file("a");
    for offset in [u64::MAX, i64::MAX as u64 + 1] {
        assert!(file.read_at(&mut [0], offset).is_err(), "read at {offset}");
        assert!(file.write_at(&[IoSlice::new(b"x")], offset).is_err(), "write at {offset}");
        assert!(file.set_len(offset).is_err(), "set_len {offset}");
    }
    assert_eq!(contents(&*file), b"abc");
}
