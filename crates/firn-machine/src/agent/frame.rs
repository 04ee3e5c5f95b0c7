//! Frames on the channel between the driver and the agent inside a machine.
//!
//! The channel is a byte stream (a virtio-serial port or a unix socket) that may start in the middle of
//! somebody else's talk: a machine that was reset leaves half a frame behind. So each side begins with
//! [`SYNC`], and a reader skips everything before it. After that come frames:
//!
//! | bytes | meaning |
//! | --- | --- |
//! | 4 | length of what follows, big endian, at least 5, at most [`MAX_FRAME`] |
//! | 4 | stream: which request the frame belongs to, 0 for the connection itself |
//! | 1 | kind ([`Kind`]) |
//! | n | payload: JSON or raw bytes, by kind |
//!
//! The first four bytes of [`SYNC`] read as a length are above the limit, so a reader that expects a frame
//! notices that the other side has started anew.

/// What each side sends first, and again after a restart.
pub const SYNC: &[u8; 16] = b"\xff\xf1\xf2\xf3firn-agent/1";
/// The longest frame accepted, header included, in bytes.
pub const MAX_FRAME: usize = 1 << 20;
/// The largest payload that writers put into one frame, in bytes.
pub const CHUNK: usize = 64 * 1024;
const HEADER: usize = 5;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Agent to driver, stream 0: JSON [`super::message::Hello`]. From the driver, without payload: greet me
    /// anew, because the machine was resumed and another driver listens.
    Hello = 1,
    /// Driver to agent: opens a stream; JSON [`super::message::Request`].
    Open = 2,
    /// Driver to agent: raw input of the stream.
    In = 3,
    /// Driver to agent: end of the input.
    InEnd = 4,
    /// Driver to agent: give up; the agent kills what the stream started.
    Cancel = 5,
    /// Agent to driver: raw output.
    Out = 6,
    /// Agent to driver: what the command wrote to standard error.
    Err = 7,
    /// Either way: JSON [`super::message::Entry`], the head of one file.
    Item = 8,
    /// Agent to driver: closes the stream; JSON [`super::message::Done`].
    Done = 9,
    /// Driver to agent, stream 0: are you alive?
    Ping = 10,
    /// Agent to driver, stream 0: yes.
    Pong = 11,
    /// Agent to driver: a sentence for the log.
    Notice = 12,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        use Kind::*;
        [Hello, Open, In, InEnd, Cancel, Out, Err, Item, Done, Ping, Pong, Notice]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The request it belongs to.
    pub stream: u32,
    /// What it carries.
    pub kind: Kind,
    /// JSON or raw bytes.
    pub payload: Vec<u8>,
}

impl Frame {
    /// The frame as bytes on the wire.
    ///
    /// The payload must be shorter than [`MAX_FRAME`] − 5; writers split at [`CHUNK`].
    pub fn encode(&self) -> Vec<u8> {
        let length = HEADER + self.payload.len();
        debug_assert!(length <= MAX_FRAME);
        let mut bytes = Vec::with_capacity(4 + length);
        bytes.extend_from_slice(&(length as u32).to_be_bytes());
        bytes.extend_from_slice(&self.stream.to_be_bytes());
        bytes.push(self.kind as u8);
        bytes.extend_from_slice(&self.payload);
        bytes
    }
}

/// What a [`Decoder`] finds in the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// The other side began (again): everything open on the old connection is lost.
    Sync,
    /// A frame.
    Frame(Frame),
}

/// Turns bytes into frames. It never fails: whatever is no frame makes it look for the next [`SYNC`].
#[derive(Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    start: usize,
    synced: bool,
}

impl Decoder {
    /// A decoder that waits for the other side's [`SYNC`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes that were read.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 && self.start >= self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next thing that is complete, or `None` when more bytes are needed.
    pub fn take(&mut self) -> Option<Incoming> {
        loop {
            if !self.synced {
                return self.find_sync().then_some(Incoming::Sync);
            }
            let rest = &self.buffer[self.start..];
            let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?) as usize;
            if !(HEADER..=MAX_FRAME).contains(&length) {
                self.synced = false;
                continue;
            }
            let body = rest.get(4..4 + length)?;
            let stream = u32::from_be_bytes(body[..4].try_into().ok()?);
            let Some(kind) = Kind::from_byte(body[4]) else {
                self.synced = false;
                continue;
            };
            let payload = body[HEADER..].to_vec();
            self.start += 4 + length;
            return Some(Incoming::Frame(Frame { stream, kind, payload }));
        }
    }

    /// Skips to behind the next `SYNC`; keeps what may be the beginning of one.
    fn find_sync(&mut self) -> bool {
        let rest = &self.buffer[self.start..];
        if let Some(at) = rest.windows(SYNC.len()).position(|window| window == SYNC) {
            self.start += at + SYNC.len();
            self.synced = true;
            return true;
        }
        self.start += rest.len().saturating_sub(SYNC.len() - 1);
        false
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn drain(decoder: &mut Decoder) -> Vec<Incoming> {
        std::iter::from_fn(|| decoder.take()).collect()
    }

    fn frame(stream: u32, kind: Kind, payload: &[u8]) -> Frame {
        Frame { stream, kind, payload: payload.to_vec() }
    }

    #[test]
    fn golden_bytes() {
        let bytes = frame(7, Kind::Out, b"hi").encode();
        assert_eq!(bytes, [0, 0, 0, 7, 0, 0, 0, 7, 6, b'h', b'i']);
    }

    #[test]
    fn a_restart_in_the_middle_of_a_frame_is_noticed() {
        let mut decoder = Decoder::new();
        decoder.push(b"boot noise");
        decoder.push(SYNC);
        decoder.push(&frame(1, Kind::Open, b"{}").encode());
        decoder.push(SYNC);
        decoder.push(&frame(2, Kind::Ping, b"").encode());
        let found = drain(&mut decoder);
        assert_eq!(found[0], Incoming::Sync);
        assert_eq!(found[2], Incoming::Sync);
        assert_eq!(found[3], Incoming::Frame(frame(2, Kind::Ping, b"")));
    }

    #[test]
    fn lengths_out_of_range_lose_the_connection_not_the_program() {
        for length in [0u32, 4, MAX_FRAME as u32 + 1, u32::MAX] {
            let mut decoder = Decoder::new();
            decoder.push(SYNC);
            decoder.push(&length.to_be_bytes());
            decoder.push(&[0; 64]);
            assert_eq!(drain(&mut decoder), [Incoming::Sync]);
        }
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_frames(
            payloads in proptest::collection::vec((any::<u32>(), proptest::collection::vec(any::<u8>(), 0..300)), 0..8),
            step in 1usize..40,
        ) {
            let frames: Vec<_> = payloads.iter().map(|(s, p)| frame(*s, Kind::Out, p)).collect();
            let mut bytes = SYNC.to_vec();
            frames.iter().for_each(|f| bytes.extend(f.encode()));
            let mut decoder = Decoder::new();
            let mut found = Vec::new();
            for piece in bytes.chunks(step) {
                decoder.push(piece);
                found.extend(drain(&mut decoder));
            }
            let expected: Vec<_> = std::iter::once(Incoming::Sync)
                .chain(frames.into_iter().map(Incoming::Frame)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..4000), step in 1usize..100) {
            let mut decoder = Decoder::new();
            decoder.push(SYNC);
            for piece in bytes.chunks(step) {
                decoder.push(piece);
                drain(&mut decoder);
            }
        }
    }
}
