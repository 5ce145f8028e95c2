//! A program written for `tokio::fs` compiles with `folio::fs` in its place and does the same: one program
//! text, instantiated for both, must leave the same trace.

/// The program. `$fs` is the module that the import names.
macro_rules! program {
    ($name:ident, $fs:path) => {
        #[allow(unused_mut, unused_imports, reason = "tokio's methods take &mut self; folio's do not")]
        mod $name {
            use std::io::SeekFrom;
            use std::path::Path;

            use tokio::io::{
                AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufWriter,
            };
            use $fs as fs;

            pub(super) async fn run(dir: &Path) -> std::io::Result<Vec<String>> {
                let mut trace = Vec::new();
                write_and_read(dir, &mut trace).await?;
                options_and_seeks(dir, &mut trace).await?;
                buffered_lines(dir, &mut trace).await?;
                conversions(dir, &mut trace).await?;
                failures(dir, &mut trace).await;
                Ok(trace)
            }

            async fn write_and_read(dir: &Path, trace: &mut Vec<String>) -> std::io::Result<()> {
                let mut file = fs::File::create(dir.join("a.txt")).await?;
                file.write_all(b"hello ").await?;
                let count = file.write(b"world\n").await?;
                file.write_all(&mut std::iter::repeat_n(b'x', 100_000).collect::<Vec<u8>>()).await?;
                file.flush().await?;
                file.sync_all().await?;
                file.sync_data().await?;
                file.shutdown().await?;
                drop(file);
                let mut file = fs::File::open(dir.join("a.txt")).await?;
                let mut head = [0; 12];
                file.read_exact(&mut head).await?;
                let mut rest = Vec::new();
                let more = file.read_to_end(&mut rest).await?;
                trace.push(format!("{count} {:?} {more} {}", String::from_utf8_lossy(&head), rest.len()));
                let mut text = String::new();
                file.rewind().await?;
                file.take(5).read_to_string(&mut text).await?;
                trace.push(text);
                Ok(())
            }

            async fn options_and_seeks(dir: &Path, trace: &mut Vec<String>) -> std::io::Result<()> {
                let path = dir.join("b.bin");
                let mut options = fs::OpenOptions::new();
                let mut file = options.read(true).write(true).create(true).truncate(true).open(&path).await?;
                file.write_u32(0xdead_beef).await?;
                file.write_all_buf(&mut &b"0123456789"[..]).await?;
                trace.push(format!("{}", file.seek(SeekFrom::Current(-4)).await?));
                trace.push(format!("{:?}", file.read_u8().await?));
                trace.push(format!("{}", file.seek(SeekFrom::End(-2)).await?));
                file.write_all(b"ABCD").await?;
                trace.push(format!("{}", file.stream_position().await?));
                file.set_len(12).await?;
                trace.push(format!("{}", file.metadata().await?.len()));
                let mut permissions = file.metadata().await?.permissions();
                permissions.set_readonly(true);
                file.set_permissions(permissions).await?;
                trace.push(format!("{}", file.metadata().await?.permissions().readonly()));
                trace.push(format!("{:?}", fs::read(&path).await?));
                let mut log = fs::OpenOptions::new()
                    .append(true)
                    .create(true)
                    .mode(0o600)
                    .open(dir.join("log"))
                    .await?;
                log.write_all(b"one\n").await?;
                log.write_all(b"two\n").await?;
                log.flush().await?;
                trace.push(fs::read_to_string(dir.join("log")).await?);
                Ok(())
            }

            async fn buffered_lines(dir: &Path, trace: &mut Vec<String>) -> std::io::Result<()> {
                let mut out = BufWriter::new(fs::File::create(dir.join("lines")).await?);
                for number in 0..1_000 {
                    out.write_all(format!("line {number}\n").as_bytes()).await?;
                }
                out.flush().await?;
                let mut lines = BufReader::new(fs::File::open(dir.join("lines")).await?).lines();
                let mut sum = 0;
                while let Some(line) = lines.next_line().await? {
                    sum += line.len();
                }
                trace.push(format!("{sum}"));
                let mut from = fs::File::open(dir.join("lines")).await?;
                let mut to = fs::File::create(dir.join("copy")).await?;
                trace.push(format!("{}", tokio::io::copy(&mut from, &mut to).await?));
                to.flush().await?;
                trace.push(format!("{}", fs::metadata(dir.join("copy")).await?.len()));
                Ok(())
            }

            async fn conversions(dir: &Path, trace: &mut Vec<String>) -> std::io::Result<()> {
                let mut file = fs::File::from_std(std::fs::File::open(dir.join("lines"))?);
                let mut head = [0; 7];
                file.read_exact(&mut head).await?;
                let mut clone = file.try_clone().await?;
                clone.read_exact(&mut head).await?;
                trace.push(format!("{:?}", String::from_utf8_lossy(&head)));
                let std = file.into_std().await;
                drop(clone);
                let _: Box<dyn std::any::Any> = Box::new(std);
                let spawned = tokio::spawn(async move { fs::File::open("/proc/self/status").await });
                let mut status = String::new();
                spawned.await??.read_to_string(&mut status).await?;
                trace.push(format!("{}", status.contains("Pid:")));
                Ok(())
            }

            async fn failures(dir: &Path, trace: &mut Vec<String>) {
                let missing = fs::File::open(dir.join("missing")).await.map(drop);
                trace.push(format!("{:?}", missing.map_err(|error| (error.kind(), error.raw_os_error()))));
                let taken = fs::File::create_new(dir.join("lines")).await.map(drop);
                trace.push(format!("{:?}", taken.map_err(|error| (error.kind(), error.raw_os_error()))));
                let nothing = fs::OpenOptions::new().open(dir.join("lines")).await.map(drop);
                trace.push(format!("{:?}", nothing.map_err(|error| error.kind())));
                let mut reader = fs::File::open(dir.join("lines")).await.expect("it is there");
                let refused = async {
                    reader.write_all(b"no").await?;
                    reader.flush().await
                };
                let refused: std::io::Result<()> = refused.await.map_err(Into::into);
                trace.push(format!("{:?}", refused.map_err(|error| error.kind())));
                trace.push(format!(
                    "{:?}",
                    reader.seek(SeekFrom::Current(-1)).await.map_err(|error| error.kind())
                ));
            }
        }
    };
}

program!(with_tokio, tokio::fs);
program!(with_folio, folio::fs);

#[tokio::test]
async fn the_same_program_leaves_the_same_trace() {
    let (left, right) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let theirs = with_tokio::run(left.path()).await.unwrap();
    let ours = with_folio::run(right.path()).await.unwrap();
    assert_eq!(theirs, ours);
    for name in ["a.txt", "b.bin", "log", "lines", "copy"] {
        let read = |dir: &tempfile::TempDir| std::fs::read(dir.path().join(name)).unwrap();
        assert!(read(&left) == read(&right), "{name} differs");
    }
}
