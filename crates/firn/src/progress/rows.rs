//! What the status lines say: how much was done, and what is going on, side by side.

use super::lines::describe;
use firn_events::{Active, Activity, ActivityId, Progress};

/// At most so many things are shown at once.
const MOST: usize = 6;

/// The lines, the summary first; nothing when nothing goes on.
pub fn rows(progress: &Progress) -> Vec<String> {
    let mut jobs: Vec<ActivityId> = progress.active.keys().copied().collect();
    jobs.retain(|id| !parts_of_others(progress, *id));
    // Builds and tests before the many small things; of one kind the oldest first.
    jobs.sort_by_key(|id| is_small(progress, *id));
    let summary = progress.summary();
    let shown = jobs.iter().take(MOST).map(|id| job(progress, *id));
    let mut rows: Vec<String> = match (jobs.len(), summary.is_empty()) {
        (0, true) => return Vec::new(),
        (_, true) => shown.collect(),
        // A single thing shares the line with the summary.
        (1, false) => shown.map(|text| format!("[{summary}] {text}")).collect(),
        (_, false) => std::iter::once(format!("[{summary}]")).chain(shown).collect(),
    };
    if jobs.len() > MOST {
        rows.push(format!("and {} more", jobs.len() - MOST));
    }
    rows
}

/// Whether it happens within something else that is shown.
fn parts_of_others(progress: &Progress, id: ActivityId) -> bool {
    parent(progress, id).is_some()
}

fn parent(progress: &Progress, id: ActivityId) -> Option<ActivityId> {
    progress.active.get(&id)?.parent.filter(|parent| progress.active.contains_key(parent))
}

fn is_small(progress: &Progress, id: ActivityId) -> bool {
    let is = |active: &Active| {
        matches!(active.activity, Activity::Fetch { .. } | Activity::Substitute { .. })
    };
    progress.active.get(&id).is_some_and(is)
}

/// One thing, and within it the newest.
fn job(progress: &Progress, id: ActivityId) -> String {
    let within = |of: ActivityId| {
        let ids = progress.active.keys().rev();
        ids.copied().find(|one| {
            let above = |id: &ActivityId| parent(progress, *id);
            std::iter::successors(above(one), above).any(|above| above == of)
        })
    };
    let text = |id: ActivityId| progress.active.get(&id).map(describe).unwrap_or_default();
    let test = progress.active.iter().find(|(one, active)| {
        matches!(active.activity, Activity::Test { .. })
            && (**one == id || parent(progress, **one) == Some(id))
    });
    // The build of a test is known by the test's name.
    let head = test.map_or(id, |(test, _)| *test);
    match (test, within(head)) {
        (Some((_, Active { activity: Activity::Test { name }, .. })), Some(part)) => {
            format!("test {name}: {}", text(part))
        }
        (_, Some(part)) => format!("{}: {}", text(head), text(part)),
        (_, None) => text(head),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_events::Event;

    fn progress(started: &[(u64, Option<u64>, Activity)]) -> Progress {
        let mut progress = Progress::default();
        for (id, parent, activity) in started {
            progress.apply(&Event::Start {
                id: ActivityId(*id),
                parent: parent.map(ActivityId),
                activity: activity.clone(),
            });
        }
        progress
    }

    fn build(name: &str) -> Activity {
        Activity::Build { drv: format!("/{name}.drv"), name: name.into(), check: false }
    }

    fn test(name: &str) -> Activity {
        Activity::Test { name: name.into() }
    }

    fn step(text: &str) -> Activity {
        Activity::Step { text: text.into() }
    }

    #[test]
    fn tests_side_by_side_have_a_line_each() {
        let shown = rows(&progress(&[
            (1, None, build("a")),
            (2, Some(1), test("one")),
            (3, None, build("b")),
            (4, Some(3), test("two")),
            (5, Some(4), step("server: waits")),
            (6, Some(2), step("client: fetches")),
            (7, None, build("c")),
        ]));
        let wanted = [
            "[0/3 built]",
            "test one: client: fetches",
            "test two: server: waits",
            "building '/c.drv'...",
        ];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn one_thing_has_one_line_and_many_are_counted() {
        assert!(rows(&Progress::default()).is_empty());
        assert_eq!(rows(&progress(&[(1, None, build("a"))])), ["[0/1 built] building '/a.drv'..."]);
        let fetch = |n: u64| (n, None, Activity::Fetch { url: String::new(), name: n.to_string() });
        let mut all: Vec<_> = (0..20).map(fetch).collect();
        all.push((20, None, build("a")));
        let shown = rows(&progress(&all));
        assert_eq!(shown.len(), 1 + MOST + 1);
        assert_eq!((&*shown[1], &*shown[2]), ("building '/a.drv'...", "fetching 0"));
        assert_eq!(shown[MOST + 1], "and 15 more");
    }
}
