//! Children: what they write is copied into files, what files hold is copied to them.

use std::process::Stdio;

use folio::File;
use tokio::io::{AsyncWriteExt, BufReader, copy, copy_buf};
use tokio::process::Command;

use crate::runtime::Carrier;
use crate::target::Kind;
use crate::{LINES, Room, assert_same, pattern};

#[test]
fn the_output_of_a_child_is_what_a_file_holds() {
    for (k, kind) in Kind::ALL.into_iter().enumerate() {
        for buffered in [false, true] {
            let carrier = Carrier::nth(k + usize::from(buffered));
            let arrived = carrier.carry(move || {
                Box::pin(async move {
                    let (mut target, arrived) = kind.open(&Room::on_disk()).await;
                    let mut command = Command::new("seq");
                    command.args(["-f", "%06g", "0", &(LINES - 1).to_string()]).stdout(Stdio::piped());
                    let mut child = command.spawn().unwrap();
                    let mut output = child.stdout.take().unwrap();
                    if buffered {
                        copy_buf(&mut BufReader::new(output), &mut target).await.unwrap();
                    } else {
                        copy(&mut output, &mut target).await.unwrap();
                    }
                    target.shutdown().await.unwrap();
                    assert!(child.wait().await.unwrap().success());
                    arrived
                })
            });
            assert_same(&format!("into {kind:?}, {carrier:?}"), &arrived(), &pattern(LINES));
        }
    }
}

#[test]
fn what_a_child_reads_is_what_the_file_holds() {
    for carrier in Carrier::ALL {
        for in_memory in [false, true] {
            let room = if in_memory { Room::in_memory() } else { Room::on_disk() };
            let (from, to) = (room.path("from"), room.path("to"));
            std::fs::write(&from, pattern(LINES)).unwrap();
            let output = std::fs::File::create(&to).unwrap();
            carrier.carry(move || {
                Box::pin(async move {
                    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(output).spawn().unwrap();
                    let mut input = child.stdin.take().unwrap();
                    copy(&mut File::open(from).await.unwrap(), &mut input).await.unwrap();
                    drop(input);
                    assert!(child.wait().await.unwrap().success());
                })
            });
            assert_same(&format!("{carrier:?}"), &std::fs::read(&to).unwrap(), &pattern(LINES));
        }
    }
}
