//! A program written for `tokio::fs` compiles unchanged, without a warning, and leaves the same trace and the same files.

/// The program. `$fs` is the module that the import names.
macro_rules! program {
    ($name:ident, $fs:path) => {
        #[deny(warnings)]
        mod $name {
            use std::future::poll_fn;
            use std::io::{self, IoSlice, Read, Seek, SeekFrom};
            use std::os::unix::fs::PermissionsExt;
            use std::path::Path;
            use std::time::{Duration, UNIX_EPOCH};

            use tokio::io::{
                AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufWriter,
            };
            use $fs::{self as fs, File, OpenOptions};

            pub(super) async fn run(dir: &Path) -> io::Result<Vec<String>> {
                let mut trace = Vec::new();
                cursor(dir, &mut trace).await?;
                limits(dir, &mut trace).await?;
                lines(dir, &mut trace).await?;
                std_files(dir, &mut trace).await?;
                attributes(dir, &mut trace).await?;
                directories(dir, &mut trace).await?;
                Ok(trace)
            }

            async fn cursor(dir: &Path, trace: &mut Vec<String>) -> io::Result<()> {
                let mut options = File::options();
                let options = options.read(true).write(true).create(true).truncate(true).mode(0o640);
                let mut file = options.open(dir.join("cursor")).await?;
                file.write_all(b"0123456789").await?;
                file.write_u16(0x4142).await?;
                file.flush().await?;
                trace.push(format!("{}", file.seek(SeekFrom::End(-4)).await?));
                let mut clone = file.try_clone().await?;
                trace.push(format!("{}", file.read_u8().await?));
                trace.push(format!("{}", clone.read_u8().await?));
                trace.push(format!("{}", clone.stream_position().await?));
                file.set_len(4).await?;
                file.rewind().await?;
                let mut rest = String::new();
                trace.push(format!("{}", file.read_to_string(&mut rest).await?));
                trace.push(rest);
                file.sync_data().await?;
                file.sync_all().await?;
                file.shutdown().await
            }

            async fn limits(dir: &Path, trace: &mut Vec<String>) -> io::Result<()> {
                let mut file = File::create(dir.join("limits")).await?;
                trace.push(format!("{}", file.max_buf_size()));
                file.set_max_buf_size(5);
                trace.push(format!("{}", file.try_clone().await?.max_buf_size()));
                trace.push(format!("{}", file.write(b"0123456789").await?));
                let bufs =
                    [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cdefg"), IoSlice::new(b"h")];
                trace.push(format!("{}", file.write_vectored(&bufs).await?));
                trace.push(format!("{}", file.write_vectored(&bufs[..2]).await?));
                file.write_all(b"0123456789").await?;
                file.flush().await?;
                let mut file = File::open(dir.join("limits")).await?;
                file.set_max_buf_size(7);
                let mut buf = [0; 100];
                trace.push(format!("{} {buf:?}", file.read(&mut buf).await?));
                trace.push(format!("{} {buf:?}", file.read(&mut buf[..3]).await?));
                let mut grown = Vec::with_capacity(100);
                trace.push(format!("{} {grown:?}", file.read_buf(&mut grown).await?));
                trace.push(format!("{} {grown:?}", file.read_to_end(&mut grown).await?));
                Ok(())
            }

            async fn lines(dir: &Path, trace: &mut Vec<String>) -> io::Result<()> {
                let mut out = BufWriter::new(File::create_new(dir.join("lines")).await?);
                for number in 0..1_000 {
                    out.write_all(format!("line {number}\n").as_bytes()).await?;
                }
                out.flush().await?;
                let mut lines = BufReader::new(File::open(dir.join("lines")).await?).lines();
                let mut sum = 0;
                while let Some(line) = lines.next_line().await? {
                    sum += line.len();
                }
                trace.push(format!("{sum}"));
                let mut from = File::open(dir.join("lines")).await?;
                let mut to = OpenOptions::new().append(true).create(true).open(dir.join("copy")).await?;
                trace.push(format!("{}", tokio::io::copy(&mut from, &mut to).await?));
                to.flush().await?;
                trace.push(format!("{}", fs::copy(dir.join("lines"), dir.join("copied")).await?));
                Ok(())
            }

            async fn std_files(dir: &Path, trace: &mut Vec<String>) -> io::Result<()> {
                let mut file = File::from_std(std::fs::File::open(dir.join("lines"))?);
                let mut head = [0; 7];
                file.read_exact(&mut head).await?;
                let mut std: std::fs::File = file.into_std().await;
                trace.push(format!("{}", std.stream_position()?));
                std.read_exact(&mut head)?;
                let mut again = File::from(std);
                again.read_exact(&mut head).await?;
                trace.push(format!("{:?} {}", head, again.stream_position().await?));
                let mut std = again.try_into_std().expect("nothing is under way");
                trace.push(format!("{}", std.stream_position()?));
                let mut options = std::fs::OpenOptions::new();
                options.read(true).write(true).create(true);
                let mut options = OpenOptions::from(options);
                let mut file = options.truncate(true).open(dir.join("by std")).await?;
                file.write_all(b"text").await?;
                file.rewind().await?;
                file.read_exact(&mut head[..4]).await?;
                trace.push(format!("{:?} {:?}", head, options));
                drop(file);
                trace
                    .push(format!("{:?}", options.create_new(true).open(dir.join("by std")).await.map(drop)));
                Ok(())
            }

            async fn attributes(dir: &Path, trace: &mut Vec<String>) -> io::Result<()> {
                let path = dir.join("attributes");
                fs::write(&path, b"text").await?;
                let file = OpenOptions::new().write(true).open(&path).await?;
                let times = fs::FileTimes::new().set_accessed(UNIX_EPOCH).set_modified(UNIX_EPOCH);
                file.set_times(times).await?;
                file.set_modified(UNIX_EPOCH + Duration::from_secs(5)).await?;
                file.set_permissions(std::fs::Permissions::from_mode(0o600)).await?;
                let seen = file.metadata().await?;
                trace.push(format!("{:?} {:?}", seen.accessed()?, seen.modified()?));
                trace.push(format!("{:o} {}", seen.permissions().mode(), seen.len()));
                fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).await?;
                trace.push(format!("{:o}", fs::metadata(&path).await?.permissions().mode()));
                fs::symlink("attributes", dir.join("link")).await?;
                trace.push(format!("{:?}", fs::symlink_metadata(dir.join("link")).await?.file_type()));
                trace.push(format!("{:?}", fs::read_link(dir.join("link")).await?));
                trace.push(format!("{}", fs::canonicalize(dir.join("link")).await? == path));
                trace.push(format!("{:?} {}", fs::read(&path).await?, fs::read_to_string(&path).await?));
                trace.push(format!("{:?}", OpenOptions::new().read(true).custom_flags(0).mode(0o644)));
                Ok(())
            }

            async fn directories(dir: &Path, trace: &mut Vec<String>) -> io::Result<()> {
                let deep = dir.join("tree/deep");
                fs::create_dir_all(&deep).await?;
                fs::create_dir(dir.join("tree/other")).await?;
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(dir.join("tree/private/keys"))
                    .await?;
                fs::hard_link(dir.join("lines"), dir.join("tree/lines")).await?;
                fs::rename(dir.join("copied"), dir.join("tree/copied")).await?;
                // A directory can be opened and synced, which is how a name survives a power cut.
                File::open(&deep).await?.sync_all().await?;
                let mut found = Vec::new();
                let mut entries = fs::read_dir(dir.join("tree")).await?;
                while let Some(entry) = poll_fn(|cx| entries.poll_next_entry(cx)).await? {
                    let kind = entry.file_type().await?;
                    let is_dir = entry.metadata().await?.is_dir();
                    let is_below = entry.path() == dir.join("tree").join(entry.file_name());
                    found.push(format!(
                        "{:?} {kind:?} {is_dir} {is_below} {}",
                        entry.file_name(),
                        entry.ino() > 0
                    ));
                }
                found.sort();
                trace.extend(found);
                trace.push(format!("{}", entries.next_entry().await?.is_none()));
                fs::remove_file(dir.join("tree/lines")).await?;
                fs::remove_dir(&deep).await?;
                fs::remove_dir_all(dir.join("tree/private")).await?;
                trace.push(format!(
                    "{} {}",
                    fs::try_exists(&deep).await?,
                    fs::try_exists(dir.join("tree")).await?
                ));
                Ok(())
            }
        }
    };
}

program!(with_tokio, tokio::fs);
program!(with_folio, folio::compat::fs);

#[tokio::test]
async fn the_same_program_leaves_the_same_trace() {
    let (left, right) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let resolved = |dir: &tempfile::TempDir| std::fs::canonicalize(dir.path()).unwrap();
    let theirs = with_tokio::run(&resolved(&left)).await.unwrap();
    let ours = with_folio::run(&resolved(&right)).await.unwrap();
    assert_eq!(theirs, ours);
    assert!(theirs.len() > 35, "the program has lost its steps: {}", theirs.len());
    for name in ["cursor", "limits", "lines", "copy", "by std", "attributes", "link", "tree/copied"] {
        let read = |dir: &tempfile::TempDir| std::fs::read(dir.path().join(name)).unwrap();
        assert!(read(&left) == read(&right), "{name} differs");
    }
}
