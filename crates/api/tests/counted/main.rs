//! What an operation costs, counted and therefore exact: system calls, allocations, changes of thread.

mod burst;
mod by_counters;
mod by_the_allocator;
mod by_the_kernel;
mod by_the_peak;
mod turns;
mod unadmitted;
