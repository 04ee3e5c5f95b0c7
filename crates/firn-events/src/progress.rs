//! The state that a progress display shows, computed from events.

use crate::{Activity, ActivityId, Event, Outcome};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How many of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counter {
    /// Started and not ended.
    pub running: u64,
    /// Ended as intended.
    pub done: u64,
    /// Ended in failure.
    pub failed: u64,
    /// Announced in all by [`Event::Expect`]; never below the sum of the others.
    pub expected: u64,
}

impl Counter {
    fn start(&mut self) {
        self.running += 1;
        self.expected = self.expected.max(self.running + self.done + self.failed);
    }

    fn stop(&mut self, outcome: &Outcome) {
        self.running = self.running.saturating_sub(1);
        match outcome {
            Outcome::Ok | Outcome::Unneeded => self.done += 1,
            Outcome::Failed { .. } => self.failed += 1,
            Outcome::Cancelled => {}
        }
    }
}

/// An activity that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    /// What it is.
    pub activity: Activity,
    /// What it is part of.
    pub parent: Option<ActivityId>,
    /// Done so far, in the activity's unit.
    pub done: u64,
    /// Expected in all, 0 when unknown.
    pub expected: u64,
    /// The phase it is in.
    pub phase: Option<String>,
    /// The last line it wrote.
    pub last_line: Option<String>,
    /// Whether it said that it is usable.
    pub ready: bool,
}

/// What is going on, and how much was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Under way, by id, so oldest first.
    pub active: BTreeMap<ActivityId, Active>,
    /// Builds of derivations.
    pub builds: Counter,
    /// Fetched files and substituted paths.
    pub fetches: Counter,
    /// Steps of tests.
    pub steps: Counter,
    /// Bytes that ended fetches transferred.
    bytes_ended: u64,
    /// Bytes announced in all by [`Event::Expect`].
    bytes_announced: u64,
}

impl Progress {
    /// Takes one event into account.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Start { id, parent, activity } => self.start(*id, *parent, activity),
            Event::Progress { id, done, expected } => {
                self.with(*id, |a| {
                    (a.done, a.expected) = (*done, *expected);
                    // What waited goes on.
                    if is_transfer(&a.activity) {
                        a.phase = None;
                    }
                });
            }
            Event::Phase { id, name } => self.with(*id, |a| a.phase = Some(name.clone())),
            Event::Retry { id, millis, .. } => {
                let text = format!("trying again in {} s", millis.div_ceil(1000));
                self.with(*id, |a| a.phase = Some(text));
            }
            Event::Ready { id, .. } => self.with(*id, |a| a.ready = true),
            Event::Log { id, line } => self.with(*id, |a| a.last_line = Some(line.clone())),
            Event::Stop { id, outcome, .. } => self.stop(*id, outcome),
            Event::Expect { builds, fetches, fetch_bytes } => {
                self.builds.expected = self.builds.expected.max(*builds);
                self.fetches.expected = self.fetches.expected.max(*fetches);
                self.bytes_announced = self.bytes_announced.max(*fetch_bytes);
            }
            Event::Message { .. } => {}
        }
    }

    fn with(&mut self, id: ActivityId, change: impl FnOnce(&mut Active)) {
        if let Some(active) = self.active.get_mut(&id) {
            change(active);
        }
    }

    fn counter(&mut self, activity: &Activity) -> Option<&mut Counter> {
        match activity {
            Activity::Build { .. } => Some(&mut self.builds),
            Activity::Fetch { .. } | Activity::Substitute { .. } => Some(&mut self.fetches),
            Activity::Step { .. } => Some(&mut self.steps),
            _ => None,
        }
    }

    fn start(&mut self, id: ActivityId, parent: Option<ActivityId>, activity: &Activity) {
        let active = Active {
            activity: activity.clone(),
            parent,
            done: 0,
            expected: 0,
            phase: None,
            last_line: None,
            ready: false,
        };
        if self.active.insert(id, active).is_none()
            && let Some(counter) = self.counter(activity)
        {
            counter.start();
        }
    }

    fn stop(&mut self, id: ActivityId, outcome: &Outcome) {
        let Some(active) = self.active.remove(&id) else { return };
        if is_transfer(&active.activity) {
            self.bytes_ended += active.done;
        }
        if let Some(counter) = self.counter(&active.activity) {
            counter.stop(outcome);
        }
    }

    /// Bytes transferred so far, and expected in all as far as known.
    pub fn bytes(&self) -> (u64, u64) {
        let transfers = || self.active.values().filter(|a| is_transfer(&a.activity));
        let done = self.bytes_ended + transfers().map(|a| a.done).sum::<u64>();
        let known = self.bytes_ended + transfers().map(|a| a.expected.max(a.done)).sum::<u64>();
        (done, known.max(self.bytes_announced))
    }

    /// One line that sums up: `2/5 built, 10/308 fetched (12.3/294.0 MiB)`; empty when there is
    /// nothing to say.
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        push_counter(&mut parts, "built", &self.builds);
        push_counter(&mut parts, "fetched", &self.fetches);
        if let (done, all) = self.bytes()
            && all > 0
            && let Some(last) = parts.last_mut()
        {
            let _ = write!(last, " ({}/{} MiB)", mebibytes(done), mebibytes(all));
        }
        if self.steps.done > 0 {
            parts.push(format!("{} test steps", self.steps.done));
        }
        parts.join(", ")
    }
}

fn is_transfer(activity: &Activity) -> bool {
    matches!(activity, Activity::Fetch { .. } | Activity::Substitute { .. })
}

fn push_counter(parts: &mut Vec<String>, word: &str, counter: &Counter) {
    if counter.expected > 0 {
        let mut text = format!("{}/{} {word}", counter.done, counter.expected);
        if counter.failed > 0 {
            let _ = write!(text, ", {} failed", counter.failed);
        }
        parts.push(text);
    }
}

fn mebibytes(bytes: u64) -> String {
    // Rounded to tenths in integers, so that the text never depends on the float formatter.
    let tenths = (bytes.saturating_mul(10) + (1 << 19)) >> 20;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Collect, Reporter};
    use std::sync::Arc;

    #[test]
    fn counts_and_sums() {
        let sink = Arc::new(Collect::default());
        let reporter = Reporter::new(sink.clone());
        let mut progress = Progress::default();
        assert_eq!(progress.summary(), "");
        reporter.emit(Event::Expect { builds: 2, fetches: 3, fetch_bytes: 10 << 20 });
        let build = reporter.start(Activity::Build {
            drv: "/nix/store/x.drv".into(),
            name: "x".into(),
            check: false,
        });
        let fetch = reporter.start(Activity::Fetch { url: "http://h/f".into(), name: "f".into() });
        fetch.progress(1 << 20, 2 << 20);
        let abandoned = reporter.start(Activity::Fetch { url: "u".into(), name: "g".into() });
        abandoned.progress(1 << 19, 0);
        drop(abandoned);
        build.phase("unpack");
        build.log("hello");
        for event in sink.take() {
            progress.apply(&event);
        }
        assert_eq!(progress.summary(), "0/2 built, 0/3 fetched (1.5/10.0 MiB)");
        assert_eq!(progress.active[&build.id()].phase.as_deref(), Some("unpack"));
        fetch.progress(2 << 20, 2 << 20);
        fetch.stop(Outcome::Ok, None);
        build.finish(Err::<(), _>("it broke\nbadly")).unwrap_err();
        for event in sink.take() {
            progress.apply(&event);
        }
        assert_eq!(progress.summary(), "0/2 built, 1 failed, 1/3 fetched (2.5/10.0 MiB)");
        assert!(progress.active.is_empty());
    }

    #[test]
    fn unknown_and_repeated_ids_are_harmless() {
        let mut progress = Progress::default();
        let id = ActivityId(7);
        progress.apply(&Event::Stop { id, outcome: Outcome::Ok, millis: None });
        let activity = Activity::Step { text: "s".into() };
        for _ in 0..2 {
            progress.apply(&Event::Start { id, parent: None, activity: activity.clone() });
        }
        assert_eq!(progress.steps, Counter { running: 1, expected: 1, ..Counter::default() });
    }
}
