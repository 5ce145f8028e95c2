//! Checks of directories and trees.

use std::io::ErrorKind;

use folio::{Result, fs};

use super::ground::{Ground, fails, is_missing};
use super::{Check, Outcome, Running};

pub(super) const CHECKS: &[Check] = &[
    ("create directories", create),
    ("list a directory", list),
    ("walk a tree, and `glob`", walk),
    ("remove an empty directory", remove_empty),
    ("remove a tree", remove_tree),
    ("copy a tree", copy_tree),
];

fn create(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        fs::write(on.path("file"), b"hello").await?;
        fs::create_dir(on.path("a")).await?;
        match fs::metadata(on.path("a")).await {
            Err(error) if is_missing(&error) => return Ok(Outcome::Less),
            found => assert!(found?.is_dir()),
        }
        fs::create_dir_all(on.path("b/c/d")).await?;
        assert!(fs::metadata(on.path("b/c")).await?.is_dir());
        fails(fs::create_dir(on.path("a")).await, ErrorKind::AlreadyExists)?;
        fails(fs::create_dir(on.path("file")).await, ErrorKind::AlreadyExists)?;
        assert_eq!(on.stored("file").await.as_deref(), Some(&b"hello"[..]));
        Ok(Outcome::Yes)
    })
}

/// Eleven files in two levels. They bring their directories with them.
async fn tree(on: &Ground) -> Result<()> {
    for number in 0..5 {
        fs::write(on.path(&format!("tree/{number}.txt")), format!("{number}")).await?;
        fs::write(on.path(&format!("tree/below/{number}.txt")), format!("below {number}")).await?;
    }
    fs::write(on.path("tree/data"), b"data").await
}

fn list(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        tree(on).await?;
        let mut found = Vec::new();
        let mut entries = fs::read_dir(on.path("tree")).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name().into_string().expect("it is text");
            found.push((name, entry.file_type().await?.is_dir(), entry.metadata().await?.len()));
        }
        found.sort();
        let mut expected: Vec<_> = (0..5).map(|number| (format!("{number}.txt"), false, 1)).collect();
        expected.extend([("below".to_owned(), true, 0), ("data".to_owned(), false, 4)]);
        // What a directory's length is, each store says for itself.
        found.iter_mut().filter(|(_, is_dir, _)| *is_dir).for_each(|(_, _, len)| *len = 0);
        assert_eq!(found, expected);
        fails(fs::read_dir(on.path("missing")).await, ErrorKind::NotFound)?;
        Ok(Outcome::Yes)
    })
}

fn walk(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        tree(on).await?;
        let mut walk = fs::walk(on.path("tree"));
        let (mut files, mut dirs) = (0, 0);
        while let Some(entry) = walk.next().await {
            // A store that cannot list has nothing at the name of a directory.
            if entry.as_ref().is_err_and(is_missing) {
                return Ok(Outcome::Less);
            }
            match entry?.file_type().is_dir() {
                true => dirs += 1,
                false => files += 1,
            }
        }
        assert_eq!((files, dirs), (11, 2));
        let mut glob = fs::glob_in(on.path("tree"), "**/[13].txt")?;
        let mut found = Vec::new();
        while let Some(path) = glob.next().await {
            found.push(path?);
        }
        assert_eq!(found.len(), 4, "{found:?}");
        Ok(Outcome::Yes)
    })
}

fn remove_empty(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        tree(on).await?;
        fails(fs::remove_dir(on.path("tree/below")).await, ErrorKind::DirectoryNotEmpty)?;
        assert_eq!(on.stored("tree/below/3.txt").await.as_deref(), Some(&b"below 3"[..]));
        for number in 0..5 {
            fs::remove_file(on.path(&format!("tree/below/{number}.txt"))).await?;
        }
        match fs::remove_dir(on.path("tree/below")).await {
            // The directory was a part of its files' names, and went with the last of them.
            Err(error) if is_missing(&error) => Ok(Outcome::Less),
            removed => removed.map(|()| Outcome::Yes),
        }
    })
}

fn remove_tree(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        tree(on).await?;
        let removed = fs::remove_dir_all(on.path("tree")).await;
        let left = on.stored("tree/below/3.txt").await;
        assert_eq!(left.is_none(), removed.is_ok());
        removed?;
        assert_eq!(on.stored("tree/data").await, None);
        assert!(!fs::try_exists(on.path("tree")).await?);
        Ok(Outcome::Yes)
    })
}

fn copy_tree(on: &Ground) -> Running<'_> {
    Box::pin(async move {
        tree(on).await?;
        match fs::copy_dir(on.path("tree"), on.path("copy")).await {
            Err(error) if is_missing(&error) => return Ok(Outcome::Less),
            copied => copied?,
        };
        assert_eq!(on.stored("copy/below/3.txt").await.as_deref(), Some(&b"below 3"[..]));
        assert_eq!(on.stored("copy/data").await.as_deref(), Some(&b"data"[..]));
        Ok(Outcome::Yes)
    })
}
