//! Prints the last 10 lines of a file, then what is appended to it, also after it was cut or replaced by a new one
//! of the same name: `cargo run --example tail -- FILE`. Ctrl-C ends it.
//!
//! What is cut and, between two looks, grows beyond where it was, looks as if it had only grown.

use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use folio::{File, fs};

const LINES: usize = 10;
const CHUNK_BYTES: usize = 64 * 1024;
/// Looks are cheap: attributes are answered in place, without a change of thread.
const PAUSE: Duration = Duration::from_millis(100);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).ok_or("usage: tail FILE")?;
    tokio::select! {
        failed = follow(Path::new(&path)) => failed,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

async fn follow(path: &Path) -> Result<()> {
    let mut file = File::open(path).await?;
    let mut offset = start_of_last_lines(&file).await?;
    loop {
        offset = print_from(&file, offset).await?;
        let opened = file.metadata().await?;
        if opened.len() < offset {
            eprintln!("tail: {} was cut", path.display());
            offset = 0;
            continue;
        }
        match fs::metadata(path).await {
            Ok(named) if (named.dev(), named.ino()) != (opened.dev(), opened.ino()) => {
                eprintln!("tail: {} is a new file", path.display());
                // Whatever its writer still added before it took the new one.
                print_from(&file, offset).await?;
                (file, offset) = (File::open(path).await?, 0);
            }
            Ok(_) => tokio::time::sleep(PAUSE).await,
            // Between the two steps of a rotation nothing has the name.
            Err(error) if error.kind() == ErrorKind::NotFound => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Prints what there is from `offset` on and returns where that ends.
async fn print_from(file: &File, mut offset: u64) -> Result<u64> {
    loop {
        let bytes = file.read_bytes_at(offset, CHUNK_BYTES).await?;
        if bytes.is_empty() {
            return Ok(offset);
        }
        io::stdout().write_all(&bytes)?;
        io::stdout().flush()?;
        offset += bytes.len() as u64;
    }
}

/// Looks for ends of lines from the end backwards, a chunk at a time.
async fn start_of_last_lines(file: &File) -> Result<u64> {
    let len = file.metadata().await?.len();
    let (mut end, mut found) = (len, 0);
    while end > 0 {
        let start = end.saturating_sub(CHUNK_BYTES as u64);
        let bytes = file.read_bytes_at(start, (end - start) as usize).await?;
        for (index, _) in bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            let next_line = start + index as u64 + 1;
            // The end of the last line begins no line.
            found += usize::from(next_line < len);
            if found == LINES {
                return Ok(next_line);
            }
        }
        end = start;
    }
    Ok(0)
}
