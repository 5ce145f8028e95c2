//! Whatever is awaited or held may be carried from thread to thread and looked at by several: every public future
//! is `Send` and `Sync`, as those of `tokio::fs` are, and so is every public type, which is also `Unpin` and `Debug`.
//!
//! A future that is only `Send` compiles in most programs and not in those that keep it behind a shared reference,
//! so one closure in one operation is a break that nobody notices here. Hence a table of all of them.

mod futures;
mod types;

use std::fs;
use std::path::{Path, PathBuf};

/// Where public functions and types are declared, and by what their free functions are called.
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
const ENGINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../engine/src/engine.rs");

#[test]
fn every_public_future_is_in_the_table() {
    let table = include_str!("futures.rs").replace("::<SpooledTemporaryFile>", "");
    let mut missing = Vec::new();
    let sources = rust_files(Path::new(LIBRARY)).into_iter().chain([ENGINE.into()]);
    let mut found = 0;
    for source in sources {
        for call in futures_of(&source) {
            found += 1;
            // The table calls the engine below by another name than the one that users see.
            let call = if source == Path::new(ENGINE) { call.replace("Engine::", "Core::") } else { call };
            if !mentions(&table, &format!("{call}(")) && !mentions(&table, &format!("{call}::<")) {
                missing.push(call);
            }
        }
    }
    assert!(found > 200, "the sources were not understood: {found} futures");
    assert!(missing.is_empty(), "add a line to futures.rs for each of {missing:#?}");
    assert!(!futures::ALL.is_empty());
}

#[test]
fn every_public_type_is_in_the_table() {
    let table = include_str!("types.rs");
    let types: Vec<String> =
        rust_files(Path::new(LIBRARY)).iter().flat_map(|source| types_of(source)).collect();
    assert!(types.len() > 90, "the sources were not understood: {} types", types.len());
    let missing: Vec<&String> = types
        .iter()
        .filter(|name| !mentions(table, &format!("{name}>")) && !mentions(table, &format!("{name}<")))
        .collect();
    assert!(missing.is_empty(), "add a line to types.rs for each of {missing:#?}");
    assert!(!types::ALL.is_empty());
}

/// Traits, and other names for what std has.
const NO_TYPES: [&str; 16] = [
    "AsyncFile",
    "AsyncLister",
    "AsyncStorage",
    "Later",
    "Result",
    "Storage",
    "StorageDir",
    "StorageFile",
    "Listing",
    "NameListing",
    "DeepDir",
    "Lister",
    "MountWatch",
    "Mover",
    "Names",
    "TreeCopier",
];

/// The public types that a file defines or takes over from the engine.
fn types_of(source: &Path) -> Vec<String> {
    let text = text_of(source);
    let lines = text.lines();
    let own =
        lines.filter_map(|line| line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum ")));
    let mut types: Vec<String> = own.map(|rest| first_word(rest).to_owned()).collect();
    for exports in text.split("pub use folio_engine::").skip(1) {
        let exports = exports.split(';').next().unwrap_or_default();
        let names = exports.split(|c: char| !c.is_alphanumeric() && c != '_');
        let names = names.filter(|name| name.starts_with(char::is_uppercase) && !NO_TYPES.contains(name));
        types.extend(names.map(str::to_owned));
    }
    types
}

/// The public futures of one file, as they are called: by their type, or by their module.
fn futures_of(source: &Path) -> Vec<String> {
    let text = text_of(source);
    let mut owner = String::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("impl") {
            owner = owner_of(rest);
        }
        if let Some(rest) = line.strip_prefix("    pub async fn ") {
            calls.push(format!("{owner}::{}", first_word(rest)));
        }
        if let Some(rest) = line.strip_prefix("pub async fn ") {
            calls.push(format!("{}::{}", module_of(source), first_word(rest)));
        }
    }
    calls
}

/// `Type` of `impl<…> Type<…> {`.
fn owner_of(rest: &str) -> String {
    let rest = match rest.strip_prefix('<') {
        Some(generic) => generic.split_once("> ").map_or("", |(_, rest)| rest),
        None => rest.trim_start(),
    };
    first_word(rest).to_owned()
}

fn module_of(source: &Path) -> String {
    let below = source.strip_prefix(LIBRARY).unwrap_or(source);
    let first = below.iter().next().map_or_else(String::new, |first| first.to_string_lossy().into_owned());
    match first.trim_end_matches(".rs") {
        // These two are called as the crate's own.
        "python" | "run" => "folio".to_owned(),
        module => module.to_owned(),
    }
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Whether `text` holds `name` as a whole, not as the end of a longer one.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources can be listed").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn text_of(source: &Path) -> String {
    fs::read_to_string(source).expect("sources are UTF-8")
}
