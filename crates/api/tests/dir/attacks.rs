//! Promise X1: a `Dir` never leaves its root, whatever the name and the operation.

use std::fs::{self, Permissions};
use std::future::Future;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::UNIX_EPOCH;

use folio::fs::{DirBuilder, RemoveOptions, RenameOptions};
use folio::os::Mode;
use folio::{Dir, File, Result};
use folio_testkit::wait::block_on;
use folio_testkit::{Random, seeds};

use crate::ground::{SECRET, engines, ground, state};

/// `EXDEV`, with which a way out is refused.
const LEADS_OUT: i32 = 18;

/// `EINVAL`, with which a last part of `.` and `..` is refused where a name is to be changed.
const NO_NAME: i32 = 22;

type Act = fn(Dir, PathBuf) -> Pin<Box<dyn Future<Output = Result<()>>>>;

macro_rules! act {
    (|$dir:ident, $name:ident| $call:expr) => {
        |$dir: Dir, $name: PathBuf| Box::pin(async move { $call.await.map(drop) })
    };
}

/// Operations that follow a link in the last part.
const FOLLOWING: [(&str, Act); 19] = [
    ("open_file", act!(|dir, name| dir.open_file(name))),
    ("create", act!(|dir, name| dir.create(name))),
    ("append", act!(|dir, name| dir.open_with(name, File::options().append(true).create(true)))),
    ("O_PATH", act!(|dir, name| dir.open_with(name, File::options().read(true).custom_flags(0x20_0000)))),
    ("open_dir", act!(|dir, name| dir.open_dir(name))),
    ("metadata", act!(|dir, name| dir.metadata(name))),
    ("try_exists", act!(|dir, name| dir.try_exists(name))),
    ("set_permissions", act!(|dir, name| dir.set_permissions(name, Permissions::from_mode(0o777)))),
    ("set_times", act!(|dir, name| dir.set_times(name, UNIX_EPOCH, UNIX_EPOCH))),
    ("read", act!(|dir, name| dir.read(name))),
    ("read_to_string", act!(|dir, name| dir.read_to_string(name))),
    ("write", act!(|dir, name| dir.write(name, b"overwritten"))),
    ("replace", act!(|dir, name| dir.replace(name, b"overwritten"))),
    (
        "begin_replace",
        act!(|dir, name| async {
            let replacement = dir.begin_replace(name, &folio::ReplaceOptions::new()).await?;
            replacement.write_all(b"overwritten").await?;
            replacement.commit().await
        }),
    ),
    ("copy from", act!(|dir, name| dir.copy(name, &dir, "stolen"))),
    ("copy to", act!(|dir, name| dir.copy("file", &dir, name))),
    ("canonicalize", act!(|dir, name| dir.canonicalize(name))),
    ("read_dir", act!(|dir, name| dir.read_dir(name))),
    (
        "open_dir, entries",
        act!(|dir, name| async { dir.open_dir(name).await?.entries().next().await.transpose() }),
    ),
];

/// Operations on a name itself.
const NAMING: [(&str, Act); 20] = [
    ("create_dir", act!(|dir, name| dir.create_dir(name))),
    ("create_dir_all", act!(|dir, name| dir.create_dir_all(name))),
    ("create_dir_with", act!(|dir, name| async { dir.create_dir_with(name, &DirBuilder::new()).await })),
    (
        "create_dir_with parents",
        act!(|dir, name| async { dir.create_dir_with(name, DirBuilder::new().recursive(true)).await }),
    ),
    ("remove_file", act!(|dir, name| dir.remove_file(name))),
    ("remove_dir", act!(|dir, name| dir.remove_dir(name))),
    ("remove_dir_all", act!(|dir, name| dir.remove_dir_all(name))),
    ("rename from", act!(|dir, name| dir.rename(name, &dir, "stolen"))),
    ("rename to", act!(|dir, name| dir.rename("file", &dir, name))),
    (
        "rename_with from",
        act!(|dir, name| async {
            dir.rename_with(name, &dir, "stolen", RenameOptions::new().durable(true)).await
        }),
    ),
    (
        "rename_with to",
        act!(|dir, name| async {
            dir.rename_with("file", &dir, name, RenameOptions::new().no_clobber(true)).await
        }),
    ),
    (
        "exchange",
        act!(|dir, name| async {
            dir.rename_with("file", &dir, name, RenameOptions::new().exchange(true)).await
        }),
    ),
    (
        "remove_file_with",
        act!(|dir, name| async { dir.remove_file_with(name, RemoveOptions::new().durable(true)).await }),
    ),
    ("hard_link from", act!(|dir, name| dir.hard_link(name, &dir, "stolen"))),
    ("hard_link to", act!(|dir, name| dir.hard_link("file", &dir, name))),
    ("symlink", act!(|dir, name| dir.symlink("file", name))),
    ("mkfifo", act!(|dir, name| dir.mkfifo(name, 0o600))),
    ("read_link", act!(|dir, name| dir.read_link(name))),
    ("set_symlink_times", act!(|dir, name| dir.set_symlink_times(name, UNIX_EPOCH, UNIX_EPOCH))),
    ("create_new", act!(|dir, name| dir.open_with(name, File::options().write(true).create_new(true)))),
];

/// Operations on what has a name, but for links in the last part.
const REFUSING: [(&str, Act); 2] = [
    ("open_dir_nofollow", act!(|dir, name| dir.open_dir_nofollow(name))),
    ("nofollow", act!(|dir, name| dir.open_with(name, File::options().read(true).nofollow(true)))),
];

/// Those that make what is missing on the way, to which a directory that is there is no error.
const MAKING_ALL: [&str; 2] = ["create_dir_all", "create_dir_with parents"];

/// Names that lead out before their last part.
const WAYS_OUT: [&str; 13] = [
    "../outside/secret",
    "../root/file",
    "inside/../../outside/secret",
    "./inside/.././../outside/new",
    "/etc/passwd",
    "//etc",
    "dir_absolute/secret",
    "dir_relative/secret",
    "dir_relative/hollow",
    "dir_relative/new/newer",
    "dir_up/outside/secret",
    "inside/../dir_up/outside/new",
    "to_inside/../../outside/secret",
];

/// Names whose last part leads out.
const LAST_PARTS_OUT: [&str; 10] = [
    "out_absolute",
    "out_relative",
    "out_chain",
    "out_new",
    "dir_absolute",
    "dir_relative",
    "dir_up",
    "back_in",
    "to_inside/out_again",
    "inside/../out_chain",
];

fn run(act: Act, root: &Path, name: &str) -> Result<()> {
    block_on(async { act(Dir::open(root).await.expect("the root is there"), name.into()).await })
}

#[test]
fn x1_a_way_out_is_refused_by_every_operation_and_changes_nothing_outside() {
    for (way, engine) in engines() {
        let ground = ground();
        let before = (state(&ground.outside), state(&ground.root));
        for (operation, act) in FOLLOWING.into_iter().chain(NAMING).chain(REFUSING) {
            for name in WAYS_OUT {
                let result = block_on(engine.scope(async {
                    act(Dir::open(&ground.root).await.expect("the root is there"), name.into()).await
                }));
                let error = result.expect_err(&format!("{operation} of {name} by the {way}"));
                assert_eq!(error.raw_os_error(), Some(LEADS_OUT), "{operation} {name} {way}: {error}");
                assert_eq!(error.kind(), ErrorKind::CrossesDevices, "{operation} {name} {way}");
                let words = error.to_string();
                assert!(words.ends_with(": the path leads out of the directory (os error 18)"), "{words}");
                assert!(
                    error.path().is_some_and(|path| path.starts_with(&ground.root) || name.starts_with('/'))
                );
            }
        }
        assert_eq!((state(&ground.outside), state(&ground.root)), before, "{way}");
    }
}

#[test]
fn x1_a_link_that_leads_out_is_not_followed_but_is_a_name_like_any_other() {
    for (way, engine) in engines() {
        for name in LAST_PARTS_OUT {
            let ground = ground();
            let (outside, inside) = (state(&ground.outside), state(&ground.root));
            let link = fs::read_link(ground.root.join(name)).expect("it is a link");
            for (operation, act) in FOLLOWING {
                let result = block_on(engine.scope(async { run_here(act, &ground.root, name).await }));
                let error = result.expect_err(&format!("{operation} of {name} by the {way}"));
                assert_eq!(error.raw_os_error(), Some(LEADS_OUT), "{operation} {name} {way}: {error}");
            }
            for (operation, act) in REFUSING {
                let error =
                    block_on(engine.scope(run_here(act, &ground.root, name))).expect_err("it is a link");
                let refused = [Some(20), Some(40)].contains(&error.raw_os_error());
                assert!(refused, "{operation} {name} {way}: {error}");
            }
            assert_eq!(state(&ground.root), inside, "{name} {way}");
            block_on(engine.scope(async {
                let dir = Dir::open(&ground.root).await.expect("the root is there");
                assert!(!dir.access(name, Mode::EXISTS).await.expect("an answer"), "{name} {way}");
                assert_eq!(dir.read_link(name).await.expect("it is a link"), link);
                assert!(dir.symlink_metadata(name).await.expect("it is there").is_symlink());
                let taken = dir.open_with(name, File::options().write(true).create_new(true)).await;
                assert_eq!(taken.expect_err("the name is taken").kind(), ErrorKind::AlreadyExists);
                dir.set_symlink_times(name, UNIX_EPOCH, UNIX_EPOCH).await.expect("the link is ours");
                dir.hard_link(name, &dir, "second").await.expect("links have names too");
                dir.rename("second", &dir, "third").await.expect("the name is free");
                dir.remove_dir_all("third").await.expect("the link goes, not what it leads to");
                assert!(dir.symlink_metadata("third").await.is_err());
                dir.remove_file(name).await.expect("the link is ours");
            }));
            assert_eq!(state(&ground.outside), outside, "{name} {way}");
        }
    }
}

async fn run_here(act: Act, root: &Path, name: &str) -> Result<()> {
    act(Dir::open(root).await.expect("the root is there"), name.into()).await
}

#[test]
fn x1_what_is_no_name_is_refused() {
    for (way, engine) in engines() {
        let ground = ground();
        let check = |act: Act, name: &str, expected: Option<i32>| {
            let error = block_on(engine.scope(run_here(act, &ground.root, name))).expect_err("it is no name");
            let short = &name[..name.len().min(20)];
            assert_eq!(error.raw_os_error(), expected, "{short:?} {way}");
        };
        for (operation, act) in NAMING.into_iter().filter(|(operation, _)| *operation != "create_new") {
            check(act, "..", Some(NO_NAME));
            check(act, "../", Some(NO_NAME));
            // Directories that are there already are no error to one that would make them.
            if !MAKING_ALL.contains(&operation) {
                check(act, "inside/..", Some(NO_NAME));
                check(act, ".", Some(NO_NAME));
            }
            check(act, "/", Some(LEADS_OUT));
        }
        let too_long = "a/".repeat(10_000);
        for (operation, act) in FOLLOWING.into_iter().chain(NAMING) {
            // What is not there is an answer to one, and nothing to do for others.
            if operation != "try_exists" && !MAKING_ALL.contains(&operation) {
                check(act, "", Some(2));
            }
            check(act, &too_long, Some(36));
            check(act, "a\0b", None);
        }
        for (_, act) in FOLLOWING {
            check(act, "..", Some(LEADS_OUT));
            check(act, "/", Some(LEADS_OUT));
            check(act, "loop", Some(40));
        }
        // Not too long, and leading somewhere after two thousand parts.
        let winding = format!("{}inside/file", "./".repeat(2_000));
        let up_and_down = format!("{}file", "inside/../".repeat(400));
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("the root is there");
            assert_eq!(dir.read(winding).await.expect("it leads there"), b"below");
            assert_eq!(dir.read(up_and_down).await.expect("it leads there"), b"contents");
        }));
    }
}

#[test]
fn x1_links_of_procfs_that_are_no_paths_lead_nowhere() {
    let ground = ground();
    let secret = fs::File::open(ground.outside.join("secret")).expect("it is there");
    let number = std::os::fd::AsRawFd::as_raw_fd(&secret);
    for (way, engine) in engines() {
        block_on(engine.scope(async {
            let proc = Dir::open("/proc/self").await.expect("Linux has it");
            for name in [format!("fd/{number}"), "root/etc".into(), "cwd/Cargo.toml".into(), "exe".into()] {
                assert!(proc.read(&name).await.is_err(), "{name} {way}");
                assert!(proc.metadata(&name).await.is_err(), "{name} {way}");
                assert!(proc.open_dir(&name).await.is_err(), "{name} {way}");
            }
            assert!(proc.read("status").await.is_ok(), "{way}");
            // Links that are paths are followed, as long as they stay.
            let all = Dir::open("/proc").await.expect("Linux has it");
            assert!(all.read("self/status").await.is_ok(), "{way}");
        }));
    }
}

#[test]
fn x1_a_directory_that_is_a_root_of_its_own_is_not_left_into_the_one_above() {
    for (way, engine) in engines() {
        let ground = ground();
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("the root is there");
            let inside = dir.open_dir("to_inside").await.expect("it stays inside");
            assert_eq!(inside.read("file").await.expect("it is there"), b"below");
            assert_eq!(dir.read("inside/to_file").await.expect("it stays inside"), b"contents");
            let error = inside.read("to_file").await.expect_err("it leads above");
            assert_eq!(error.raw_os_error(), Some(LEADS_OUT), "{way}");
            // It is the directory that is open and not its name.
            dir.rename("inside", &dir, "elsewhere").await.expect("the name is free");
            assert_eq!(inside.read("file").await.expect("it is the same directory"), b"below");
        }));
    }
}

#[test]
fn x1_both_ways_of_looking_up_answer_alike() {
    let [(_, kernel), (_, walker)] = engines();
    seeds(6, |seed| {
        let ground = ground();
        let mut numbers = Random::new(seed);
        let mut pick = |from: &[&str]| from[numbers.within(0..from.len() as u64) as usize].to_owned();
        const PARTS: [&str; 18] = [
            "inside",
            "inside",
            "file",
            "empty",
            "..",
            "..",
            ".",
            "",
            "to_inside",
            "to_file",
            "loop",
            "missing",
            "dangling",
            "dir_up",
            "root",
            "outside",
            "out_chain",
            "back_in",
        ];
        for _ in 0..400 {
            let len = 1 + pick(&["", "a", "ab", "abc", "abcd"]).len();
            let path = (0..len).map(|_| pick(&PARTS)).collect::<Vec<_>>().join("/");
            let path = &path;
            let ask = |engine: &folio::Engine| {
                block_on(engine.scope(async {
                    let dir = Dir::open(&ground.root).await.expect("the root is there");
                    let seen = |told: Result<folio::Metadata>| match told {
                        Ok(told) => Ok(told.ino()),
                        Err(error) => Err(error.raw_os_error()),
                    };
                    let followed = seen(dir.metadata(path).await);
                    let itself = seen(dir.symlink_metadata(path).await);
                    let read = dir.read(path).await.map_err(|error| error.raw_os_error());
                    let opened = dir.open_dir(path).await.map_err(|error| error.raw_os_error());
                    // Where it leads to is where std says.
                    let way = dir.canonicalize(path).await.map_err(|error| error.raw_os_error());
                    match &way {
                        Ok(way) => {
                            let real = ground.root.join(path).canonicalize().expect("it is there");
                            assert_eq!(ground.root.join(way).components().as_path(), real, "{path:?}");
                        }
                        Err(errno) => assert_eq!(followed, Err(*errno), "FOLIO_SEED={seed} {path:?}"),
                    }
                    (followed, itself, read, opened.map(drop), way)
                }))
            };
            let (by_kernel, by_walker) = (ask(&kernel), ask(&walker));
            assert_eq!(by_kernel, by_walker, "FOLIO_SEED={seed} {path:?}");
            assert_ne!(by_kernel.2, Ok(SECRET.to_vec()), "FOLIO_SEED={seed} {path:?}");
        }
    });
}

#[test]
fn a_name_can_be_tried_without_an_engine_of_ones_own() {
    let ground = ground();
    assert!(run(FOLLOWING[0].1, &ground.root, "file").is_ok());
    assert!(run(FOLLOWING[0].1, &ground.root, "out_chain").is_err());
}
