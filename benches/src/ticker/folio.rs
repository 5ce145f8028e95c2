//! The work as folio does it.

use std::io;

use ::folio::text::{Encoding, Lines, Options};
use ::folio::{Buffering, File, fs};
use tokio::io::AsyncReadExt;

use super::contender::Contender;
use super::load::{
    BIG_BYTES, BIG_PASS, BUFFERED_BYTES, COPIED_BYTES, LONG_BYTES, Load, Room, SMALL_BYTES, SMALL_PASS,
    WHOLE_BYTES, check, offset,
};

/// folio.
#[derive(Debug)]
pub(super) struct Folio;

impl Contender for Folio {
    fn has(_: Load) -> bool {
        true
    }

    async fn pass(load: Load, room: &Room, task: usize, memory: &mut Vec<u8>) -> io::Result<u64> {
        match load {
            Load::Lines => lines(::folio::text::open(room.text()).await?.lines(), room).await,
            Load::ConvertedLines => converted_lines(room).await,
            Load::Whole => whole(room).await,
            Load::ToEnd => to_end(room, memory).await,
            Load::Walk => walk(room).await,
            Load::Glob => glob(room).await,
            Load::SmallReads => small_reads(room).await,
            Load::BigReads => big_reads(room).await,
            Load::SmallWrites => small_writes(room, task).await,
            Load::BigWrites => big_writes(room, task).await,
            Load::BufferedWrites => buffered_writes(room, task).await,
            Load::Metadata => metadata(room).await,
            Load::Copy => {
                check(fs::copy(room.copied(), room.own(task)).await?, COPIED_BYTES as u64, "bytes copied")
            }
        }
    }
}

async fn lines(mut lines: Lines, room: &Room) -> io::Result<u64> {
    let mut bytes = 0;
    while let Some(line) = lines.next().await {
        bytes += line?.len() as u64;
    }
    check(bytes, room.text_bytes(), "bytes of lines")
}

async fn converted_lines(room: &Room) -> io::Result<u64> {
    let mut options = Options::new();
    options.read(true).encoding(Encoding::for_name("gb18030").expect("the library has it"));
    lines(options.open(room.converted_text()).await?.lines(), room).await
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
    let (mut walk, mut entries) = (fs::walk(room.root()), 0);
    while let Some(entry) = walk.next().await {
        entries += u64::from(entry?.depth() < usize::MAX);
    }
    check(entries, room.entries(), "entries of a walk")
}

async fn glob(room: &Room) -> io::Result<u64> {
    let (mut glob, mut paths) = (fs::rglob(room.root(), "*")?, 0);
    while let Some(path) = glob.next().await {
        paths += u64::from(path?.file_name().is_some());
    }
    check(paths, room.entries() - 1, "paths of a glob")
}

async fn small_reads(room: &Room) -> io::Result<u64> {
    let (file, mut block) = (File::open(room.long()).await?, [0; SMALL_BYTES]);
    for index in 0..SMALL_PASS {
        file.read_exact_at(&mut block, offset(index, SMALL_BYTES, LONG_BYTES)).await?;
    }
    check(block[SMALL_BYTES - 1].into(), b'l'.into(), "last byte").map(|_| SMALL_PASS)
}

async fn big_reads(room: &Room) -> io::Result<u64> {
    let (file, mut block) = (File::open(room.long()).await?, vec![0; BIG_BYTES]);
    for index in 0..BIG_PASS {
        file.read_exact_at(&mut block, offset(index, BIG_BYTES, LONG_BYTES)).await?;
    }
    check(block[BIG_BYTES - 1].into(), b'l'.into(), "last byte")?;
    Ok(BIG_PASS * BIG_BYTES as u64)
}

async fn small_writes(room: &Room, task: usize) -> io::Result<u64> {
    let (file, block) = (File::create(room.own(task)).await?, [b'o'; SMALL_BYTES]);
    for index in 0..SMALL_PASS {
        file.write_all_at(&block, index * SMALL_BYTES as u64).await?;
    }
    let written = file.metadata().await?.len();
    check(written, SMALL_PASS * SMALL_BYTES as u64, "bytes written").map(|_| SMALL_PASS)
}

async fn big_writes(room: &Room, task: usize) -> io::Result<u64> {
    let (file, block) = (File::create(room.own(task)).await?, vec![b'o'; BIG_BYTES]);
    for index in 0..BIG_PASS {
        file.write_all_at(&block, index * BIG_BYTES as u64).await?;
    }
    check(file.metadata().await?.len(), BIG_PASS * BIG_BYTES as u64, "bytes written")
}

async fn buffered_writes(room: &Room, task: usize) -> io::Result<u64> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).buffering(Buffering::Default);
    let (file, block) = (options.open(room.own(task)).await?, [b'o'; BUFFERED_BYTES]);
    for _ in 0..SMALL_PASS {
        file.write_all(&block).await?;
    }
    file.flush().await?;
    let written = file.metadata().await?.len();
    check(written, SMALL_PASS * BUFFERED_BYTES as u64, "bytes written").map(|_| SMALL_PASS)
}

async fn metadata(room: &Room) -> io::Result<u64> {
    let (path, mut bytes) = (room.whole(), 0);
    for _ in 0..SMALL_PASS {
        bytes += fs::metadata(&path).await?.len();
    }
    check(bytes, SMALL_PASS * WHOLE_BYTES as u64, "lengths").map(|_| SMALL_PASS)
}
