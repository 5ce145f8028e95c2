//! Decoding in pieces against a naive model; `README.md` says how to run it.

#![no_main]

#[path = "../bodies/text_decoding.rs"]
mod text_decoding;

libfuzzer_sys::fuzz_target!(|input: &[u8]| text_decoding::run(input));
