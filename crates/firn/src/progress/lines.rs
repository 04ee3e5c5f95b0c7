//! Which events become a line that stays, and how it reads.

use std::collections::BTreeSet;

use firn_events::{Active, Activity, ActivityId, Event, Level, Outcome, Progress};

use super::Verbosity;

/// Decides on lines. Remembers what has not been told yet.
pub struct Lines {
    verbosity: Verbosity,
    /// A status line shows what is going on, so that lines only tell results.
    live: bool,
    transfers: Transfers,
    /// Why something is tried again, and which attempt that is: hundreds of files may wait for one host.
    retries: BTreeSet<(String, u32)>,
}

/// Fetches told in batches, as there can be hundreds.
#[derive(Default)]
struct Transfers {
    told: u64,
}

/// Fetched files per line where there is no status line.
const BATCH: u64 = 25;

impl Lines {
    /// For a display with (`live`) or without a status line.
    pub fn new(verbosity: Verbosity, live: bool) -> Self {
        Lines { verbosity, live, transfers: Transfers::default(), retries: BTreeSet::new() }
    }

    /// The line for an event; `before` is the state without it.
    pub fn line(&mut self, event: &Event, before: &Progress) -> Option<String> {
        if let Event::Message { level, text, .. } = event {
            return self.message(*level, text);
        }
        if self.verbosity.quiet {
            return None;
        }
        match event {
            Event::Start { activity, .. } => self.start(activity),
            Event::Stop { id, outcome, millis } => {
                self.stop(before.active.get(id)?, outcome, *millis, before)
            }
            Event::Ready { id, millis } => {
                let active = before.active.get(id)?;
                ready(active, &owner(active, before), *millis)
            }
            Event::Log { id, line } => self.log(*id, line, before),
            Event::Retry { why, attempt, of, millis, .. } => {
                let new = self.retries.insert((why.clone(), *attempt));
                let text = || format!("warning: {}", retry(why, *attempt, *of, *millis));
                new.then(text)
            }
            _ => None,
        }
    }

    fn message(&self, level: Level, text: &str) -> Option<String> {
        match level {
            Level::Error => Some(text.to_owned()),
            Level::Warning if !self.verbosity.quiet => Some(format!("warning: {text}")),
            Level::Info if !self.verbosity.quiet => Some(text.to_owned()),
            Level::Debug if self.verbosity.verbose > 1 => Some(text.to_owned()),
            _ => None,
        }
    }

    fn start(&self, activity: &Activity) -> Option<String> {
        match activity {
            Activity::Test { .. } => Some(describe_activity(activity)),
            Activity::Build { .. } if !self.live => Some(describe_activity(activity)),
            Activity::Evaluate { .. } | Activity::Work { .. } | Activity::Wait { .. }
                if self.verbosity.verbose > 0 =>
            {
                Some(describe_activity(activity))
            }
            _ => None,
        }
    }

    fn stop(
        &mut self,
        active: &Active,
        outcome: &Outcome,
        millis: Option<u64>,
        before: &Progress,
    ) -> Option<String> {
        let of = owner(active, before);
        let time = millis.map(|millis| format!(" ({})", seconds(millis))).unwrap_or_default();
        match (&active.activity, outcome) {
            (Activity::Step { text }, Outcome::Ok) => Some(format!("  ✓ {of}{text}{time}")),
            (Activity::Step { text }, Outcome::Failed { .. }) => {
                Some(format!("  ✗ {of}{text}{time}"))
            }
            (Activity::Test { name }, Outcome::Ok) => Some(format!("test {name} passed{time}")),
            (Activity::Test { name }, Outcome::Failed { message }) => {
                let lines = message.lines().map(|line| format!("\n  {line}"));
                Some(format!("test {name} failed{time}{}", lines.collect::<String>()))
            }
            (Activity::Fetch { .. } | Activity::Substitute { .. }, Outcome::Ok) => {
                self.fetched(before)
            }
            _ => None,
        }
    }

    fn fetched(&mut self, before: &Progress) -> Option<String> {
        let done = before.fetches.done + 1;
        let last = done == before.fetches.expected;
        if self.live || !(last || done >= self.transfers.told + BATCH) {
            return None;
        }
        self.transfers.told = done;
        let (bytes, _) = before.bytes();
        Some(format!(
            "fetched {done} of {} files ({:.1} MiB)",
            before.fetches.expected,
            bytes as f64 / 1_048_576.0
        ))
    }

    fn log(&self, id: ActivityId, line: &str, before: &Progress) -> Option<String> {
        let active = before.active.get(&id)?;
        let wanted = self.verbosity.build_logs || self.verbosity.verbose > 1;
        match &active.activity {
            Activity::Build { .. } if self.verbosity.raw_logs && !wanted => Some(line.to_owned()),
            Activity::Build { name, .. }
            | Activity::Test { name }
            | Activity::Node { name, .. }
                if wanted =>
            {
                Some(format!("{}{name}> {line}", owner(active, before)))
            }
            _ => None,
        }
    }
}

/// `NAME: ` of the test that an activity is part of, where several run side by side; else nothing.
fn owner(active: &Active, progress: &Progress) -> String {
    let is_test = |one: &Active| matches!(one.activity, Activity::Test { .. });
    if progress.active.values().filter(|one| is_test(one)).count() < 2 {
        return String::new();
    }
    let mut parent = active.parent;
    while let Some(above) = parent.and_then(|id| progress.active.get(&id)) {
        if let Activity::Test { name } = &above.activity {
            return format!("{name}: ");
        }
        parent = above.parent;
    }
    String::new()
}

pub(super) fn retry(why: &str, attempt: u32, of: u32, millis: u64) -> String {
    let time = if millis < 1000 { seconds(millis) } else { format!("{} s", millis.div_ceil(1000)) };
    format!("{why}; trying again in {time} (attempt {attempt} of {of})")
}

fn ready(active: &Active, of: &str, millis: u64) -> Option<String> {
    match &active.activity {
        Activity::Node { name, backend } => {
            Some(format!("  {of}{name} booted ({backend}, {})", seconds(millis)))
        }
        _ => None,
    }
}

/// What an activity is doing, for the status line.
pub fn describe(active: &Active) -> String {
    let text = describe_activity(&active.activity);
    match (&active.phase, &active.last_line) {
        (Some(phase), _) => format!("{text}: {phase}"),
        (None, Some(line)) => format!("{text}: {line}"),
        (None, None) => text,
    }
}

pub(super) fn describe_activity(activity: &Activity) -> String {
    match activity {
        Activity::Work { text } => text.clone(),
        Activity::Evaluate { what } => format!("evaluating {what}"),
        Activity::Build { drv, check: false, .. } => format!("building '{drv}'..."),
        Activity::Build { drv, check: true, .. } => format!("checking '{drv}'..."),
        Activity::Fetch { name, .. } => format!("fetching {name}"),
        Activity::Substitute { path, from } => format!("copying '{path}' from {from}"),
        Activity::Wait { what } => format!("waiting for {what}"),
        Activity::Test { name } => format!("running test {name}"),
        Activity::Step { text } => text.clone(),
        Activity::Node { name, .. } => format!("starting {name}"),
    }
}

/// Milliseconds as people read them.
fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: &mut Lines, events: &[Event]) -> Vec<String> {
        let mut progress = Progress::default();
        let mut told = Vec::new();
        for event in events {
            told.extend(lines.line(event, &progress));
            progress.apply(event);
        }
        told
    }

    fn step(id: u64, outcome: Outcome) -> [Event; 2] {
        let id = ActivityId(id);
        [
            Event::Start {
                id,
                parent: None,
                activity: Activity::Step { text: "client.succeed".into() },
            },
            Event::Stop { id, outcome, millis: Some(1234) },
        ]
    }

    #[test]
    fn steps_are_told_with_their_time() {
        let mut lines = Lines::new(Verbosity::default(), false);
        assert_eq!(run(&mut lines, &step(1, Outcome::Ok)), ["  ✓ client.succeed (1.2 s)"]);
        let failed = Outcome::Failed { message: String::new() };
        assert_eq!(run(&mut lines, &step(1, failed)), ["  ✗ client.succeed (1.2 s)"]);
    }

    #[test]
    fn steps_of_tests_side_by_side_are_told_apart() {
        let start = |id, parent: Option<u64>, activity| Event::Start {
            id: ActivityId(id),
            parent: parent.map(ActivityId),
            activity,
        };
        let test = |name: &str| Activity::Test { name: name.into() };
        let node = Activity::Node { name: "server".into(), backend: "container".into() };
        let events = [
            start(1, None, test("one")),
            start(2, None, test("two")),
            start(3, Some(2), node),
            start(4, Some(3), Activity::Step { text: "waits".into() }),
            Event::Ready { id: ActivityId(3), millis: 1000 },
            Event::Stop { id: ActivityId(4), outcome: Outcome::Ok, millis: None },
            Event::Stop { id: ActivityId(1), outcome: Outcome::Ok, millis: None },
            Event::Ready { id: ActivityId(3), millis: 1000 },
        ];
        let told = run(&mut Lines::new(Verbosity::default(), false), &events);
        let wanted =
            ["  two: server booted (container, 1.0 s)", "  ✓ two: waits", "test one passed"];
        assert_eq!(told[2..5], wanted);
        assert_eq!(told[5], "  server booted (container, 1.0 s)");
    }

    #[test]
    fn of_many_that_wait_for_one_host_each_attempt_is_told_once() {
        let retry = |id, attempt, millis| Event::Retry {
            id: ActivityId(id),
            why: "host 'h': HTTP error 503".into(),
            attempt,
            of: 5,
            millis,
        };
        let events = [retry(1, 2, 750), retry(2, 2, 770), retry(1, 3, 3001), retry(2, 3, 3000)];
        let wanted = [
            "warning: host 'h': HTTP error 503; trying again in 0.7 s (attempt 2 of 5)",
            "warning: host 'h': HTTP error 503; trying again in 4 s (attempt 3 of 5)",
        ];
        assert_eq!(run(&mut Lines::new(Verbosity::default(), false), &events), wanted);
    }

    #[test]
    fn quiet_leaves_errors_only() {
        let mut lines = Lines::new(Verbosity { quiet: true, ..Default::default() }, false);
        assert!(run(&mut lines, &step(1, Outcome::Ok)).is_empty());
        let error = Event::Message { id: None, level: Level::Error, text: "broken".into() };
        assert_eq!(run(&mut lines, &[error]), ["broken"]);
    }
}
