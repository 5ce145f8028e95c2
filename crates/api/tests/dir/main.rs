//! An open directory does what paths do, and no name leads out of it: by the kernel's own look-up and by the one
//! part by part.

mod attacks;
mod ground;
mod handed;
mod names;
mod races;
mod trees;
