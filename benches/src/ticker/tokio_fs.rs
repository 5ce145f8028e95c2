//! The work as tokio's own files do it.

use std::io::{self, SeekFrom};

use tokio::fs::{self, File};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufWriter};

use super::contender::Contender;
use super::load::{
    BIG_BYTES, BIG_PASS, BUFFERED_BYTES, COPIED_BYTES, LONG_BYTES, Load, Room, SMALL_BYTES, SMALL_PASS,
    WHOLE_BYTES, check, offset,
};

/// tokio's own files, which have neither encodings nor patterns.
#[derive(Debug)]
pub(super) struct TokioFs;

impl Contender for TokioFs {
    fn has(load: Load) -> bool {
        !matches!(load, Load::ConvertedLines | Load::Glob)
    }

    async fn pass(load: Load, room: &Room, task: usize, memory: &mut Vec<u8>) -> io::Result<u64> {
        match load {
            Load::Lines => lines(room).await,
            Load::Whole => whole(room).await,
            Load::ToEnd => to_end(room, memory).await,
            Load::Walk => walk(room).await,
            Load::SmallReads => small_reads(room).await,
            Load::BigReads => big_reads(room).await,
            Load::SmallWrites => small_writes(room, task).await,
            Load::BigWrites => big_writes(room, task).await,
            Load::BufferedWrites => buffered_writes(room, task).await,
            Load::Metadata => metadata(room).await,
            Load::Copy => {
                check(fs::copy(room.copied(), room.own(task)).await?, COPIED_BYTES as u64, "bytes copied")
            }
            Load::ConvertedLines | Load::Glob => unreachable!("it is not asked for what it does not have"),
        }
    }
}

async fn lines(room: &Room) -> io::Result<u64> {
    let mut lines = BufReader::new(File::open(room.text()).await?).lines();
    let mut bytes = 0;
    while let Some(line) = lines.next_line().await? {
        bytes += line.len() as u64;
    }
    check(bytes, room.text_bytes(), "bytes of lines")
}

async fn whole(room: &Room) -> io::Result<u64> {
    let mut bytes = 0;
    for _ in 0..BIG_PASS {
        bytes += fs::read(room.whole()).await?.len() as u64;
    }
    check(bytes, BIG_PASS * WHOLE_BYTES as u64, "bytes of whole files")
}

async fn to_end(room: &Room, memory: &mut Vec<u8>) -> io::Result<u64> {
    memory.clear();
    File::open(room.long()).await?.read_to_end(memory).await?;
    check(memory.len() as u64, LONG_BYTES as u64, "bytes to the end")
}

async fn walk(room: &Room) -> io::Result<u64> {
    let (mut folders, mut entries) = (vec![room.root().to_owned()], 1);
    while let Some(folder) = folders.pop() {
        let mut listing = fs::read_dir(folder).await?;
        while let Some(entry) = listing.next_entry().await? {
            entries += 1;
            if entry.file_type().await?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    check(entries, room.entries(), "entries of a walk")
}

async fn small_reads(room: &Room) -> io::Result<u64> {
    let (mut file, mut block) = (File::open(room.long()).await?, [0; SMALL_BYTES]);
    for index in 0..SMALL_PASS {
        file.seek(SeekFrom::Start(offset(index, SMALL_BYTES, LONG_BYTES))).await?;
        file.read_exact(&mut block).await?;
    }
    check(block[SMALL_BYTES - 1].into(), b'l'.into(), "last byte").map(|_| SMALL_PASS)
}

async fn big_reads(room: &Room) -> io::Result<u64> {
    let (mut file, mut block) = (File::open(room.long()).await?, vec![0; BIG_BYTES]);
    for index in 0..BIG_PASS {
        file.seek(SeekFrom::Start(offset(index, BIG_BYTES, LONG_BYTES))).await?;
        file.read_exact(&mut block).await?;
    }
    check(block[BIG_BYTES - 1].into(), b'l'.into(), "last byte")?;
    Ok(BIG_PASS * BIG_BYTES as u64)
}

async fn small_writes(room: &Room, task: usize) -> io::Result<u64> {
    let (mut file, block) = (File::create(room.own(task)).await?, [b'o'; SMALL_BYTES]);
    for index in 0..SMALL_PASS {
        file.seek(SeekFrom::Start(index * SMALL_BYTES as u64)).await?;
        file.write_all(&block).await?;
    }
    file.flush().await?;
    let written = file.metadata().await?.len();
    check(written, SMALL_PASS * SMALL_BYTES as u64, "bytes written").map(|_| SMALL_PASS)
}

async fn big_writes(room: &Room, task: usize) -> io::Result<u64> {
    let (mut file, block) = (File::create(room.own(task)).await?, vec![b'o'; BIG_BYTES]);
    for index in 0..BIG_PASS {
        file.seek(SeekFrom::Start(index * BIG_BYTES as u64)).await?;
        file.write_all(&block).await?;
    }
    file.flush().await?;
    check(file.metadata().await?.len(), BIG_PASS * BIG_BYTES as u64, "bytes written")
}

async fn buffered_writes(room: &Room, task: usize) -> io::Result<u64> {
    let mut file = BufWriter::new(File::create(room.own(task)).await?);
    let block = [b'o'; BUFFERED_BYTES];
    for _ in 0..SMALL_PASS {
        file.write_all(&block).await?;
    }
    file.flush().await?;
    let written = file.get_ref().metadata().await?.len();
    check(written, SMALL_PASS * BUFFERED_BYTES as u64, "bytes written").map(|_| SMALL_PASS)
}

async fn metadata(room: &Room) -> io::Result<u64> {
    let (path, mut bytes) = (room.whole(), 0);
    for _ in 0..SMALL_PASS {
        bytes += fs::metadata(&path).await?.len();
    }
    check(bytes, SMALL_PASS * WHOLE_BYTES as u64, "lengths").map(|_| SMALL_PASS)
}
