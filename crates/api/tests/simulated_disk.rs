//! Programs run on the simulated disk as on any other, and what it lacks is an error that says so.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use folio::{Dir, Engine, File, fs, os, tempfile, text};
use folio_testkit::{Call, Disk};

async fn on<F: Future>(disk: &Disk, future: F) -> F::Output {
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().expect("it starts");
    engine.scope(future).await
}

#[tokio::test]
async fn files_and_trees_are_made_linked_walked_and_removed() {
    let disk = Disk::new();
    on(&disk, async {
        fs::create_dir_all("/a/b/c").await?;
        fs::write("/a/b/file", "contents").await?;
        fs::symlink("b/file", "/a/link").await?;
        fs::hard_link("/a/b/file", "/a/hard").await?;
        assert_eq!(fs::read_to_string("/a/link").await?, "contents");
        assert_eq!(fs::read_link("/a/link").await?.to_str(), Some("b/file"));
        assert_eq!(fs::canonicalize("/a/b/../link").await?.to_str(), Some("/a/b/file"));
        assert!(fs::symlink_metadata("/a/link").await?.is_symlink());
        assert!(fs::metadata("/a/link").await?.is_file());
        os::setxattr("/a/hard", "user.folio", "value", os::XattrMode::Any).await?;
        assert_eq!(os::getxattr("/a/b/file", "user.folio").await?, Some(b"value".to_vec()));
        fs::copy("/a/link", "/a/copy").await?;
        fs::rename("/a/copy", "/a/renamed").await?;

        let mut walk = fs::walk("/a");
        let mut found = Vec::new();
        while let Some(entry) = walk.next().await {
            found.push(entry?.path().to_owned());
        }
        found.sort();
        let expected = ["/a", "/a/b", "/a/b/c", "/a/b/file", "/a/hard", "/a/link", "/a/renamed"];
        assert_eq!(found, expected.map(std::path::PathBuf::from));
        fs::remove_file("/a/link").await?;
        fs::remove_dir_all("/a").await?;
        assert!(!fs::try_exists("/a").await?);
        Ok::<(), folio::Error>(())
    })
    .await
    .unwrap();
    assert_eq!((disk.list("/").len(), disk.open_files()), (0, 0));
}

#[tokio::test]
async fn an_open_directory_goes_with_its_directory_and_no_path_leaves_it() {
    let disk = Disk::new();
    disk.put("/secret", "");
    on(&disk, async {
        fs::create_dir("/old").await?;
        let dir = Dir::open("/old").await?;
        dir.write("file", "x").await?;
        fs::rename("/old", "/new").await?;
        assert_eq!(dir.read("file").await?, b"x");
        dir.symlink("../secret", "out").await?;
        assert!(dir.read("out").await.is_err());
        assert!(dir.read("../secret").await.is_err());
        dir.sync().await
    })
    .await
    .unwrap();
    assert_eq!(disk.list("/new"), ["file", "out"]);
}

#[tokio::test]
async fn text_and_temporary_directories_work_and_what_needs_descriptors_says_so() {
    let disk = Disk::new();
    disk.put("/text", "one\r\ntwo\n");
    disk.put_dir("/tmp");
    on(&disk, async {
        let mut lines = text::open("/text").await?;
        assert_eq!(lines.readline(None).await?, "one\n");
        let mut room = tempfile::TemporaryDirectory::builder().in_dir("/tmp").create().await?;
        fs::write(room.path().join("file"), "x").await?;
        room.cleanup().await?;
        let unsupported = [
            tempfile::TemporaryFile::builder().in_dir("/tmp").create().await.map(drop),
            os::statvfs("/tmp").await.map(drop),
            os::mkfifo("/tmp/fifo", 0o600).await,
            fs::copy_dir("/tmp", "/copy").await.map(drop),
        ];
        for result in unsupported {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Unsupported);
        }
        Ok::<(), folio::Error>(())
    })
    .await
    .unwrap();
    assert!(disk.list("/tmp").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_slow_disk_and_a_timeout_cost_no_seconds() {
    const HOUR: Duration = Duration::from_secs(3600);
    let disk = Disk::new();
    disk.put("/file", "contents");
    let slow = disk.plan().on(Call::Sync).takes(HOUR);
    let clock = disk.plan().clock();
    on(&disk, async {
        let file = File::options().write(true).open("/file").await.unwrap();
        let limited = file.clone();
        let limited = tokio::spawn(async move { tokio::time::timeout(HOUR / 2, limited.sync_all()).await });
        while clock.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        tokio::time::advance(HOUR / 2).await;
        assert!(limited.await.unwrap().is_err(), "the program's time limit has passed");
        clock.advance(HOUR);
        drop(clock);
        file.sync_all().await.unwrap();
    })
    .await;
    assert_eq!(slow.fired(), 2);
}
