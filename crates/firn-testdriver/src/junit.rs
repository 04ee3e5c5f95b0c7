//! Results of tests as JUnit XML, the format that build servers read.

use firn_events::{Activity, ActivityId, Event, Outcome, Sink};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use crate::xml::escape;

/// Collects what tests and their subtests end with, and passes every event on.
pub struct Junit {
    next: Arc<dyn Sink>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tests: Vec<Test>,
    /// Tests and subtests under way: the test's place, and the name of the subtest.
    running: BTreeMap<ActivityId, (usize, Option<String>)>,
    /// The parent of everything under way.
    parents: BTreeMap<ActivityId, ActivityId>,
}

struct Test {
    name: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    millis: u64,
    failure: Option<String>,
}

impl Junit {
    /// A collector in front of `next`.
    pub fn new(next: Arc<dyn Sink>) -> Self {
        Self { next, state: Mutex::default() }
    }

    /// All results so far. A test without subtests is one case, `main`; so is one that failed outside of
    /// them.
    pub fn to_xml(&self) -> String {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
        for test in &state.tests {
            let failures = test.cases.iter().filter(|case| case.failure.is_some()).count();
            let (name, count) = (escape(&test.name), test.cases.len());
            let _ = writeln!(
                xml,
                "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failures}\">"
            );
            test.cases.iter().for_each(|case| write_case(&mut xml, &test.name, case));
            xml.push_str("  </testsuite>\n");
        }
        xml.push_str("</testsuites>\n");
        xml
    }
}

fn write_case(xml: &mut String, test: &str, case: &Case) {
    let (class, name) = (escape(test), escape(&case.name));
    let seconds = case.millis as f64 / 1000.0;
    let head = format!("<testcase classname=\"{class}\" name=\"{name}\" time=\"{seconds:.3}\"");
    let _ = match &case.failure {
        None => writeln!(xml, "    {head}/>"),
        Some(text) => {
            let text = escape(text);
            writeln!(xml, "    {head}>\n      <failure message=\"{text}\"/>\n    </testcase>")
        }
    };
}

impl State {
    fn start(&mut self, id: ActivityId, parent: Option<ActivityId>, activity: &Activity) {
        if let Some(parent) = parent {
            self.parents.insert(id, parent);
        }
        match activity {
            Activity::Test { name } => {
                self.tests.push(Test { name: name.clone(), cases: Vec::new() });
                self.running.insert(id, (self.tests.len() - 1, None));
            }
            Activity::Step { text } => {
                let subtest = text.strip_prefix("subtest: ");
                if let (Some(subtest), Some(test)) = (subtest, self.test_of(id)) {
                    self.running.insert(id, (test, Some(subtest.to_string())));
                }
            }
            _ => {}
        }
    }

    /// The test that an activity is part of.
    fn test_of(&self, mut id: ActivityId) -> Option<usize> {
        loop {
            if let Some((test, _)) = self.running.get(&id) {
                return Some(*test);
            }
            id = *self.parents.get(&id)?;
        }
    }

    fn stop(&mut self, id: ActivityId, outcome: &Outcome, millis: Option<u64>) {
        self.parents.remove(&id);
        let Some((test, subtest)) = self.running.remove(&id) else { return };
        let failure = match outcome {
            Outcome::Ok => None,
            Outcome::Failed { message } => Some(message.clone()),
            _ => Some("cancelled".to_string()),
        };
        let cases = &mut self.tests[test].cases;
        let told = cases.iter().any(|case| case.failure.is_some());
        // The test itself is a case when nothing else tells its result.
        if subtest.is_some() || cases.is_empty() || failure.is_some() && !told {
            let name = subtest.unwrap_or_else(|| "main".to_string());
            cases.push(Case { name, millis: millis.unwrap_or_default(), failure });
        }
    }
}

impl Sink for Junit {
    fn emit(&self, event: Event) {
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            match &event {
                Event::Start { id, parent, activity } => state.start(*id, *parent, activity),
                Event::Stop { id, outcome, millis } => state.stop(*id, outcome, *millis),
                _ => {}
            }
        }
        self.next.emit(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_events::Null;

    fn collected(events: Vec<Event>) -> String {
        let junit = Junit::new(Arc::new(Null));
        events.into_iter().for_each(|event| junit.emit(event));
        junit.to_xml()
    }

    fn start(id: u64, parent: Option<u64>, activity: Activity) -> Event {
        Event::Start { id: ActivityId(id), parent: parent.map(ActivityId), activity }
    }

    fn stop(id: u64, failure: Option<&str>) -> Event {
        let outcome = match failure {
            None => Outcome::Ok,
            Some(text) => Outcome::Failed { message: text.into() },
        };
        Event::Stop { id: ActivityId(id), outcome, millis: Some(1500) }
    }

    #[test]
    fn subtests_are_cases() {
        let step = |text: &str| Activity::Step { text: text.into() };
        let xml = collected(vec![
            start(1, None, Activity::Test { name: "web".into() }),
            start(2, Some(1), step("subtest: one")),
            start(3, Some(2), step("client: must succeed: true")),
            stop(3, None),
            stop(2, None),
            start(4, Some(1), step("subtest: \"two\"")),
            stop(4, Some("a < b\nrest")),
            stop(1, Some("a < b")),
        ]);
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  \
            <testsuite name=\"web\" tests=\"2\" failures=\"1\">\n    \
            <testcase classname=\"web\" name=\"one\" time=\"1.500\"/>\n    \
            <testcase classname=\"web\" name=\"&quot;two&quot;\" time=\"1.500\">\n      \
            <failure message=\"a &lt; b&#10;rest\"/>\n    </testcase>\n  </testsuite>\n</testsuites>\n";
        assert_eq!(xml, expected);
    }

    #[test]
    fn a_test_without_subtests_is_one_case() {
        let xml =
            collected(vec![start(1, None, Activity::Test { name: "plain".into() }), stop(1, None)]);
        assert!(xml.contains("name=\"main\" time=\"1.500\"/>"), "{xml}");
    }
}
