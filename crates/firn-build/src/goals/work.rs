//! Starting what can be started, within the limits, and taking in what ended.

use super::admission::free_memory;
use super::one::build_goal;
use super::{CLASSES, Class, Message, Outcome, Session, State, slot};
use crate::build::{Built, cancelled, known_outputs};
use crate::cancel::Cancel;
use crate::failure::{BuildFailure, FailureKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Session<'_> {
    fn limit(&self, class: Class) -> usize {
        let options = &self.builder.options;
        match class {
            Class::Fetch | Class::Substitute => options.max_fetches.max(1),
            Class::Builtin => options.max_jobs.unwrap_or(1).max(options.processors).max(1),
            // Not by number alone.
            Class::Build => 0,
        }
    }

    /// Starts what can be started and waits for what runs, until nothing is left.
    pub(super) fn work(&mut self) {
        loop {
            self.start_ready();
            if self.running.iter().sum::<usize>() == 0 {
                break;
            }
            let Ok(message) = self.receiver.recv() else { break };
            self.running[slot(message.class)] -= 1;
            if message.class == Class::Build {
                self.builds.ended(message.goal);
            }
            self.take(message);
        }
        self.abandon_queued();
    }

    fn stopped(&self) -> bool {
        self.shared.cancel.iter().any(Cancel::is_cancelled)
    }

    fn start_ready(&mut self) {
        for class in CLASSES {
            while !self.stopped() && self.running[slot(class)] < self.limit(class) {
                let Some(number) = self.queues[slot(class)].pop_front() else { break };
                self.start_build(number);
            }
        }
        while !self.stopped()
            && let Some(number) = self.builds.next(free_memory())
        {
            self.start_build(number);
        }
    }

    fn start_build(&mut self, number: usize) {
        let goal = &self.goals[number];
        let Some(drv) = goal.drv.clone() else { return };
        let (path, mode, class) = (goal.path.clone(), goal.mode, goal.class);
        let shared = self.shared.clone();
        self.spawn(number, class, move || {
            let built = build_goal(&shared, &path, &drv, mode, class == Class::Fetch);
            Outcome::Built(built)
        });
    }

    pub(super) fn spawn(
        &mut self,
        goal: usize,
        class: Class,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) {
        let sender = self.sender.clone();
        let path = self.goals[goal].path.clone();
        let run = move || {
            // A panic is a bug; it must not leave the others waiting for a message.
            let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
                let what = panic.downcast_ref::<String>().map(String::as_str);
                let what = what.or(panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
                let text = format!("bug in firn while building: {what}; please report it");
                Outcome::Built(Err(BuildFailure::new(&path, FailureKind::Misc, text)))
            });
            // Nobody listens any more only when the session is gone.
            let _ = sender.send(Message { goal, class, outcome });
        };
        match std::thread::Builder::new().name("build".into()).spawn(run) {
            Ok(_) => self.running[slot(class)] += 1,
            Err(e) => {
                self.builds.ended(goal);
                let path = self.goals[goal].path.clone();
                let text = format!("starting a thread for '{}': {e}", self.show(&path));
                self.finish(goal, Err(BuildFailure::new(&path, FailureKind::Misc, text)));
            }
        }
    }

    fn take(&mut self, message: Message) {
        let number = message.goal;
        match message.outcome {
            Outcome::Built(result) => self.finish(number, result),
            Outcome::Substituted(Err(e)) if !self.builder.options.fallback => {
                let path = self.goals[number].path.clone();
                let text = format!(
                    "some substitutes for '{}' failed ({e})\nhelp: '--fallback' builds instead",
                    self.show(&path)
                );
                self.finish(number, Err(BuildFailure::new(&path, FailureKind::Transient, text)));
            }
            Outcome::Substituted(_) => {
                self.goals[number].state = State::New;
                self.plan_from(number);
            }
        }
    }

    pub(super) fn finish(&mut self, number: usize, result: Result<Built, BuildFailure>) {
        let failed = result.is_err();
        let kind = result.as_ref().err().map(|failure| failure.kind);
        let given_up = kind == Some(FailureKind::Cancelled);
        let by_itself = failed && !given_up && kind != Some(FailureKind::Dependency);
        if by_itself && !self.builder.options.keep_going {
            self.ended_by.get_or_insert(number);
        }
        self.goals[number].state = State::Done(result);
        if failed && !self.builder.options.keep_going {
            self.stop.cancel();
        }
        for dependent in std::mem::take(&mut self.goals[number].dependents) {
            if given_up && !matches!(self.goals[dependent].state, State::Done(_)) {
                let path = self.goals[dependent].path.clone();
                self.finish(dependent, Err(cancelled(&path)));
                continue;
            }
            self.goals[dependent].failed_inputs += usize::from(failed);
            if let State::Waiting(open) = &mut self.goals[dependent].state {
                *open -= 1;
                let open = *open;
                self.go_on_if_possible(dependent, open);
            }
        }
    }

    /// Goes on with a goal that waits for so many others, unless that makes it wait still. Where others go on
    /// after a failure, it waits for all of them, to say how many failed.
    pub(super) fn go_on_if_possible(&mut self, number: usize, open: usize) {
        let failed = self.goals[number].failed_inputs > 0;
        if failed && (open == 0 || !self.builder.options.keep_going) {
            self.fail_for_input(number);
        } else if open == 0 {
            self.go_on(number);
        }
    }

    /// All that a goal waited for is there.
    fn go_on(&mut self, number: usize) {
        if self.goals[number].dynamic.is_none() {
            return self.enqueue(number);
        }
        self.goals[number].state = State::New;
        self.plan_from(number);
    }

    pub(super) fn fail_for_input(&mut self, number: usize) {
        if matches!(self.goals[number].state, State::Done(_)) {
            return;
        }
        let goal = &self.goals[number];
        if let Some(dynamic) = &goal.dynamic {
            let failure = self.no_derivation(dynamic, &goal.path);
            return self.finish(number, Err(failure));
        }
        let reason = match goal.failed_inputs {
            0 | 1 => "1 dependency failed".to_owned(),
            count => format!("{count} dependencies failed"),
        };
        let mut text = format!("Cannot build '{}'.\nReason: {reason}.", self.show(&goal.path));
        if let Some(drv) = &goal.drv {
            text += &known_outputs(drv, &self.shared.store);
        }
        let failure = BuildFailure::new(&goal.path, FailureKind::Dependency, text);
        self.finish(number, Err(failure));
    }

    fn abandon_queued(&mut self) {
        for goal in &mut self.goals {
            if !matches!(goal.state, State::Done(_)) {
                goal.state = State::Done(Err(cancelled(&goal.path)));
            }
        }
    }
}
