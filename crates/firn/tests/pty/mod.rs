//! A program at a real terminal: what is typed, and what the screen shows.
//!
//! Each step types something and waits until the screen shows what it must; nothing sleeps.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// How long a step may take at most, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program in a terminal.
pub struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
    child: Child,
    prompt: &'static str,
}

impl Terminal {
    /// Starts a program, and waits for its prompt.
    pub fn new(mut command: Command, prompt: &'static str) -> Terminal {
        let main = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&main).unwrap();
        unlockpt(&main).unwrap();
        let name = ptsname(&main, Vec::new()).unwrap().into_string().unwrap();
        let side = File::options().read(true).write(true).open(name).unwrap();
        let end = || side.try_clone().unwrap();
        command.stdin(end()).stdout(end()).stderr(end());
        // SAFETY: all are system calls that are safe between fork and exec.
        unsafe {
            command.pre_exec(|| {
                // Tests that run in the background ignore Ctrl-C; what a person starts at a terminal does not.
                libc::signal(libc::SIGINT, libc::SIG_DFL);
                libc::signal(libc::SIGQUIT, libc::SIG_DFL);
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(std::io::stdin().as_fd())?;
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        drop((side, command));
        let keyboard = File::from(main);
        let mut reader = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut terminal = Terminal { keyboard, screen, shown: String::new(), child, prompt };
        terminal.wait_for(prompt);
        terminal
    }

    /// Reads until the screen shows a text; what it showed before is forgotten.
    pub fn wait_for(&mut self, text: &str) {
        while !self.shown.contains(text) {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.shown += &String::from_utf8_lossy(&bytes),
                Err(error) => panic!("no {text:?} ({error}) in {:?}", self.shown),
            }
        }
        let end = self.shown.find(text).unwrap() + text.len();
        self.shown.drain(..end);
    }

    /// Types something and waits for what it leads to.
    pub fn keys(&mut self, keys: &str, leads_to: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.wait_for(leads_to);
    }

    /// Types a line, and waits for its result and the next prompt.
    pub fn line(&mut self, line: &str, result: &str) {
        self.keys(&format!("{line}\r"), result);
        self.wait_for(self.prompt);
    }

    /// Types something that ends the program, and waits for its end.
    pub fn last_keys(mut self, keys: &str) -> ExitStatus {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
