//! Files that are no files on a disk behave as with std, and engines outlive the runtimes they are used from.

use folio::{File, Operation, fs};
use tokio::io::AsyncReadExt;

use crate::soon;

/// Their length is said to be 0, and they are not empty.
const GENERATED: [&str; 4] = ["/proc/self/status", "/proc/self/mountinfo", "/proc/cpuinfo", "/proc/version"];

/// What does not change between two reads of a generated file.
fn stable(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.lines().take(1).map(str::to_owned).collect()
}

#[tokio::test]
async fn generated_files_are_read_to_their_end_whatever_length_they_claim() {
    for path in GENERATED {
        let expected = std::fs::read(path).unwrap();
        let mut to_end = Vec::new();
        File::open(path).await.unwrap().read_to_end(&mut to_end).await.unwrap();
        for (way, bytes) in [
            ("fs::read", fs::read(path).await.unwrap()),
            ("fs::read_to_string", fs::read_to_string(path).await.unwrap().into_bytes()),
            ("fs::read_limited", fs::read_limited(path, 1 << 20).await.unwrap()),
            ("read_to_end", to_end),
            (
                "read_to_end_limited",
                File::open(path).await.unwrap().read_to_end_limited(1 << 20).await.unwrap(),
            ),
        ] {
            assert_eq!(stable(&bytes), stable(&expected), "{path} by {way}");
            assert!(bytes.len() * 10 > expected.len() * 9, "{path} by {way}: {} bytes", bytes.len());
        }
        let error = fs::read_limited(path, 10).await.unwrap_err();
        assert!(error.is_too_long(), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_write_to_the_full_device_fails_itself() {
    let file = File::options().write(true).open("/dev/full").await.unwrap();
    for error in [
        soon("a write", file.write_all(b"x")).await.unwrap_err(),
        soon("a positioned write", file.write_all_at(b"x", 0)).await.unwrap_err(),
    ] {
        assert_eq!((error.raw_os_error(), error.operation()), (Some(28), Operation::Write));
        assert_eq!((error.path(), error.bytes_done()), (Some("/dev/full".as_ref()), 0));
    }
    assert_eq!(fs::write("/dev/full", "x").await.unwrap_err().raw_os_error(), Some(28));
    assert_eq!(fs::write_bytes("/dev/full", "x").await.unwrap_err().raw_os_error(), Some(28));
}

#[tokio::test]
async fn null_and_zero_behave_as_with_std() {
    let null = File::options().read(true).write(true).open("/dev/null").await.unwrap();
    null.write_all(&[1; 100_000]).await.unwrap();
    assert_eq!(null.read_bytes(100).await.unwrap().len(), 0);
    assert_eq!(fs::read("/dev/null").await.unwrap(), b"");
    fs::write("/dev/null", b"gone").await.unwrap();
    fs::write_bytes("/dev/null", "gone").await.unwrap();
    let zero = File::options().read(true).write(true).open("/dev/zero").await.unwrap();
    let mut buf = [1; 100_000];
    zero.read_exact(&mut buf).await.unwrap();
    assert_eq!(buf, [0; 100_000]);
    zero.write_all(b"gone").await.unwrap();
}

#[test]
fn the_default_engine_outlives_every_runtime() {
    let room = tempfile::TempDir::new().unwrap();
    let path = room.path().join("file");
    let mut kept: Option<File> = None;
    for round in 0..20 {
        let mut builder = if round % 2 == 0 {
            tokio::runtime::Builder::new_current_thread()
        } else {
            tokio::runtime::Builder::new_multi_thread()
        };
        let runtime = builder.enable_all().build().unwrap();
        kept = runtime.block_on(async {
            if let Some(file) = kept.take() {
                soon("a write to a file of the last runtime", file.append(b"x")).await.unwrap();
                assert_eq!(file.read_bytes_at(0, 100).await.unwrap().len(), round);
            }
            fs::metadata(room.path()).await.unwrap();
            Some(File::options().read(true).write(true).create(true).open(&path).await.unwrap())
        });
    }
}
