//! Glob patterns against a matcher that backtracks; `README.md` says how to run it.

#![no_main]

#[path = "../bodies/glob_patterns.rs"]
mod glob_patterns;

libfuzzer_sys::fuzz_target!(|input: &[u8]| glob_patterns::run(input));
