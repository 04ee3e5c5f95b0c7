//! Base-64 as Nix reads and writes it: standard alphabet, padding written, not required.

use crate::{Result, error::err};
use data_encoding::BASE64;

/// `data` in base-64 with padding.
pub fn encode(data: &[u8]) -> String {
    BASE64.encode(data)
}

/// Decodes `text`; line ends are skipped and everything from the first `=` on is ignored, as the
/// reference does.
pub fn decode(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let mut accumulator = 0u32;
    let mut bits = 0u32;
    for byte in text.bytes() {
        match byte {
            b'=' => break,
            b'\n' => continue,
            _ => {}
        }
        let Some(value) = digit(byte) else {
            return Err(err!(
                "invalid character in Base64 string: '{}' in '{text}'",
                byte.escape_ascii()
            ));
        };
        accumulator = accumulator << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((accumulator >> bits) as u8);
            accumulator &= (1 << bits) - 1;
        }
    }
    Ok(out)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
