//! Frames on QEMU's `stream` sockets: four bytes of length, big endian, then the Ethernet frame.

/// The longest frame taken, in bytes: QEMU's own limit for its network backends.
pub const MAX_ETHERNET: usize = 68 * 1024;

/// Cuts a byte stream into frames.
#[derive(Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    start: usize,
}

impl FrameReader {
    /// Adds bytes that were read.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 && self.start >= self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame.
    ///
    /// Errors: a length above [`MAX_ETHERNET`]. The stream has lost its rhythm; the port must be closed.
    pub fn take(&mut self) -> Result<Option<&[u8]>, u32> {
        let rest = &self.buffer[self.start..];
        let Some(header) = rest.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*header);
        if length as usize > MAX_ETHERNET {
            return Err(length);
        }
        let end = 4 + length as usize;
        if rest.len() < end {
            return Ok(None);
        }
        let from = self.start + 4;
        self.start += end;
        Ok(Some(&self.buffer[from..self.start]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_lengths_are_refused() {
        let mut reader = FrameReader::default();
        reader.push(&u32::MAX.to_be_bytes());
        assert_eq!(reader.take(), Err(u32::MAX));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_frames(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20),
            step in 1usize..64,
        ) {
            let mut bytes = Vec::new();
            for frame in &frames {
                bytes.extend((frame.len() as u32).to_be_bytes());
                bytes.extend(frame);
            }
            let mut reader = FrameReader::default();
            let mut found = Vec::new();
            for piece in bytes.chunks(step) {
                reader.push(piece);
                while let Some(frame) = reader.take().unwrap() {
                    found.push(frame.to_vec());
                }
            }
            prop_assert_eq!(found, frames);
        }
    }
}
