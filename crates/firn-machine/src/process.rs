//! A child process that several threads wait for.

use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A running or ended child.
pub(crate) struct Process {
    /// Its process id.
    pub id: u32,
    status: Mutex<Option<ExitStatus>>,
    ended: Condvar,
}

impl Process {
    /// Takes over a child: a thread reaps it.
    pub fn watch(mut child: Child) -> Arc<Self> {
        let process =
            Arc::new(Self { id: child.id(), status: Mutex::new(None), ended: Condvar::new() });
        let shared = process.clone();
        std::thread::spawn(move || {
            let status = child.wait().unwrap_or_default();
            *shared.status.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
            shared.ended.notify_all();
        });
        process
    }

    /// Waits for the end; false when `limit` passed first.
    pub fn wait(&self, limit: Option<Duration>) -> bool {
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        while status.is_none() {
            status = match until {
                None => self.ended.wait(status).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    let waited = self.ended.wait_timeout(status, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Sends a signal, unless it has ended.
    pub fn signal(&self, signal: i32) {
        self.send(self.id as i32, signal);
    }

    /// Sends a signal to it and all that it has started; it must lead a process group.
    pub fn signal_group(&self, signal: i32) {
        self.send(-(self.id as i32), signal);
    }

    fn send(&self, to: i32, signal: i32) {
        let status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.is_none() {
            // SAFETY: kill takes integers. The reaping thread stores the status after the wait, so in a
            // narrow moment the id may be free already; ids are not reused that quickly.
            unsafe { libc::kill(to, signal) };
        }
    }
}
