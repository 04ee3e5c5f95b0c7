//! LZ4's legacy frame, in which kernels are compressed (`lz4_Frame_format.md`, "Legacy frame",
//! and `lz4_Block_format.md`).

use crate::{Error, Result};

/// Uncompressed size of every block but the last.
const BLOCK: usize = 8 << 20;
const MAGIC: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];

/// Decompresses what follows the magic number. Data after the last block that can't be a block
/// (the kernel appends the uncompressed size) is ignored.
///
/// # Errors
/// When the data is damaged.
pub fn legacy(mut data: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((size, rest)) = data.split_first_chunk::<4>() {
        if *size == MAGIC {
            data = rest;
            continue;
        }
        let size = u32::from_le_bytes(*size) as usize;
        if size > rest.len() {
            break;
        }
        let (block, after) = rest.split_at(size);
        decode(block, &mut out).ok_or_else(|| Error::new("its LZ4 data is damaged"))?;
        data = after;
    }
    Ok(out)
}

/// Appends one decompressed block; matches reach no further back than the block's start.
fn decode(mut block: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    while let Some((&token, rest)) = block.split_first() {
        let (literals, rest) = length(usize::from(token >> 4), rest)?;
        if literals > rest.len() {
            return None;
        }
        let (text, rest) = rest.split_at(literals);
        out.extend_from_slice(text);
        if rest.is_empty() {
            return Some(());
        }
        let (distance, rest) = rest.split_first_chunk::<2>()?;
        let distance = usize::from(u16::from_le_bytes(*distance));
        let (len, rest) = length(usize::from(token & 15), rest)?;
        copy(out, start, distance, len + 4)?;
        block = rest;
    }
    Some(())
}

fn length(mut len: usize, mut rest: &[u8]) -> Option<(usize, &[u8])> {
    if len == 15 {
        loop {
            let (&byte, tail) = rest.split_first()?;
            len += usize::from(byte);
            rest = tail;
            if byte != 255 {
                break;
            }
        }
    }
    Some((len, rest))
}

fn copy(out: &mut Vec<u8>, start: usize, distance: usize, len: usize) -> Option<()> {
    if distance == 0 || distance > out.len() - start || out.len() + len - start > BLOCK {
        return None;
    }
    let from = out.len() - distance;
    if distance >= len {
        out.extend_from_within(from..from + len);
    } else {
        for i in 0..len {
            out.push(out[from + i]);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_literals_and_overlapping_matches() {
        // "ab", then 10 bytes from 2 back, then "!" as last literals.
        let block = [0x26, b'a', b'b', 2, 0, 0x10, b'!'];
        let mut data = (block.len() as u32).to_le_bytes().to_vec();
        data.extend(block);
        data.extend(13u32.to_le_bytes());
        assert_eq!(legacy(&data).unwrap(), b"abababababab!");
    }

    #[test]
    fn refuses_a_match_before_the_start() {
        let data = [4, 0, 0, 0, 0x10, b'a', 9, 0];
        assert!(legacy(&data).is_err());
    }
}
