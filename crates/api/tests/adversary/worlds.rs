//! What the file may be by now, as seen by whoever called: a plain file in memory for each history that explains it.
//!
//! Mostly there is one. A seek that was begun and not completed, or a method that was dropped, may have happened or
//! not; each gives another world, and what is seen later rules worlds out. A caller is wronged when none is left.

use std::io::SeekFrom;

use crate::handle::{Answer, Method};

/// Handles on one file in one program.
pub(crate) const HANDLES: usize = 2;

/// What a caller saw.
#[derive(Debug)]
pub(crate) enum Seen<'a> {
    /// A write was answered; these bytes of it were taken.
    Taken(&'a [u8]),
    /// A read was answered.
    Read { room: usize, got: &'a [u8] },
    /// A seek was begun.
    Begun(SeekFrom),
    /// A seek, or a question for the position, is pending.
    Asked,
    /// A seek was completed, or the position asked for.
    Completed(u64),
    /// A seek led to no position.
    Refused,
    /// A method was answered.
    Answered(&'a Method, &'a Answer),
    /// A method was dropped before its answer.
    GivenUp(&'a Method),
}

/// A seek by the trait of one handle.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seeking {
    /// None.
    No,
    /// It may happen at any time.
    Begun(SeekFrom),
    /// It has led here, and nobody was told.
    Landed(Option<u64>),
}

/// A plain file in memory.
#[derive(Clone, Debug, PartialEq)]
struct World {
    bytes: Vec<u8>,
    cursor: u64,
    appends: bool,
    seeking: [Seeking; HANDLES],
}

/// All that the file may be.
#[derive(Debug)]
pub(crate) struct Worlds {
    worlds: Vec<World>,
}

impl Worlds {
    pub(crate) fn new(bytes: Vec<u8>, cursor: u64, appends: bool) -> Worlds {
        Worlds { worlds: vec![World { bytes, cursor, appends, seeking: [Seeking::No; HANDLES] }] }
    }

    /// Takes in what the caller saw; says what was possible if it cannot be.
    pub(crate) fn see(&mut self, handle: usize, seen: &Seen<'_>) -> Result<(), String> {
        self.let_seeks_happen();
        let before = std::mem::take(&mut self.worlds);
        for world in &before {
            for after in world.after(handle, seen) {
                self.add(after);
            }
        }
        if self.worlds.is_empty() {
            return Err(format!("{} cannot be; {}", shown(seen), described(&before)));
        }
        Ok(())
    }

    /// Whether the file may hold `contents`.
    pub(crate) fn explain(&self, contents: &[u8]) -> bool {
        self.worlds.iter().any(|world| world.bytes == contents)
    }

    pub(crate) fn differ(&self, contents: &[u8]) -> String {
        let world = &self.worlds[0].bytes;
        let common = world.iter().zip(contents).take_while(|(a, b)| a == b).count();
        format!(
            "the file has {} bytes and should have {}; first difference at {common}",
            contents.len(),
            world.len()
        )
    }

    /// The length that is sure, for seeks from the end.
    pub(crate) fn len_min(&self) -> u64 {
        self.worlds.iter().map(|world| world.bytes.len() as u64).min().unwrap_or(0)
    }

    /// The cursor that is sure, for seeks backwards.
    pub(crate) fn cursor_min(&self) -> u64 {
        self.worlds.iter().map(|world| world.cursor).min().unwrap_or(0)
    }

    fn add(&mut self, world: World) {
        if !self.worlds.contains(&world) {
            self.worlds.push(world);
        }
    }

    fn let_seeks_happen(&mut self) {
        let mut index = 0;
        while index < self.worlds.len() {
            for handle in 0..HANDLES {
                if let Seeking::Begun(to) = self.worlds[index].seeking[handle] {
                    let mut after = self.worlds[index].clone();
                    let landed = after.target(to);
                    after.cursor = landed.unwrap_or(after.cursor);
                    after.seeking[handle] = Seeking::Landed(landed);
                    self.add(after);
                }
            }
            index += 1;
        }
    }
}

impl World {
    fn after(&self, handle: usize, seen: &Seen<'_>) -> Vec<World> {
        let mut world = self.clone();
        let possible = match seen {
            Seen::Taken(bytes) => {
                world.write(bytes);
                bytes.is_empty() || world.settle(handle)
            }
            Seen::Read { room, got } => world.read(*room, got) && (*room == 0 || world.settle(handle)),
            Seen::Begun(to) => {
                world.seeking[handle] = Seeking::Begun(*to);
                true
            }
            Seen::Asked => {
                // Answered with where the cursor is at any time until then.
                if world.seeking[handle] == Seeking::No {
                    world.seeking[handle] = Seeking::Begun(SeekFrom::Current(0));
                }
                true
            }
            Seen::Completed(position) => world.complete(handle, *position),
            Seen::Refused => matches!(world.seeking[handle], Seeking::Landed(None)) && world.settle(handle),
            Seen::Answered(method, answer) => world.answer(method, answer),
            Seen::GivenUp(method) => {
                let done = world.carry_out(method);
                return if done { vec![self.clone(), world] } else { vec![world] };
            }
        };
        if possible { vec![world] } else { Vec::new() }
    }

    /// Another operation of the handle is done: its seek has happened by now or never will.
    fn settle(&mut self, handle: usize) -> bool {
        self.seeking[handle] = Seeking::No;
        true
    }

    fn complete(&mut self, handle: usize, position: u64) -> bool {
        let landed = match self.seeking[handle] {
            Seeking::No => self.cursor == position,
            Seeking::Begun(_) => false,
            Seeking::Landed(landed) => landed == Some(position) || self.cursor == position,
        };
        landed && self.settle(handle)
    }

    fn target(&self, to: SeekFrom) -> Option<u64> {
        match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(delta) => self.cursor.checked_add_signed(delta),
            SeekFrom::End(delta) => (self.bytes.len() as u64).checked_add_signed(delta),
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let at = if self.appends { self.bytes.len() as u64 } else { self.cursor };
            self.put(bytes, at);
            self.cursor = at + bytes.len() as u64;
        }
    }

    fn put(&mut self, bytes: &[u8], at: u64) {
        let (start, end) = (at as usize, at as usize + bytes.len());
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[start..end].copy_from_slice(bytes);
    }

    fn rest(&self, at: u64) -> &[u8] {
        self.bytes.get(at as usize..).unwrap_or_default()
    }

    fn read(&mut self, room: usize, got: &[u8]) -> bool {
        let right = is_read(self.rest(self.cursor), room, got);
        self.cursor += got.len() as u64;
        right
    }

    /// Does what a method that is never answered may have done; whether it may change anything.
    fn carry_out(&mut self, method: &Method) -> bool {
        match method {
            Method::WriteAll(bytes) => self.write(bytes),
            Method::WriteAt(bytes, at) if !bytes.is_empty() => self.put(bytes, *at),
            Method::Append(bytes) => self.put(bytes, self.bytes.len() as u64),
            Method::SetLen(len) => self.bytes.resize(*len as usize, 0),
            Method::Seek(to) => self.cursor = self.target(*to).unwrap_or(self.cursor),
            Method::WriteAt(..)
            | Method::Read(_)
            | Method::ReadAt(..)
            | Method::Position
            | Method::Length
            | Method::Sync
            | Method::Flush => return false,
        }
        true
    }

    fn answer(&mut self, method: &Method, answer: &Answer) -> bool {
        match (method, answer) {
            (Method::Read(room), Answer::Bytes(got)) => self.read(*room, got),
            (Method::ReadAt(room, at), Answer::Bytes(got)) => is_read(self.rest(*at), *room, got),
            (Method::Append(bytes), Answer::Number(at)) => {
                let end = self.bytes.len() as u64;
                self.put(bytes, end);
                *at == end
            }
            (Method::Seek(_), Answer::Number(position)) => {
                self.carry_out(method);
                self.cursor == *position
            }
            (Method::Position, Answer::Number(position)) => self.cursor == *position,
            (Method::Length, Answer::Number(len)) => self.bytes.len() as u64 == *len,
            (Method::WriteAll(_) | Method::WriteAt(..) | Method::SetLen(_), Answer::Done) => {
                self.carry_out(method);
                true
            }
            (Method::Sync | Method::Flush, Answer::Done) => true,
            _ => false,
        }
    }
}

/// Reads may be short, but not empty before the end.
fn is_read(rest: &[u8], room: usize, got: &[u8]) -> bool {
    got.len() <= room && rest.starts_with(got) && (!got.is_empty() || room == 0 || rest.is_empty())
}

fn shown(seen: &Seen<'_>) -> String {
    match seen {
        Seen::Taken(bytes) => format!("a write of {} bytes", bytes.len()),
        Seen::Read { room, got } => {
            format!("a read of {} bytes into room for {room}: {}", got.len(), start(got))
        }
        Seen::Answered(method, answer) => format!("{} answered {}", method.shown(), answer.shown()),
        Seen::Begun(_) | Seen::Asked | Seen::Completed(_) | Seen::Refused | Seen::GivenUp(_) => {
            format!("{seen:?}")
        }
    }
}

fn described(worlds: &[World]) -> String {
    let each = worlds.iter().map(|world| {
        let rest = start(world.rest(world.cursor));
        format!(
            "{} bytes, the cursor at {} before {rest}, seeks {:?}",
            world.bytes.len(),
            world.cursor,
            world.seeking
        )
    });
    format!("the file may have: {}", each.collect::<Vec<_>>().join("; or "))
}

/// The first bytes, enough to find them in a trace.
pub(crate) fn start(bytes: &[u8]) -> String {
    format!("{}{}", bytes[..bytes.len().min(24)].escape_ascii(), if bytes.len() > 24 { "…" } else { "" })
}
