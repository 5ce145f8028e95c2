//! How a file is opened: modes, openers, what is refused although the system opens it.

use std::io;
use std::sync::{Arc, Mutex};

use folio::{File, OpenOptions, Opened};

use crate::{DIGITS, Room, descriptors_below, eventually};

#[tokio::test]
async fn x_creates_and_never_takes_what_is_there() {
    for mode in ["xb", "x+b", "x", "x+"] {
        let room = Room::new();
        let error = folio::open(room.path(), mode).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(17), "{mode}: {error}");
        assert_eq!(room.on_disk(), DIGITS);
        std::fs::remove_file(room.path()).unwrap();
        let mut file = folio::open(room.path(), mode).await.unwrap();
        match &mut file {
            Opened::Binary(file) => assert_eq!(file.write(b"new").await.unwrap(), 3),
            Opened::Text(file) => assert_eq!(file.write("new").await.unwrap(), 3),
        }
        file.close().await.unwrap();
        assert_eq!(room.on_disk(), b"new", "{mode}");
    }
}

#[tokio::test]
async fn a_directory_is_refused_for_reading_and_writing() {
    let room = Room::new();
    for mode in ["r", "rb", "w", "wb", "a", "ab", "r+", "r+b"] {
        let error = folio::open(room.dir.path(), mode).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(21), "{mode}: {error}");
        assert_eq!(error.path(), Some(room.dir.path()), "{mode}");
    }
    let error = OpenOptions::new().read(true).open_binary(room.dir.path()).await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(21));
    // std opens it, and so does what replaces std.
    assert!(File::open(room.dir.path()).await.unwrap().metadata().await.unwrap().is_dir());
    eventually("no descriptor is left", || descriptors_below(room.dir.path()) == 0).await;
}

#[tokio::test]
async fn the_mode_says_what_is_opened() {
    let room = Room::new();
    for (mode, name) in [("rb", "rb"), ("br", "rb"), ("w+b", "rb+"), ("r", "r"), ("tr", "tr"), ("a+", "a+")] {
        let mut file = folio::open(room.path(), mode).await.unwrap();
        assert_eq!((file.mode(), file.closed()), (name, false));
        assert_eq!(file.name().as_path(), Some(&*room.path()));
        assert!(file.seekable().unwrap() && !file.isatty().unwrap());
        assert_eq!(file.readable().unwrap(), mode.contains(['r', '+']), "{mode}");
        assert_eq!(file.writable().unwrap(), !mode.contains('r') || mode.contains('+'), "{mode}");
        file.flush().await.unwrap();
        file.close().await.unwrap();
        file.close().await.unwrap();
        assert!(file.closed());
        let wrong = match mode.contains('b') {
            true => file.text().unwrap_err(),
            false => file.binary().unwrap_err(),
        };
        assert!(wrong.to_string().contains(&format!("'{name}'")), "{wrong}");
        assert_eq!((wrong.kind(), wrong.path()), (io::ErrorKind::InvalidInput, Some(&*room.path())));
    }
}

#[tokio::test]
async fn an_opener_gets_path_and_flags_and_its_file_is_used() {
    /// `O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC`, `O_RDWR | O_CLOEXEC`, `O_RDONLY | O_CLOEXEC`,
    /// `O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC` and `O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC` on Linux.
    const FLAGS: [(&str, i32); 5] = [
        ("wb", 0o2_001_101),
        ("r+b", 0o2_000_002),
        ("rb", 0o2_000_000),
        ("ab", 0o2_002_101),
        ("x+b", 0o2_000_302),
    ];
    for (mode, expected) in FLAGS {
        let room = Room::new();
        let told = Arc::new(Mutex::new(None));
        let (real, seen) = (room.path(), told.clone());
        let opener = move |path: &std::path::Path, flags| {
            *seen.lock().unwrap() = Some((path.to_owned(), flags));
            std::fs::OpenOptions::new().read(true).write(true).open(&real)
        };
        let file = OpenOptions::new().python_mode(mode).opener(opener).open_binary("an alias").await.unwrap();
        assert_eq!(told.lock().unwrap().take(), Some(("an alias".into(), expected)), "{mode}");
        assert_eq!(file.name().as_path(), Some("an alias".as_ref()));
        assert_eq!(file.tell().await.unwrap(), if mode == "ab" { 10 } else { 0 }, "{mode}");
        if mode == "r+b" {
            assert_eq!(file.read(Some(2)).await.unwrap(), "01");
        }
    }
}

#[tokio::test]
async fn what_an_opener_fails_with_is_what_opening_fails_with() {
    let fail =
        |_: &std::path::Path, _| -> io::Result<std::fs::File> { Err(io::Error::from_raw_os_error(13)) };
    let error = OpenOptions::new().python_mode("rb").opener(fail).open_binary("secret").await.unwrap_err();
    assert_eq!((error.raw_os_error(), error.path()), (Some(13), Some("secret".as_ref())));
    let panicking = |_: &std::path::Path, _| -> io::Result<std::fs::File> { panic!("planned") };
    let error = OpenOptions::new().python_mode("rb").opener(panicking).open("secret").await.unwrap_err();
    assert!(error.is_panicked(), "{error}");
    let directory = |_: &std::path::Path, _| std::fs::File::open("/");
    let error =
        OpenOptions::new().python_mode("rb").opener(directory).open_binary("alias").await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(21));
}

#[tokio::test]
async fn what_an_opener_returns_is_closed_on_exec() {
    use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

    let room = Room::new();
    let opener = |path: &std::path::Path, _| {
        let file = std::fs::File::open(path)?;
        fcntl_setfd(&file, FdFlags::empty())?;
        io::Result::Ok(file)
    };
    let file = OpenOptions::new().python_mode("rb").opener(opener).open(room.path()).await.unwrap();
    let kept = file.run(|std| fcntl_getfd(std).unwrap()).await.unwrap();
    assert_eq!(kept, FdFlags::CLOEXEC);
}

/// Futures that could not be sent could not be spawned, and only a user would notice.
#[test]
fn futures_can_be_sent_between_threads() {
    fn sendable<T: Send>(_: T) {}
    let path = std::path::PathBuf::from("nowhere");
    sendable(folio::open(&path, "rb"));
    sendable(File::open(&path));
    sendable(async move {
        let binary = OpenOptions::new().python_mode("rb").open_binary(&path).await.unwrap();
        let text = folio::open(&path, "r").await.unwrap().text().unwrap();
        let borrowed =
            OpenOptions::new().python_mode("rb").open_borrowed(&binary.detach().await.unwrap()).await;
        borrowed.unwrap().writelines(vec!["x"]).await.unwrap();
        drop(text);
    });
}
