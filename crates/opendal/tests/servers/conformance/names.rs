//! Checks of what changes names and attributes.

use std::io::ErrorKind;
use std::time::SystemTime;

use folio::{File, fs};

use super::ground::{Ground, fails, is_missing, refusal};
use super::{Check, Outcome, Running};

pub(super) const CHECKS: &[Check] = &[
    ("use names of any characters", odd_names),
    ("copy a file", copy),
    ("rename a file", rename),
    ("remove a file", remove),
    ("make hard links", hard_link),
    ("make symbolic links", symlink),
    ("set permissions", permissions),
    ("set times", times),
    ("lock a file", lock),
];

fn odd_names(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        for name in ["ö ä#?%25/x y+&=;.txt", "日本語", "a'b\"c", "..dots.."] {
            fs::write(on.path(name), name).await?;
            assert_eq!(fs::read_to_string(on.path(name)).await?, name);
            assert_eq!(on.stored(name).await.as_deref(), Some(name.as_bytes()));
        }
        Ok(Outcome::Yes)
    })
}

fn copy(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"hello").await?;
        assert_eq!(fs::copy(on.path("a"), on.path("b")).await?, 5);
        fs::write(on.path("c"), b"long and old").await?;
        fs::copy(on.path("a"), on.path("c")).await?;
        for name in ["a", "b", "c"] {
            assert_eq!(on.stored(name).await.as_deref(), Some(&b"hello"[..]), "{name}");
        }
        fails(fs::copy(on.path("missing"), on.path("a")).await, ErrorKind::NotFound)?;
        assert_eq!(on.stored("a").await.as_deref(), Some(&b"hello"[..]));
        Ok(Outcome::Yes)
    })
}

fn rename(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"hello").await?;
        fs::write(on.path("taken"), b"old").await?;
        for (from, to) in [("a", "b"), ("b", "taken")] {
            let renamed = fs::rename(on.path(from), on.path(to)).await;
            if renamed.is_err() {
                assert_eq!(on.stored(from).await.as_deref(), Some(&b"hello"[..]));
            }
            renamed?;
            assert_eq!(on.stored(from).await, None);
            assert_eq!(on.stored(to).await.as_deref(), Some(&b"hello"[..]));
        }
        fails(fs::rename(on.path("missing"), on.path("taken")).await, ErrorKind::NotFound)?;
        assert_eq!(on.stored("taken").await.as_deref(), Some(&b"hello"[..]));
        Ok(Outcome::Yes)
    })
}

fn remove(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"hello").await?;
        fs::remove_file(on.path("a")).await?;
        assert_eq!(on.stored("a").await, None);
        fails(fs::remove_file(on.path("a")).await, ErrorKind::NotFound)?;
        Ok(Outcome::Yes)
    })
}

fn hard_link(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"hello").await?;
        let linked = fs::hard_link(on.path("a"), on.path("b")).await;
        assert_eq!(on.stored("b").await, None);
        refusal(linked)
    })
}

fn symlink(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        let linked = fs::symlink("a", on.path("b")).await;
        assert!(fs::symlink_metadata(on.path("b")).await.is_err_and(|error| is_missing(&error)));
        refusal(linked)
    })
}

fn permissions(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        use std::os::unix::fs::PermissionsExt;
        fs::write(on.path("a"), b"hello").await?;
        refusal(fs::set_permissions(on.path("a"), std::fs::Permissions::from_mode(0o600)).await)
    })
}

fn times(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"hello").await?;
        let times = std::fs::FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
        refusal(fs::set_times(on.path("a"), times).await)
    })
}

fn lock(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("a"), b"hello").await?;
        let file = File::open(on.path("a")).await?;
        let locked = file.try_lock().await;
        file.close().await?;
        refusal(locked)
    })
}
