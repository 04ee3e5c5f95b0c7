#![no_main]

#[path = "../bodies.rs"]
#[allow(dead_code)]
mod bodies;
#[path = "../host.rs"]
mod host;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::narinfo(bytes));
