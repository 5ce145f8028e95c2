//! Arrows between rooms go down only, and each foreign thing has one gatekeeper.

use std::collections::BTreeSet;

use crate::circles::Crate;
use crate::paths::{Named, paths};
use crate::source::Source;

/// Where the rooms are.
const ENGINE: &str = "crates/engine/src/";

/// The rooms from the bottom up. A room may name those of lower rows; those of the lowest row may name each
/// other, in no circle.
const LEVELS: [&[&str]; 15] = [
    &[
        "sync",
        "error",
        "limits",
        "budget",
        "stats",
        "buffer",
        "oneshot",
        "exclusive",
        "origin",
        "priority",
        "fair",
        "quota",
    ],
    &["storage"],
    &["file"],
    &["file_op"],
    &["op"],
    &["admission"],
    &["pool"],
    &["context"],
    &["at_exit"],
    &["open_file", "stream", "path"],
    &["actor"],
    &["handle"],
    &["polled"],
    &["engine"],
    &["lib"],
];

/// Where the rooms of the crate that users see are.
pub(crate) const API: &str = "crates/api/src/";

/// Its rooms from the bottom up. A room may name those of lower rows.
const API_LEVELS: [&[&str]; 7] = [
    &["limits"],
    &["checked", "engine", "mode", "run"],
    &["file"],
    &["dir", "text", "wrap"],
    &["fs", "python", "stdio", "tempfile"],
    &["compat", "os", "path"],
    &["lib"],
];

/// A foreign thing, the only places that may name it, and why.
struct Gate {
    path: &'static str,
    rooms: &'static [&'static str],
    why: &'static str,
}

const GATES: [Gate; 13] = [
    Gate {
        path: "kameo",
        rooms: &["crates/engine/src/actor/", "crates/engine/src/lib.rs", "crates/api/src/lib.rs"],
        why: "an actor library can be exchanged only while one room knows it",
    },
    Gate {
        path: "dashmap",
        rooms: &["crates/engine/src/context/registry.rs"],
        why: "a map that can deadlock against itself is used where every call is in view",
    },
    Gate {
        path: "std::thread",
        rooms: &["crates/engine/src/pool/thread.rs"],
        why: "threads are bounded because one place starts them",
    },
    Gate {
        path: "rustix",
        rooms: &["crates/engine/src/storage/os/", "crates/engine/src/storage/errno.rs"],
        why: "system calls go through the port, so that a simulated disk can stand in",
    },
    Gate {
        path: "nix",
        rooms: &["crates/engine/src/storage/os/"],
        why: "system calls go through the port, so that a simulated disk can stand in",
    },
    Gate {
        path: "fuser",
        rooms: &["crates/testkit/src/disk/fuse/"],
        why: "nobody but those who mount a simulated disk pays for it",
    },
    Gate {
        path: "shutdown_hooks",
        rooms: &["crates/engine/src/at_exit.rs"],
        why: "the end of the process is nobody's business but one file's",
    },
    Gate {
        path: "forkguard",
        rooms: &["crates/engine/src/origin.rs"],
        why: "whether a lock may be taken is asked in one way",
    },
    Gate {
        path: "loom",
        rooms: &["crates/engine/src/sync.rs"],
        why: "the cores are the same code under the model and outside of it",
    },
    Gate { path: "tokio::fs", rooms: &[], why: "this is what folio replaces" },
    Gate {
        path: "tokio::task::coop",
        rooms: &["crates/engine/src/budget.rs"],
        why: "a turn is fair only if the same work costs the same everywhere",
    },
    Gate {
        path: "tokio::task::consume_budget",
        rooms: &[],
        why: "a turn is fair only if the same work costs the same everywhere",
    },
    Gate {
        path: "tokio::task::spawn_blocking",
        rooms: &["crates/engine/src/context/paused_clock.rs"],
        why: "tokio's blocking pool is unbounded, shared, and drops queued work at shutdown",
    },
];

/// The gatekeeper of std's file calls. Types such as `std::fs::Metadata` are free to name.
const STD_FS_ROOM: &str = "crates/engine/src/storage/os/";

/// Types of `std::fs` whose constructors are calls to the disk.
const STD_FS_OPENERS: [&str; 3] = ["File", "OpenOptions", "DirBuilder"];

/// Refuses a path from a room to one at its own level or above.
pub(crate) fn arrows_go_down(source: &Source) -> Vec<String> {
    let Some(from) = room(source).filter(|_| !source.is_test()) else { return Vec::new() };
    let Some(level) = level(from) else {
        return vec![format!("{}: `{from}` stands in no row of LEVELS in tidy/rooms.rs", source.path)];
    };
    let wrong = |named: &Named| {
        let to = target(&named.path)?;
        let allowed = to == from || self::level(to).is_some_and(|to| to < level || to == 0);
        let at = source.at(named.line);
        (!allowed).then(|| format!("{at}: `{from}` may not name `{}`: arrows go down only", named.path))
    };
    paths(source).iter().filter_map(wrong).collect()
}

/// Refuses a path from a room of the crate that users see to one at its own level or above. Types are often named by
/// the crate's root there, and belong to the room that defines them.
pub(crate) fn arrows_of_the_api_go_down(sources: &[Source]) -> Vec<String> {
    let level = |room: &str| API_LEVELS.iter().position(|rooms| rooms.contains(&room));
    let files = sources.iter().filter(|source| !source.is_test());
    let rooms = files.filter_map(|source| Some((source, room_below(API, &source.path)?)));
    let unknown = rooms.filter(|(_, room)| level(room).is_none());
    let unknown = unknown.map(|(source, room)| {
        format!("{}: `{room}` stands in no row of API_LEVELS in tidy/rooms.rs", source.path)
    });
    let api = Crate::of(API, sources);
    let arrows = api.arrows();
    let arrows = arrows.iter().flat_map(|(from, to)| to.iter().map(move |to| (*from, *to)));
    let wrong = arrows.filter(|(from, to)| {
        let (from, to) = (first(from), first(to));
        from != to && level(from) <= level(to)
    });
    let wrong = wrong.map(|(from, to)| format!("{API}{from}: names what is in {to}: arrows go down only"));
    unknown.chain(wrong).collect()
}

/// Refuses `super::` that leaves the room, where [`arrows_go_down`] would not see it.
pub(crate) fn no_side_doors(source: &Source) -> Vec<String> {
    let Some(path) = source.path.strip_prefix(ENGINE) else { return Vec::new() };
    let depth = path.trim_end_matches("/mod.rs").split('/').count();
    let climbs = |named: &&Named| named.path.split("::").take_while(|part| *part == "super").count();
    let found = paths(source);
    let wrong = found.iter().filter(|named| climbs(named) >= depth);
    wrong
        .map(|named| format!("{}: leave a room by `crate::`, not `super::`", source.at(named.line)))
        .collect()
}

/// Refuses rooms of the lowest row that name each other in a circle.
pub(crate) fn no_circles(sources: &[Source]) -> Vec<String> {
    let mut arrows = BTreeSet::new();
    for source in sources {
        let Some(from) = room(source) else { continue };
        let found = paths(source);
        let targets = found.iter().filter_map(|named| target(&named.path));
        arrows.extend(targets.filter(|to| *to != from).map(|to| (from.to_owned(), to.to_owned())));
    }
    let rooms: BTreeSet<&String> = arrows.iter().map(|(from, _)| from).collect();
    let circular = rooms.into_iter().filter(|room| reaches(&arrows, room, room));
    circular.map(|room| format!("{ENGINE}{room}: stands in a circle of rooms that name each other")).collect()
}

/// Refuses a foreign thing outside of its gatekeeper's room.
pub(crate) fn gates_are_kept(source: &Source) -> Vec<String> {
    if !is_library(&source.path) {
        return Vec::new();
    }
    let found = paths(source);
    let mut offences = Vec::new();
    for gate in &GATES {
        if gate.rooms.iter().any(|room| source.path.starts_with(room)) {
            continue;
        }
        let passed = found.iter().filter(|named| named.begins(gate.path));
        offences.extend(passed.map(|named| {
            format!("{}: `{}` has no place here: {}", source.at(named.line), named.path, gate.why)
        }));
    }
    offences
}

/// Refuses calls into `std::fs` outside of the port's implementation.
pub(crate) fn std_fs_is_called_behind_the_port(source: &Source) -> Vec<String> {
    if !is_library(&source.path) || source.path.starts_with(STD_FS_ROOM) {
        return Vec::new();
    }
    let found = paths(source);
    let imported: Vec<&str> = STD_FS_OPENERS
        .into_iter()
        .filter(|name| found.iter().any(|named| named.path == of_fs(name) && is_import(source, named.line)))
        .collect();
    let calls = found.iter().filter(|named| is_fs_call(&named.path, &imported));
    calls
        .map(|named| {
            format!("{}: `{}` reaches std::fs past the storage port", source.at(named.line), named.path)
        })
        .collect()
}

/// Whether a path stands in a `use`, on its first line or within its braces.
fn is_import(source: &Source, line: usize) -> bool {
    let first = (0..=line).rev().find(|index| !source.code[*index].starts_with([' ', '}']));
    first.is_some_and(|index| source.code[index].starts_with("use "))
}

fn of_fs(name: &str) -> String {
    format!("std::fs::{name}")
}

/// `std::fs` itself, a function in it, or a constructor of one of its types.
fn is_fs_call(path: &str, imported: &[&str]) -> bool {
    if let Some(rest) = path.strip_prefix("std::fs") {
        let types = rest.strip_prefix("::").filter(|rest| rest.starts_with(char::is_uppercase));
        return types.is_none_or(|rest| rest.contains("::"));
    }
    imported.iter().any(|name| path.strip_prefix(name).is_some_and(|rest| rest.starts_with("::")))
}

fn is_library(path: &str) -> bool {
    path.starts_with(ENGINE) || path.starts_with("crates/api/src/")
}

/// The engine's room that a file belongs to.
fn room(source: &Source) -> Option<&str> {
    room_below(ENGINE, &source.path)
}

/// The room of a module; the crate's root is one of its own.
fn first(module: &str) -> &str {
    match module.split("::").next() {
        None | Some("") => "lib",
        Some(first) => first,
    }
}

fn room_below<'a>(root: &str, path: &'a str) -> Option<&'a str> {
    let path = path.strip_prefix(root)?;
    path.split('/').next().map(|first| first.trim_end_matches(".rs"))
}

/// The room that a path leads to. What the crate's root exports belongs to the root.
fn target(path: &str) -> Option<&str> {
    let first = path.strip_prefix("crate::")?.split("::").next()?;
    Some(if first.starts_with(char::is_lowercase) { first } else { "lib" })
}

fn level(room: &str) -> Option<usize> {
    LEVELS.iter().position(|rooms| rooms.contains(&room))
}

fn reaches(arrows: &BTreeSet<(String, String)>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(room) = ahead.pop() {
        for (_, next) in arrows.iter().filter(|(from, _)| from == room) {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                ahead.push(next);
            }
        }
    }
    false
}

#[test]
fn each_rule_catches_a_planted_offence() {
    use crate::plant;

    let pool = "crates/engine/src/pool/worker.rs";
    plant(arrows_go_down, pool, "use crate::actor::X;", true);
    plant(arrows_go_down, pool, "fn f() { crate::engine::start() }", true);
    plant(arrows_go_down, pool, "use crate::Error;", true);
    plant(arrows_go_down, pool, "use crate::{limits::A, op::Op, pool::lanes::Lane};", false);
    plant(arrows_go_down, pool, "#[cfg(test)]\nmod tests {\n    use crate::engine::Engine;\n}", false);
    plant(arrows_go_down, "crates/engine/src/oneshot.rs", "use crate::sync::lock;", false);
    plant(arrows_go_down, "crates/engine/src/pantry.rs", "", true);

    plant(no_side_doors, pool, "use super::super::actor::X;", true);
    plant(no_side_doors, "crates/engine/src/pool/mod.rs", "use super::actor::X;", true);
    plant(no_side_doors, pool, "use super::lanes::Lane;", false);

    plant(gates_are_kept, pool, "use kameo::prelude::*;", true);
    plant(gates_are_kept, "crates/engine/src/actor/file.rs", "use kameo::prelude::*;", false);
    plant(gates_are_kept, "crates/engine/src/actor/file.rs", "use dashmap::DashMap;", true);
    plant(gates_are_kept, "crates/engine/src/engine.rs", "use std::{io, thread};", true);
    plant(gates_are_kept, "crates/api/src/os.rs", "fn f() { rustix::fs::sync() }", true);
    plant(gates_are_kept, "crates/engine/src/oneshot.rs", "use loom::sync::Mutex;", true);
    plant(gates_are_kept, "crates/api/src/fs.rs", "tokio::task::spawn_blocking(f)", true);
    plant(gates_are_kept, "crates/api/src/fs.rs", "tokio::task::consume_budget().await", true);
    plant(gates_are_kept, "crates/engine/src/budget.rs", "use tokio::task::coop;", false);

    let std_fs = std_fs_is_called_behind_the_port;
    plant(std_fs, "crates/api/src/fs.rs", "use std::fs;", true);
    plant(std_fs, "crates/api/src/fs.rs", "std::fs::read(p)", true);
    plant(std_fs, "crates/api/src/fs.rs", "use std::fs::File;\nfn f() { File::open(p) }", true);
    plant(std_fs, "crates/api/src/fs.rs", "use std::fs::{File, Metadata};", false);
    plant(std_fs, "crates/engine/src/storage/os/file.rs", "std::fs::read(p)", false);
}

#[test]
fn a_circle_is_caught() {
    let file = |room: &str, text: &str| Source::new(&format!("{ENGINE}{room}.rs"), text);
    let line = [file("buffer", "use crate::limits::A;"), file("reply", "use crate::buffer::B;")];
    assert_eq!(no_circles(&line), Vec::<String>::new());
    let circle = [file("buffer", "use crate::reply::A;"), file("reply", "use crate::buffer::B;")];
    assert_eq!(no_circles(&circle).len(), 2);
}

#[test]
fn an_arrow_up_in_the_api_is_caught() {
    let file = |path: &str, text: &str| Source::new(&format!("{API}{path}"), text);
    let lib = || file("lib.rs", "mod dir;\nmod file;\npub use dir::Dir;\npub use file::File;");
    let down = [lib(), file("file/mod.rs", ""), file("dir/mod.rs", "use crate::File;")];
    assert_eq!(arrows_of_the_api_go_down(&down), Vec::<String>::new());
    let up = [lib(), file("file/mod.rs", "use crate::Dir;"), file("dir/mod.rs", "")];
    assert_eq!(arrows_of_the_api_go_down(&up).len(), 1);
    let sideways = [lib(), file("text.rs", "use crate::Dir;"), file("dir/mod.rs", "")];
    assert_eq!(arrows_of_the_api_go_down(&sideways).len(), 1);
    assert_eq!(arrows_of_the_api_go_down(&[file("pantry.rs", "")]).len(), 1);
}
