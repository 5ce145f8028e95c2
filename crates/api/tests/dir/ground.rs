//! A root with something to get at outside of it, and an engine for each way of looking names up.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use folio::Engine;
use folio::storage::Os;
use tempfile::TempDir;

/// What nobody may get at from inside.
pub(crate) const SECRET: &[u8] = b"secret";

/// An engine that lets the kernel look names up, and one that does it part by part.
pub(crate) fn engines() -> [(&'static str, Engine); 2] {
    let engine = |os: Os| Engine::builder().workers_max(4).storage(Arc::new(os)).start();
    [("kernel", Os::new()), ("walker", Os::without_openat2())]
        .map(|(name, os)| (name, engine(os).expect("the engine starts")))
}

/// A root, and beside it what must stay untouched.
pub(crate) struct Ground {
    _dir: TempDir,
    pub(crate) root: PathBuf,
    pub(crate) outside: PathBuf,
}

/// The root has a file, a directory with a file, links that stay inside and links that lead out in every way.
pub(crate) fn ground() -> Ground {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let base = dir.path().canonicalize().expect("it was just made");
    let (root, outside) = (base.join("root"), base.join("outside"));
    for made in [&root, &outside, &root.join("inside"), &root.join("empty"), &outside.join("hollow")] {
        fs::create_dir(made).expect("the room takes directories");
    }
    fs::write(outside.join("secret"), SECRET).expect("the room takes files");
    fs::write(root.join("file"), b"contents").expect("the room takes files");
    fs::write(root.join("inside/file"), b"below").expect("the room takes files");
    let absolute = |path: PathBuf| path.to_str().expect("a temporary path is text").to_owned();
    let links = [
        ("to_file", "inside/../file".to_owned()),
        ("to_inside", "inside/.".to_owned()),
        ("inside/to_file", "../file".to_owned()),
        ("dangling", "new".to_owned()),
        ("loop", "loop".to_owned()),
        ("out_absolute", absolute(outside.join("secret"))),
        ("out_relative", "../outside/secret".to_owned()),
        ("out_chain", "inside/out_again".to_owned()),
        ("inside/out_again", "../out_relative".to_owned()),
        ("out_new", "../outside/new".to_owned()),
        ("dir_absolute", absolute(outside.clone())),
        ("dir_relative", "../outside".to_owned()),
        ("dir_up", "inside/../..".to_owned()),
        ("back_in", absolute(root.join("file"))),
    ];
    for (link, contents) in links {
        symlink(contents, root.join(link)).expect("the room takes links");
    }
    Ground { _dir: dir, root, outside }
}

/// Everything about what is outside that a call from inside could have changed.
pub(crate) fn state(outside: &Path) -> Vec<(PathBuf, u32, i64, i64, u64, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(outside).sort_by_file_name().into_iter();
    let told = entries.map(|entry| {
        let entry = entry.expect("the tree can be walked");
        let seen = entry.path().symlink_metadata().expect("it is there");
        let contents = if seen.is_file() { fs::read(entry.path()).ok() } else { None };
        let path = entry.path().to_path_buf();
        (path, seen.mode(), seen.mtime(), seen.mtime_nsec(), seen.nlink(), contents.unwrap_or_default())
    });
    told.collect()
}
