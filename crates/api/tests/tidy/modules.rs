//! Which file of a crate names which, through its modules and what they re-export.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{Named, is_import, paths};
use crate::source::Source;

/// That one file names something that another one defines.
#[derive(Debug)]
pub(crate) struct Arrow<'a> {
    pub(crate) from: &'a Source,
    pub(crate) line: usize,
    /// As it is written.
    pub(crate) path: String,
    pub(crate) to: &'a Source,
}

/// Lists the arrows between the files below `root` that are shipped. A module's own file shows what is below it, so
/// what it names there is no arrow.
pub(crate) fn arrows<'a>(root: &str, sources: &'a [Source]) -> Vec<Arrow<'a>> {
    let shipped = sources.iter().filter(|source| source.path.starts_with(root) && !source.is_test());
    let files = shipped.map(|source| (module(root, &source.path), File { source, names: paths(source) }));
    let modules = Modules(files.collect());
    let mut arrows = Vec::new();
    for (from, file) in &modules.0 {
        for Named { line, path } in &file.names {
            let Some(to) = modules.resolve(from, path, 0) else { continue };
            if to != from && !is_below(to, from) {
                arrows.push(Arrow {
                    from: file.source,
                    line: *line,
                    path: path.clone(),
                    to: modules.0[to].source,
                });
            }
        }
    }
    arrows
}

/// Refuses files below `root` that name each other in a circle.
pub(crate) fn no_circles_of_files(root: &str, sources: &[Source]) -> Vec<String> {
    let arrows = arrows(root, sources);
    let pairs = arrows.iter().map(|arrow| (arrow.from.path.clone(), arrow.to.path.clone()));
    let pairs: BTreeSet<_> = pairs.collect();
    let wrong = arrows.iter().filter(|arrow| reaches(&pairs, &arrow.to.path, &arrow.from.path));
    wrong
        .map(|arrow| {
            let at = arrow.from.at(arrow.line);
            format!("{at}: `{}` closes a circle: {} names this file too", arrow.path, arrow.to.path)
        })
        .collect()
}

/// Whether arrows lead from one end to the other.
pub(crate) fn reaches(arrows: &BTreeSet<(String, String)>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(here) = ahead.pop() {
        for (_, next) in arrows.iter().filter(|(from, _)| from == here) {
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

/// Re-exports of re-exports that are followed; no module of ours comes near.
const REEXPORTS_MAX: usize = 8;

struct File<'a> {
    source: &'a Source,
    names: Vec<Named>,
}

/// The files of a crate by their modules, such as `fs::walk`; that of the root is empty.
struct Modules<'a>(BTreeMap<String, File<'a>>);

impl Modules<'_> {
    /// The module whose file defines what `path` names when it stands in the file of `from`; `None` for what is
    /// foreign.
    fn resolve(&self, from: &str, path: &str, depth: usize) -> Option<&str> {
        let mut here = from.to_owned();
        let mut parts = path.split("::").peekable();
        match *parts.peek()? {
            "crate" => here.clear(),
            "self" | "super" => {}
            first if self.0.contains_key(&join(from, first)) => {}
            _ => return None,
        }
        for part in parts {
            let below = join(&here, part);
            match part {
                "crate" | "self" => {}
                "super" => here = here.rsplit_once("::").map_or("", |(above, _)| above).to_owned(),
                _ if self.0.contains_key(&below) => here = below,
                _ => match self.import(&here, part) {
                    Some(path) if depth < REEXPORTS_MAX => return self.resolve(&here, path, depth + 1),
                    _ => break,
                },
            }
        }
        self.0.get_key_value(&here).map(|(module, _)| module.as_str())
    }

    /// The path by which a module has imported a name.
    fn import(&self, module: &str, name: &str) -> Option<&str> {
        let File { source, names } = self.0.get(module)?;
        let imports = names.iter().filter(|named| is_import(source, named.line));
        let mut paths = imports.map(|named| named.path.as_str());
        paths.find(|path| path.rsplit("::").next() == Some(name))
    }
}

fn module(root: &str, path: &str) -> String {
    let path = path.trim_start_matches(root).trim_end_matches(".rs");
    let path = path.trim_end_matches("/mod").replace('/', "::");
    if path == "lib" { String::new() } else { path }
}

fn join(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}::{name}") }
}

fn is_below(module: &str, above: &str) -> bool {
    above.is_empty() || module.strip_prefix(above).is_some_and(|rest| rest.starts_with("::"))
}

#[test]
fn paths_are_followed_to_the_file_that_defines() {
    let files = [
        ("lib.rs", "mod a;\npub mod b;\npub use a::{One, x::Two};\npub use foreign::Three;"),
        ("a/mod.rs", "mod x;\npub use x::Two;\nuse x::Two;"),
        ("a/x.rs", "use super::One;"),
        ("b.rs", "use crate::{One, Three, Two, a::Two, a::y};\nfn f() { foreign::g() }"),
    ];
    let files = files.map(|(path, text)| Source::new(&format!("root/{path}"), text));
    let found = arrows("root/", &files);
    let found =
        found.iter().map(|arrow| (arrow.from.path.as_str(), arrow.path.as_str(), arrow.to.path.as_str()));
    let expected = [
        ("root/a/x.rs", "super::One", "root/a/mod.rs"),
        ("root/b.rs", "crate::One", "root/a/mod.rs"),
        ("root/b.rs", "crate::Two", "root/a/x.rs"),
        ("root/b.rs", "crate::a::Two", "root/a/x.rs"),
        ("root/b.rs", "crate::a::y", "root/a/mod.rs"),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn a_circle_of_files_is_caught() {
    let file = |path: &str, text: &str| Source::new(&format!("root/{path}"), text);
    let line = [file("lib.rs", "pub use a::A;"), file("a.rs", ""), file("b.rs", "use crate::A;")];
    assert_eq!(no_circles_of_files("root/", &line), Vec::<String>::new());
    let circle =
        [file("lib.rs", "pub use a::A;"), file("a.rs", "use crate::b;"), file("b.rs", "use crate::A;")];
    assert_eq!(no_circles_of_files("root/", &circle).len(), 2);
}
