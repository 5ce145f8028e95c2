//! The end of the process behind a copy that nobody flushed: what was taken is written.

use folio::File;
use folio_testkit::process::again;
use tokio::io::AsyncWriteExt;

use crate::runtime::Carrier;
use crate::{LINES, Room, assert_same, pattern};

/// Says that this process is the child of the test below, how it ends, and where it writes.
const CHILD: &str = "FOLIO_ADAPTERS_ENDING";

/// Longer than one write takes in at a time, so that the last part is on its way in the end.
const REPEATS: usize = 30;

#[test]
fn what_was_taken_is_written_when_the_process_ends() {
    if let Ok(told) = std::env::var(CHILD) {
        let (way, path) = told.split_once(' ').unwrap();
        return child(way, path.to_owned());
    }
    for way in ["exit", "exit-after-drop", "return"] {
        let room = Room::on_disk();
        let path = room.path("written");
        let mut command = again("ending::what_was_taken_is_written_when_the_process_ends");
        let status = command.env(CHILD, format!("{way} {}", path.display())).output().unwrap().status;
        assert_eq!(status.code(), Some(if way == "return" { 0 } else { 7 }), "{way}");
        assert_same(way, &std::fs::read(path).unwrap(), &pattern(LINES).repeat(REPEATS));
    }
}

fn child(way: &str, path: String) {
    let file = Carrier::MultiThread.carry(|| {
        Box::pin(async move {
            let mut file = File::create(path).await.unwrap();
            AsyncWriteExt::write_all(&mut file, &pattern(LINES).repeat(REPEATS)).await.unwrap();
            file
        })
    });
    match way {
        "exit" => std::process::exit(7),
        "exit-after-drop" => {
            drop(file);
            std::process::exit(7);
        }
        _ => {}
    }
}
