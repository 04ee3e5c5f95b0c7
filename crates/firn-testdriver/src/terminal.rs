//! The terminal of the person who runs a test by hand.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};
use std::io::{self, PipeWriter, stdin};
use std::os::fd::AsFd;

/// The process's standard input, a terminal.
pub struct Terminal {
    before: Termios,
}

impl Terminal {
    /// The terminal.
    ///
    /// # Errors
    /// Standard input is none.
    pub fn open() -> io::Result<Self> {
        if !isatty(stdin()) {
            return Err(io::Error::other("standard input is no terminal"));
        }
        Ok(Self { before: tcgetattr(stdin())? })
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        tcgetwinsize(stdin()).map_or((80, 24), |size| (size.ws_col, size.ws_row))
    }

    /// Passes every key on as it is, and all output, until this is dropped.
    ///
    /// # Errors
    /// The terminal refuses.
    pub fn raw(self) -> io::Result<RawTerminal> {
        let mut raw = self.before.clone();
        raw.make_raw();
        self.set(&raw)
    }

    /// Passes every key on as it is, while lines that are written still begin at the left: for what is written by lines.
    ///
    /// # Errors
    /// The terminal refuses.
    pub fn raw_keys(self) -> io::Result<RawTerminal> {
        let mut raw = self.before.clone();
        raw.make_raw();
        raw.output_modes = self.before.output_modes;
        self.set(&raw)
    }

    fn set(self, raw: &Termios) -> io::Result<RawTerminal> {
        tcsetattr(stdin(), OptionalActions::Now, raw)?;
        Ok(RawTerminal { before: self.before })
    }
}

/// A terminal that passes every key on.
pub struct RawTerminal {
    before: Termios,
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        let _ = tcsetattr(stdin(), OptionalActions::Drain, &self.before);
    }
}

impl RawTerminal {
    /// What is typed goes to `each`, until it answers false.
    pub fn pump<F: FnMut(&[u8]) -> bool + Send>(self, each: F) -> Pump<F> {
        Pump { _terminal: self, each }
    }
}

/// Passes on what is typed.
pub struct Pump<F> {
    _terminal: RawTerminal,
    each: F,
}

impl<F: FnMut(&[u8]) -> bool + Send> Pump<F> {
    /// Passes on what is typed while `work` runs.
    ///
    /// # Errors
    /// Descriptors have run out.
    pub fn during<T>(mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        let (end, ender) = io::pipe()?;
        let each = &mut self.each;
        Ok(std::thread::scope(|scope| {
            scope.spawn(move || pass_on(&end, each));
            let result = work();
            // Closing the pipe ends the other thread; nothing that is typed from now on is lost to it.
            drop::<PipeWriter>(ender);
            result
        }))
    }
}

fn pass_on(end: &impl AsFd, each: &mut impl FnMut(&[u8]) -> bool) {
    let input = stdin();
    let mut buffer = [0; 4096];
    loop {
        let ready = {
            let mut fds = [PollFd::new(&input, PollFlags::IN), PollFd::new(end, PollFlags::IN)];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
                Ok(_) if !fds[1].revents().is_empty() => return,
                Ok(_) => !fds[0].revents().is_empty(),
            }
        };
        if ready {
            match rustix::io::read(&input, &mut buffer) {
                Ok(count) if count > 0 && each(&buffer[..count]) => {}
                _ => return,
            }
        }
    }
}
