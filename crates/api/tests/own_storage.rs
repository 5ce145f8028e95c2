//! A storage of a program's own implements every method of the port, with what `folio::storage` exports alone.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fs::{FileTimes, Permissions};
use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use folio::storage::{
    Advice, Allocation, AsyncFile, AsyncStorage, Clearing, Copied, DeepDir, Identity, IfTaken, Kind, Links,
    Lister, Listing, LockKind, Metadata, Mode, MountWatch, Mover, NameListing, Names, OpenRequest, Opened,
    Os, Stamps, StatVfs, Storage, StorageDir, StorageFile, TreeCopier, XattrMode,
};
use folio::{Engine, File, fs};
use folio_testkit::conformance;

/// Hands calls on to what is inside.
macro_rules! forward {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> $result {
            self.0.$name($($argument),*)
        })*
    };
}

/// The names of a place, of which the storage and its directories are two.
macro_rules! names {
    ($place:ty) => {
        impl Names for $place {
            fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
                self.0.open(path, request).map(own)
            }

            fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>> {
                Ok(Box::new(Dir(self.0.open_dir(path, links)?)))
            }

            fn rename(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<()> {
                self.0.rename(from, inside::<$place>(target)?.inner(), to)
            }

            fn rename_with(
                &self,
                from: &Path,
                target: &dyn Names,
                to: &Path,
                if_taken: IfTaken,
            ) -> io::Result<()> {
                self.0.rename_with(from, inside::<$place>(target)?.inner(), to, if_taken)
            }

            fn hard_link(&self, original: &Path, target: &dyn Names, link: &Path) -> io::Result<()> {
                self.0.hard_link(original, inside::<$place>(target)?.inner(), link)
            }

            fn copy(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<u64> {
                self.0.copy(from, inside::<$place>(target)?.inner(), to)
            }

            forward! {
                fn metadata(path: &Path, links: Links) -> io::Result<Metadata>;
                fn identity(path: &Path) -> io::Result<Identity>;
                fn access(path: &Path, mode: Mode) -> io::Result<()>;
                fn canonicalize(path: &Path) -> io::Result<PathBuf>;
                fn create_dir(path: &Path, mode: Option<u32>) -> io::Result<()>;
                fn remove_dir(path: &Path, recursive: bool) -> io::Result<()>;
                fn remove_file(path: &Path) -> io::Result<()>;
                fn symlink(original: &Path, link: &Path) -> io::Result<()>;
                fn read_link(path: &Path) -> io::Result<PathBuf>;
                fn make_fifo(path: &Path, mode: u32) -> io::Result<()>;
                fn set_permissions(path: &Path, permissions: Permissions) -> io::Result<()>;
                fn set_owner(path: &Path, uid: Option<u32>, gid: Option<u32>, links: Links) -> io::Result<()>;
                fn set_times(path: &Path, times: &Stamps, links: Links) -> io::Result<()>;
                fn statvfs(path: &Path) -> io::Result<StatVfs>;
                fn xattr(path: &Path, name: &OsStr, links: Links) -> io::Result<Option<Vec<u8>>>;
                fn set_xattr(path: &Path, name: &OsStr, value: &[u8], mode: XattrMode, links: Links) -> io::Result<()>;
                fn xattrs(path: &Path, links: Links) -> io::Result<Vec<OsString>>;
                fn remove_xattr(path: &Path, name: &OsStr, links: Links) -> io::Result<()>;
            }

            fn as_any(&self) -> &dyn Any {
                self
            }
        }
    };
}

#[derive(Debug, Default)]
struct Own(Os);

#[derive(Debug)]
struct Dir(Box<dyn StorageDir>);

#[derive(Debug)]
struct OwnFile(Arc<dyn StorageFile>);

struct OwnLister(Box<dyn Lister>);

#[derive(Debug)]
struct OwnDeepDir(Box<dyn DeepDir>);

struct OwnCopier(Box<dyn TreeCopier>);

struct OwnMover(Box<dyn Mover>);

impl Own {
    fn inner(&self) -> &dyn Names {
        &self.0
    }
}

impl Dir {
    fn inner(&self) -> &dyn Names {
        &*self.0
    }
}

fn own(mut opened: Opened) -> Opened {
    let file = OwnFile(opened.file.into());
    opened.file = Box::new(file);
    opened
}

/// The second place of a call on two names.
fn inside<T: 'static>(place: &dyn Names) -> io::Result<&T> {
    place.as_any().downcast_ref().ok_or_else(|| ErrorKind::CrossesDevices.into())
}

fn own_file(file: &dyn StorageFile) -> io::Result<&dyn StorageFile> {
    let own = file.as_any().and_then(|file| file.downcast_ref::<OwnFile>());
    own.map(|own| &*own.0).ok_or_else(|| ErrorKind::Unsupported.into())
}

names!(Own);
names!(Dir);

#[derive(Debug)]
struct OwnWatch(Box<dyn MountWatch>);

impl MountWatch for OwnWatch {
    fn changes(&self) -> BorrowedFd<'_> {
        self.0.changes()
    }

    fn changed(&self) {
        self.0.changed();
    }
}

impl Storage for Own {
    fn asynchronous(&self) -> Option<Arc<dyn AsyncStorage>> {
        self.0.asynchronous()
    }

    fn open_cached(&self, path: &Path, request: &OpenRequest) -> Option<io::Result<Opened>> {
        self.0.open_cached(path, request).map(|opened| opened.map(own))
    }

    fn watch_mounts(&self) -> Option<Box<dyn MountWatch>> {
        self.0.watch_mounts().map(|watch| Box::new(OwnWatch(watch)) as Box<dyn MountWatch>)
    }

    fn open_unnamed(&self, dir: &Path, mode: u32) -> Option<io::Result<Opened>> {
        self.0.open_unnamed(dir, mode).map(|opened| opened.map(own))
    }

    fn link_unnamed(&self, file: &dyn StorageFile, link: &Path) -> io::Result<()> {
        self.0.link_unnamed(own_file(file)?, link)
    }

    fn list(&self, path: &Path) -> io::Result<Box<dyn Lister>> {
        Ok(Box::new(OwnLister(self.0.list(path)?)))
    }

    fn deep_dir(&self, path: &Path) -> io::Result<Box<dyn DeepDir>> {
        Ok(Box::new(OwnDeepDir(self.0.deep_dir(path)?)))
    }

    fn copy_tree(&self, from: &Path, to: &Path) -> io::Result<Box<dyn TreeCopier>> {
        Ok(Box::new(OwnCopier(self.0.copy_tree(from, to)?)))
    }

    fn mover(&self, from: &Path, to: &Path) -> io::Result<Option<Box<dyn Mover>>> {
        let mover = self.0.mover(from, to)?;
        Ok(mover.map(|mover| Box::new(OwnMover(mover)) as Box<dyn Mover>))
    }

    fn adopt_dir(&self, descriptor: OwnedFd) -> io::Result<(Box<dyn StorageDir>, PathBuf)> {
        let (dir, path) = self.0.adopt_dir(descriptor)?;
        Ok((Box::new(Dir(dir)), path))
    }

    forward! {
        fn metadata_cached(path: &Path, links: Links) -> Option<io::Result<Metadata>>;
        fn device_cached(path: &Path) -> Option<u64>;
        fn read_dir(path: &Path) -> io::Result<Listing>;
        fn clear(path: &Path, how: Clearing) -> io::Result<()>;
        fn set_file_times(path: &Path, times: FileTimes, links: Links) -> io::Result<()>;
        fn home_dir(user: Option<&OsStr>) -> io::Result<Option<PathBuf>>;
    }
}

impl StorageDir for Dir {
    forward! {
        fn names() -> io::Result<NameListing>;
        fn to_fd() -> io::Result<OwnedFd>;
        fn to_std() -> io::Result<std::fs::File>;
        fn sync() -> io::Result<()>;
    }
}

impl StorageFile for OwnFile {
    fn asynchronous(&self) -> Option<&Arc<dyn AsyncFile>> {
        self.0.asynchronous()
    }

    forward! {
        fn read_at(buf: &mut [u8], offset: u64) -> io::Result<usize>;
        fn read_now(buf: &mut [u8], offset: u64) -> Option<io::Result<usize>>;
        fn write_at(bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize>;
        fn read_on(buf: &mut [u8], offset: u64) -> io::Result<usize>;
        fn write_on(bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize>;
        fn has_positions() -> bool;
        fn appends() -> bool;
        fn append(bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)>;
        fn sync(all: bool) -> io::Result<()>;
        fn set_len(len: u64) -> io::Result<()>;
        fn len() -> io::Result<u64>;
        fn metadata() -> io::Result<Metadata>;
        fn set_permissions(permissions: Permissions) -> io::Result<()>;
        fn set_owner(uid: Option<u32>, gid: Option<u32>) -> io::Result<()>;
        fn set_xattr(name: &OsStr, value: &[u8]) -> io::Result<()>;
        fn set_times(times: FileTimes) -> io::Result<()>;
        fn try_lock(kind: LockKind) -> io::Result<bool>;
        fn unlock() -> io::Result<()>;
        fn lock(kind: LockKind) -> io::Result<()>;
        fn stand_in() -> io::Result<Arc<dyn StorageFile>>;
        fn close() -> io::Result<()>;
        fn abandon() -> io::Result<()>;
        fn closes_at_once() -> bool;
        fn read_stream(buf: &mut [u8]) -> io::Result<usize>;
        fn write_stream(buf: &[u8]) -> io::Result<usize>;
        fn take_back(bytes: &[u8], offset: u64) -> ();
        fn read_returned(buf: &mut [u8], offset: u64) -> Option<usize>;
        fn allocate(how: Allocation, offset: u64, len: u64) -> io::Result<()>;
        fn advise(advice: Advice, offset: u64, len: u64) -> io::Result<()>;
        fn is_direct() -> bool;
        fn writes_in_turn() -> bool;
        fn refresh_flags() -> ();
        fn as_std() -> Option<&std::fs::File>;
        fn to_std(position: u64) -> io::Result<std::fs::File>;
    }

    fn duplicate(&self) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(OwnFile(self.0.duplicate()?.into())))
    }

    fn receive(&self, from: &dyn StorageFile, offset: u64, count: u64, at: u64) -> io::Result<u64> {
        self.0.receive(own_file(from)?, offset, count, at)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn into_std(self: Arc<Self>, position: u64) -> Option<std::fs::File> {
        Arc::into_inner(self)?.0.into_std(position)
    }
}

impl Lister for OwnLister {
    fn more(&mut self, each: &mut dyn FnMut(&OsStr, Option<Kind>, u64)) -> io::Result<bool> {
        self.0.more(each)
    }
}

impl DeepDir for OwnDeepDir {
    forward! {
        fn list(rest: &Path) -> io::Result<Box<dyn Lister>>;
        fn metadata(rest: &Path, links: Links) -> io::Result<Metadata>;
        fn deep_dir(rest: &Path) -> io::Result<Box<dyn DeepDir>>;
    }
}

impl TreeCopier for OwnCopier {
    fn more(&mut self) -> io::Result<bool> {
        self.0.more()
    }

    fn copied(self: Box<Self>) -> Copied {
        self.0.copied()
    }
}

impl Mover for OwnMover {
    fn more(&mut self) -> io::Result<bool> {
        self.0.more()
    }

    fn check(&mut self) -> io::Result<()> {
        self.0.check()
    }

    fn give_name(&mut self) -> io::Result<()> {
        self.0.give_name()
    }

    fn remove_original(&mut self) -> io::Result<()> {
        self.0.remove_original()
    }

    fn undo(&mut self) -> io::Result<()> {
        self.0.undo()
    }
}

#[test]
fn a_storage_from_outside_keeps_the_contracts() {
    let ground = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    conformance(|| {
        count.set(count.get() + 1);
        let root = ground.path().join(count.get().to_string());
        std::fs::create_dir(&root).unwrap();
        (Arc::new(Own::default()), root)
    });
}

#[tokio::test]
async fn an_engine_works_on_a_storage_from_outside() {
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name);
    let engine = Engine::builder().workers_max(2).storage(Arc::new(Own::default())).start().unwrap();
    let work = async {
        fs::write(at("a"), b"abc").await?;
        fs::rename(at("a"), at("b")).await?;
        let (from, to) = (File::open(at("b")).await?, File::create(at("c")).await?);
        assert_eq!(folio::os::sendfile(&to, &from, 1, 2).await?, 2);
        to.close().await?;
        let dir = folio::Dir::open(room.path()).await?;
        dir.rename("c", &dir, "d").await?;
        assert_eq!((dir.read("d").await?, fs::metadata(at("b")).await?.len()), (b"bc".to_vec(), 3));
        fs::create_dir_all(at("x/y/z")).await?;
        fs::copy_dir(at("x"), at("w")).await?;
        fs::remove_dir_all(at("x")).await?;
        fs::canonicalize(at("w/y/z")).await
    };
    assert!(engine.scope(work).await.unwrap().ends_with("w/y/z"));
}

#[test]
fn every_method_of_the_port_is_implemented_above() {
    let port = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/src/storage");
    let mut count = 0;
    for file in ["names.rs", "mod.rs", "dir.rs", "mover.rs"] {
        let source = std::fs::read_to_string(port.join(file)).unwrap();
        for declared in source.split("\npub trait ").skip(1) {
            let body = &declared[..declared.find("\n}\n").unwrap()];
            for line in body.lines().filter_map(|line| line.strip_prefix("    fn ")) {
                let method = &line[..=line.find('(').unwrap()];
                count += 1;
                assert!(include_str!("own_storage.rs").contains(&format!("fn {method}")), "{file}: {method}");
            }
        }
    }
    assert!(count > 70, "only {count} methods were found");
}
