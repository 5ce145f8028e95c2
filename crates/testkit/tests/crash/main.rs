//! What a power cut may leave of the simulated disk, and what it may not, model by model.
#![allow(clippy::unwrap_used, reason = "a test says by its failure what went wrong")]

mod appends;
mod counts;
mod moments;
mod names;
mod program;
mod replays;
mod syncs;
