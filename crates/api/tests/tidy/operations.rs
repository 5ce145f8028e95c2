//! An operation on an open file is one type in one file; it is added by that file and one word in the list.

use crate::paths::paths;
use crate::source::{Source, word};

/// Where the operations stand, each in a file of its own.
const ROOM: &str = "crates/engine/src/file_op/";

/// The list from which the enum and its dispatch are made.
const LIST: &str = "crates/engine/src/file_op/mod.rs";

/// Who may look into an operation from outside: what it does to an operation that needs more than one worker's visit.
const LOOKERS: [&str; 1] = ["crates/engine/src/open_file/long_write.rs"];

/// Files of the engine that may name one operation: its own, the list, and those who ask for it.
const FILES_MAX: usize = 7;

/// Refuses a match on operations outside of the list: it would be one more place to change for a new one.
pub(crate) fn operations_are_dispatched_in_one_place(source: &Source) -> Vec<String> {
    let outside = source.path.starts_with("crates/engine/src/") && source.path != LIST;
    if !outside || source.is_test() || LOOKERS.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let named = paths(source);
    let variants = named.iter().filter(|named| {
        named.path.strip_prefix("Op::").is_some_and(|rest| rest.starts_with(char::is_uppercase))
    });
    variants
        .map(|named| {
            format!("{}: `{}`: only {LIST} takes operations apart", source.at(named.line), named.path)
        })
        .collect()
}

/// The operations of the list, each with the shipped files of the engine that name its type.
pub(crate) fn files_by_operation(sources: &[Source]) -> Vec<(String, Vec<String>)> {
    let list = sources.iter().find(|source| source.path == LIST).expect("the list of operations is there");
    let start = list.code.iter().position(|line| line.starts_with("ops! {")).expect("the list begins");
    let names = list.code[start + 1..].iter().take_while(|line| *line != "}");
    let names = names.flat_map(|line| line.split_whitespace().map(str::to_owned));
    let namers = |name: &str| {
        let naming = sources.iter().filter(|source| {
            let own = source.path.starts_with("crates/engine/src/") && !source.is_test();
            let defines = || source.shipped().any(|(_, line)| line.contains("struct ") && word(line, name));
            let imports = || {
                let end = format!("::{name}");
                paths(source).iter().any(|named| named.begins("crate::file_op") && named.path.ends_with(&end))
            };
            own && (source.path == LIST || source.path.starts_with(ROOM) && defines() || imports())
        });
        naming.map(|source| source.path.clone()).collect()
    };
    names.map(|name| (name.clone(), namers(&name))).collect()
}

/// Refuses an operation that too many files know by name.
pub(crate) fn operations_are_known_to_few(sources: &[Source]) -> Vec<String> {
    let crowded = files_by_operation(sources).into_iter().filter(|(_, files)| files.len() > FILES_MAX);
    crowded.map(|(name, files)| format!("`{name}` is named in {} files: {files:?}", files.len())).collect()
}

#[test]
fn each_rule_catches_a_planted_offence() {
    let rule = operations_are_dispatched_in_one_place;
    crate::plant(rule, "crates/engine/src/open_file/batch.rs", "match op { Op::Read(_) => 1 }", true);
    crate::plant(rule, "crates/engine/src/open_file/batch.rs", "let op: Op = Read.into();", false);
    crate::plant(rule, LIST, "match op { Op::Read(_) => 1 }", false);

    let list = Source::new(LIST, "ops! {\n    Read Seek\n}\n");
    let user = |name: &str| {
        Source::new(&format!("crates/engine/src/{name}.rs"), "use crate::file_op::Read;\nfn f(_: Read) {}\n")
    };
    let few: Vec<Source> =
        [list].into_iter().chain((0..FILES_MAX - 1).map(|i| user(&format!("a{i}")))).collect();
    assert_eq!(operations_are_known_to_few(&few), Vec::<String>::new());
    let many: Vec<Source> = few.into_iter().chain([user("b")]).collect();
    assert_eq!(operations_are_known_to_few(&many).len(), 1);
}
