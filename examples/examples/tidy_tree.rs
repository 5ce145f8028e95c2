//! Moves files into folders named after their extension or the month they were last changed in:
//! `cargo run --example tidy_tree -- DIR [PATTERN]... [--by extension|month] [--dry-run]`.
//!
//! Patterns are those of `folio::fs::glob`, seen from DIR; without one, `*`: the files right in it. A file
//! whose place is taken stays where it is.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use folio::fs;
use lexopt::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut dir, mut patterns, mut by_month, mut dry_run) = (None, Vec::new(), false, false);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("by") => {
                by_month = match arguments.value()?.to_str() {
                    Some("month") => true,
                    Some("extension") => false,
                    Some(_) | None => return Err("--by takes extension or month".into()),
                }
            }
            Long("dry-run") => dry_run = true,
            Value(value) if dir.is_none() => dir = Some(PathBuf::from(value)),
            Value(value) => patterns.push(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    // From here on paths and patterns are below it.
    std::env::set_current_dir(dir.ok_or("which directory?")?)?;
    if patterns.is_empty() {
        patterns.push("*".to_owned());
    }
    let mut taken = HashSet::new();
    for path in matches(&patterns).await? {
        let folder = if by_month { month(&path).await? } else { extension(&path) };
        let target = Path::new(&folder).join(path.file_name().expect("a file has a name"));
        if target == path {
            continue;
        }
        if !taken.insert(target.clone()) || fs::try_exists(&target).await? {
            eprintln!("{} stays: there is a {}", path.display(), target.display());
            continue;
        }
        println!("{} -> {}", path.display(), target.display());
        if !dry_run {
            fs::create_dir_all(&folder).await?;
            fs::rename(&path, &target).await?;
        }
    }
    Ok(())
}

/// Returns the regular files that match, each once, before anything is moved: a walk may meet what has been.
async fn matches(patterns: &[String]) -> folio::Result<Vec<PathBuf>> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for pattern in patterns {
        let mut paths = fs::glob(pattern)?;
        while let Some(path) = paths.next().await.transpose()? {
            if fs::symlink_metadata(&path).await?.is_file() && seen.insert(path.clone()) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn extension(path: &Path) -> String {
    path.extension().map_or("other".to_owned(), |extension| extension.to_string_lossy().to_lowercase())
}

async fn month(path: &Path) -> io::Result<String> {
    let changed = time::OffsetDateTime::from(fs::metadata(path).await?.modified()?);
    Ok(format!("{}-{:02}", changed.year(), u8::from(changed.month())))
}
