//! A ticker of one millisecond on a runtime, and how late its ticks are.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::turns::time;

/// Time between two ticks.
const PERIOD: Duration = Duration::from_millis(1);

/// Waits for so many ticks, and returns how late each was.
///
/// The kernel's own timer says when: tokio's timers are rounded to whole milliseconds, by which an idle runtime would
/// be later than a busy one. A tick that passed while the task waited for its turn counts too.
///
/// # Errors
///
/// There is no timer to be had.
pub(crate) async fn ticks(count: usize) -> io::Result<Vec<Duration>> {
    let first = now() + PERIOD;
    let timer = start(first)?;
    #[expect(
        deprecated,
        reason = "its successor is unsafe; what that asks for holds: one descriptor, kept open"
    )]
    let timer = AsyncFd::try_with_interest(timer, Interest::READABLE)?;
    let mut late = Vec::with_capacity(count);
    while late.len() < count {
        let mut ready = timer.readable().await?;
        match expirations(timer.get_ref()) {
            Ok(new) => {
                let now = now();
                for _ in 0..new {
                    let due = first + PERIOD * u32::try_from(late.len()).expect("a few thousand ticks");
                    late.push(now.saturating_sub(due));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => ready.clear_ready(),
            Err(error) => return Err(error),
        }
    }
    Ok(late)
}

fn start(first: Duration) -> io::Result<OwnedFd> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    let times = Itimerspec { it_interval: timespec(PERIOD), it_value: timespec(first) };
    timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &times)?;
    Ok(timer)
}

fn expirations(timer: &OwnedFd) -> io::Result<u64> {
    let mut count = [0; 8];
    rustix::io::read(timer, &mut count)?;
    Ok(u64::from_ne_bytes(count))
}

fn now() -> Duration {
    time(ClockId::Monotonic)
}

fn timespec(time: Duration) -> Timespec {
    Timespec { tv_sec: time.as_secs().try_into().expect("an uptime"), tv_nsec: time.subsec_nanos().into() }
}
