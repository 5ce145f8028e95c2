//! Checks of writing.

use std::io::ErrorKind;

use folio::{Engine, File, OpenOptions, fs};
use tokio::task::JoinSet;

use super::ground::{Ground, fails, pattern, refusal};
use super::{Check, Outcome, Running};

/// More than two parts of an upload, so that some have left before the file is closed.
const LONG: usize = 20 * 1024 * 1024 + 17;

pub(super) const CHECKS: &[Check] = &[
    ("write a file from the start", from_the_start),
    ("show what is written at `sync_all`", visible_at_sync),
    ("show the old contents until then", old_until_then),
    ("`create_new`: only if the name is free", create_new),
    ("`fs::replace`: in one step", replace),
    ("append", append),
    ("write in the middle", in_the_middle),
    ("read and write by one handle", both),
    ("cut or extend a file", set_len),
];

fn from_the_start(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        let contents = pattern(LONG);
        for round in 0..2 {
            let file = File::create(on.path("a")).await?;
            for piece in contents[round..].chunks(1_000_000) {
                file.write_all(piece).await?;
            }
            assert_eq!(file.metadata().await?.len(), (LONG - round) as u64);
            file.close().await?;
            assert!(on.stored("a").await.expect("it is there") == contents[round..]);
        }
        Ok(Outcome::Yes)
    })
}

fn visible_at_sync(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        let file = File::create(on.path("a")).await?;
        file.write_all(b"hello").await?;
        file.sync_all().await?;
        assert_eq!(on.stored("a").await.as_deref(), Some(&b"hello"[..]));
        assert_eq!(fs::read(on.path("a")).await?, b"hello");
        file.close().await?;
        Ok(Outcome::Yes)
    })
}

fn old_until_then(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"old").await?;
        let file = File::create(on.path("a")).await?;
        file.write_all(&pattern(LONG)).await?;
        let kept = on.stored("a").await.as_deref() == Some(b"old");
        file.close().await?;
        assert!(on.stored("a").await.expect("it is there") == pattern(LONG));
        Ok(if kept { Outcome::Yes } else { Outcome::Less })
    })
}

fn create_new(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        let file = File::create_new(on.path("a")).await?;
        file.write_all(b"first").await?;
        file.close().await?;
        fails(File::create_new(on.path("a")).await, ErrorKind::AlreadyExists)?;
        assert_eq!(on.stored("a").await.as_deref(), Some(&b"first"[..]));
        // Of two that were both let in, the store decides.
        let opened = (File::create_new(on.path("b")).await?, File::create_new(on.path("b")).await);
        opened.0.write_all(b"early").await?;
        opened.0.close().await?;
        if let Ok(late) = opened.1 {
            late.write_all(b"late").await?;
            fails(late.close().await, ErrorKind::AlreadyExists)?;
        }
        assert_eq!(on.stored("b").await.as_deref(), Some(&b"early"[..]));
        Ok(Outcome::Yes)
    })
}

fn replace(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        let (old, new) = (pattern(50_000), vec![7; 90_000]);
        fs::replace(on.path("a"), &old).await?;
        let path = on.path("a");
        let mut writers = JoinSet::new();
        let (first, second) = (old.clone(), new.clone());
        let engine = Engine::current().expect("this runs on one");
        writers.spawn(async move {
            let replacing = async {
                for _ in 0..10 {
                    fs::replace(&path, &second).await?;
                    fs::replace(&path, &first).await?;
                }
                fs::replace(&path, &second).await
            };
            engine.scope(replacing).await
        });
        let mut looks = 0;
        while writers.try_join_next().map(|ended| ended.expect("no panic")).transpose()?.is_none() {
            let seen = on.stored("a").await.expect("the name is never free");
            assert!(
                seen == old || seen == new,
                "{} bytes are neither the old nor the new contents",
                seen.len()
            );
            looks += 1;
            tokio::task::yield_now().await;
        }
        assert!(looks > 0 && on.stored("a").await.expect("it is there") == new);
        Ok(Outcome::Yes)
    })
}

fn append(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("log"), b"head\n").await?;
        let log = OpenOptions::new().append(true).open(on.path("log")).await?;
        for record in ["one\n", "two\n"] {
            log.append(record.as_bytes()).await?;
        }
        log.close().await?;
        assert_eq!(on.stored("log").await.as_deref(), Some(&b"head\none\ntwo\n"[..]));
        Ok(Outcome::Yes)
    })
}

fn in_the_middle(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"0123456789").await?;
        let opened = OpenOptions::new().write(true).open(on.path("a")).await;
        if opened.is_err() {
            assert_eq!(on.stored("a").await.as_deref(), Some(&b"0123456789"[..]));
            // A file that is being written refuses it too, and loses nothing.
            let file = File::create(on.path("b")).await?;
            file.write_all(b"whole").await?;
            let refused = file.write_all_at(b"x", 1).await;
            file.close().await?;
            assert!(refused.is_err_and(|error| error.is_unsupported()));
            assert_eq!(on.stored("b").await.as_deref(), Some(&b"whole"[..]));
        }
        opened?.write_all_at(b"xx", 4).await?;
        assert_eq!(on.stored("a").await.as_deref(), Some(&b"0123xx6789"[..]));
        Ok(Outcome::Yes)
    })
}

fn both(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"0123456789").await?;
        let opened = OpenOptions::new().read(true).write(true).open(on.path("a")).await;
        assert_eq!(on.stored("a").await.as_deref(), Some(&b"0123456789"[..]));
        refusal(opened)
    })
}

fn set_len(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        let file = File::create(on.path("a")).await?;
        file.write_all(b"0123456789").await?;
        let cut = file.set_len(4).await;
        file.close().await?;
        if cut.is_err() {
            assert_eq!(on.stored("a").await.as_deref(), Some(&b"0123456789"[..]));
        }
        refusal(cut)
    })
}
