//! Histories: the images of every moment of one run.

use folio_testkit::{CrashModel, Disk};

use crate::program::{SEED, images, open, sync, write};

#[test]
fn a_history_has_the_images_that_each_moment_had() {
    let disk = Disk::new();
    disk.put("/log", "");
    let history = disk.history();
    let mut expected = vec![(disk.moment(), counts(&disk))];
    let steps: [fn(&Disk); 5] = [
        |disk| drop(open(disk, "/new")),
        |disk| write(disk, "/log", 0, b"abc"),
        |disk| sync(disk, "/log"),
        |disk| open(disk, "/log").set_len(1).unwrap(),
        |disk| write(disk, "/new", 0, b"x"),
    ];
    for step in steps {
        step(&disk);
        expected.push((disk.moment(), counts(&disk)));
    }
    let moments = history.moments().map(|moment| {
        let counts = CrashModel::ALL.map(|model| moment.crash_images(model, SEED).count());
        (moment.number(), counts)
    });
    assert_eq!(moments.collect::<Vec<_>>(), expected);
    assert_eq!(expected.len() as u64, 1 + disk.moment() - expected[0].0, "each step is one moment");
}

#[test]
fn a_history_goes_on_while_it_is_looked_at_and_ends_when_it_is_dropped() {
    let disk = Disk::new();
    let history = disk.history();
    open(&disk, "/a");
    assert_eq!(history.moments().count(), 2);
    open(&disk, "/b");
    assert_eq!(history.moments().count(), 3);
    drop(history);
    open(&disk, "/c");
    assert_eq!(disk.history().moments().count(), 1);
}

fn counts(disk: &Disk) -> [usize; 3] {
    CrashModel::ALL.map(|model| images(disk, model).len())
}
