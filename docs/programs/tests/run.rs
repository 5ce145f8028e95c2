//! Runs the programs of the pages, each in a process and a folder of its own.

use std::io::Write;
use std::process::{Command, Stdio};

/// What a program finds in its folder and in its standard input.
const FILES: [(&str, &str); 1] = [("config.toml", "name = \"folio\"\n")];
const INPUT: &[u8] = b"first line\nsecond line\n";

include!(concat!(env!("OUT_DIR"), "/tests.rs"));

#[track_caller]
fn check(name: &str, _tags: &[&str]) {
    let room = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk of the build");
    for (file, text) in FILES {
        std::fs::write(room.path().join(file), text).expect("the folder can be written");
    }
    let mut program = Command::new(env!("CARGO_BIN_EXE_folio-programs"));
    program.arg(name).current_dir(room.path()).env("TMPDIR", room.path());
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().expect("the program starts");
    // A program that reads nothing may have ended already.
    let _ = child.stdin.take().expect("it was piped").write_all(INPUT);
    let ended = child.wait_with_output().expect("the program ends");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{name}: {}\n{out}\n{err}", ended.status);
}
