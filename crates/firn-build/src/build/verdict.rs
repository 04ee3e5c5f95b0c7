//! How a builder's end is judged: success, or the failure and what a person needs to go on.

use super::{OneBuild, cancelled, known_outputs};
use crate::failure::{BuildFailure, FailureKind};
use crate::run::{RunEnd, Stopped};
use crate::scratch::Scratch;
use firn_sandbox::Ending;
use firn_store_disk::{disk_full_help, is_disk_full};

impl OneBuild<'_> {
    /// Success, or the failure that the builder's end means; `tail` is the end of its log.
    pub(super) fn judge(
        &self,
        ended: RunEnd,
        tail: &[String],
        scratch: &Scratch,
    ) -> Result<(), BuildFailure> {
        if let Some(failure) = ended.stopped.and_then(|why| self.stopped(why)) {
            return Err(failure);
        }
        let status = match ended.ending {
            _ if ended.stopped.is_some() => {
                "failed due to signal 9 (Killed): it closed its standard output and error and ran on".to_owned()
            }
            Ending::Exited(0) => return Ok(()),
            Ending::Exited(code) => format!("failed with exit code {code}"),
            Ending::Signaled(signal) => format!("failed due to signal {signal}"),
            Ending::Lost => "failed: its sandbox was ended from outside".to_owned(),
        };
        let places = [&self.shared.store.layout().real_store, &scratch.build];
        let full = places.into_iter().find(|place| is_disk_full(place));
        let mut text = format!("Cannot build '{}'.\nReason: builder {status}.", self.shown());
        text += &known_outputs(&self.job.drv, &self.shared.store);
        text += &self.last_lines(tail);
        if let Some(place) = full {
            text += &disk_full_help(place);
        }
        let transient = full.is_some() || !self.kind.is_sandboxed();
        let kind = if transient { FailureKind::Transient } else { FailureKind::Permanent };
        Err(BuildFailure::new(&self.job.drv_path, kind, text))
    }

    /// The failure of a builder that firn ended by a limit or because somebody gave up; none for one that closed
    /// its log, whose failure is its own.
    fn stopped(&self, why: Stopped) -> Option<BuildFailure> {
        let options = &self.shared.options;
        let (kind, reason) = match why {
            Stopped::LogClosed => return None,
            Stopped::Cancelled => return Some(cancelled(&self.job.drv_path)),
            Stopped::TimedOut => {
                (FailureKind::TimedOut, format!("timed out after {} seconds", options.timeout))
            }
            Stopped::Silent => {
                let seconds = options.max_silent_time;
                (FailureKind::TimedOut, format!("timed out after {seconds} seconds of silence"))
            }
            Stopped::TooMuchLog => {
                let limit = options.max_log_size;
                let reason = format!("killed after writing more than {limit} bytes of log output");
                (FailureKind::LogLimit, reason)
            }
        };
        let text = format!("building of '{}' {reason}", self.shown());
        Some(BuildFailure::new(&self.job.drv_path, kind, text))
    }

    /// The end of the log as a part of an error, and how the whole is read.
    fn last_lines(&self, tail: &[String]) -> String {
        if tail.is_empty() {
            return String::new();
        }
        let mut text = format!("\nLast {} log lines:", tail.len());
        for line in tail {
            text += "\n> ";
            text += line;
        }
        text + &format!("\nFor full logs, run:\n  nix log {}", self.shown())
    }
}
