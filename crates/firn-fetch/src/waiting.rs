//! Waiting for somebody else no longer than the user does. What reads from the network looks at nothing meanwhile, so it
//! gets a thread of its own; where the user stops, it is left alone and ends with its time limit.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::thread;
use std::time::Duration;

use crate::options::Waiting;

/// How often the user is asked.
const GLANCE: Duration = Duration::from_millis(50);
/// Size of a piece, and how many may lie ready.
const PIECE: usize = 1 << 16;
const READY: usize = 8;

/// What `work` gives; nothing where the user stopped.
pub(crate) fn outcome<T: Send + 'static>(
    waiting: &Waiting,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, outcome) = channel();
    thread::spawn(move || done.send(work()));
    next(waiting, &outcome)
}

/// What comes next through a channel; nothing where the user stopped.
fn next<T>(waiting: &Waiting, from: &Receiver<T>) -> Option<T> {
    loop {
        match from.recv_timeout(GLANCE) {
            Ok(item) => return Some(item),
            Err(RecvTimeoutError::Timeout) if waiting.wait(Duration::ZERO) => {}
            Err(_) => return None,
        }
    }
}

/// Pieces of what a reader gives.
pub(crate) struct Pieces(Receiver<io::Result<Vec<u8>>>);

impl Pieces {
    /// Begins to read.
    pub(crate) fn of(mut reader: impl Read + Send + 'static) -> Pieces {
        let (pieces, ready) = sync_channel(READY);
        thread::spawn(move || {
            loop {
                let mut piece = vec![0; PIECE];
                let read = reader.read(&mut piece);
                let last = !matches!(read, Ok(1..));
                let piece = read.map(|size| {
                    piece.truncate(size);
                    piece
                });
                if pieces.send(piece).is_err() || last {
                    break;
                }
            }
        });
        Pieces(ready)
    }

    /// The next piece, which is empty at the end; nothing where the user stopped.
    pub(crate) fn next(&self, waiting: &Waiting) -> Option<io::Result<Vec<u8>>> {
        next(waiting, &self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_comes_is_given_in_pieces() {
        let waiting = Waiting::default();
        assert_eq!(outcome(&waiting, || 7), Some(7));
        let text: Vec<u8> = (0..=255).cycle().take(3 * PIECE + 1).collect();
        let pieces = Pieces::of(io::Cursor::new(text.clone()));
        let mut read = Vec::new();
        loop {
            let piece = pieces.next(&waiting).unwrap().unwrap();
            if piece.is_empty() {
                break;
            }
            read.extend(piece);
        }
        assert!(read == text);
    }

    #[test]
    fn the_user_waits_for_nobody() {
        let waiting = Waiting::by(|_| false);
        let (never, silent) = channel::<()>();
        assert_eq!(outcome(&waiting, move || silent.recv()), None);
        drop(never);
    }
}
