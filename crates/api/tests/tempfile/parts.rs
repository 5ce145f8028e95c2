//! Files and paths apart, opened again, given names that are free, and driven by tokio's traits.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, SeekFrom};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::pin::pin;

use folio::Buffering;
use folio::tempfile::{NamedTemporaryFile, TempPath, TemporaryDirectory, TemporaryFile};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt};

use crate::{eventually, names, poll_once, room, settled};

/// Only Linux gives a name to an open file.
const NAMES_THE_UNNAMED: bool = cfg!(all(target_os = "linux", not(folio_portable)));

async fn named(room: &Path) -> NamedTemporaryFile {
    NamedTemporaryFile::builder().in_dir(room).create().await.unwrap()
}

#[tokio::test]
async fn a_path_alone_goes_when_it_is_closed_or_dropped_and_stays_when_it_is_kept() {
    let room = room();
    let path = named(room.path()).await.into_temp_path();
    assert!(path.is_file() && fs::metadata(&path).is_ok() && format!("{path:?}").starts_with('"'));
    let was = path.to_path_buf();
    path.close().await.unwrap();
    assert!(!was.exists());
    drop(named(room.path()).await.into_temp_path());
    eventually("the path goes", || names(room.path()).is_empty()).await;
    let kept = named(room.path()).await.into_temp_path().keep().await.unwrap();
    settled(|| folio::Engine::global().snapshot()).await;
    assert!(kept.is_file());
    let taken = TempPath::from_path(&kept).unwrap();
    taken.close().await.unwrap();
    assert!(!kept.exists());
    assert_eq!(TempPath::from_path("nul\0").unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(TempPath::from_path("").is_err());
}

#[tokio::test]
async fn a_file_and_its_path_live_apart_and_together_again() {
    let room = room();
    let (file, path) = named(room.path()).await.into_parts();
    file.write_all(b"contents").await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"contents");
    let mut again = NamedTemporaryFile::from_parts(file, path);
    assert!(again.is_temporary() && again.path().is_file());
    assert_eq!(again.as_file().read_bytes_at(0, 100).await.unwrap(), "contents");
    again.close().await.unwrap();
    assert!(names(room.path()).is_empty());
    let (file, path) = named(room.path()).await.into_parts();
    drop(path);
    eventually("the path goes", || names(room.path()).is_empty()).await;
    file.write_all(b"still open").await.unwrap();
}

#[tokio::test]
async fn what_is_opened_again_is_the_same_file_with_a_cursor_of_its_own_or_an_error() {
    let room = room();
    let first = named(room.path()).await;
    first.file().write_all(b"contents").await.unwrap();
    let again = first.reopen().await.unwrap();
    assert_eq!(again.read_bytes(100).await.unwrap(), "contents");
    again.write_all_at(b"C", 0).await.unwrap();
    assert_eq!(first.file().read_bytes_at(0, 100).await.unwrap(), "Contents");
    // Somebody else's file, a link to the very file, and nothing in its place.
    let aside = room.path().join("aside");
    fs::rename(first.path(), &aside).unwrap();
    assert_eq!(first.reopen().await.unwrap_err().kind(), ErrorKind::NotFound);
    fs::write(first.path(), b"theirs").unwrap();
    let error = first.reopen().await.unwrap_err();
    assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::NotFound, Some(2)), "{error}");
    fs::remove_file(first.path()).unwrap();
    symlink(&aside, first.path()).unwrap();
    assert_eq!(first.reopen().await.unwrap_err().raw_os_error(), Some(40));
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_and_the_file_is_as_temporary_as_before() {
    let room = room();
    let at = |name: &str| room.path().join(name);
    fs::write(at("file"), b"old").unwrap();
    fs::create_dir(at("dir")).unwrap();
    symlink("nowhere", at("link")).unwrap();
    let mut scratch = named(room.path()).await;
    scratch.file().write_all(b"new").await.unwrap();
    let mut path = named(room.path()).await.into_temp_path();
    let unnamed = TemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    for taken in ["file", "dir", "link"] {
        let mut results =
            vec![scratch.persist_noclobber(at(taken)).await, path.persist_noclobber(at(taken)).await];
        if NAMES_THE_UNNAMED {
            results.push(unnamed.persist_noclobber(at(taken)).await);
        }
        for result in results {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::AlreadyExists, Some(17)), "{taken}");
            assert!(error.to_string().contains(taken), "{error}");
        }
    }
    assert_eq!(fs::read(at("file")).unwrap(), b"old");
    assert!(scratch.is_temporary() && scratch.path().is_file() && path.is_file());
    scratch.persist_noclobber(at("free")).await.unwrap();
    path.persist_noclobber(at("free too")).await.unwrap();
    assert_eq!((scratch.path(), &*path), (&*at("free"), &*at("free too")));
    drop((scratch, path, unnamed));
    settled(|| folio::Engine::global().snapshot()).await;
    assert_eq!(names(room.path()), ["dir", "file", "free", "free too", "link"]);
    assert_eq!(fs::read(at("free")).unwrap(), b"new");
}

#[tokio::test]
async fn permissions_are_what_was_asked_for_less_the_umask() {
    let room = room();
    // What the umask takes is asked of the system.
    fs::File::create(room.path().join("probe")).unwrap();
    let umask = !fs::metadata(room.path().join("probe")).unwrap().mode() & 0o666;
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    for bits in [0o600, 0o644, 0o666, 0o400] {
        let mut builder = NamedTemporaryFile::builder();
        let file = builder.in_dir(room.path()).permissions(Permissions::from_mode(bits)).create().await;
        assert_eq!(mode(file.unwrap().path()), bits & !umask, "{bits:o}");
        let mut builder = TemporaryFile::builder();
        let file =
            builder.in_dir(room.path()).permissions(Permissions::from_mode(bits)).create().await.unwrap();
        let named = room.path().join(format!("{bits:o}"));
        if NAMES_THE_UNNAMED {
            file.persist(&named).await.unwrap();
            assert_eq!(mode(&named), bits & !umask, "unnamed {bits:o}");
        }
    }
    let mut builder = TemporaryDirectory::builder();
    let dir = builder.in_dir(room.path()).permissions(Permissions::from_mode(0o750)).create().await;
    assert_eq!(mode(dir.unwrap().path()), 0o750);
    assert_eq!(mode(named(room.path()).await.path()), 0o600);
}

#[tokio::test]
async fn an_append_file_writes_at_its_end() {
    let room = room();
    let log = NamedTemporaryFile::builder().in_dir(room.path()).append(true).create().await.unwrap();
    log.file().write_all(b"one ").await.unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(log.path())
        .and_then(|mut other| io::Write::write_all(&mut other, b"two "))
        .unwrap();
    log.file().rewind().await.unwrap();
    log.file().write_all(b"three").await.unwrap();
    assert_eq!(fs::read(log.path()).unwrap(), b"one two three");
}

#[tokio::test]
async fn anything_can_be_made_under_a_new_name_and_goes() {
    let room = room();
    let builder = NamedTemporaryFile::builder().in_dir(room.path()).suffix(".sock").clone();
    let mut taken = 2;
    let made = builder.make(move |path| match taken {
        0 => UnixListener::bind(path),
        1 => {
            taken -= 1;
            Err(ErrorKind::AddrInUse.into())
        }
        _ => {
            taken -= 1;
            Err(ErrorKind::AlreadyExists.into())
        }
    });
    let (listener, path) = made.await.unwrap();
    assert!(path.to_str().unwrap().ends_with(".sock"));
    UnixStream::connect(&path).unwrap();
    drop(listener);
    assert_eq!(names(room.path()).len(), 1);
    drop(path);
    eventually("the path goes", || names(room.path()).is_empty()).await;
    let error = builder.make(|_| Err::<(), _>(io::Error::from_raw_os_error(28))).await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(28));
    assert!(builder.clone().suffix("a/b").make(|_| Ok(())).await.is_err());
    // Given up by its caller, it goes as well.
    let given_up;
    {
        let (go_on, told) = std::sync::mpsc::channel::<()>();
        let mut making = pin!(builder.make(move |path| {
            // Ends when the other end is dropped, which is after the call was given up.
            let _ = told.recv();
            fs::write(path, b"x")
        }));
        assert!(poll_once(making.as_mut()).is_pending());
        given_up = go_on;
    }
    drop(given_up);
    settled(|| folio::Engine::global().snapshot()).await;
    eventually("the path goes", || names(room.path()).is_empty()).await;
}

async fn drive(mut file: impl AsyncRead + AsyncWrite + AsyncSeek + Unpin) {
    AsyncWriteExt::write_all(&mut file, b"contents, and more").await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(AsyncSeekExt::seek(&mut file, SeekFrom::Start(10)).await.unwrap(), 10);
    let mut rest = String::new();
    AsyncReadExt::read_to_string(&mut file, &mut rest).await.unwrap();
    assert_eq!(rest, "and more");
    file.rewind().await.unwrap();
    let mut copied = Vec::new();
    assert_eq!(tokio::io::copy(&mut file, &mut copied).await.unwrap(), 18);
    file.shutdown().await.unwrap();
}

#[tokio::test]
async fn tokios_traits_are_those_of_the_file() {
    let room = room();
    drive(named(room.path()).await).await;
    drive(TemporaryFile::builder().in_dir(room.path()).create().await.unwrap()).await;
}

#[tokio::test]
async fn an_unnamed_file_is_given_a_name_with_all_that_was_written() {
    let room = room();
    if !NAMES_THE_UNNAMED {
        let file = TemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
        let error = file.persist_noclobber(room.path().join("first")).await.unwrap_err();
        return assert_eq!((error.kind(), names(room.path())), (ErrorKind::Unsupported, vec![]));
    }
    let at = |name: &str| room.path().join(name);
    let mut builder = TemporaryFile::builder();
    let file = builder.in_dir(room.path()).buffering(Buffering::Bytes(65_536)).create().await.unwrap();
    file.file().write_all(b"contents").await.unwrap();
    assert!(names(room.path()).is_empty());
    file.persist_noclobber(at("first")).await.unwrap();
    assert_eq!(fs::read(at("first")).unwrap(), b"contents");
    fs::write(at("second"), b"old").unwrap();
    file.persist(at("second")).await.unwrap();
    // Once more the same: both are names of this file already.
    file.persist(at("second")).await.unwrap();
    assert_eq!(names(room.path()), ["first", "second"]);
    assert_eq!(fs::metadata(at("first")).unwrap().ino(), fs::metadata(at("second")).unwrap().ino());
    assert_eq!(fs::metadata(at("second")).unwrap().mode() & 0o777, 0o600);
    file.file().write_all(b", and more").await.unwrap();
    file.close().await.unwrap();
    assert_eq!(fs::read(at("second")).unwrap(), b"contents, and more");
}

#[tokio::test]
async fn an_unnamed_file_that_gets_no_name_leaves_nothing_behind() {
    if !NAMES_THE_UNNAMED {
        return;
    }
    let room = room();
    let file = TemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    file.file().write_all(b"contents").await.unwrap();
    fs::create_dir(room.path().join("dir")).unwrap();
    fs::write(room.path().join("dir/inside"), b"x").unwrap();
    for (to, errno) in [("missing/name", 2), ("dir", 21)] {
        let error = file.persist(room.path().join(to)).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno), "{error}");
        assert!(error.to_string().contains(to), "{error}");
    }
    let error = file.persist("nul\0").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::InvalidInput, false));
    assert_eq!(names(room.path()), ["dir"]);
    assert_eq!(file.file().read_bytes_at(0, 100).await.unwrap(), "contents");
}
