//! Requests about paths: no open file, hence no actor; in place, or one job under a permit.

mod call;
mod descriptor_wait;
mod whole;
