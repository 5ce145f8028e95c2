//! Sizes, names, and words that have no place in finished code.

use crate::source::{Source, word};

/// Lines of code in one file, blank lines, comments and tests aside.
const FILE_LINES_MAX: usize = 500;

/// Lines from a function's name to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// Words a front line needs to say anything.
const FRONT_WORDS_MIN: usize = 3;

/// Names of files that tell nothing about what is inside.
const BANNED_NAMES: [&str; 8] = ["util", "utils", "common", "helper", "helpers", "misc", "shared", "stuff"];

/// Macros that mark unfinished work.
const UNFINISHED: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

/// Tests that may let a thread sleep, each with the reason.
const SLEEPING_TESTS: [(&str, &str); 0] = [];

/// Where numbers may have the names of bounds, each with the reason.
const BOUNDLESS: [(&str, &str); 7] = [
    ("crates/engine/src/limits.rs", "here they stand"),
    ("crates/api/src/limits.rs", "here they stand"),
    ("crates/python/src/limits.rs", "here they stand"),
    ("crates/object-store/src/limits.rs", "here they stand"),
    ("crates/opendal/src/limits.rs", "here they stand"),
    ("crates/api/src/text/codec/", "what encodings are was not chosen here"),
    ("crates/testkit/src/", "nothing of it is shipped"),
];

/// How the names of bounds end, and their types.
const BOUND_ENDS: [&str; 5] = ["_MAX", "_MIN", "_BYTES", "_PAUSE", "_TIMEOUT"];
const NUMBERS: [&str; 7] = ["usize", "u64", "u32", "i32", "u8", "i64", "Duration"];

/// Refuses a file with too much code in it.
pub(crate) fn files_are_small(source: &Source) -> Vec<String> {
    let lines = if source.is_test() { source.written().count() } else { source.shipped().count() };
    let offence = format!("{}: {lines} lines of code, more than {FILE_LINES_MAX}", source.path);
    if lines > FILE_LINES_MAX { vec![offence] } else { Vec::new() }
}

/// Refuses a function that does not fit on a screen.
pub(crate) fn functions_are_small(source: &Source) -> Vec<String> {
    let starts = source.written().filter(|(_, line)| function_name(line).is_some());
    let long = starts.map(|(start, line)| (start, line, source.item(start).len()));
    long.filter(|(_, _, len)| *len > FUNCTION_LINES_MAX)
        .map(|(start, line, len)| {
            let name = function_name(line).unwrap_or_default();
            format!("{}: `{name}` has {len} lines, more than {FUNCTION_LINES_MAX}", source.at(start))
        })
        .collect()
}

/// The name of the function that a line declares.
pub(crate) fn function_name(line: &str) -> Option<&str> {
    let at =
        line.find("fn ").filter(|at| !line[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))?;
    let rest = &line[at + 3..];
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    (end > 0).then_some(&rest[..end])
}

/// Refuses a name that could stand on any drawer.
pub(crate) fn names_say_what_is_inside(source: &Source) -> Vec<String> {
    let banned = |part: &&str| BANNED_NAMES.contains(&part.trim_end_matches(".rs"));
    let found = source.path.split('/').find(banned);
    found
        .map(|name| format!("{}: `{name}` says nothing about what is inside", source.path))
        .into_iter()
        .collect()
}

/// Refuses a file that does not begin by saying what it is.
pub(crate) fn files_have_a_front_line(source: &Source) -> Vec<String> {
    let first = source.lines.first().map_or("", String::as_str);
    let words = first.strip_prefix("//!").map_or(0, |front| front.split_whitespace().count());
    if words >= FRONT_WORDS_MIN || first.starts_with("#![doc") {
        return Vec::new();
    }
    vec![format!("{}: begin with a `//!` line that says what this file is", source.at(0))]
}

/// Refuses a bound that does not stand among the others of its crate, with its unit and its reason.
///
/// What is made of other bounds may stand where it is used.
pub(crate) fn bounds_stand_together(source: &Source) -> Vec<String> {
    let is_free = BOUNDLESS.iter().any(|(path, _)| source.path.starts_with(path));
    if is_free || !source.path.contains("/src/") || !source.path.starts_with("crates/") {
        return Vec::new();
    }
    let named = |line: &str| {
        let (name, rest) = line.trim_start().split_once("const ")?.1.split_once(':')?;
        let is_number = NUMBERS.contains(&rest.split('=').next()?.trim());
        let is_bound = BOUND_ENDS.iter().any(|end| name.ends_with(end)) && !rest.contains("limits::");
        (is_number && is_bound).then_some(name.to_owned())
    };
    let found = source.shipped().filter_map(|(i, line)| Some((i, named(line)?)));
    found.map(|(i, name)| format!("{}: the bound `{name}` belongs into limits.rs", source.at(i))).collect()
}

/// Refuses macros that mark unfinished work, anywhere.
pub(crate) fn nothing_is_unfinished(source: &Source) -> Vec<String> {
    let marked = |line: &str| {
        UNFINISHED.iter().find(|mark| line.contains(*mark) && word(line, &mark[..mark.len() - 1]))
    };
    let found = source.written().filter_map(|(i, line)| Some((i, marked(line)?)));
    found.map(|(i, mark)| format!("{}: `{mark}` marks unfinished work", source.at(i))).collect()
}

/// Refuses `unwrap` outside of tests: an `expect` states why it cannot fail.
pub(crate) fn nothing_unwraps(source: &Source) -> Vec<String> {
    let found = source.shipped().filter(|(_, line)| line.contains(".unwrap()"));
    found.map(|(i, _)| format!("{}: state the invariant with `expect`", source.at(i))).collect()
}

/// Refuses tests that do not run.
pub(crate) fn no_test_is_ignored(source: &Source) -> Vec<String> {
    let found = source.written().filter(|(_, line)| line.trim_start().starts_with("#[ignore"));
    found.map(|(i, _)| format!("{}: an ignored test shows nothing", source.at(i))).collect()
}

/// Refuses tests that wait for time to pass instead of for what they wait for.
pub(crate) fn no_test_sleeps(source: &Source) -> Vec<String> {
    if SLEEPING_TESTS.iter().any(|(path, _)| source.path == *path) {
        return Vec::new();
    }
    let found = source.written().filter(|(i, line)| source.test[*i] && line.contains("thread::sleep"));
    found.map(|(i, _)| format!("{}: a sleep is no synchronisation", source.at(i))).collect()
}

/// Refuses a test that says by itself what it skips: the harness hides what a passing test prints, and CI collects
/// what [`folio_testkit::skip`] writes.
pub(crate) fn skips_go_through_the_testkit(source: &Source) -> Vec<String> {
    let says = |i: usize, line: &str| {
        let literal = source.lines[i].to_lowercase().contains(&format!("\"{}: ", "skipped"));
        literal || word(line, "eprintln") || word(line, "eprint")
    };
    let found = source.written().filter(|(i, line)| source.test[*i] && says(*i, line));
    found.map(|(i, _)| format!("{}: say what is skipped by the testkit's `skip`", source.at(i))).collect()
}

#[test]
fn each_rule_catches_a_planted_offence() {
    use crate::plant;

    let path = "crates/engine/src/a.rs";
    plant(files_are_small, path, &"f();\n".repeat(FILE_LINES_MAX), false);
    plant(files_are_small, path, &"f();\n".repeat(FILE_LINES_MAX + 1), true);
    plant(files_are_small, path, &"// why\n\n".repeat(FILE_LINES_MAX + 1), false);

    let function = |lines: usize| format!("pub fn f(\n) -> X {{\n{}}}", "    g(\"}\");\n".repeat(lines));
    plant(functions_are_small, path, &function(FUNCTION_LINES_MAX - 3), false);
    plant(functions_are_small, path, &function(FUNCTION_LINES_MAX - 2), true);

    plant(names_say_what_is_inside, "crates/api/src/util.rs", "", true);
    plant(names_say_what_is_inside, "crates/api/src/common/x.rs", "", true);
    plant(names_say_what_is_inside, "crates/api/src/utility_meter.rs", "", false);

    plant(files_have_a_front_line, path, "//! One answer for one caller.", false);
    plant(files_have_a_front_line, path, "//! .", true);
    plant(files_have_a_front_line, path, "use std::io;", true);

    plant(nothing_is_unfinished, path, "fn f() { todo!() }", true);
    plant(nothing_is_unfinished, path, "fn f() { dbg!(x); }", true);
    plant(nothing_is_unfinished, path, "fn f() { \"todo!()\"; } // todo!()", false);

    plant(bounds_stand_together, path, "const OPS_MAX: usize = 5;", true);
    plant(bounds_stand_together, path, "pub(super) const ROOM_BYTES: u64 = 1 << 20;", true);
    plant(bounds_stand_together, path, "const HALF_BYTES: usize = limits::ROOM_BYTES / 2;", false);
    plant(bounds_stand_together, path, "const OPS: usize = 5;\nconst NAMES_MAX: &str = \"x\";", false);
    plant(bounds_stand_together, "crates/api/src/limits.rs", "const OPS_MAX: usize = 5;", false);
    plant(bounds_stand_together, "crates/api/tests/a.rs", "const OPS_MAX: usize = 5;", false);

    plant(nothing_unwraps, path, "f().unwrap();", true);
    plant(nothing_unwraps, path, "#[cfg(test)]\nmod tests {\n    fn f() { g().unwrap(); }\n}", false);
    plant(nothing_unwraps, path, "#[cfg(not(test))]\nfn f() { g().unwrap(); }", true);

    plant(no_test_is_ignored, "crates/api/tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}", true);
    let said = format!("fn f() {{ println!(\"{}: no root\"); }}", "SKIPPED");
    plant(skips_go_through_the_testkit, "crates/api/tests/a.rs", &said, true);
    plant(skips_go_through_the_testkit, "crates/api/tests/a.rs", "fn f() { return eprintln!(); }", true);
    plant(skips_go_through_the_testkit, "crates/api/tests/a.rs", "fn f() { skip(\"a\", \"b\"); }", false);
    plant(skips_go_through_the_testkit, path, "fn f() { eprintln!(); }", false);

    plant(no_test_sleeps, "crates/api/tests/a.rs", "std::thread::sleep(PAUSE);", true);
    plant(no_test_sleeps, path, "std::thread::sleep(PAUSE);", false);
}
