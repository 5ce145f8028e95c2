//! Building a plan rule by rule.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::allowance::{Allowance, Refusal};
use super::call::Call;
use super::clock::{Clock, Hand};
use super::gate::Gate;
use super::rule::{Effect, Rule, When};
use crate::lock::lock;
use crate::random::Random;

/// The faults of one disk, a list of rules that can grow while the disk is in use.
///
/// Every rule counts the calls it looks at from the moment it was made, and the calls it changed: a test
/// asserts [`Fault::fired`], so that a fault that never happened cannot pass for one that was survived. Where
/// several rules meet one call they apply in the order in which they were made.
///
/// ```
/// use folio_testkit::{Call, Disk, errno::EIO};
///
/// let disk = Disk::new();
/// let fault = disk.plan().on(Call::Sync).nth(3).fail(EIO);
/// // … drive the code under test …
/// assert_eq!(fault.fired(), 0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Plan {
    rules: Arc<Mutex<Vec<Arc<Rule>>>>,
    hand: Arc<Hand>,
}

impl Plan {
    /// Makes a plan without faults.
    pub fn new() -> Plan {
        Plan::default()
    }

    /// Begins a rule for one kind of call.
    pub fn on(&self, call: Call) -> Trigger<'_> {
        Trigger { plan: self, call: Some(call), under: None, when: When::Always }
    }

    /// Begins a rule for every kind of call. With [`from`](Trigger::from) and [`fail`](Trigger::fail) this is
    /// a device that goes away.
    pub fn on_any(&self) -> Trigger<'_> {
        Trigger { plan: self, call: None, under: None, when: When::Always }
    }

    /// Takes the clock of [slow calls](Trigger::takes) into the test's hands.
    pub fn clock(&self) -> Clock {
        Clock::held(&self.hand)
    }

    /// Returns how often any rule has fired.
    pub fn fired(&self) -> u64 {
        lock(&self.rules).iter().map(|rule| rule.fired()).sum()
    }

    /// Ends every rule; their counts stay.
    pub fn lift_all(&self) {
        lock(&self.rules).iter().for_each(|rule| rule.lift());
    }

    pub(crate) fn meet(&self, call: Call, path: &Path) -> Result<Allowance, Refusal> {
        // Collected first: a rule may wait, and the plan must stay open to the test meanwhile.
        let firing: Vec<_> =
            lock(&self.rules).iter().filter(|rule| rule.fires(call, path)).map(Arc::clone).collect();
        let mut allowance = Allowance::WHOLE;
        for rule in firing {
            rule.apply(call, &mut allowance)?;
        }
        Ok(allowance)
    }

    fn add(&self, rule: Rule) -> Fault {
        let rule = Arc::new(rule);
        lock(&self.rules).push(Arc::clone(&rule));
        Fault { rule }
    }
}

/// The first half of a rule: which calls it meets. Without a further word, all of the kind.
#[derive(Debug)]
#[must_use = "a rule begins to apply when its effect is named"]
pub struct Trigger<'a> {
    plan: &'a Plan,
    call: Option<Call>,
    under: Option<PathBuf>,
    when: When,
}

impl Trigger<'_> {
    /// Looks only at calls on paths that start with `path`; for an open file the path it was opened by.
    pub fn under(mut self, path: impl Into<PathBuf>) -> Self {
        self.under = Some(path.into());
        self
    }

    /// Meets the `n`th call only; the first is 1.
    pub fn nth(mut self, n: u64) -> Self {
        self.when = When::Nth(n);
        self
    }

    /// Meets the `n`th call and all later ones.
    pub fn from(mut self, n: u64) -> Self {
        self.when = When::From(n);
        self
    }

    /// Meets every `n`th call.
    pub fn every(mut self, n: u64) -> Self {
        self.when = When::Every(n.max(1));
        self
    }

    /// Fails the call with `errno`, without any effect on the disk.
    ///
    /// A failed sync also forgets what it should have made durable, as Linux does: a later sync that succeeds
    /// does not cover it.
    pub fn fail(self, errno: i32) -> Fault {
        self.add(Effect::Fail(errno))
    }

    /// Lets a write go through for `bytes` bytes and then fails it with `errno`; fails other calls at once.
    pub fn tear(self, bytes: usize, errno: i32) -> Fault {
        self.add(Effect::Tear { bytes, errno })
    }

    /// Lets a read or write move at most `bytes` bytes (at least 1); other calls are untouched.
    pub fn at_most(self, bytes: usize) -> Fault {
        self.add(Effect::AtMost(bytes.max(1)))
    }

    /// Says that the call would block: `None` from `read_now` and the `_cached` calls, `EAGAIN` elsewhere.
    pub fn would_block(self) -> Fault {
        self.add(Effect::WouldBlock)
    }

    /// Blocks the call at `gate` before it has any effect.
    pub fn wait_for(self, gate: &Gate) -> Fault {
        self.add(Effect::Wait(gate.hinge()))
    }

    /// Lets the call take this long by the plan's [clock](Plan::clock), before it has any effect: a slow disk that costs no
    /// time. `Duration::MAX` is a disk that is stuck.
    pub fn takes(self, time: Duration) -> Fault {
        let hand = Arc::clone(&self.plan.hand);
        self.add(Effect::Take { time, hand })
    }

    /// Delays the call by nothing, a yield, a spin or a sleep of at most `max`, by the dice of `seed`.
    pub fn delay(self, max: Duration, seed: u64) -> Fault {
        self.add(Effect::Delay { max, dice: Mutex::new(Random::new(seed)) })
    }

    /// Panics in the call before it has any effect.
    pub fn panic(self) -> Fault {
        self.add(Effect::Panic)
    }

    fn add(self, effect: Effect) -> Fault {
        self.plan.add(Rule::new(self.call, self.under, self.when, effect))
    }
}

/// One rule of a plan, to ask whether it fired and to end it.
#[derive(Clone, Debug)]
pub struct Fault {
    rule: Arc<Rule>,
}

impl Fault {
    /// Returns how many calls the rule has met. A call counts when it meets the rule, before any wait.
    pub fn fired(&self) -> u64 {
        self.rule.fired()
    }

    /// Returns the first call that the rule has met, and the path it was about: which one a test of every n-th call has hit.
    pub fn met(&self) -> Option<(Call, PathBuf)> {
        self.rule.met()
    }

    /// Ends the rule.
    pub fn lift(&self) {
        self.rule.lift();
    }
}
