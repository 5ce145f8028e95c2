//! Runs the programs of the pages, each in a process and a folder of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// What a program finds in its folder and in its standard input.
const FILES: [(&str, &str); 1] = [("config.toml", "name = \"folio\"\n")];
const INPUT: &[u8] = b"first line\nsecond line\n";

include!(concat!(env!("OUT_DIR"), "/tests.rs"));

#[track_caller]
fn check(name: &str, tags: &[&str]) {
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
    let mut shown = String::new();
    if tags.contains(&"until_sigterm") {
        let mut out = BufReader::new(child.stdout.take().expect("it was piped"));
        out.read_line(&mut shown).expect("the program says that it is ready");
        let child = Pid::from_raw(child.id().cast_signed()).expect("a child is no process 0");
        kill_process(child, Signal::TERM).expect("it is still there");
        out.read_to_string(&mut shown).expect("what it says is text");
    }
    let ended = child.wait_with_output().expect("the program ends");
    shown += &String::from_utf8_lossy(&ended.stdout);
    shown += &String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{name}: {}\n{shown}", ended.status);
}
