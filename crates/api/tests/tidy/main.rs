//! Tidiness is a test: this one reads the tree and refuses what the house rules refuse.
//!
//! Each rule is a function from a file to its offences, each offence a line that names file and line. The
//! rules stand beside planted offences that they must catch, because a rule that has gone blind looks like
//! a rule that everyone obeys.

mod circles;
mod map;
mod operations;
mod pages;
mod paths;
mod promises;
mod prose;
mod rooms;
mod shape;
mod source;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use source::Source;

/// A rule about one file.
type Rule = fn(&Source) -> Vec<String>;

#[test]
fn arrows_between_rooms_go_down_only() {
    obey(&[rooms::arrows_go_down, rooms::no_side_doors]);
    report(rooms::no_circles(sources()));
    report(rooms::arrows_of_the_api_go_down(sources()));
}

#[test]
fn files_name_each_other_in_no_circle() {
    report(circles::files_stand_in_no_circle(sources()));
}

#[test]
fn an_operation_is_one_type_in_one_file() {
    obey(&[operations::operations_are_dispatched_in_one_place]);
    report(operations::operations_are_known_to_few(sources()));
}

#[test]
fn each_foreign_thing_has_one_gatekeeper() {
    obey(&[rooms::gates_are_kept, rooms::std_fs_is_called_behind_the_port]);
}

#[test]
fn files_and_functions_stay_small() {
    obey(&[shape::files_are_small, shape::functions_are_small]);
}

#[test]
fn every_file_says_what_it_is() {
    obey(&[shape::files_have_a_front_line, shape::names_say_what_is_inside]);
}

#[test]
fn every_bound_stands_in_limits() {
    obey(&[shape::bounds_stand_together]);
}

#[test]
fn nothing_is_left_unfinished() {
    obey(&[shape::nothing_is_unfinished, shape::nothing_unwraps]);
}

#[test]
fn no_test_is_ignored_or_sleeps_or_skips_in_silence() {
    obey(&[shape::no_test_is_ignored, shape::no_test_sleeps, shape::skips_go_through_the_testkit]);
}

#[test]
fn public_functions_say_how_they_fail_and_what_dropping_does() {
    obey(&[prose::fallible_functions_say_when]);
    report(prose::futures_say_what_dropping_does(sources()));
}

#[test]
fn retired_words_stay_away() {
    obey(&[words::retired_words_are_gone]);
    let page = "docs/architecture.md";
    report(words::retired_phrases_are_gone(page, &text(page)));
}

#[test]
fn the_code_map_is_the_tree() {
    let text = text("docs/architecture.md");
    let shipped = sources().iter().filter(|source| !source.is_test());
    let files: Vec<String> = shipped.map(|source| source.path.clone()).collect();
    report(map::the_map_is_the_tree(&text, &files));
}

#[test]
fn published_packages_say_what_a_registry_shows() {
    let mut manifests = texts(&|path| path.starts_with("crates/") && path.ends_with("/Cargo.toml"));
    manifests.retain(|(_, text)| !text.contains("\npublish = false\n"));
    report(manifests.iter().flat_map(|(path, text)| pages::manifests_are_complete(path, text)).collect());
}

#[test]
fn every_choice_has_the_shape_of_the_template_and_a_line_in_the_index() {
    let mut choices = texts(&|path| path.starts_with("docs/decisions/0"));
    choices.retain(|(path, _)| !path.ends_with("/0000-template.md"));
    report(choices.iter().flat_map(|(path, text)| pages::choices_have_one_shape(path, text)).collect());
    let name = |path: &str| path.trim_start_matches("docs/decisions/").to_owned();
    let listed: Vec<_> = choices.into_iter().map(|(path, text)| (name(&path), text)).collect();
    let index = "docs/decisions/README.md";
    report(pages::the_list_is_complete((index, &text(index)), &listed, true));
}

#[test]
fn the_table_of_contents_has_every_page() {
    let mut pages = texts(&|path| path.starts_with("docs/") && path.ends_with(".md"));
    let contents = pages.iter().position(|(path, _)| path == "docs/SUMMARY.md");
    let contents = pages.remove(contents.expect("the book has a table of contents"));
    pages.retain(|(path, _)| !path.ends_with("/0000-template.md"));
    pages.iter_mut().for_each(|(path, _)| *path = path.replacen("docs/", "", 1));
    report(pages::the_list_is_complete((&contents.0, &contents.1), &pages, false));
}

#[test]
fn the_list_of_tests_has_each_of_their_programs() {
    let root = "crates/api/tests/";
    let program = |source: &Source| {
        let path = source.path.strip_prefix(root)?;
        Some(path.find('/').map_or(path, |folder| &path[..=folder]).to_owned())
    };
    let mut programs: Vec<_> =
        sources().iter().filter_map(program).map(|path| (path, String::new())).collect();
    programs.dedup();
    let list = format!("{root}README.md");
    // What the list says of the promises is no program.
    let text = text(&list).replace("(../../../docs/reliability.md)", "");
    report(pages::the_list_is_complete((&list, &text), &programs, false));
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let exists = |path: &str| root().join(path).exists();
    let pages = texts(&|path| path.ends_with(".md"));
    let dead = |(path, text): &(String, String)| pages::links_lead_somewhere(path, text, &exists);
    report(pages.iter().flat_map(dead).collect());
}

#[test]
fn every_promise_has_a_test_that_carries_its_code() {
    report(promises::every_promise_has_a_test(&text("docs/reliability.md"), sources()));
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let files = files(&|_| true);
    let texts = files.iter().filter_map(|path| Some((path, fs::read_to_string(root().join(path)).ok()?)));
    report(texts.flat_map(|(path, text)| map::no_path_of_a_machine(path, &text)).collect());
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the page is there")
}

/// The paths that `wanted` accepts, each with its text.
fn texts(wanted: &dyn Fn(&str) -> bool) -> Vec<(String, String)> {
    let texts = files(wanted).into_iter().map(|path| (path.clone(), text(&path)));
    texts.collect()
}

/// Applies the rules to every Rust file of the workspace.
#[track_caller]
fn obey(rules: &[Rule]) {
    let sources = sources();
    assert!(sources.len() > 10, "the tree was not found: {} files", sources.len());
    report(rules.iter().flat_map(|rule| sources.iter().flat_map(rule)).collect());
}

#[track_caller]
fn report(offences: Vec<String>) {
    assert!(offences.is_empty(), "{} offences:\n{}", offences.len(), offences.join("\n"));
}

/// Applies `rule` to a text and says whether it must offend.
#[track_caller]
fn plant(rule: Rule, path: &str, text: &str, offends: bool) {
    let offences = rule(&Source::new(path, text));
    assert_eq!(!offences.is_empty(), offends, "{path}:\n{text}\n{offences:?}");
}

/// Every Rust file of the workspace, read once for all rules.
fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(read_sources);
    &SOURCES
}

fn read_sources() -> Vec<Source> {
    let rust = texts(&|path| path.ends_with(".rs"));
    let mut sources: Vec<Source> = rust.iter().map(|(path, text)| Source::new(path, text)).collect();
    let declared = |path: &str| sources.iter().any(|source| source.declares_test(path));
    let tests: Vec<bool> = sources.iter().map(|source| declared(&source.path)).collect();
    for (source, _) in sources.iter_mut().zip(tests).filter(|(_, test)| *test) {
        source.become_test();
    }
    sources
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("the crate lies two levels below the workspace").to_owned()
}

/// The paths below the workspace that `wanted` accepts, sorted.
fn files(wanted: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be listed").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.extend((!is_foreign(&entry.file_name().to_string_lossy())).then_some(path));
                continue;
            }
            let path = path.strip_prefix(root()).expect("it lies below the root");
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found.retain(|path| path != ".git" && wanted(path));
    found.sort();
    found
}

/// Folders that hold nothing anyone wrote.
fn is_foreign(name: &str) -> bool {
    name == "target" || name == ".git"
}
