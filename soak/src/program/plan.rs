//! Random faults: which calls fail, how often, and with what.

use std::time::Duration;

use folio_testkit::errno::{
    EACCES, EAGAIN, EDQUOT, EFBIG, EINTR, EIO, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM, EROFS, ESTALE,
};
use folio_testkit::{Call, Plan, Random};

/// The errors that calls fail with. `EMFILE` is not among them: openings wait for a descriptor, for seconds.
const ERRNOS: [i32; 12] =
    [EIO, ENOSPC, EDQUOT, EACCES, EPERM, EROFS, EFBIG, ESTALE, EAGAIN, EINTR, ENOSYS, EOPNOTSUPP];

const CALLS: [Call; 19] = [
    Call::Open,
    Call::OpenDir,
    Call::OpenUnnamed,
    Call::HardLink,
    Call::Rename,
    Call::RemoveFile,
    Call::Metadata,
    Call::ReadDir,
    Call::ReadAt,
    Call::ReadNow,
    Call::WriteAt,
    Call::WriteAt,
    Call::Append,
    Call::Append,
    Call::Sync,
    Call::Sync,
    Call::Len,
    Call::FileMetadata,
    Call::Close,
];

/// Longest delay of a call.
const DELAY_MAX: Duration = Duration::from_micros(50);

/// Adds some rules.
pub(super) fn plan_faults(plan: &Plan, random: &mut Random) {
    for _ in 0..random.within(1..7) {
        let call = CALLS[random.index(CALLS.len())];
        let errno = match ERRNOS[random.index(ERRNOS.len())] {
            // No kernel says so of one sync and not of the next one: it is a request that never fits the file.
            ENOSYS | EOPNOTSUPP if call == Call::Sync => EIO,
            errno => errno,
        };
        let trigger = match random.within(0..10) {
            0..6 => plan.on(call).nth(random.within(1..40)),
            6..9 => plan.on(call).every(random.within(2..20)),
            // A call that is interrupted for ever is made for ever.
            _ if errno == EINTR => plan.on(call).nth(1),
            _ => plan.on(call).from(random.within(1..60)),
        };
        match random.within(0..12) {
            0..6 => trigger.fail(errno),
            6..8 => trigger.tear(random.within(0..64) as usize, errno),
            8 => trigger.at_most(random.within(1..100) as usize),
            9 => trigger.would_block(),
            10 => trigger.panic(),
            _ => trigger.delay(DELAY_MAX, random.bits()),
        };
    }
}
