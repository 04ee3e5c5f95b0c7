//! What can happen: activities, and the events of their lives.

use serde::{Deserialize, Serialize};

/// Names one activity within one stream of events; never reused in that stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActivityId(pub u64);

/// Something that takes time.
///
/// The unit of [`Event::Progress`] is named at each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Activity {
    /// Anything which the other kinds don't cover; progress in items.
    Work {
        /// One line for people, without a full stop.
        text: String,
    },
    /// Evaluation of an expression or flake output; progress in files or attributes.
    Evaluate {
        /// What is evaluated, as the user named it.
        what: String,
    },
    /// One derivation is being built; no progress of its own.
    Build {
        /// Printed path of the derivation.
        drv: String,
        /// Its name without hash and `.drv`.
        name: String,
        /// True when an existing output is built again to be compared.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        check: bool,
    },
    /// One file is being fetched; progress in bytes of the transfer.
    Fetch {
        /// Where from, without credentials.
        url: String,
        /// Short name for display.
        name: String,
    },
    /// One store path is being copied from a cache or another store; progress in bytes.
    Substitute {
        /// Printed store path.
        path: String,
        /// The store it comes from.
        from: String,
    },
    /// Waiting for somebody else: a lock, a build slot, a user id.
    Wait {
        /// What for, for people.
        what: String,
    },
    /// A test is running; progress in steps.
    Test {
        /// Its name.
        name: String,
    },
    /// One step of a test script (a call of the driver, a `subtest`).
    Step {
        /// As the report shows it.
        text: String,
    },
    /// A node of a test, from power-on to power-off; [`Event::Ready`] says that it has booted.
    Node {
        /// Name in the test.
        name: String,
        /// `vm` or `container`.
        backend: String,
    },
}

/// How an activity ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// As intended.
    Ok,
    /// It turned out that there was nothing to do.
    Unneeded,
    /// It failed.
    Failed {
        /// One line for people; the full diagnostic goes another way.
        message: String,
    },
    /// It was given up because of something else: an interrupt, a failure elsewhere.
    Cancelled,
}

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Something failed.
    Error,
    /// Something is odd, work goes on.
    Warning,
    /// Worth knowing.
    Info,
    /// For those who look for a fault.
    Debug,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// An activity begins.
    Start {
        /// Its id from now on.
        id: ActivityId,
        /// The activity it is part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<ActivityId>,
        /// What it is.
        activity: Activity,
    },
    /// How far it is; both numbers are totals, not differences.
    Progress {
        /// Which activity.
        id: ActivityId,
        /// Done so far, in the activity's unit.
        done: u64,
        /// What it will be at the end, 0 when unknown.
        #[serde(default)]
        expected: u64,
    },
    /// It entered a named phase (of a build, of a boot).
    Phase {
        /// Which activity.
        id: ActivityId,
        /// The phase's name.
        name: String,
    },
    /// It failed for now, and is tried again after a pause.
    Retry {
        /// Which activity.
        id: ActivityId,
        /// Why, for people; the same text for all activities that fail for the same reason.
        why: String,
        /// Which attempt comes next, counted from 1.
        attempt: u32,
        /// How many attempts there are in all.
        of: u32,
        /// Milliseconds until then.
        millis: u64,
    },
    /// It is usable now: a node has booted, a server listens.
    Ready {
        /// Which activity.
        id: ActivityId,
        /// Milliseconds since it started, measured by the sender.
        millis: u64,
    },
    /// It wrote a line.
    Log {
        /// Which activity.
        id: ActivityId,
        /// The line, without its end; bytes that are not UTF-8 are replaced.
        line: String,
    },
    /// It ended.
    Stop {
        /// Which activity.
        id: ActivityId,
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
        /// Milliseconds it took, where the sender measured it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        millis: Option<u64>,
    },
    /// More work of a kind became known before it starts.
    Expect {
        /// How many builds are planned in all.
        #[serde(default)]
        builds: u64,
        /// How many fetches are planned in all.
        #[serde(default)]
        fetches: u64,
        /// How many bytes those fetches transfer in all, as far as known.
        #[serde(default)]
        fetch_bytes: u64,
    },
    /// A message that belongs to no activity, or to one.
    Message {
        /// Which activity, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<ActivityId>,
        /// How much it matters.
        level: Level,
        /// For people.
        text: String,
    },
}

impl Event {
    /// Changes every id in the event.
    #[must_use]
    pub fn map_ids(mut self, mut map: impl FnMut(ActivityId) -> ActivityId) -> Event {
        match &mut self {
            Event::Start { id, parent, .. } => {
                *id = map(*id);
                *parent = parent.map(map);
            }
            Event::Progress { id, .. }
            | Event::Phase { id, .. }
            | Event::Retry { id, .. }
            | Event::Ready { id, .. }
            | Event::Log { id, .. }
            | Event::Stop { id, .. } => *id = map(*id),
            Event::Message { id, .. } => *id = id.map(map),
            Event::Expect { .. } => {}
        }
        self
    }
}
