//! What `{:?}` shows of each public value fits on a line or two and is about that value: not about the engine that it
//! holds, and not about bytes that pass through it.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::fmt::Debug;
use std::fs;
use std::io::Cursor;

use folio::fs::{DirBuilder, GlobOptions, Pattern, WalkOptions};
use folio::tempfile::{
    NamedTemporaryFile, SpooledTemporaryFile, TempPath, TemporaryDirectory, TemporaryFile,
};
use folio::{Dir, Engine, Error, File, Operation, text};
use folio_testkit::wait::block_on;

/// Characters that a person reads at a glance, with a short path among them.
const SHOWN_CHARS_MAX: usize = 200;

/// Words of the engine's insides.
const INSIDES: [&str; 8] =
    ["Limits", "workers_max", "EngineContext", "Devices", "Beneath", "Arc", "Mutex", "dyn "];

/// What is written into every file here.
const SECRET: &str = "secret";

/// Characters of options, which have a name and a value for each.
const SETTINGS_CHARS_MAX: usize = 300;

#[track_caller]
fn check(what: &str, value: &dyn Debug) {
    let max = match what.contains("Options") || what.contains("Builder") {
        true => SETTINGS_CHARS_MAX,
        false => SHOWN_CHARS_MAX,
    };
    let shown = format!("{value:?}");
    assert!(shown.len() < max, "{what} shows {} characters: {shown}", shown.len());
    for inside in INSIDES {
        assert!(!shown.contains(inside), "{what} shows {inside}: {shown}");
    }
    assert!(!shown.contains(SECRET) && !shown.contains("115, 101, 99"), "{what} shows bytes: {shown}");
}

/// A room with a file and a directory in it.
fn room() -> tempfile::TempDir {
    let room = tempfile::tempdir().unwrap();
    fs::write(room.path().join("file"), SECRET).unwrap();
    fs::create_dir(room.path().join("dir")).unwrap();
    room
}

#[test]
fn files_show_what_they_are() {
    let room = room();
    block_on(async {
        let path = room.path().join("file");
        let file = File::open(&path).await.unwrap();
        file.read_bytes(3).await.unwrap();
        check("File", &file);
        check("Reader", &file.reader(0..6));
        check("OpenOptions", &File::options().read(true).append(true).mode(0o640).nofollow(true));
        check("OpenOptions opener", File::options().opener(|path, _| fs::File::open(path)));
        check("OpenMode", &"r+b".parse::<folio::OpenMode>().unwrap());
        check("Buffering", &folio::Buffering::Bytes(1));
        let binary = folio::open(&path, "rb").await.unwrap().binary().unwrap();
        check("BinaryFile", &binary);
        check("Name", binary.name());
        check("BinaryLines", &binary.lines());
        check("Opened", &folio::open(&path, "rb").await.unwrap());
        check("Opened text", &folio::open(&path, "r").await.unwrap());
        let text = text::open(&path).await.unwrap();
        check("TextFile", &text);
        let mut lines = text.lines();
        lines.next().await.unwrap().unwrap();
        check("Lines", &lines);
        check("text::Options", &text::Options::new());
        check("Encoding", &text::Encoding::for_name("latin-1").unwrap());
        check("Wrap", &folio::wrap::read_seek(Cursor::new(SECRET.as_bytes().to_vec())));
    });
}

#[test]
fn directories_and_searches_show_what_they_are() {
    let room = room();
    block_on(async {
        let mut listing = folio::fs::read_dir(room.path()).await.unwrap();
        let entry = listing.next_entry().await.unwrap().unwrap();
        check("ReadDir", &listing);
        check("DirEntry", &entry);
        assert!(format!("{entry:?}").contains(entry.file_name().to_str().unwrap()));
        let mut walk = folio::fs::walk(room.path());
        let entry = walk.next().await.unwrap().unwrap();
        check("Walk", &walk);
        assert!(format!("{entry:?}").len() < 2 * SHOWN_CHARS_MAX);
        check("WalkOptions", &WalkOptions::new().filter(|_| true).sort_by(|_, _| std::cmp::Ordering::Equal));
        let mut glob = folio::fs::glob(&format!("{}/*", room.path().display())).unwrap();
        check("Glob before", &glob);
        glob.next().await.unwrap().unwrap();
        check("Glob", &glob);
        check("GlobOptions", &GlobOptions::new());
        check("Pattern", &Pattern::new("a*").unwrap());
        let mut fwalk = folio::fs::fwalk(room.path());
        check("FwalkStep", fwalk.next().await.unwrap().unwrap());
        check("Fwalk", &fwalk);
        check("DirBuilder", &DirBuilder::new());
        let dir = Dir::open(room.path()).await.unwrap();
        check("Dir", &dir);
        let mut entries = dir.entries();
        check("Entry", &entries.next().await.unwrap().unwrap());
        check("Entries", &entries);
    });
}

#[test]
fn temporary_things_show_what_they_are() {
    let room = room();
    block_on(async {
        let builder = NamedTemporaryFile::builder().in_dir(room.path()).clone();
        check("NamedTemporaryFileBuilder", &builder);
        let named = builder.create().await.unwrap();
        check("NamedTemporaryFile", &named);
        assert!(format!("{named:?}").contains(named.path().to_str().unwrap()));
        check("TempPath", &named.into_temp_path());
        check("TempPath of a path", &TempPath::from_path(room.path().join("none")).unwrap());
        check("TemporaryFileBuilder", &TemporaryFile::builder());
        check("TemporaryFile", &TemporaryFile::builder().in_dir(room.path()).create().await.unwrap());
        check("TemporaryDirectoryBuilder", &TemporaryDirectory::builder());
        check(
            "TemporaryDirectory",
            &TemporaryDirectory::builder().in_dir(room.path()).create().await.unwrap(),
        );
        check("SpooledTemporaryFileBuilder", &SpooledTemporaryFile::builder());
        let engine = Engine::builder().start().unwrap();
        let mut spool = SpooledTemporaryFile::builder().in_dir(room.path()).max_size(10).build_on(&engine);
        spool.write_all(SECRET.as_bytes()).await.unwrap();
        check("SpooledTemporaryFile", &spool);
        spool.write_all(SECRET.as_bytes()).await.unwrap();
        check("SpooledTemporaryFile on disk", &spool);
    });
}

#[test]
fn engines_and_errors_show_what_they_are() {
    let room = room();
    block_on(async {
        let engine = Engine::builder().start().unwrap();
        check("Engine", &engine);
        check("Current", &Engine::current().unwrap());
        engine.scope(async { check("Current of a scope", &Engine::current().unwrap()) }).await;
        check("ShutdownReport", &engine.shutdown(std::time::Duration::from_secs(30)).await.unwrap());
        check("Operation", &Operation::Open);
        check("Error", &Error::closed(Operation::Read));
        let dir = Dir::open(room.path()).await.unwrap();
        assert!(format!("{:?}", dir.read("..").await.unwrap_err()).len() < 2 * SHOWN_CHARS_MAX);
        check("stdin", &folio::stdin());
        check("stdout", &folio::stdout());
        check("stdin_bytes", &folio::stdin_bytes());
        check("stdout_bytes", &folio::stdout_bytes());
        check("Mode", &folio::os::Mode::READ);
        check("DiskUsage", &folio::os::disk_usage(room.path()).await.unwrap());
    });
}

#[test]
fn a_chain_of_errors_names_each_cause_once() {
    fn chain(error: &(dyn std::error::Error + 'static)) -> String {
        let mut links = vec![error.to_string()];
        let mut next = error.source();
        while let Some(error) = next {
            links.push(error.to_string());
            next = error.source();
        }
        links.join(": ")
    }
    let room = room();
    block_on(async {
        let missing = File::open(room.path().join("missing")).await.unwrap_err();
        fs::write(room.path().join("latin"), b"\xff").unwrap();
        let undecodable =
            text::open(room.path().join("latin")).await.unwrap().read_to_string().await.unwrap_err();
        let check = |error: &Error, cause: &str| {
            for chain in [chain(error), chain(&std::io::Error::from(error.clone()))] {
                assert_eq!(chain.matches(cause).count(), 1, "{chain}");
            }
            assert!(error.get_ref().unwrap().to_string().contains(cause));
            let carried = std::io::Error::from(error.clone());
            let back = Error::of(&carried).unwrap();
            assert_eq!((back.operation(), back.path()), (error.operation(), error.path()));
            assert_eq!((carried.kind(), back.raw_os_error()), (error.kind(), error.raw_os_error()));
        };
        check(&missing, "No such file or directory");
        check(&undecodable, "invalid start byte");
    });
}
