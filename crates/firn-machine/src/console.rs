//! A machine's console: every line since the start, and who listens.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Lines kept for `last_lines`; the whole text is kept apart.
const KEPT: usize = 2000;
/// Longest text kept for `text` and `wait_for`, in bytes.
const TEXT_LIMIT: usize = 16 << 20;

/// Receives a machine's lines one by one: of its console, or what a command says beside its output.
pub type LineListener = Arc<dyn Fn(&str) + Send + Sync>;

/// What a machine wrote on its console.
pub struct Console {
    state: Mutex<State>,
    grown: Condvar,
    sink: LineListener,
    input: Mutex<Option<Box<dyn Write + Send>>>,
}

#[derive(Default)]
struct State {
    lines: VecDeque<String>,
    text: String,
    /// How much of `text` earlier waits have consumed, in bytes.
    consumed: usize,
    partial: Vec<u8>,
    /// Which start of the machine this is; what is left of an earlier one no longer counts.
    run: u64,
    /// Streams that are read.
    sources: usize,
    /// Every stream has ended.
    closed: bool,
}

impl Console {
    /// An empty console; `sink` sees every complete line.
    pub fn new(sink: LineListener) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            grown: Condvar::new(),
            sink,
            input: Mutex::new(None),
        })
    }

    /// Reads `source` to its end in a thread of its own.
    pub fn attach(self: &Arc<Self>, mut source: impl Read + Send + 'static) {
        let console = self.clone();
        let run = {
            let mut state = console.lock();
            state.closed = false;
            state.sources += 1;
            state.run
        };
        std::thread::spawn(move || {
            let mut buffer = vec![0; 8192];
            while let Ok(count) = source.read(&mut buffer) {
                if count == 0 || console.lock().run != run {
                    break;
                }
                console.add(&buffer[..count]);
            }
            console.close(run);
        });
    }

    /// Where `send` writes.
    pub fn set_input(&self, input: impl Write + Send + 'static) {
        *self.input.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(input));
    }

    /// Types characters on the console.
    pub fn send(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let none = || std::io::Error::other("the machine has no console input");
        let input = input.as_mut().ok_or_else(none)?;
        input.write_all(bytes)?;
        input.flush()
    }

    /// Adds bytes as they come; carriage returns and what is no UTF-8 are dropped.
    pub fn add(&self, bytes: &[u8]) {
        let mut complete = Vec::new();
        let mut state = self.lock();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            state.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = state.take_line();
                state.keep(&line);
                complete.push(line);
            }
        }
        drop(state);
        self.grown.notify_all();
        complete.iter().for_each(|line| (self.sink)(line));
    }

    /// Adds one line that the driver itself contributes (standard error of commands).
    pub fn add_line(&self, line: &str) {
        self.lock().keep(line);
        self.grown.notify_all();
        (self.sink)(line);
    }

    /// For the agent: what commands write to standard error stands among the console's lines, as on a terminal.
    pub fn talk(self: &Arc<Self>) -> LineListener {
        let console = self.clone();
        Arc::new(move |line: &str| console.add_line(line))
    }

    fn close(&self, run: u64) {
        let mut state = self.lock();
        if state.run != run {
            return;
        }
        state.sources -= 1;
        if state.sources > 0 {
            return;
        }
        let rest = (!state.partial.is_empty()).then(|| state.take_line());
        if let Some(line) = &rest {
            state.keep(line);
        }
        state.closed = true;
        drop(state);
        self.grown.notify_all();
        if let Some(line) = rest {
            (self.sink)(&line);
        }
    }

    /// All text since the start, lines joined by newlines.
    pub fn text(&self) -> String {
        self.lock().text.clone()
    }

    /// The latest lines, at most `count`.
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        let state = self.lock();
        let skip = state.lines.len().saturating_sub(count);
        state.lines.iter().skip(skip).cloned().collect()
    }

    /// Takes up what a saved machine wrote before; the sink does not see it again.
    pub fn recall(&self, text: &str) {
        let mut state = self.lock();
        text.lines().for_each(|line| state.keep(line));
        drop(state);
        self.grown.notify_all();
    }

    /// Forgets everything, for a new start.
    pub fn reset(&self) {
        let mut state = self.lock();
        *state = State { run: state.run + 1, ..State::default() };
    }

    /// Waits until `find` answers true for the text not consumed by earlier waits; lines are joined without
    /// separators, an unfinished last line included, and what was looked at when the answer is true is
    /// consumed. False when `limit` passes or the console ends first.
    pub fn wait_for(&self, limit: Option<Instant>, find: &mut dyn FnMut(&str) -> bool) -> bool {
        let mut state = self.lock();
        loop {
            let joined = state.unconsumed();
            if find(&joined) {
                state.consumed = state.text.len();
                return true;
            }
            if state.closed {
                return false;
            }
            let Some(limit) = limit else {
                state = self.grown.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.grown.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_line(&mut self) -> String {
        let bytes = std::mem::take(&mut self.partial);
        String::from_utf8_lossy(&bytes).replace(['\r', '\u{fffd}'], "").trim_end().to_string()
    }

    fn keep(&mut self, line: &str) {
        self.lines.push_back(line.to_string());
        if self.lines.len() > KEPT {
            self.lines.pop_front();
        }
        self.text.push_str(line);
        self.text.push('\n');
        if self.text.len() > TEXT_LIMIT {
            let mut cut = self.text.len() - TEXT_LIMIT / 2;
            while !self.text.is_char_boundary(cut) {
                cut += 1;
            }
            self.text.drain(..cut);
            self.consumed = self.consumed.saturating_sub(cut);
        }
    }

    fn unconsumed(&self) -> String {
        let mut joined = self.text[self.consumed..].replace('\n', "");
        joined.push_str(&String::from_utf8_lossy(&self.partial).replace('\r', ""));
        joined
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_cut_cleaned_and_joined() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        let console =
            Console::new(Arc::new(move |line| sink.lock().unwrap().push(line.to_string())));
        console.add(b"one\r\ntw");
        console.add(b"o \xff\nlogin: ");
        assert_eq!(*seen.lock().unwrap(), ["one", "two"]);
        assert_eq!(console.text(), "one\ntwo\n");
        let now = Some(Instant::now());
        assert!(console.wait_for(now, &mut |text| text.contains("onetwologin: ")));
        assert!(!console.wait_for(now, &mut |text| text.contains("one")));
        assert_eq!(console.last_lines(1), ["two"]);
    }
}
