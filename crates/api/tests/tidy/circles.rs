//! No file of a crate names another that names it back, however long the way.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{Named, paths};
use crate::source::Source;

/// The crates whose files are looked at.
const CRATES: [&str; 8] = [
    "crates/engine/src/",
    "crates/api/src/",
    "crates/python/src/",
    "crates/object-store/src/",
    "crates/opendal/src/",
    "crates/testkit/src/",
    "benches/src/",
    "soak/src/",
];

/// Circles that are still to be opened, by the module that all of their files stand below.
const TO_BE_OPENED: [&str; 1] = ["crates/engine/src/storage::os"];

/// Refuses files that stand in a circle, each circle once.
pub(crate) fn files_stand_in_no_circle(sources: &[Source]) -> Vec<String> {
    CRATES.iter().flat_map(|root| circles(&Crate::of(root, sources))).collect()
}

/// What begins the path of something that another crate defines.
const FOREIGN: &str = "::";

/// The files of one crate by their module, `""` for its root.
pub(crate) struct Crate<'a> {
    root: &'a str,
    files: BTreeMap<String, &'a Source>,
    /// What the front pages of rooms export: from the exported path to where it is defined.
    exported: BTreeMap<String, String>,
    /// Modules that stand in a folder of another name, from the one to the other; the first of several, as the others
    /// have the same names.
    moved: BTreeMap<String, String>,
}

impl<'a> Crate<'a> {
    pub(crate) fn of(root: &'a str, sources: &'a [Source]) -> Self {
        let own = sources.iter().filter(|source| source.path.starts_with(root) && !source.is_test());
        let files: BTreeMap<_, _> = own.map(|source| (module(root, source), source)).collect();
        let (mut exported, mut moved) = (BTreeMap::new(), BTreeMap::new());
        for (module, source) in &files {
            for (name, folder) in folders(source) {
                moved.entry(join(module, name)).or_insert_with(|| join(module, folder));
            }
            for named in paths(source).iter().filter(|named| is_export(source, named.line)) {
                let path = absolute(module, source, &named.path);
                let path = path.unwrap_or_else(|| format!("{FOREIGN}{}", named.path));
                let name = path.rsplit("::").next().unwrap_or(&path).to_owned();
                exported.insert(join(module, &name), path);
            }
        }
        Crate { root, files, exported, moved }
    }

    /// The file in which something with this path is defined, if it is one of this crate's.
    fn file(&self, path: &str) -> Option<&str> {
        let moved = self.moved.iter().find_map(|(name, folder)| {
            let rest = path.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with("::")).then(|| format!("{folder}{rest}"))
        });
        let mut path = moved.as_deref().unwrap_or(path);
        // An export may lead to another one.
        for _ in 0..4 {
            match (1..=path.matches("::").count() + 1).find_map(|parts| self.exported.get(first(path, parts)))
            {
                Some(original) => path = original,
                None => break,
            }
        }
        if path.starts_with(FOREIGN) {
            return None;
        }
        let parts = path.matches("::").count() + 1;
        (0..=parts)
            .rev()
            .find_map(|parts| self.files.get_key_value(first(path, parts)))
            .map(|(module, _)| &**module)
    }

    /// Which file names something that is defined in which others, all by their modules.
    pub(crate) fn arrows(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut arrows = BTreeMap::new();
        for (module, source) in &self.files {
            let found = paths(source);
            // Who may see something is no use of it.
            let seen_by =
                |named: &Named| source.code[named.line].contains(&format!("pub(in {})", named.path));
            let used = found.iter().filter(|named| !is_export(source, named.line) && !seen_by(named));
            let named = used.filter_map(|Named { path, .. }| self.file(&absolute(module, source, path)?));
            arrows.insert(&**module, named.filter(|to| to != module).collect());
        }
        arrows
    }
}

/// The modules that a file declares by `#[path]`, each with its folder.
fn folders(source: &Source) -> impl Iterator<Item = (&str, &str)> {
    source.lines.windows(2).filter_map(|lines| {
        let folder = lines[0].strip_prefix("#[path = \"")?.strip_suffix("/mod.rs\"]")?;
        Some((lines[1].strip_prefix("mod ")?.strip_suffix(';')?, folder))
    })
}

/// The module that a file is, without the crate's name.
fn module(root: &str, source: &Source) -> String {
    let path = source.path[root.len()..].trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" { String::new() } else { path.replace('/', "::") }
}

/// A path of this crate from the crate's root on; `None` for a foreign one.
fn absolute(module: &str, source: &Source, path: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix("crate::") {
        return Some(rest.to_owned());
    }
    let (mut module, mut rest) = (module, path);
    if let Some(inner) = rest.strip_prefix("self::") {
        return Some(join(module, inner));
    }
    if !rest.starts_with("super::") {
        // A path may begin with a module that this file declares.
        let first = path.split("::").next()?;
        let declared = source.code.iter().any(|line| {
            line.trim_start_matches("pub").trim_start_matches("(crate)").trim_start_matches("(super)").trim()
                == format!("mod {first};")
        });
        return declared.then(|| join(module, path));
    }
    while let Some(outer) = rest.strip_prefix("super::") {
        module = module.rsplit_once("::").map_or("", |(parent, _)| parent);
        rest = outer;
    }
    Some(join(module, rest))
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

/// The first `parts` segments of a path.
fn first(path: &str, parts: usize) -> &str {
    let ends = path.match_indices("::").map(|(end, _)| end).chain([path.len()]);
    match parts {
        0 => "",
        parts => ends.take(parts).last().map_or("", |end| &path[..end]),
    }
}

/// Whether a path stands in a `pub use`: a front page that exports what is behind it does not need it.
fn is_export(source: &Source, line: usize) -> bool {
    let first = (0..=line).rev().find(|index| !source.code[*index].starts_with([' ', '}']));
    first.is_some_and(|index| source.code[index].starts_with("pub") && source.code[index].contains(" use "))
}

fn circles(files: &Crate<'_>) -> Vec<String> {
    let arrows = files.arrows();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for start in arrows.keys() {
        let forth = reach(&arrows, start);
        let circle: BTreeSet<&str> =
            forth.iter().copied().filter(|other| reach(&arrows, other).contains(start)).collect();
        let known = |module: &&str| {
            let path = format!("{}{module}", files.root);
            TO_BE_OPENED.iter().any(|prefix| path.starts_with(prefix))
        };
        if !circle.is_empty() && !circle.iter().all(known) && seen.insert(circle.clone()) {
            let names: Vec<String> = circle
                .iter()
                .map(|from| {
                    let to: Vec<_> = arrows[from].iter().filter(|to| circle.contains(*to)).collect();
                    format!("{} -> {to:?}", if from.is_empty() { "lib" } else { from })
                })
                .collect();
            found.push(format!(
                "{}: files that name each other in a circle:\n  {}",
                files.root,
                names.join("\n  ")
            ));
        }
    }
    found
}

/// All that can be reached from `start` by one arrow or more.
fn reach<'a>(arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>, start: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&str> = vec![start];
    while let Some(file) = ahead.pop() {
        for next in arrows.get(file).into_iter().flatten() {
            if reached.insert(*next) {
                ahead.push(next);
            }
        }
    }
    reached
}

#[test]
fn a_circle_of_files_is_caught() {
    let check = |files: &[(&str, &str)], circles: usize| {
        let source = |(path, text): &(&str, &str)| Source::new(&format!("crates/engine/src/{path}.rs"), text);
        let sources: Vec<Source> = files.iter().map(source).collect();
        let found = files_stand_in_no_circle(&sources);
        assert_eq!(found.len(), circles, "{files:?}: {found:?}");
    };
    check(&[("a", "use crate::b::B;"), ("b", "")], 0);
    check(&[("a", "use crate::b::B;"), ("b", "fn f() { crate::a::g() }")], 1);
    check(&[("a/b", "use super::c::C;"), ("a/c", "use crate::a::b::B;")], 1);
    let front = "mod b;\nmod c;\npub(crate) use b::B;";
    check(&[("a/mod", front), ("a/b", ""), ("a/c", "use crate::a::B;")], 0);
    check(&[("a/mod", front), ("a/b", "use crate::a::c::C;"), ("a/c", "use crate::a::B;")], 1);
    check(&[("lib", "mod a;\npub use a::A;\npub use other::B;"), ("a", "use crate::B;")], 0);
    check(&[("lib", "mod a;\nuse a::A;\nstruct B;"), ("a", "use crate::B;")], 1);
    check(&[("a/mod", "mod b;\nuse b::B;\npub struct A;"), ("a/b", "use super::A;")], 1);
    let moved = "mod b;\n#[path = \"d/mod.rs\"]\nmod c;\nuse b::B;";
    check(&[("a/mod", moved), ("a/b", "use super::c::C;"), ("a/d/mod", "pub struct C;")], 0);
    check(&[("a/mod", moved), ("a/b", "use super::c::C;"), ("a/d/mod", "use crate::a::b::B;")], 1);
}
