//! How calls of a store take time, fail or wait.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;

use crate::lock::lock;

/// One kind of call of a [`FarStore`](crate::FarStore).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FarCall {
    /// Opening, and opening a replacement.
    Open,
    /// Attributes, by path or of an open file.
    Metadata,
    /// One page of a listing.
    List,
    /// Reading a range.
    Read,
    /// Writing in order.
    Write,
    /// Appending.
    Append,
    /// Making what was written visible: a sync, or a close of a file that was written.
    Publish,
    /// Discarding what was written.
    Abandon,
    /// Creating, removing, renaming or copying by path.
    Change,
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    state: Mutex<State>,
    released: Notify,
}

#[derive(Debug, Default)]
struct State {
    delay: Duration,
    calls: HashMap<FarCall, u64>,
    faults: Vec<(FarCall, u64, Fault)>,
    held: Vec<FarCall>,
    under_way: usize,
    most_under_way: usize,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Errno(i32),
    Panic,
}

/// One call under way.
struct UnderWay<'a>(&'a Plan);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).under_way -= 1;
    }
}

impl Plan {
    pub(super) fn delay(&self, delay: Duration) {
        lock(&self.state).delay = delay;
    }

    pub(super) fn fail(&self, call: FarCall, nth: u64, errno: i32) {
        self.add(call, nth, Fault::Errno(errno));
    }

    pub(super) fn panic(&self, call: FarCall) {
        self.add(call, 1, Fault::Panic);
    }

    fn add(&self, call: FarCall, nth: u64, fault: Fault) {
        let mut state = lock(&self.state);
        let at = state.calls.get(&call).copied().unwrap_or_default() + nth;
        state.faults.push((call, at, fault));
    }

    pub(super) fn hold(&self, call: FarCall) {
        lock(&self.state).held.push(call);
    }

    pub(super) fn release(&self, call: FarCall) {
        lock(&self.state).held.retain(|held| *held != call);
        self.released.notify_waiters();
    }

    pub(super) fn calls(&self, call: FarCall) -> u64 {
        lock(&self.state).calls.get(&call).copied().unwrap_or_default()
    }

    pub(super) fn most_under_way(&self) -> usize {
        lock(&self.state).most_under_way
    }

    /// What every call goes through: it takes its time, and may fail.
    pub(super) async fn pass(&self, call: FarCall) -> io::Result<()> {
        let (delay, fault) = {
            let mut state = lock(&self.state);
            let number = state.calls.entry(call).or_default();
            *number += 1;
            let number = *number;
            state.under_way += 1;
            state.most_under_way = state.most_under_way.max(state.under_way);
            let planned = state.faults.iter().find(|(kind, at, _)| (*kind, *at) == (call, number));
            (state.delay, planned.map(|(_, _, fault)| *fault))
        };
        let _under_way = UnderWay(self);
        match delay.is_zero() {
            true => tokio::task::yield_now().await,
            false => tokio::time::sleep(delay).await,
        }
        loop {
            let released = self.released.notified();
            if !lock(&self.state).held.contains(&call) {
                break;
            }
            released.await;
        }
        match fault {
            None => Ok(()),
            Some(Fault::Errno(errno)) => Err(io::Error::from_raw_os_error(errno)),
            Some(Fault::Panic) => panic!("a planned panic"),
        }
    }
}
