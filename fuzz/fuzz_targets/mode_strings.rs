//! Mode strings against a list of all modes; `README.md` says how to run it.

#![no_main]

#[path = "../bodies/mode_strings.rs"]
mod mode_strings;

libfuzzer_sys::fuzz_target!(|input: &[u8]| mode_strings::run(input));
