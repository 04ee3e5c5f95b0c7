//! Nix's own base-32: digits and letters without `e o u t`, least significant digit last.
//!
//! Source: the manual's chapter on the Nix32 encoding.

use crate::{Result, error::err};

/// The 32 digits in order of value.
pub const ALPHABET: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

const INVALID: u8 = 0xff;

/// Value of each byte as a digit, or `INVALID`.
static VALUES: [u8; 256] = {
    let mut table = [INVALID; 256];
    let mut i = 0;
    while i < 32 {
        table[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    table
};

/// Whether `byte` is a digit of this encoding.
#[inline]
pub fn is_digit(byte: u8) -> bool {
    VALUES[byte as usize] != INVALID
}

/// The value of a digit; 255 for other bytes.
#[inline]
pub fn value(byte: u8) -> u8 {
    VALUES[byte as usize]
}

/// Number of digits that encode `bytes` bytes.
pub const fn encoded_len(bytes: usize) -> usize {
    (bytes * 8).div_ceil(5)
}

/// Number of bytes that `digits` digits hold (rounded down).
pub const fn decoded_len(digits: usize) -> usize {
    digits * 5 / 8
}

/// Writes the digits of `data` to `out`, whose length is [`encoded_len`] of it.
pub fn encode_into(data: &[u8], out: &mut [u8]) {
    debug_assert_eq!(out.len(), encoded_len(data.len()));
    let mut accumulator = 0u32;
    let mut bits = 0u32;
    let mut next = data.iter();
    for slot in out.iter_mut().rev() {
        if bits < 5 {
            accumulator |= u32::from(next.next().copied().unwrap_or(0)) << bits;
            bits += 8;
        }
        *slot = ALPHABET[(accumulator & 31) as usize];
        accumulator >>= 5;
        bits -= 5;
    }
}

/// `data` in this encoding.
pub fn encode(data: &[u8]) -> String {
    let mut out = vec![0; encoded_len(data.len())];
    encode_into(data, &mut out);
    // All digits are ASCII, so this never falls back.
    String::from_utf8(out).unwrap_or_default()
}

/// The bytes that `text` encodes.
///
/// # Errors
/// A byte which is no digit, or bits beyond the last whole byte.
pub fn decode(text: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(decoded_len(text.len()));
    let mut accumulator = 0u32;
    let mut bits = 0u32;
    for &byte in text.iter().rev() {
        let value = VALUES[byte as usize];
        if value == INVALID {
            return Err(err!(
                "invalid character in Nix32 (Nix's base-32) string: '{}'",
                byte.escape_ascii()
            ));
        }
        accumulator |= u32::from(value) << bits;
        bits += 5;
        if bits >= 8 {
            out.push(accumulator as u8);
            accumulator >>= 8;
            bits -= 8;
        }
    }
    if accumulator != 0 {
        return Err(err!("Nix32 string '{}' has bits beyond its last byte", text.escape_ascii()));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn known_digests() {
        // sha256 of the empty string, as `nix-hash --to-base32` prints it.
        let empty = [
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f,
            0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b,
            0x78, 0x52, 0xb8, 0x55,
        ];
        let text = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
        assert_eq!(encode(&empty), text);
        assert_eq!(decode(text.as_bytes()).unwrap(), empty);
    }

    #[test]
    fn every_length_round_trips() {
        let bytes: Vec<u8> = (0..=255).rev().collect();
        for len in 0..bytes.len() {
            let text = encode(&bytes[..len]);
            assert_eq!(text.len(), encoded_len(len));
            assert_eq!(decode(text.as_bytes()).unwrap(), &bytes[..len]);
        }
    }

    #[test]
    fn rejects_strangers() {
        assert!(decode(b"e").is_err());
        assert!(decode(b"zz").is_err(), "bits beyond the byte");
    }
}
