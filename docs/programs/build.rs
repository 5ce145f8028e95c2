//! Takes the programs out of the pages: each fenced block of Rust becomes a module of the binary, and a test that runs it.

use std::fs;
use std::path::{Path, PathBuf};

/// Pages with programs, from the workspace's root; of a folder all `.md` files.
const PAGES: [&str; 3] = ["README.md", "docs", "docs/guide"];

/// One block of Rust.
struct Program {
    name: String,
    /// What the block's info string says besides `rust`.
    tags: Vec<String>,
    /// Where it stands, for whoever reads the compiler's errors.
    place: String,
    text: String,
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the package lies in docs/");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where to build"));
    let (mut modules, mut calls, mut tests) = (String::new(), String::new(), String::new());
    for Program { name, tags, place, text } in pages(root).iter().flat_map(|page| programs(root, page)) {
        let file = out.join(format!("{name}.rs"));
        fs::write(&file, format!("// {place}\n{text}")).expect("the program can be written");
        if tags.iter().any(|tag| tag == "no_run") {
            // It may be a collection of functions that nobody calls.
            modules += &format!("#[allow(dead_code)] mod {name} {{ include!({file:?}); }}\n");
            continue;
        }
        let entry = "pub(crate) fn run() -> impl std::process::Termination { main() }";
        modules += &format!("mod {name} {{ include!({file:?}); {entry} }}\n");
        calls += &format!("{name:?} => std::process::Termination::report({name}::run()),\n");
        tests += &format!("#[test] fn {name}() {{ check({name:?}, &{tags:?}); }}\n");
    }
    let unknown = r#"_ => panic!("no program is named {name}")"#;
    let run = format!("fn run(name: &str) -> ExitCode {{ match name {{ {calls} {unknown} }} }}");
    fs::write(out.join("programs.rs"), modules + &run).expect("the programs can be written");
    fs::write(out.join("tests.rs"), tests).expect("the tests can be written");
}

fn pages(root: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for page in PAGES.map(|page| root.join(page)) {
        println!("cargo::rerun-if-changed={}", page.display());
        match fs::read_dir(&page) {
            Ok(entries) => pages.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) => pages.push(page),
        }
    }
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

/// The programs of one page, numbered from 1.
fn programs(root: &Path, page: &Path) -> Vec<Program> {
    let text = fs::read_to_string(page).expect("a page is text");
    let page = page.strip_prefix(root).expect("the page lies below the root");
    let stem = page.with_extension("").to_string_lossy().replace(['/', '-'], "_").to_lowercase();
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```rust") else { continue };
        let tags: Vec<String> = info.split(',').skip(1).map(str::to_owned).collect();
        let place = format!("{}:{}", page.display(), number + 1);
        assert!(!tags.iter().any(|tag| tag == "ignore"), "{place}: a program that is not compiled");
        let body = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```");
        let text = body.collect::<Vec<_>>().join("\n");
        found.push(Program { name: format!("{stem}_{}", found.len() + 1), tags, place, text });
    }
    found
}
