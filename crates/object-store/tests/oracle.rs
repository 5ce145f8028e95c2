//! Random programs on this store and on `LocalFileSystem`: the same answers, the same kinds of errors, the same files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path as FilePath;
use std::time::Duration;

use folio_object_store::FolioStore;
use folio_testkit::{Random, seeds};
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Attribute, CopyMode, CopyOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, RenameOptions, RenameTargetMode, Result, UpdateVersion,
};
use tempfile::TempDir;

/// Files, directories, names below files, names with what is escaped elsewhere, links, and names that are refused.
const NAMES: [&str; 17] = [
    "a",
    "b",
    "c",
    "a/below",
    "d",
    "d/x",
    "d/y",
    "d/e/z",
    "d/e",
    "sp ace/%41~é",
    "C:/back\\slash",
    "x#y",
    "x#",
    "a#1",
    "link",
    "dir_link/x",
    "",
];

const OPS_PER_PROGRAM: usize = 60;

/// Characters of an operation and its answers that a failure shows.
const SHOWN_CHARS: usize = 400;

struct Program {
    random: Random,
}

#[test]
fn random_programs_have_the_same_answers_and_leave_the_same_files() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    seeds(25, |seed| runtime.block_on(run(seed)));
}

async fn run(seed: u64) {
    let rooms = [TempDir::new().expect("temp dir"), TempDir::new().expect("temp dir")];
    let mut program = Program { random: Random::new(seed) };
    let cleans_up = program.random.chance(30);
    let circle = program.random.chance(20);
    rooms.iter().for_each(|room| plant(room.path(), circle));
    let durable = program.random.chance(10);
    let theirs = LocalFileSystem::new_with_prefix(rooms[0].path()).expect("it exists");
    let theirs = theirs.with_automatic_cleanup(cleans_up).with_fsync(durable);
    let ours = FolioStore::new_with_prefix(rooms[1].path()).expect("it exists");
    let ours = ours.with_automatic_cleanup(cleans_up).with_fsync(durable);
    for number in 0..OPS_PER_PROGRAM {
        let op = program.op();
        let op_drops = matches!(op, Op::Upload(_, _, End::Drop));
        let (expected, found) = (op.run(&theirs).await, op.run(&ours).await);
        let begins = |text: &str| text.chars().take(SHOWN_CHARS).collect::<String>();
        let (expected_text, found_text) = (begins(&expected), begins(&found));
        let op = begins(&format!("{op:?}"));
        assert!(expected == found, "operation {number} of seed {seed}: {op}\n{expected_text}\n{found_text}");
        sweep(rooms[0].path());
        assert!(
            sweep(rooms[1].path()) == 0 || op_drops,
            "operation {number} of seed {seed} leaves something: {op}"
        );
    }
    let [expected, found] = rooms.each_ref().map(|room| tree(room.path()));
    assert_eq!(expected, found, "seed {seed}");
}

fn plant(root: &FilePath, circle: bool) {
    fs::create_dir(root.join("linked")).expect("it is free");
    fs::write(root.join("linked/x"), "linked").expect("it is free");
    symlink("linked", root.join("dir_link")).expect("it is free");
    symlink("linked/x", root.join("link")).expect("it is free");
    symlink("nowhere", root.join("dangling")).expect("it is free");
    if circle {
        symlink("..", root.join("linked/up")).expect("it is free");
    }
}

/// Removes files with staging names and says how many there were. `LocalFileSystem` leaves them where a copy or an upload
/// changes nothing, and where an upload was dropped either store is not yet done with it.
fn sweep(root: &FilePath) -> usize {
    let staged = tree(root)
        .into_keys()
        .filter(|name| name.rsplit_once('#').is_some_and(|(_, end)| end.parse::<u64>().is_ok()));
    staged.map(|name| drop(fs::remove_file(root.join(name)))).count()
}

/// Every file with its contents, and every directory.
fn tree(root: &FilePath) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("it is listed").map(|entry| entry.expect("an entry")) {
            let kind = entry.file_type().expect("it has a kind");
            let path = entry.path();
            let name = path.strip_prefix(root).expect("it is below").to_string_lossy().into_owned();
            let text = match kind {
                kind if kind.is_dir() => "a directory".to_owned(),
                kind if kind.is_symlink() => format!("a link to {:?}", fs::read_link(&path)),
                // What was dropped may go at any time.
                _ => format!("{:?}", fs::read(&path).ok()),
            };
            if kind.is_dir() {
                dirs.push(path);
            }
            found.insert(name, text);
        }
    }
    found
}

#[derive(Debug)]
enum Op {
    Put(Path, String, u64),
    Get(Path, Option<GetRange>, Condition, bool),
    Ranges(Path, Vec<std::ops::Range<u64>>),
    Delete(Path),
    DeleteMany(Vec<Path>),
    List(Option<Path>, Option<Path>),
    Level(Option<Path>),
    Copy(Path, Path, CopyMode),
    Rename(Path, Path, RenameTargetMode),
    Upload(Path, Vec<String>, End),
}

#[derive(Clone, Copy, Debug)]
enum Condition {
    None,
    Match(&'static str),
    NoneMatch(&'static str),
    /// Seconds after the last change.
    ModifiedSince(i64),
    UnmodifiedSince(i64),
}

#[derive(Clone, Copy, Debug)]
enum End {
    Complete,
    Abort,
    Drop,
    Attributes,
}

impl Program {
    fn name(&mut self) -> Path {
        let name = NAMES[self.random.index(NAMES.len())];
        Path::parse(name).expect("they are locations")
    }

    fn some_name(&mut self) -> Option<Path> {
        (!self.random.chance(30)).then(|| self.name())
    }

    fn text(&mut self) -> String {
        let len = [0, 1, 10, 5_000, 300_000][self.random.index(5)];
        let at = self.random.within(0..26) as u8;
        (0..len).map(|i| char::from(b'a' + (at + (i % 17) as u8) % 26)).collect()
    }

    fn range(&mut self) -> std::ops::Range<u64> {
        let (start, len) = (self.random.within(0..12), self.random.within(0..12));
        let scale = [1, 1, 1_000][self.random.index(3)];
        start * scale..(start + len) * scale
    }

    fn get_range(&mut self) -> Option<GetRange> {
        let at = self.random.within(0..20);
        match self.random.index(5) {
            0 => Some(GetRange::Bounded(self.range())),
            1 => Some(GetRange::Offset(at)),
            2 => Some(GetRange::Suffix(at)),
            _ => None,
        }
    }

    fn condition(&mut self) -> Condition {
        let tag = ["*", "its own", "\"0-0-0\"", "\"0-0-0\", its own"][self.random.index(4)];
        let seconds = self.random.within(0..3) as i64 - 1;
        match self.random.index(8) {
            0 => Condition::Match(tag),
            1 => Condition::NoneMatch(tag),
            2 => Condition::ModifiedSince(seconds),
            3 => Condition::UnmodifiedSince(seconds),
            _ => Condition::None,
        }
    }

    fn op(&mut self) -> Op {
        match self.random.index(14) {
            0..=3 => Op::Put(self.name(), self.text(), self.random.within(0..10)),
            4 | 5 => Op::Get(self.name(), self.get_range(), self.condition(), self.random.chance(20)),
            6 => Op::Ranges(self.name(), (0..self.random.within(0..6)).map(|_| self.range()).collect()),
            7 => Op::Delete(self.name()),
            // Each once, and none below another: which of two deletions comes first is open.
            8 => {
                let names: BTreeSet<Path> = (0..self.random.within(0..8)).map(|_| self.name()).collect();
                Op::DeleteMany(names.into_iter().filter(|name| name.parts_count() == 1).collect())
            }
            9 => Op::List(self.some_name(), self.some_name()),
            10 => Op::Level(self.some_name()),
            11 => {
                let mode = if self.random.chance(50) { CopyMode::Overwrite } else { CopyMode::Create };
                Op::Copy(self.name(), self.name(), mode)
            }
            12 => {
                let create = self.random.chance(50);
                let mode = if create { RenameTargetMode::Create } else { RenameTargetMode::Overwrite };
                Op::Rename(self.name(), self.name(), mode)
            }
            13 => {
                let end = [End::Complete, End::Complete, End::Abort, End::Drop, End::Attributes]
                    [self.random.index(5)];
                Op::Upload(self.name(), (0..self.random.within(0..4)).map(|_| self.text()).collect(), end)
            }
            _ => Op::Get(self.name(), None, Condition::None, false),
        }
    }
}

impl Op {
    async fn run(&self, store: &dyn ObjectStore) -> String {
        match self {
            Op::Put(name, text, mode) => {
                let mut options = PutOptions::from(match mode {
                    0 => PutMode::Update(UpdateVersion { e_tag: None, version: None }),
                    1..=4 => PutMode::Create,
                    _ => PutMode::Overwrite,
                });
                if *mode == 9 {
                    options.attributes = [(Attribute::ContentType, "text/plain")].into_iter().collect();
                }
                let put = store.put_opts(name, text.clone().into(), options).await;
                let tag = put.as_ref().ok().and_then(|put| put.e_tag.clone());
                let head = store.head(name).await;
                let same = tag.is_some() && tag == head.ok().and_then(|head| head.e_tag);
                shown(put.map(|_| same))
            }
            Op::Get(name, range, condition, head) => shown(get(store, name, range, *condition, *head).await),
            Op::Ranges(name, ranges) => shown(store.get_ranges(name, ranges).await),
            Op::Delete(name) => shown(store.delete(name).await),
            Op::DeleteMany(names) => {
                let names: Vec<Result<Path>> = names.iter().cloned().map(Ok).collect();
                let deleted = store.delete_stream(futures::stream::iter(names).boxed());
                deleted.map(shown).collect::<Vec<_>>().await.join(", ")
            }
            Op::List(prefix, offset) => {
                let listed = match offset {
                    Some(offset) => store.list_with_offset(prefix.as_ref(), offset),
                    None => store.list(prefix.as_ref()),
                };
                shown(listed.try_collect::<Vec<_>>().await.map(sorted))
            }
            Op::Level(prefix) => {
                let level = store.list_with_delimiter(prefix.as_ref()).await;
                shown(level.map(|level| (level.common_prefixes, sorted(level.objects))))
            }
            Op::Copy(from, to, mode) => {
                shown(store.copy_opts(from, to, CopyOptions::new().with_mode(*mode)).await)
            }
            Op::Rename(from, to, mode) => {
                shown(store.rename_opts(from, to, RenameOptions::new().with_target_mode(*mode)).await)
            }
            Op::Upload(name, parts, end) => shown(upload(store, name, parts, *end).await),
        }
    }
}

async fn get(
    store: &dyn ObjectStore,
    name: &Path,
    range: &Option<GetRange>,
    condition: Condition,
    head: bool,
) -> Result<impl Debug + use<>> {
    let mut options = GetOptions { range: range.clone(), head, ..GetOptions::default() };
    if let Ok(meta) = store.head(name).await {
        let tag = |text: &str| Some(text.replace("its own", &meta.e_tag.clone().unwrap_or_default()));
        let moment = |seconds: i64| {
            let span = Duration::from_secs(seconds.unsigned_abs());
            Some(if seconds < 0 { meta.last_modified - span } else { meta.last_modified + span })
        };
        match condition {
            Condition::None => {}
            Condition::Match(text) => options.if_match = tag(text),
            Condition::NoneMatch(text) => options.if_none_match = tag(text),
            Condition::ModifiedSince(seconds) => options.if_modified_since = moment(seconds),
            Condition::UnmodifiedSince(seconds) => options.if_unmodified_since = moment(seconds),
        }
    }
    let got = store.get_opts(name, options).await?;
    let (meta, range) = (sorted(vec![got.meta.clone()]), got.range.clone());
    // For a head, what comes as bytes is nobody's business.
    let bytes = if head { Default::default() } else { got.bytes().await? };
    Ok((meta, range, bytes))
}

async fn upload(store: &dyn ObjectStore, name: &Path, parts: &[String], end: End) -> Result<()> {
    let mut options = PutMultipartOptions::default();
    if let End::Attributes = end {
        options.attributes = [(Attribute::ContentType, "text/plain")].into_iter().collect();
    }
    let mut upload = store.put_multipart_opts(name, options).await?;
    let parts: Vec<_> = parts.iter().map(|part| upload.put_part(part.clone().into())).collect();
    for part in parts.into_iter().rev() {
        part.await?;
    }
    match end {
        End::Complete => upload.complete().await.map(drop),
        End::Abort => upload.abort().await,
        End::Drop | End::Attributes => Ok(()),
    }
}

/// What two stores must agree on: neither times nor inodes.
fn sorted(objects: Vec<ObjectMeta>) -> Vec<(Path, u64, bool)> {
    let mut seen: Vec<_> =
        objects.into_iter().map(|object| (object.location, object.size, object.e_tag.is_some())).collect();
    seen.sort();
    seen
}

/// The answer, or the kind of the error.
fn shown(answer: Result<impl Debug>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => {
            let text = format!("{error:?}");
            format!("failed: {}", text.split([' ', '{']).next().unwrap_or_default())
        }
    }
}
