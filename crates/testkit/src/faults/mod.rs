//! Plans of faults: which calls fail, come short, wait, dawdle or panic.

mod allowance;
mod call;
mod clock;
mod gate;
mod plan;
mod rule;

pub(crate) use allowance::{Allowance, Refusal};
pub use call::Call;
pub(crate) use call::{Calls, Running};
pub use clock::Clock;
pub use gate::Gate;
pub use plan::{Fault, Plan, Trigger};
