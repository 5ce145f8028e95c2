//! Text, Python's files, and temporary files.

use std::io::SeekFrom;

use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile, TemporaryDirectory, TemporaryFile};
use folio::{File, Result, text};

use crate::acts::{Act, room};

pub(crate) const TEXT: &[Act] = &[
    room!("text::open, next_line", ["file"], |at| async move {
        let mut file = text::open(at.join("file")).await?;
        let mut found = Vec::new();
        while let Some(line) = file.next_line().await? {
            found.push(line);
        }
        file.close().await?;
        Result::Ok(found)
    }),
    room!("TextFile::read, tell, seek, readline", ["file"], |at| async move {
        let mut file = text::open(at.join("file")).await?;
        let first = file.read(7).await?;
        let place = file.tell().await?;
        file.seek(SeekFrom::Start(place)).await?;
        Result::Ok((first, file.readline(None).await?, file.read_to_string().await?))
    }),
    room!("TextFile::lines", ["file"], |at| async move {
        let (mut lines, mut found) = (text::open(at.join("file")).await?.lines(), Vec::new());
        while let Some(line) = lines.next().await {
            found.push(line?);
        }
        Result::Ok(found)
    }),
    room!("TextFile::write, write_line, close", ["new"], |at| async move {
        let mut file = text::Options::new().write(true).create(true).open(at.join("new")).await?;
        file.write("a").await?;
        file.write_line("b").await?;
        file.writelines(["c", "d"]).await?;
        file.close().await
    }),
    room!("TextFile::write, sync_all", ["new"], |at| async move {
        let mut file = text::Options::new().write(true).create(true).open(at.join("new")).await?;
        file.write("a").await?;
        file.flush().await?;
        file.truncate(Some(1)).await?;
        file.sync_all().await
    }),
    room!("TextFile::write, drop", ["new"], |at| async move {
        let mut file = text::Options::new().write(true).create(true).open(at.join("new")).await?;
        file.write("a").await
    }),
    room!("folio::open, read", ["file"], |at| async move {
        let file = folio::open(at.join("file"), "rb").await?.binary()?;
        let found = (
            file.read(Some(4)).await?,
            file.peek().await?,
            file.readline(None).await?,
            file.readall().await?,
        );
        file.close().await?;
        Result::Ok(found)
    }),
    room!("folio::open, readlines", ["file"], |at| async move {
        let file = folio::open(at.join("file"), "rb").await?.binary()?;
        file.seek(SeekFrom::Start(3)).await?;
        Result::Ok((file.tell().await?, file.readlines(None).await?))
    }),
    room!("folio::open, write, close", ["new"], |at| async move {
        let file = folio::open(at.join("new"), "wb").await?.binary()?;
        file.write(b"abc").await?;
        file.writelines([b"d", b"e"]).await?;
        file.flush().await?;
        file.truncate(Some(4)).await?;
        file.close().await
    }),
    room!("folio::open, append, drop", ["file"], |at| async move {
        let file = folio::open(at.join("file"), "ab").await?.binary()?;
        file.write(b"abc").await
    }),
    room!("folio::open of text, write, close", ["new"], |at| async move {
        let mut file = folio::open(at.join("new"), "w").await?.text()?;
        file.write("abc\n").await?;
        file.close().await
    }),
];

pub(crate) const TEMPORARY: &[Act] = &[
    room!("TemporaryDirectory, cleanup", [""], |at| async move {
        let mut dir = TemporaryDirectory::builder().in_dir(&at).create().await?;
        File::create(dir.path().join("inside")).await?.close().await?;
        dir.cleanup().await
    }),
    room!("TemporaryDirectory, drop", [""], |at| async move {
        let dir = TemporaryDirectory::builder().in_dir(&at).create().await?;
        File::create(dir.path().join("inside")).await?.close().await
    }),
];

/// Files of temporary names, which take descriptors. On FUSE no file is without a name, so that none can be given one.
pub(crate) const NAMELESS: &[Act] = &[
    room!("TemporaryFile, close", [""], |at| async move {
        let file = TemporaryFile::builder().in_dir(&at).create().await?;
        file.file().write_all(b"abc").await?;
        file.close().await
    }),
    room!("NamedTemporaryFile, close", [""], |at| async move {
        let mut file = NamedTemporaryFile::builder().in_dir(&at).create().await?;
        file.file().write_all(b"abc").await?;
        file.close().await
    }),
    room!("NamedTemporaryFile, drop", [""], |at| async move {
        let file = NamedTemporaryFile::builder().in_dir(&at).create().await?;
        file.file().write_all(b"abc").await
    }),
    room!("NamedTemporaryFile::persist", [""], |at| async move {
        let mut file = NamedTemporaryFile::builder().in_dir(&at).create().await?;
        file.file().write_all(b"abc").await?;
        file.persist(at.join("new")).await
    }),
    room!("NamedTemporaryFile::persist_noclobber", [""], |at| async move {
        let mut file = NamedTemporaryFile::builder().in_dir(&at).create().await?;
        file.file().write_all(b"abc").await?;
        file.persist_noclobber(at.join("new")).await
    }),
    room!("SpooledTemporaryFile, rollover", [""], |at| async move {
        let mut file = SpooledTemporaryFile::builder().max_size(2).in_dir(&at).build();
        file.write_all(b"abcdef").await?;
        file.seek(SeekFrom::Start(0)).await?;
        let bytes = file.read_to_end().await?;
        file.close().await?;
        Result::Ok(bytes)
    }),
];
