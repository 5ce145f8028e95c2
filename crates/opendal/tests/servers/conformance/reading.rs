//! Checks of reading.

use std::io::{ErrorKind, SeekFrom};

use folio::{File, fs, text};
use tokio::task::JoinSet;

use super::ground::{Ground, fails, pattern};
use super::{Check, Outcome, Running};

pub(super) const CHECKS: &[Check] = &[
    ("read a whole file", whole),
    ("read anywhere in a file, many at once", anywhere),
    ("read on from the position", onwards),
    ("read text line by line", lines),
    ("ask for length, kind and existence", attributes),
];

fn whole(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        for (name, len) in [("empty", 0), ("short", 5), ("long", 300_001)] {
            let contents = pattern(len);
            fs::write(on.path(name), &contents).await?;
            assert!(fs::read(on.path(name)).await? == contents, "{name}");
            assert!(on.stored(name).await.expect("it is there") == contents, "{name}");
        }
        fails(fs::read(on.path("missing")).await, ErrorKind::NotFound)?;
        fails(File::open(on.path("missing")).await, ErrorKind::NotFound)?;
        Ok(Outcome::Yes)
    })
}

fn anywhere(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        let contents = pattern(200_000);
        fs::write(on.path("a"), &contents).await?;
        let file = File::open(on.path("a")).await?;
        let mut reads = JoinSet::new();
        for number in 0..64_usize {
            let (file, offset, len) = (file.clone(), number * 3_001, number * 17 + 1);
            reads.spawn(async move { (offset, len, file.read_exact_bytes_at(offset as u64, len).await) });
        }
        while let Some(read) = reads.join_next().await {
            let (offset, len, bytes) = read.expect("no panic");
            assert!(bytes? == contents[offset..offset + len], "{len} bytes at {offset}");
        }
        assert_eq!(file.read_bytes_at(199_998, 10).await?, contents[199_998..]);
        assert!(file.read_bytes_at(200_000, 10).await?.is_empty());
        assert!(file.read_bytes_at(1 << 40, 10).await?.is_empty());
        fails(file.read_exact_bytes_at(199_998, 10).await, ErrorKind::UnexpectedEof)?;
        file.close().await?;
        Ok(Outcome::Yes)
    })
}

fn onwards(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        let contents = pattern(100_000);
        fs::write(on.path("a"), &contents).await?;
        let file = File::open(on.path("a")).await?;
        let mut found = Vec::new();
        loop {
            match file.read_full(7_777).await? {
                piece if piece.is_empty() => break,
                piece => found.extend_from_slice(&piece),
            }
        }
        assert!(found == contents);
        assert_eq!(file.seek(SeekFrom::End(-3)).await?, 99_997);
        assert_eq!(file.read_to_end_limited(100).await?, contents[99_997..]);
        file.close().await?;
        Ok(Outcome::Yes)
    })
}

fn lines(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        let contents: String = (0..3_000).map(|number| format!("line {number}: žluťoučký kůň\n")).collect();
        fs::write(on.path("a"), contents).await?;
        let mut lines = text::open(on.path("a")).await?.lines();
        let mut number = 0;
        while let Some(line) = lines.next_line().await? {
            assert_eq!(line, format!("line {number}: žluťoučký kůň"));
            number += 1;
        }
        assert_eq!(number, 3_000);
        Ok(Outcome::Yes)
    })
}

fn attributes(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"hello").await?;
        let found = fs::metadata(on.path("a")).await?;
        assert!(found.is_file() && found.len() == 5, "{found:?}");
        assert!(fs::try_exists(on.path("a")).await?);
        assert!(!fs::try_exists(on.path("b")).await?);
        fails(fs::metadata(on.path("b")).await, ErrorKind::NotFound)?;
        Ok(Outcome::Yes)
    })
}
