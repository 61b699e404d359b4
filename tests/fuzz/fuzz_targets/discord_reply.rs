#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| repoint_fuzz::discord_reply(data));
