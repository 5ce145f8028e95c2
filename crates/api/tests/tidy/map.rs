//! The code map in the documentation against the tree on disk, and traces of the machine it was written on.

use std::collections::BTreeSet;

/// Roots that the map must draw.
pub(crate) const MAPPED: [&str; 6] = [
    "crates/engine/src/",
    "crates/api/src/",
    "crates/python/src/",
    "crates/object-store/src/",
    "crates/opendal/src/",
    "crates/testkit/src/",
];

/// What opens the map: a fenced block with this info string.
const FENCE: &str = "```tree";

/// Compares the map in `text` with the paths of all Rust files outside of tests, both ways.
///
/// In the map a folder that shows nothing below it stands for all it holds, and `mod.rs` belongs to its folder.
pub(crate) fn the_map_is_the_tree(text: &str, files: &[String]) -> Vec<String> {
    let drawn = drawn(text);
    if drawn.is_empty() {
        return vec![format!("docs/architecture.md: no {FENCE} block")];
    }
    let real: BTreeSet<&String> = files.iter().filter(|file| is_mapped(file)).collect();
    let known =
        |file: &String| drawn.contains(file) || drawn.iter().any(|path| stands_for(path, file, &drawn));
    let missing = real.iter().filter(|file| !known(file));
    let missing = missing.map(|file| format!("docs/architecture.md: {file} is not in the code map"));
    let exists =
        |path: &str| files.iter().any(|file| file == path || path.ends_with('/') && file.starts_with(path));
    let gone = drawn.iter().filter(|path| !exists(path));
    let gone =
        gone.map(|path| format!("docs/architecture.md: the code map draws {path}, which does not exist"));
    missing.chain(gone).collect()
}

fn is_mapped(file: &str) -> bool {
    MAPPED.iter().any(|root| file.starts_with(root)) && !file.ends_with("/mod.rs")
}

/// Whether `path` is a folder, drawn without contents, that holds `file`.
fn stands_for(path: &str, file: &str, drawn: &BTreeSet<String>) -> bool {
    let opened = || drawn.iter().any(|other| other != path && other.starts_with(path));
    path.ends_with('/') && file.starts_with(path) && !opened()
}

/// The paths that the map draws: two spaces a level, a name, and what it is for.
fn drawn(text: &str) -> BTreeSet<String> {
    let lines = text.lines().skip_while(|line| line.trim_end() != FENCE).skip(1);
    let mut folders: Vec<String> = Vec::new();
    let mut drawn = BTreeSet::new();
    for line in lines.take_while(|line| !line.starts_with("```")) {
        let Some(name) = line.split_whitespace().next() else { continue };
        let level = (line.len() - line.trim_start().len()) / 2;
        folders.truncate(level);
        let path = format!("{}{name}", folders.concat());
        if name.ends_with('/') {
            folders.push(name.to_owned());
        }
        drawn.insert(path);
    }
    drawn
}

/// Refuses a path that exists on one machine only.
pub(crate) fn no_path_of_a_machine(path: &str, text: &str) -> Vec<String> {
    // Put together here, so that this file does not offend.
    let homes = ["work", "root", "home", "Users"].map(|home| format!("/{home}/"));
    let mut offences = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if let Some(home) = homes.iter().find(|home| names_root(line, home)) {
            offences.push(format!("{path}:{}: `{home}…` is a path of one machine", i + 1));
        }
    }
    offences
}

/// Whether `home` stands in the line as the beginning of a path, not as a part of a longer one.
fn names_root(line: &str, home: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "_-./}>".contains(c);
    line.match_indices(home).any(|(at, _)| !line[..at].ends_with(inside))
}

#[test]
fn a_map_that_differs_from_the_tree_is_caught() {
    let map = "# A\n```tree\ncrates/engine/src/   the engine\n  lib.rs   front\n  pool/\n    lanes.rs   x\n  op/  ops\n```\n";
    let tree = ["lib.rs", "pool/mod.rs", "pool/lanes.rs", "op/read.rs"];
    let tree: Vec<String> = tree.iter().map(|file| format!("crates/engine/src/{file}")).collect();
    assert_eq!(the_map_is_the_tree(map, &tree), Vec::<String>::new());

    let more = [tree.clone(), vec!["crates/engine/src/pool/worker.rs".to_owned()]].concat();
    let offences = the_map_is_the_tree(map, &more);
    assert!(offences[0].contains("pool/worker.rs is not in"), "{offences:?}");

    let offences = the_map_is_the_tree(map, &tree[..3]);
    assert!(offences[0].contains("draws crates/engine/src/op/"), "{offences:?}");
    assert_eq!(the_map_is_the_tree("no map", &tree).len(), 1);
}

#[test]
fn a_path_of_a_machine_is_caught() {
    let planted = format!("see /{}/notes.md", "home/me");
    assert_eq!(no_path_of_a_machine("README.md", &planted).len(), 1);
    assert!(no_path_of_a_machine("README.md", "src/work/x and target/root/y").is_empty());
}
