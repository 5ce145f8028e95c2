//! One rule of a plan: which calls it meets and what it does to them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use super::allowance::{Allowance, Refusal};
use super::call::Call;
use super::clock::Hand;
use super::gate::Hinge;
use crate::lock::lock;
use crate::random::Random;

/// Longest spin of a delay, in rounds: about 10 µs, the length of a system call that a race has to beat.
const SPIN_ROUNDS_MAX: u64 = 2_000;

/// Which of the calls a rule looks at it meets. Counted from 1.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// All of them.
    Always,
    /// This one.
    Nth(u64),
    /// This one and all later ones.
    From(u64),
    /// Every such one.
    Every(u64),
}

/// What a rule does to a call.
#[derive(Debug)]
pub(super) enum Effect {
    /// Fails it.
    Fail(i32),
    /// Fails a write after so many bytes.
    Tear { bytes: usize, errno: i32 },
    /// Makes it come short.
    AtMost(usize),
    /// Says that it would block.
    WouldBlock,
    /// Blocks it until the test lets it pass.
    Wait(Arc<Hinge>),
    /// Blocks it until the plan's clock has moved on.
    Take { time: Duration, hand: Arc<Hand> },
    /// Delays it at random.
    Delay { max: Duration, dice: Mutex<Random> },
    /// Panics in it.
    Panic,
}

#[derive(Debug)]
pub(super) struct Rule {
    call: Option<Call>,
    under: Option<PathBuf>,
    when: When,
    effect: Effect,
    seen: AtomicU64,
    fired: AtomicU64,
    /// The first call that it met, and on what path.
    met: OnceLock<(Call, PathBuf)>,
    lifted: AtomicBool,
}

impl Rule {
    pub(super) fn new(call: Option<Call>, under: Option<PathBuf>, when: When, effect: Effect) -> Rule {
        Rule {
            call,
            under,
            when,
            effect,
            seen: AtomicU64::new(0),
            fired: AtomicU64::new(0),
            met: OnceLock::new(),
            lifted: AtomicBool::new(false),
        }
    }

    pub(super) fn fired(&self) -> u64 {
        self.fired.load(Relaxed)
    }

    pub(super) fn met(&self) -> Option<(Call, PathBuf)> {
        self.met.get().cloned()
    }

    pub(super) fn lift(&self) {
        self.lifted.store(true, Relaxed);
    }

    pub(super) fn fires(&self, call: Call, path: &Path) -> bool {
        if self.lifted.load(Relaxed) || !self.looks_at(call, path) {
            return false;
        }
        let seen = self.seen.fetch_add(1, Relaxed) + 1;
        let fires = match self.when {
            When::Always => true,
            When::Nth(n) => seen == n,
            When::From(n) => seen >= n,
            When::Every(n) => seen.is_multiple_of(n),
        };
        self.fired.fetch_add(u64::from(fires), Relaxed);
        if fires {
            self.met.get_or_init(|| (call, path.to_owned()));
        }
        fires
    }

    pub(super) fn apply(&self, call: Call, allowance: &mut Allowance) -> Result<(), Refusal> {
        match &self.effect {
            Effect::Fail(errno) => return Err(Refusal::Errno(*errno)),
            Effect::Tear { bytes, errno } => {
                if !matches!(call, Call::WriteAt | Call::Append) {
                    return Err(Refusal::Errno(*errno));
                }
                allowance.bytes_max = allowance.bytes_max.min(*bytes);
                allowance.torn = Some(*errno);
            }
            Effect::AtMost(bytes) => allowance.bytes_max = allowance.bytes_max.min(*bytes),
            Effect::WouldBlock => return Err(Refusal::WouldBlock),
            Effect::Wait(hinge) => hinge.pass(),
            Effect::Take { time, hand } => hand.pass(*time),
            Effect::Delay { max, dice } => dawdle(*max, dice),
            Effect::Panic => panic!("planned panic in {call:?}"),
        }
        Ok(())
    }

    fn looks_at(&self, call: Call, path: &Path) -> bool {
        self.call.is_none_or(|kind| kind == call)
            && self.under.as_ref().is_none_or(|under| path.starts_with(under))
    }
}

fn dawdle(max: Duration, dice: &Mutex<Random>) {
    let (way, length) = {
        let mut dice = lock(dice);
        (dice.index(4), dice.bits())
    };
    match way {
        0 => {}
        1 => std::thread::yield_now(),
        2 => (0..length % SPIN_ROUNDS_MAX).for_each(|_| std::hint::spin_loop()),
        _ => std::thread::sleep(Duration::from_micros(length % (max.as_micros() as u64 + 1))),
    }
}
