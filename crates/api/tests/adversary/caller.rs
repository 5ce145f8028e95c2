//! The caller: a random program over the handles of one file, polled by hand.

use std::io::{self, ErrorKind, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use folio_testkit::Random;
use folio_testkit::polling::Alarm;
use folio_testkit::wait::holds_in_time;
use tokio::io::ReadBuf;

use crate::handle::{Answer, Handle, Method};
use crate::subject::{Can, Ending, Subject};
use crate::worlds::{HANDLES, Seen, Worlds, start};

/// What a caller does before the end.
const ACTIONS: usize = 12;

/// What the file did that nothing explains, with what led to it.
pub(crate) type Wronged = String;

/// Runs the program of `seed` on `subject`.
pub(crate) fn run(subject: Subject, seed: u64) -> Result<(), Wronged> {
    let Subject { handle, bytes, cursor, appends, can, ending, kept } = subject;
    let mut caller = Caller {
        handles: vec![handle],
        worlds: Worlds::new(bytes, cursor, appends),
        can,
        dice: Random::new(seed),
        wanted: [const { None }; HANDLES],
        trace: Vec::new(),
        alarm: Alarm::here(),
        gave_up: false,
    };
    let result = caller.program(ending);
    drop(kept);
    result.map_err(|why| format!("{why}\nafter:\n  {}", caller.trace.join("\n  ")))
}

struct Caller {
    handles: Vec<Box<dyn Handle>>,
    worlds: Worlds,
    can: Can,
    dice: Random,
    /// What each handle was last asked to write and did not take.
    wanted: [Option<Vec<u8>>; HANDLES],
    trace: Vec<String>,
    alarm: Alarm,
    /// Whether a method was dropped that may still be at work.
    gave_up: bool,
}

type Polled<'a, T> = dyn FnMut(Pin<&mut dyn Handle>, &mut Context<'_>) -> Poll<io::Result<T>> + 'a;

impl Caller {
    fn program(&mut self, ending: Ending) -> Result<(), Wronged> {
        if self.can.twins && self.dice.chance(40) {
            self.handles.extend(self.handles[0].twin());
        }
        for _ in 0..ACTIONS {
            self.act()?;
        }
        if self.can.seek {
            self.answered(0, &Method::Position)?;
        }
        self.end(ending)
    }

    fn act(&mut self) -> Result<(), Wronged> {
        let handle = self.dice.index(self.handles.len());
        match self.dice.index(21) {
            0..=4 if self.can.write => self.write_once(handle).map(drop),
            5 | 6 if self.can.write => self.write_through(handle),
            7 if self.can.write => self.flush_once(handle).map(drop),
            8 if self.can.write => self.flush_through(handle),
            9..=11 if self.can.read => self.read_once(handle).map(drop),
            12 if self.can.read => self.read_through(handle),
            13 | 14 if self.can.seek => self.seek(handle),
            15..=17 => {
                let method = self.method();
                self.answered(handle, &method)
            }
            18 => self.give_up(handle),
            19 if self.can.seek => self.complete(handle, false).map(drop),
            _ => {
                (0..self.dice.index(40)).for_each(|_| std::thread::yield_now());
                Ok(())
            }
        }
    }

    /// Polls once, sometimes with nobody to wake.
    fn poll<T>(
        &mut self,
        handle: usize,
        through: bool,
        what: &str,
        poll: &mut Polled<'_, T>,
    ) -> Poll<io::Result<T>> {
        let waker = if through || self.dice.chance(50) { self.alarm.waker() } else { Waker::noop().clone() };
        let polled = poll(Pin::new(&mut *self.handles[handle]), &mut Context::from_waker(&waker));
        let said = match &polled {
            Poll::Ready(Ok(_)) => "Ready",
            Poll::Ready(Err(_)) => "failed",
            Poll::Pending => "Pending",
        };
        self.trace.push(format!("{handle}: {what}: {said}"));
        polled
    }

    /// Repeats what may be pending until it is done, each time after a wake.
    fn through(
        &mut self,
        mut once: impl FnMut(&mut Self) -> Result<Poll<()>, Wronged>,
    ) -> Result<(), Wronged> {
        loop {
            let seen = self.alarm.wakes();
            if once(self)?.is_ready() {
                return Ok(());
            }
            if !self.alarm.wait(seen) {
                return Err("what is pending is never woken".to_owned());
            }
        }
    }

    fn write_once(&mut self, handle: usize) -> Result<Poll<()>, Wronged> {
        self.write(handle, false)
    }

    fn write_through(&mut self, handle: usize) -> Result<(), Wronged> {
        self.through(|caller| caller.write(handle, true))
    }

    fn write(&mut self, handle: usize, through: bool) -> Result<Poll<()>, Wronged> {
        let bytes = self.buffer(handle);
        let what = format!("poll_write of {}: {}", bytes.len(), start(&bytes));
        let cuts = self.dice.chance(25).then(|| cuts(&mut self.dice, bytes.len()));
        let polled = match cuts {
            None => self.poll(handle, through, &what, &mut |handle, cx| handle.poll_write(cx, &bytes)),
            Some([a, b]) => {
                let slices = [&bytes[..a], &bytes[a..a], &bytes[a..b], &bytes[b..]].map(IoSlice::new);
                let what = format!("vectored {what}");
                self.poll(handle, through, &what, &mut |handle, cx| handle.poll_write_vectored(cx, &slices))
            }
        };
        match polled {
            Poll::Pending => {
                self.wanted[handle] = Some(bytes);
                Ok(Poll::Pending)
            }
            Poll::Ready(Ok(taken)) if taken <= bytes.len() && (taken > 0 || bytes.is_empty()) => {
                self.worlds.see(handle, &Seen::Taken(&bytes[..taken])).map(Poll::Ready)
            }
            Poll::Ready(Ok(taken)) => Err(format!("{taken} bytes taken of {}", bytes.len())),
            Poll::Ready(Err(error)) => Err(format!("a write failed: {error}")),
        }
    }

    /// What to write now: something else, or what was not taken, made longer, shorter or different.
    fn buffer(&mut self, handle: usize) -> Vec<u8> {
        let fresh = payload(&mut self.dice);
        let Some(mut bytes) = self.wanted[handle].take().filter(|_| self.dice.chance(80)) else {
            return fresh;
        };
        match self.dice.index(4) {
            0 => bytes.extend(fresh),
            1 => bytes.truncate(1 + bytes.len() / 2),
            2 => bytes.iter_mut().take(3).for_each(|byte| *byte = byte.to_ascii_uppercase()),
            _ => {}
        }
        bytes
    }

    fn flush_once(&mut self, handle: usize) -> Result<Poll<()>, Wronged> {
        let shutdown = self.dice.chance(30);
        self.flush(handle, false, shutdown)
    }

    fn flush_through(&mut self, handle: usize) -> Result<(), Wronged> {
        let shutdown = self.dice.chance(30);
        self.through(|caller| caller.flush(handle, true, shutdown))
    }

    fn flush(&mut self, handle: usize, through: bool, shutdown: bool) -> Result<Poll<()>, Wronged> {
        let polled = if shutdown {
            self.poll(handle, through, "poll_shutdown", &mut |handle, cx| handle.poll_shutdown(cx))
        } else {
            self.poll(handle, through, "poll_flush", &mut |handle, cx| handle.poll_flush(cx))
        };
        match polled {
            Poll::Ready(Ok(())) => Ok(Poll::Ready(())),
            Poll::Ready(Err(error)) => Err(format!("a flush failed: {error}")),
            Poll::Pending => Ok(Poll::Pending),
        }
    }

    fn read_once(&mut self, handle: usize) -> Result<Poll<()>, Wronged> {
        self.read(handle, false)
    }

    fn read_through(&mut self, handle: usize) -> Result<(), Wronged> {
        self.through(|caller| caller.read(handle, true))
    }

    fn read(&mut self, handle: usize, through: bool) -> Result<Poll<()>, Wronged> {
        let (before, room) = (self.dice.index(4), room(&mut self.dice));
        let mut space = vec![b'?'; before + room];
        let mut buf = ReadBuf::new(&mut space);
        buf.advance(before);
        let what = format!("poll_read into {room}");
        match self.poll(handle, through, &what, &mut |handle, cx| handle.poll_read(cx, &mut buf)) {
            Poll::Ready(Ok(())) => {
                let got = buf.filled().get(before..).ok_or("a read took bytes away from its caller")?;
                self.worlds.see(handle, &Seen::Read { room, got }).map(Poll::Ready)
            }
            Poll::Ready(Err(error)) => Err(format!("a read failed: {error}")),
            Poll::Pending if buf.filled().len() > before => Err("a read is pending with bytes".to_owned()),
            Poll::Pending => Ok(Poll::Pending),
        }
    }

    fn seek(&mut self, handle: usize) -> Result<(), Wronged> {
        let through = self.dice.chance(50);
        if through {
            // The extension trait does the same: what is pending may refuse a seek.
            self.through(|caller| caller.complete(handle, true))?;
        }
        let to = self.target(through);
        match Pin::new(&mut *self.handles[handle]).start_seek(to) {
            Ok(()) => self.worlds.see(handle, &Seen::Begun(to))?,
            Err(error) if error.kind() == ErrorKind::Other && !through => return Ok(()),
            Err(error) => return Err(format!("{to:?} failed: {error}")),
        }
        self.trace.push(format!("{handle}: start_seek {to:?}"));
        match self.dice.index(2) {
            _ if through => self.through(|caller| caller.complete(handle, true)),
            0 => self.complete(handle, false).map(drop),
            _ => Ok(()),
        }
    }

    fn complete(&mut self, handle: usize, through: bool) -> Result<Poll<()>, Wronged> {
        match self.poll(handle, through, "poll_complete", &mut |handle, cx| handle.poll_complete(cx)) {
            Poll::Pending => self.worlds.see(handle, &Seen::Asked).map(|()| Poll::Pending),
            Poll::Ready(Ok(position)) => self.worlds.see(handle, &Seen::Completed(position)).map(Poll::Ready),
            Poll::Ready(Err(error)) if error.kind() == ErrorKind::InvalidInput => {
                self.worlds.see(handle, &Seen::Refused).map(Poll::Ready)
            }
            Poll::Ready(Err(error)) => Err(format!("a seek failed: {error}")),
        }
    }

    /// Where to seek; backwards only if nothing can come in between.
    fn target(&mut self, backwards: bool) -> SeekFrom {
        let (cursor, len) = (self.worlds.cursor_min(), self.worlds.len_min());
        let back = |most: u64, dice: &mut Random| dice.within(0..most.min(40) + 1).cast_signed();
        match self.dice.index(5) {
            0 if backwards => SeekFrom::Current(-back(cursor, &mut self.dice)),
            1 if backwards => SeekFrom::End(-back(len, &mut self.dice)),
            2 => SeekFrom::Current(self.dice.within(0..20).cast_signed()),
            3 => SeekFrom::End(self.dice.within(0..6).cast_signed()),
            _ => SeekFrom::Start(self.dice.within(0..len + 10)),
        }
    }

    fn method(&mut self) -> Method {
        let at = self.dice.within(0..self.worlds.len_min() + 10);
        let bytes = payload(&mut self.dice);
        loop {
            match self.dice.index(11) {
                0 if self.can.read => return Method::Read(room(&mut self.dice)),
                1 if self.can.read && self.can.positioned => return Method::ReadAt(room(&mut self.dice), at),
                2 | 3 if self.can.write => return Method::WriteAll(bytes),
                4 if self.can.positioned && self.can.write_at => return Method::WriteAt(bytes, at),
                5 if self.can.append && !bytes.is_empty() => return Method::Append(bytes),
                6 if self.can.seek => return Method::Seek(self.target(true)),
                7 if self.can.seek => return Method::Position,
                8 if self.can.set_len => return Method::SetLen(at),
                9 if self.can.length => return Method::Length,
                10 if self.can.sync => return Method::Sync,
                10 if self.can.write => return Method::Flush,
                _ => {}
            }
        }
    }

    fn answered(&mut self, handle: usize, method: &Method) -> Result<(), Wronged> {
        self.trace.push(format!("{handle}: {}", method.shown()));
        let answer =
            self.alarm.wait_for(self.handles[handle].call(method)).ok_or("a method is never woken")?;
        let answer = answer.map_err(|error| format!("{} failed: {error}", method.shown()))?;
        self.worlds.see(handle, &Seen::Answered(method, &answer))
    }

    /// Drops a method's future after a poll or a few.
    fn give_up(&mut self, handle: usize) -> Result<(), Wronged> {
        let (method, polls) = (self.method(), 1 + self.dice.index(3));
        let mut future = self.handles[handle].call(&method);
        let mut answer: Option<io::Result<Answer>> = None;
        for _ in 0..polls {
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                answer = Some(done);
                break;
            }
            std::thread::yield_now();
        }
        drop(future);
        let said = if answer.is_some() { "answered" } else { "given up" };
        self.trace.push(format!("{handle}: {}: {said}", method.shown()));
        match answer {
            None => {
                self.gave_up = true;
                self.worlds.see(handle, &Seen::GivenUp(&method))
            }
            Some(Ok(answer)) => self.worlds.see(handle, &Seen::Answered(&method, &answer)),
            Some(Err(error)) => Err(format!("{} failed: {error}", method.shown())),
        }
    }

    /// Ends the handles in one of the ways that leave nothing behind, and looks at the file.
    fn end(&mut self, ending: Ending) -> Result<(), Wronged> {
        match (ending, self.dice.index(3)) {
            (Ending::Inside, _) => {
                self.flush_through(0)?;
                self.answered(0, &Method::Seek(SeekFrom::Start(0)))?;
                // Short reads are right; none is empty before the end.
                (0..4).try_for_each(|_| self.answered(0, &Method::Read(1 << 20)))
            }
            (Ending::Outside(contents) | Ending::AtOnce(contents), 0) => {
                for handle in 0..self.handles.len() {
                    self.flush_through(handle)?;
                }
                if self.gave_up {
                    holds_in_time(|| self.worlds.explain(&contents()));
                }
                self.compare(&contents())
            }
            (Ending::Read, _) => (0..200).try_for_each(|_| self.answered(0, &Method::Read(1 << 20))),
            (Ending::AtOnce(contents), 1) => {
                self.handles.clear();
                self.compare(&contents())
            }
            (Ending::Outside(contents), 1) => {
                self.trace.push("dropped".to_owned());
                self.handles.clear();
                holds_in_time(|| self.worlds.explain(&contents()));
                self.compare(&contents())
            }
            (Ending::Outside(contents) | Ending::AtOnce(contents), _) => {
                let last = self.handles.swap_remove(0);
                self.handles.clear();
                self.trace.push("closed".to_owned());
                let closed = self.alarm.wait_for(last.close()).ok_or("a close is never woken")?;
                closed.map_err(|error| format!("a close failed: {error}"))?;
                self.compare(&contents())
            }
            (Ending::Received(contents), _) => {
                self.handles.clear();
                self.compare(&contents())
            }
        }
    }

    fn compare(&self, contents: &[u8]) -> Result<(), Wronged> {
        if self.worlds.explain(contents) { Ok(()) } else { Err(self.worlds.differ(contents)) }
    }
}

/// Letters, mostly few.
fn payload(dice: &mut Random) -> Vec<u8> {
    let len = match dice.index(40) {
        0 => 0,
        1 => 70_000,
        2 | 3 => 3_000 + dice.index(3_000),
        _ => 1 + dice.index(40),
    };
    let first = dice.index(26);
    (0..len).map(|at| b'a' + ((first + at + at / 26) % 26) as u8).collect()
}

/// Room for a read.
fn room(dice: &mut Random) -> usize {
    match dice.index(20) {
        0 => 0,
        1 => 80_000,
        2 | 3 => 5_000,
        _ => 1 + dice.index(50),
    }
}

fn cuts(dice: &mut Random, len: usize) -> [usize; 2] {
    let mut cuts = [dice.index(len + 1), dice.index(len + 1)];
    cuts.sort_unstable();
    cuts
}
