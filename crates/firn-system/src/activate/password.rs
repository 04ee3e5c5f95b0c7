//! Hashes of passwords given in clear text: SHA-512 crypt (`$6$`), as crypt(5) and Ulrich
//! Drepper's specification "Unix crypt using SHA-256 and SHA-512" describe it.

use sha2::{Digest, Sha512};

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ROUNDS: usize = 5000;

/// The hash of `password` with `salt`, at most 16 characters of the crypt alphabet.
pub fn sha512_crypt(password: &str, salt: &str) -> String {
    let digest = rounds(password.as_bytes(), salt.as_bytes());
    format!("$6${salt}${}", encode(&digest))
}

/// A salt from random bytes.
pub fn salt(random: [u8; 16]) -> String {
    random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect()
}

fn repeated(digest: &[u8], length: usize) -> Vec<u8> {
    digest.iter().copied().cycle().take(length).collect()
}

fn rounds(key: &[u8], salt: &[u8]) -> [u8; 64] {
    let sum = |parts: &[&[u8]]| -> [u8; 64] {
        let mut hash = Sha512::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().into()
    };
    let other = sum(&[key, salt, key]);
    let mut first = Sha512::new();
    first.update(key);
    first.update(salt);
    first.update(repeated(&other, key.len()));
    let mut bits = key.len();
    while bits > 0 {
        first.update(if bits & 1 == 1 { &other[..] } else { key });
        bits >>= 1;
    }
    let mut digest: [u8; 64] = first.finalize().into();
    let key_bytes = repeated(&sum(&vec![key; key.len()]), key.len());
    let salt_bytes = repeated(&sum(&vec![salt; 16 + usize::from(digest[0])]), salt.len());
    for round in 0..ROUNDS {
        let odd = round % 2 == 1;
        let mut parts: Vec<&[u8]> = vec![if odd { &key_bytes } else { &digest }];
        if round % 3 != 0 {
            parts.push(&salt_bytes);
        }
        if round % 7 != 0 {
            parts.push(&key_bytes);
        }
        parts.push(if odd { &digest } else { &key_bytes });
        digest = sum(&parts);
    }
    digest
}

/// Three bytes become four characters; the bytes are taken from the thirds of the digest in turn.
fn encode(digest: &[u8; 64]) -> String {
    let mut text = String::with_capacity(86);
    let mut push = |value: u32, count: usize| {
        for i in 0..count {
            text.push(char::from(ALPHABET[((value >> (6 * i)) & 63) as usize]));
        }
    };
    let (mut a, mut b, mut c) = (0, 21, 42);
    for _ in 0..21 {
        push(u32::from(digest[a]) << 16 | u32::from(digest[b]) << 8 | u32::from(digest[c]), 4);
        (a, b, c) = (b + 1, c + 1, a + 1);
    }
    push(u32::from(digest[63]), 2);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors from the specification.
    #[test]
    fn hashes_as_specified() {
        assert_eq!(
            sha512_crypt("Hello world!", "saltstring"),
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        );
    }
}
