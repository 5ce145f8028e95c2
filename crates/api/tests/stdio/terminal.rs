//! A terminal is read and written like a pipe, and stays as its shell needs it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;

use folio_testkit::process::{again, is_again};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::again::{is_nonblocking, quietly};

/// Both ends of a new terminal: what a person sees and types on, and what programs have.
fn terminal() -> (File, OwnedFd) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    (person.into(), rustix::fs::open(name, flags, Mode::empty()).unwrap())
}

#[test]
fn a_terminal_is_talked_with_and_stays_as_it_was() {
    let name = "terminal::a_terminal_is_talked_with_and_stays_as_it_was";
    if is_again(name) {
        return quietly(async {
            assert!(folio::stdin().is_terminal() && folio::stderr().is_terminal());
            folio::stderr().write_line("name?").await.unwrap();
            let answer = folio::stdin().next_line().await.unwrap().unwrap();
            folio::stderr().write_line(&format!("hello, {answer}!")).await.unwrap();
            // Pending when the program ends, and in nobody's way.
            tokio::spawn(async { folio::stdin().next_line().await });
            tokio::task::yield_now().await;
        });
    }
    let (mut person, shared) = terminal();
    let mut command = again(name);
    command.stdin(shared.try_clone().unwrap()).stderr(shared.try_clone().unwrap());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let mut seen = String::new();
    let mut until = |person: &mut File, wanted: &str| {
        let mut buf = [0; 256];
        while !seen.contains(wanted) {
            let count = person.read(&mut buf).unwrap();
            seen.push_str(std::str::from_utf8(&buf[..count]).unwrap());
        }
    };
    until(&mut person, "name?");
    person.write_all(b"Ada\n").unwrap();
    until(&mut person, "hello, Ada!");
    assert!(child.wait().unwrap().success());
    assert!(!is_nonblocking(&shared));
}
