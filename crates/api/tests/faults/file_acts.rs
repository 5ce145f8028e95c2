//! Operations on an open file.

use std::fs::{FileTimes, Permissions};
use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::pin::pin;
use std::time::SystemTime;

use folio::os::{Allocation, sendfile};
use folio::{Error, File, Result};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::acts::{Act, file};

pub(crate) const READS: &[Act] = &[
    file!(Plain, "read", |file| async {
        let mut bytes = [0; 4];
        let count = file.read(&mut bytes).await?;
        Result::Ok(bytes[..count].to_vec())
    }),
    file!(Plain, "read_at", |file| async {
        let mut bytes = [0; 4];
        let count = file.read_at(&mut bytes, 2).await?;
        Result::Ok(bytes[..count].to_vec())
    }),
    file!(Plain, "read_exact", |file| async {
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes).await?;
        Result::Ok(bytes)
    }),
    file!(Plain, "read_exact_at", |file| async {
        let mut bytes = [0; 4];
        file.read_exact_at(&mut bytes, 2).await?;
        Result::Ok(bytes)
    }),
    file!(Plain, "read_bytes", |file| file.read_bytes(4)),
    file!(Plain, "read_bytes_at", |file| file.read_bytes_at(2, 4)),
    file!(Plain, "read_exact_bytes_at", |file| file.read_exact_bytes_at(2, 4)),
    file!(Plain, "read_vectored", |file| async {
        let (mut one, mut two) = ([0; 3], [0; 3]);
        file.read_vectored(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)]).await?;
        Result::Ok((one, two))
    }),
    file!(Plain, "read_vectored_at", |file| async {
        let (mut one, mut two) = ([0; 3], [0; 3]);
        file.read_vectored_at(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)], 2).await?;
        Result::Ok((one, two))
    }),
    file!(Plain, "read_to_end_limited", |file| file.read_to_end_limited(100)),
    file!(Plain, "read_until", |file| file.read_until(b'd', 100)),
    file!(Plain, "read_line, read_line", |file| async {
        Result::Ok([file.read_line(100).await?, file.read_line(100).await?])
    }),
    file!(Plain, "read_full", |file| file.read_full(4)),
    file!(Plain, "peek, read_bytes", |file| async {
        Result::Ok([file.peek(4).await?, file.read_bytes(4).await?])
    }),
    file!(Plain, "reader", |file| async {
        let mut reader = file.reader(2..9);
        let mut bytes = [0; 4];
        let count = reader.read(&mut bytes).await?;
        Result::Ok((bytes[..count].to_vec(), reader.position()))
    }),
    file!(Plain, "seek from the end", |file| file.seek(SeekFrom::End(-1))),
    file!(Plain, "metadata", |file| async { file.metadata().await.map(|metadata| metadata.len()) }),
    file!(Plain, "lock, unlock", |file| async {
        file.lock().await?;
        file.unlock().await
    }),
    file!(Plain, "lock_shared, unlock", |file| async {
        file.lock_shared().await?;
        file.unlock().await
    }),
    file!(Plain, "try_lock", |file| file.try_lock()),
    file!(Plain, "try_lock_shared", |file| file.try_lock_shared()),
    file!(Plain, "AsyncRead", |file| async {
        let mut bytes = Vec::new();
        as_folio(pin!(file).read_to_end(&mut bytes).await)?;
        Result::Ok(bytes)
    }),
    file!(Plain, "AsyncSeek", |file| async {
        as_folio(AsyncSeekExt::seek(&mut pin!(file), SeekFrom::End(-3)).await)
    }),
];

pub(crate) const WRITES: &[Act] = &[
    file!(Plain, "write", |file| file.write(b"abc")),
    file!(Plain, "write_all", |file| file.write_all(b"abc")),
    file!(Plain, "write_at", |file| file.write_at(b"abc", 2)),
    file!(Plain, "write_all_at", |file| file.write_all_at(b"abc", 2)),
    file!(Plain, "write_vectored", |file| file.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"c")])),
    file!(Plain, "write_vectored_at", |file| file
        .write_vectored_at(&[IoSlice::new(b"ab"), IoSlice::new(b"c")], 2)),
    file!(Plain, "write_bytes", |file| file.write_bytes("abc")),
    file!(Plain, "write_bytes_at", |file| file.write_bytes_at("abc", 2)),
    file!(
        Plain,
        "write_all of many pieces",
        |file| async move { file.write_all(&vec![7; (2 << 20) + 9]).await }
    ),
    file!(Plain, "append", |file| file.append(b"abc")),
    file!(Plain, "append_bytes", |file| file.append_bytes("abc")),
    file!(Plain, "try_append", |file| file.try_append(b"abc")),
    file!(Plain, "try_append_bytes", |file| async {
        file.try_append_bytes("abc").await.map_err(Error::from)
    }),
    file!(Plain, "try_write_bytes_at", |file| async {
        file.try_write_bytes_at("abc", 2).await.map_err(Error::from)
    }),
    file!(Plain, "flush", |file| async {
        file.write_all(b"abc").await?;
        file.flush().await
    }),
    file!(Plain, "set_len", |file| file.set_len(3)),
    file!(Plain, "fallocate", |file| file.fallocate(Allocation::Extend, 0, 100)),
    file!(Plain, "set_permissions", |file| file.set_permissions(Permissions::from_mode(0o600))),
    file!(Plain, "set_times", |file| file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH))),
    file!(Plain, "set_modified", |file| file.set_modified(SystemTime::UNIX_EPOCH)),
    file!(Plain, "copy_range", |file| async { file.copy_range(&file, 0..9, 20).await }),
    file!(Plain, "sendfile", |file| async { sendfile(&file, &file.clone(), 3, 9).await }),
    file!(Plain, "sync_all", |file| async {
        file.write_all(b"abc").await?;
        file.sync_all().await
    }),
    file!(Plain, "sync_data", |file| async {
        file.append(b"abc").await?;
        file.sync_data().await
    }),
    file!(Plain, "writes of three tasks, sync_all", |file| together(file)),
    file!(Plain, "try_clone", |file| async { file.try_clone().await?.write_all(b"abc").await }),
    file!(Plain, "AsyncWrite", |file| by_traits(file)),
    file!(Appending, "write_all", |file| file.write_all(b"abc")),
    file!(Appending, "append", |file| file.append(b"abc")),
    file!(Appending, "append, sync_all", |file| async {
        file.append(b"abc").await?;
        file.sync_all().await
    }),
];

pub(crate) const BUFFERED: &[Act] = &[
    file!(Buffered, "write_all, flush", |file| async {
        file.write_all(b"abc").await?;
        file.flush().await
    }),
    file!(Buffered, "write_all, sync_all", |file| async {
        file.write_all(b"abc").await?;
        file.write_all(b"def").await?;
        file.sync_all().await
    }),
    file!(Buffered, "write_all, read_bytes_at", |file| async {
        file.write_all(b"abc").await?;
        file.read_bytes_at(0, 9).await
    }),
    file!(Buffered, "write_all, append", |file| async {
        file.write_all(b"abc").await?;
        file.append(b"def").await
    }),
    file!(Buffered, "write_all, set_len", |file| async {
        file.write_all(b"abc").await?;
        file.set_len(100).await
    }),
    file!(Buffered, "write_all, seek", |file| async {
        file.write_all(b"abc").await?;
        file.seek(SeekFrom::End(0)).await
    }),
    file!(Buffered, "AsyncWrite", |file| by_traits(file)),
    file!(Narrow, "write_all", |file| file.write_all(b"abc")),
    file!(Narrow, "write_all, write_all, flush", |file| async {
        file.write_all(b"abc").await?;
        file.write_all(b"d").await?;
        file.flush().await
    }),
    file!(Narrow, "write_all, sync_data", |file| async {
        file.write_all(b"a").await?;
        file.write_all(b"b").await?;
        file.write_all(b"c").await?;
        file.sync_data().await
    }),
];

/// The error that a trait of tokio's carries.
fn as_folio<T>(result: std::io::Result<T>) -> Result<T> {
    result.map_err(|error| Error::of(&error).expect("every error of a file is one of folio's").clone())
}

async fn by_traits(file: File) -> Result<()> {
    let mut file = pin!(file);
    as_folio(AsyncWriteExt::write_all(&mut file, b"abc").await)?;
    as_folio(AsyncWriteExt::flush(&mut file).await)?;
    as_folio(AsyncWriteExt::write_all(&mut file, b"def").await)?;
    as_folio(AsyncWriteExt::shutdown(&mut file).await)
}

/// Writes that merge, one of which fails for all of them or not, and a sync for all.
async fn together(file: File) -> Result<()> {
    let (one, two, three) =
        tokio::join!(file.write_all_at(b"a", 0), file.write_all_at(b"b", 1), file.append(b"c"));
    let synced = file.sync_all().await;
    one?;
    two?;
    three?;
    synced
}
