//! What an image prints: the un-synced operations, what was kept of each, and what is there.

use std::collections::BTreeMap;
use std::fmt::{self, Formatter, Write};
use std::path::PathBuf;

use super::atom::{Atom, Choice, Part};
use super::outcome::{LeftBody, Outcome};
use super::subject::Subject;
use crate::disk::journal::{Change, Fate, Ino, Pending, ROOT, Serial};

/// Bytes of a file that are shown.
const SHOWN_BYTES: usize = 64;

pub(super) fn show(
    subject: &Subject,
    choice: &Choice,
    left: &Outcome,
    to: &mut Formatter<'_>,
) -> fmt::Result {
    writeln!(to, "  not synced, in order:")?;
    for (serial, what) in operations(subject)? {
        writeln!(to, "    {what}: {}", fate(subject, choice, serial))?;
    }
    writeln!(to, "  what is there:")?;
    let mut listing = String::new();
    let mut written = Ok(());
    left.walk(&mut |path, _, left| {
        let line = match &left.body {
            LeftBody::File(bytes) => {
                let shown = bytes[..bytes.len().min(SHOWN_BYTES)].escape_ascii();
                let more = if bytes.len() > SHOWN_BYTES { "…" } else { "" };
                writeln!(listing, "    {} {} bytes \"{shown}{more}\"", path.display(), bytes.len())
            }
            LeftBody::Dir(_) => writeln!(listing, "    {}/", path.display()),
            LeftBody::Link(target) => writeln!(listing, "    {} -> {}", path.display(), target.display()),
        };
        written = written.and(line);
    });
    written.and_then(|()| to.write_str(&listing))
}

/// What was done, by its place in the order.
fn operations(subject: &Subject) -> Result<BTreeMap<Serial, String>, fmt::Error> {
    let paths = paths(subject);
    let path =
        |ino| paths.get(&ino).map_or_else(|| format!("inode {ino}"), |path| path.display().to_string());
    let mut operations: BTreeMap<Serial, String> = BTreeMap::new();
    for pending in subject.journal.names.iter() {
        let (dir, name) = (path(pending.change.dir), pending.change.name.display());
        let dir = dir.trim_end_matches('/');
        let what = operations.entry(pending.serial).or_default();
        let comma = if what.is_empty() { "" } else { ", " };
        match pending.change.ino {
            Some(ino) => write!(what, "{comma}{dir}/{name} is inode {ino}")?,
            None => write!(what, "{comma}{dir}/{name} is gone")?,
        }
    }
    for (ino, inode) in &subject.journal.inodes {
        for (serial, _) in &inode.traits.pending {
            operations.insert(*serial, format!("attributes of {} (inode {ino})", path(*ino)));
        }
    }
    for (ino, log) in subject.files() {
        for pending in log.pending.iter().filter(|pending| pending.fate != Fate::Settled) {
            operations.insert(pending.serial, format!("{} {} (inode {ino})", changed(pending), path(ino)));
        }
    }
    Ok(operations)
}

fn changed(pending: &Pending) -> String {
    match &*pending.change {
        Change::Write { offset, bytes, .. } => format!("bytes {offset}..{} of", offset + bytes.len()),
        Change::SetLen { len } => format!("length {len} of"),
    }
}

fn fate(subject: &Subject, choice: &Choice, serial: Serial) -> String {
    let logged = match (subject.model.is_journaled(), serial <= choice.cut) {
        (false, _) => "",
        (true, true) => "in the log; ",
        (true, false) => "after the end of the log; ",
    };
    let Some(atoms) = subject.operations.get(&serial) else {
        return logged.trim_end_matches("; ").to_owned();
    };
    let kept: Vec<_> = atoms.iter().filter(|atom| choice.kept.contains(atom)).map(part).collect();
    let kept = match kept.len() {
        0 => "lost".to_owned(),
        count if count == atoms.len() => "kept".to_owned(),
        count => format!("{count} of {} parts kept: {}", atoms.len(), kept.join(", ")),
    };
    format!("{logged}{kept}")
}

fn part(atom: &Atom) -> String {
    match atom.part {
        Part::Size => "the length".to_owned(),
        Part::Border(block) => format!("the length of block {block}"),
        Part::Sector(sector) => format!("sector {sector}"),
        Part::Names(dir) => format!("names in inode {dir}"),
        Part::Traits => "the attributes".to_owned(),
    }
}

/// Where things are if nothing is lost, or else where they were.
fn paths(subject: &Subject) -> BTreeMap<Ino, PathBuf> {
    let mut paths = BTreeMap::from([(ROOT, PathBuf::from("/"))]);
    for choice in [subject.everything(), Choice::default()] {
        Outcome::of(subject, &choice).walk(&mut |path, ino, _| {
            paths.entry(ino).or_insert_with(|| path.to_owned());
        });
    }
    paths
}
