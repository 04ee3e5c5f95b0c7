//! What has to happen before wanted paths are valid, and in which order.
//!
//! A goal is one derivation (some of its outputs are wanted) or one plain path. One thread plans
//! and schedules; each substitution and each build has a thread of its own, and says by message
//! that it is done. A goal holds locks only while it builds, and only those of its own outputs, so
//! that goals can't block each other.

use crate::build::{Built, Job, Shared, cancelled, known_outputs};
use crate::cancel::Cancel;
use crate::drv_options::DrvOptions;
use crate::failure::{BuildFailure, BuildFailures, FailureKind};
use crate::options::BuildOptions;
use crate::resolve;
use crate::scratch::remove_stale;
use crate::substitute::Substituter;
use firn_events::{Event, Reporter};
use firn_formats::{
    Derivation, DerivationType, DerivedPath, OutputsSpec, SingleDerivedPath, StorePath,
};
use firn_sandbox::Launcher;
use firn_store::{
    BuildMode, Realisation, Realise, Realised, Store, StoreError, StoreResult, add_text,
};
use firn_store_disk::LocalStore;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Makes derived paths valid in a local store.
pub struct Builder {
    /// The store.
    pub store: Arc<LocalStore>,
    /// How builds run.
    pub options: BuildOptions,
    /// How a sandbox is started; the default is this program with `__sandbox`.
    pub launcher: Launcher,
    /// Where events go.
    pub reporter: Reporter,
    /// Where finished paths may come from, if anywhere.
    pub substituter: Option<Arc<dyn Substituter>>,
    /// Ends everything when thrown, as by Ctrl-C.
    pub cancel: Cancel,
}

impl Realise for Builder {
    fn realise(&self, wanted: &[DerivedPath], mode: BuildMode) -> StoreResult<Vec<Realised>> {
        self.build(wanted, mode).map_err(StoreError::from)
    }
}

impl Builder {
    /// As [`Realise::realise`], with the failures as they are.
    ///
    /// # Errors
    /// Everything that failed; with `keep_going` that can be several.
    pub fn build(
        &self,
        wanted: &[DerivedPath],
        mode: BuildMode,
    ) -> Result<Vec<Realised>, BuildFailures> {
        let mut session = Session::new(self).map_err(|e| one(wanted, &e))?;
        for path in wanted {
            session.want(path, mode).map_err(|e| one(wanted, &e))?;
        }
        session.announce();
        session.work();
        session.results(wanted)
    }
}

fn one(wanted: &[DerivedPath], error: &StoreError) -> BuildFailures {
    let failure = wanted.first().map(|path| BuildFailure::store(path.base(), error));
    BuildFailures(failure.into_iter().collect())
}

/// Builds that are counted against the same limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Downloads: the network is the limit, not this machine.
    Fetch,
    /// Builders of this program that do nothing but their own work.
    Builtin,
    /// Everything else.
    Build,
    /// Copying finished paths.
    Substitute,
}

const CLASSES: [Class; 4] = [Class::Fetch, Class::Builtin, Class::Build, Class::Substitute];

#[derive(Debug)]
enum State {
    /// Not looked at yet.
    New,
    /// Being substituted; then looked at again.
    Substituting,
    /// Waits for this many other goals.
    Waiting(usize),
    /// In a queue or running.
    Building,
    Done(Result<Built, BuildFailure>),
}

struct Goal {
    path: StorePath,
    drv: Option<Arc<Derivation>>,
    wanted: OutputsSpec,
    mode: BuildMode,
    class: Class,
    state: State,
    dependents: Vec<usize>,
    may_substitute: bool,
}

struct Message {
    goal: usize,
    class: Class,
    outcome: Outcome,
}

enum Outcome {
    Built(Result<Built, BuildFailure>),
    Substituted(StoreResult<bool>),
}

struct Session<'a> {
    builder: &'a Builder,
    shared: Arc<Shared>,
    stop: Cancel,
    goals: Vec<Goal>,
    index: BTreeMap<(StorePath, bool), usize>,
    queues: [VecDeque<usize>; 4],
    running: [usize; 4],
    sender: Sender<Message>,
    receiver: Receiver<Message>,
}

impl<'a> Session<'a> {
    fn new(builder: &'a Builder) -> StoreResult<Session<'a>> {
        let stop = Cancel::new().map_err(|e| StoreError::other(format!("making an event: {e}")))?;
        let shared = Shared {
            store: builder.store.clone(),
            options: builder.options.clone(),
            launcher: builder.launcher.clone(),
            reporter: builder.reporter.clone(),
            cancel: vec![builder.cancel.clone(), stop.clone()],
        };
        remove_stale(&shared.builds());
        let (sender, receiver) = channel();
        Ok(Session {
            builder,
            shared: Arc::new(shared),
            stop,
            goals: Vec::new(),
            index: BTreeMap::new(),
            queues: Default::default(),
            running: [0; 4],
            sender,
            receiver,
        })
    }

    fn show(&self, path: &StorePath) -> String {
        self.shared.store.store_dir().display(path)
    }

    fn want(&mut self, path: &DerivedPath, mode: BuildMode) -> StoreResult<()> {
        let goal = match path {
            DerivedPath::Opaque(path) => self.goal(path, OutputsSpec::All, BuildMode::Normal, true),
            DerivedPath::Built { drv, outputs } => match &**drv {
                SingleDerivedPath::Opaque(drv) => self.goal(drv, outputs.clone(), mode, false),
                SingleDerivedPath::Built { .. } => {
                    let what = "building derivations that are themselves built";
                    return Err(StoreError::Unsupported(format!("{what} (dynamic-derivations)")));
                }
            },
        };
        self.plan_from(goal);
        Ok(())
    }

    /// The goal for a path, new or known. `plain` is a path as it is, else it is a derivation.
    fn goal(
        &mut self,
        path: &StorePath,
        wanted: OutputsSpec,
        mode: BuildMode,
        plain: bool,
    ) -> usize {
        if let Some(&known) = self.index.get(&(path.clone(), plain)) {
            let goal = &mut self.goals[known];
            let more = goal.wanted.union(&wanted);
            let grown = more != goal.wanted;
            goal.wanted = more;
            if mode != BuildMode::Normal {
                goal.mode = mode;
            }
            // What was found valid may not be all that is wanted now.
            if grown && matches!(goal.state, State::Done(Ok(_))) {
                goal.state = State::New;
            }
            return known;
        }
        let number = self.goals.len();
        self.goals.push(Goal {
            path: path.clone(),
            drv: None,
            wanted,
            mode,
            class: if plain { Class::Substitute } else { Class::Build },
            state: State::New,
            dependents: Vec::new(),
            may_substitute: self.builder.options.substitute && self.builder.substituter.is_some(),
        });
        self.index.insert((path.clone(), plain), number);
        number
    }

    /// Plans a goal and all that it turns out to need.
    fn plan_from(&mut self, start: usize) {
        let mut pending = vec![start];
        while let Some(number) = pending.pop() {
            if !matches!(self.goals[number].state, State::New) {
                continue;
            }
            match self.plan(number) {
                Ok(more) => pending.extend(more),
                Err(e) => {
                    let failure = BuildFailure::store(&self.goals[number].path, &e);
                    self.finish(number, Err(failure));
                }
            }
        }
    }

    /// One step: done, substitute, or depend on others, which are returned.
    fn plan(&mut self, number: usize) -> StoreResult<Vec<usize>> {
        let (path, plain) = {
            let goal = &self.goals[number];
            (goal.path.clone(), goal.class == Class::Substitute)
        };
        let store = self.shared.store.clone();
        store.add_temp_root(&path)?;
        if !store.is_valid(&path)? {
            // A plain path, or a derivation that is only elsewhere.
            if self.start_substitution(number, vec![path.clone()]) {
                return Ok(Vec::new());
            }
            let shown = self.show(&path);
            return Err(StoreError::other(match plain {
                true => format!(
                    "path '{shown}' is required, but it is not valid and no substituter has it"
                ),
                false => format!("derivation '{shown}' is not valid, so it can't be built"),
            }));
        }
        if plain {
            self.finish(number, Ok(Built::from([(String::new(), path)])));
            return Ok(Vec::new());
        }
        self.plan_derivation(number, &path)
    }

    fn plan_derivation(&mut self, number: usize, path: &StorePath) -> StoreResult<Vec<usize>> {
        let store = self.shared.store.clone();
        let drv = match &self.goals[number].drv {
            Some(drv) => drv.clone(),
            None => Arc::new(store.read_derivation(path)?),
        };
        self.goals[number].drv = Some(drv.clone());
        self.goals[number].class = class_of(&drv);
        let wanted = self.wanted_outputs(number, &drv)?;
        let known = store.derivation_outputs(path)?;
        let mut missing = Vec::new();
        let mut built = Built::new();
        for name in &wanted {
            match known.get(name).cloned().flatten() {
                Some(output) if store.is_valid(&output)? => {
                    store.add_temp_root(&output)?;
                    built.insert(name.clone(), output);
                }
                Some(output) => missing.push(Some(output)),
                None => missing.push(None),
            }
        }
        let mode = self.goals[number].mode;
        let impure = drv.kind()? == DerivationType::Impure;
        if missing.is_empty() && mode == BuildMode::Normal && !impure {
            self.finish(number, Ok(built));
            return Ok(Vec::new());
        }
        if !missing.is_empty() && mode == BuildMode::Check {
            return Err(StoreError::other(format!(
                "some outputs of '{}' are not valid, so checking is not possible\nhelp: build it \
                 first, without --rebuild or --check",
                self.show(path)
            )));
        }
        let paths: Option<Vec<StorePath>> = missing.into_iter().collect();
        if let Some(paths) = paths.filter(|paths| !paths.is_empty())
            && mode == BuildMode::Normal
            && self.substitutes_allowed(&drv)
            && self.start_substitution(number, paths)
        {
            return Ok(Vec::new());
        }
        Ok(self.depend(number, &drv))
    }

    fn wanted_outputs(&self, number: usize, drv: &Derivation) -> StoreResult<BTreeSet<String>> {
        let goal = &self.goals[number];
        match &goal.wanted {
            OutputsSpec::All => Ok(drv.outputs.keys().cloned().collect()),
            OutputsSpec::Names(names) => {
                if let Some(name) = names.iter().find(|name| !drv.outputs.contains_key(*name)) {
                    let all: Vec<&str> = drv.outputs.keys().map(String::as_str).collect();
                    return Err(StoreError::other(format!(
                        "derivation '{}' does not have output '{name}'; it has '{}'",
                        self.show(&goal.path),
                        all.join("', '")
                    )));
                }
                Ok(names.iter().cloned().collect())
            }
        }
    }

    fn substitutes_allowed(&self, drv: &Derivation) -> bool {
        self.builder.options.always_allow_substitutes
            || DrvOptions::of(drv, self.shared.store.store_dir())
                .map_or(true, |options| options.allow_substitutes)
    }

    /// Starts it, if there is anything to ask and it was not asked yet.
    fn start_substitution(&mut self, number: usize, paths: Vec<StorePath>) -> bool {
        let Some(substituter) = self.builder.substituter.clone() else { return false };
        if !self.goals[number].may_substitute {
            return false;
        }
        self.goals[number].may_substitute = false;
        self.goals[number].state = State::Substituting;
        let shared = self.shared.clone();
        self.spawn(number, Class::Substitute, move || {
            let all = paths.iter().try_fold(true, |all, path| {
                let got = substituter.substitute(path, &*shared.store, &shared.reporter)?;
                Ok(all && got)
            });
            Outcome::Substituted(all)
        });
        true
    }

    /// Makes goals of all inputs that are not there yet, and waits for them.
    fn depend(&mut self, number: usize, drv: &Derivation) -> Vec<usize> {
        let mut needed = Vec::new();
        for (input, node) in &drv.input_drvs {
            let outputs = OutputsSpec::Names(node.outputs.iter().cloned().collect());
            needed.push(self.goal(input, outputs, BuildMode::Normal, false));
        }
        for source in &drv.input_srcs {
            let valid = self.shared.store.is_valid(source).unwrap_or(false);
            if !valid {
                needed.push(self.goal(source, OutputsSpec::All, BuildMode::Normal, true));
            }
        }
        let mut open = 0;
        for &input in &needed {
            if !matches!(self.goals[input].state, State::Done(Ok(_))) {
                self.goals[input].dependents.push(number);
                open += 1;
            }
        }
        self.goals[number].state = State::Waiting(open);
        if open == 0 {
            self.enqueue(number);
        }
        // A failed input is a finished one that will not report again.
        let failed: Vec<usize> = needed
            .iter()
            .copied()
            .filter(|input| matches!(self.goals[*input].state, State::Done(Err(_))))
            .collect();
        if !failed.is_empty() {
            self.fail_for_input(number);
        }
        needed
    }

    fn enqueue(&mut self, number: usize) {
        self.goals[number].state = State::Building;
        let class = self.goals[number].class;
        self.queues[slot(class)].push_back(number);
    }

    /// Says how much there is to do, as far as it is known.
    fn announce(&self) {
        let open = |class: Class| {
            let waiting =
                |goal: &&Goal| goal.class == class && !matches!(goal.state, State::Done(_));
            self.goals.iter().filter(waiting).count() as u64
        };
        let (fetches, builds) = (open(Class::Fetch), open(Class::Build) + open(Class::Builtin));
        if fetches + builds > 0 {
            self.shared.reporter.emit(Event::Expect { builds, fetches, fetch_bytes: 0 });
        }
    }

    fn limit(&self, class: Class) -> usize {
        let options = &self.builder.options;
        match class {
            Class::Fetch | Class::Substitute => options.max_fetches.max(1),
            Class::Builtin => options.max_jobs.max(options.processors).max(1),
            Class::Build => options.max_jobs,
        }
    }

    /// Starts what can be started and waits for what runs, until nothing is left.
    fn work(&mut self) {
        loop {
            self.start_ready();
            if self.running.iter().sum::<usize>() == 0 {
                break;
            }
            let Ok(message) = self.receiver.recv() else { break };
            self.running[slot(message.class)] -= 1;
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

    fn spawn(
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

    fn finish(&mut self, number: usize, result: Result<Built, BuildFailure>) {
        let failed = result.is_err();
        self.goals[number].state = State::Done(result);
        if failed && !self.builder.options.keep_going {
            self.stop.cancel();
        }
        for dependent in std::mem::take(&mut self.goals[number].dependents) {
            if failed {
                self.fail_for_input(dependent);
            } else if let State::Waiting(open) = &mut self.goals[dependent].state {
                *open -= 1;
                if *open == 0 {
                    self.enqueue(dependent);
                }
            }
        }
    }

    fn fail_for_input(&mut self, number: usize) {
        if matches!(self.goals[number].state, State::Done(_)) {
            return;
        }
        let goal = &self.goals[number];
        let mut text =
            format!("Cannot build '{}'.\nReason: 1 dependency failed.", self.show(&goal.path));
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

    fn results(mut self, wanted: &[DerivedPath]) -> Result<Vec<Realised>, BuildFailures> {
        let mut causes = Vec::new();
        for goal in &self.goals {
            if let State::Done(Err(failure)) = &goal.state
                && !matches!(failure.kind, FailureKind::Dependency | FailureKind::Cancelled)
            {
                causes.push(failure.clone());
            }
        }
        let mut realised = Vec::new();
        let mut consequences = Vec::new();
        for path in wanted {
            match self.result(path) {
                Ok(outputs) => realised.push(Realised { wanted: path.clone(), outputs }),
                Err(failure) if failure.kind == FailureKind::Dependency => {
                    consequences.push(failure)
                }
                Err(failure) if causes.is_empty() && failure.kind == FailureKind::Cancelled => {
                    consequences.push(failure);
                }
                Err(_) => {}
            }
        }
        if causes.is_empty() && consequences.is_empty() {
            return Ok(realised);
        }
        if self.builder.cancel.is_cancelled() && causes.is_empty() {
            consequences.truncate(1);
        }
        causes.extend(consequences);
        Err(BuildFailures(causes))
    }

    fn result(&mut self, path: &DerivedPath) -> Result<Built, BuildFailure> {
        let (base, plain) = (path.base(), matches!(path, DerivedPath::Opaque(_)));
        let number = self.index.get(&(base.clone(), plain));
        let state = number.map(|number| &self.goals[*number].state);
        let Some(State::Done(result)) = state else {
            return Err(cancelled(base));
        };
        let mut built = result.clone()?;
        if let DerivedPath::Built { outputs: OutputsSpec::Names(names), .. } = path {
            built.retain(|name, _| names.contains(name));
        }
        Ok(built)
    }
}

fn slot(class: Class) -> usize {
    CLASSES.iter().position(|c| *c == class).unwrap_or(0)
}

fn class_of(drv: &Derivation) -> Class {
    match drv.builtin_name() {
        Some("fetchurl") => Class::Fetch,
        // A test that runs machines is as heavy as any build.
        Some("nixos-test") | None => Class::Build,
        Some(_) => Class::Builtin,
    }
}

/// Builds a derivation all of whose inputs are valid; resolves it first where that is needed.
fn build_goal(
    shared: &Shared,
    path: &StorePath,
    drv: &Derivation,
    mode: BuildMode,
    quiet: bool,
) -> Result<Built, BuildFailure> {
    let failed = |e: StoreError| BuildFailure::store(path, &e);
    let store = &*shared.store;
    if !resolve::is_needed(store, drv).map_err(failed)? {
        let inputs = resolve::input_paths(store, drv).map_err(failed)?;
        let (drv_path, drv) = (path.clone(), drv.clone());
        return shared.build(&Job { drv_path, drv, inputs, mode, quiet });
    }
    let resolved = resolve::resolve(store, drv).map_err(failed)?;
    let text = resolved.to_aterm(store.store_dir()).map_err(|e| failed(e.into()))?;
    let name = format!("{}.drv", resolved.name);
    let drv_path = add_text(store, &name, &text, &resolved.references()).map_err(failed)?;
    let inputs = resolved.input_srcs.clone();
    let known = store.derivation_outputs(&drv_path).map_err(failed)?;
    let built = match all_valid(store, &known).map_err(failed)? {
        Some(built) if mode == BuildMode::Normal => built,
        _ => shared.build(&Job { drv_path, drv: resolved, inputs, mode, quiet })?,
    };
    for (output, out_path) in &built {
        store
            .register_realisation(&Realisation {
                drv_path: path.clone(),
                output: output.clone(),
                out_path: out_path.clone(),
                signatures: BTreeSet::new(),
            })
            .map_err(failed)?;
    }
    Ok(built)
}

fn all_valid(
    store: &dyn Store,
    known: &BTreeMap<String, Option<StorePath>>,
) -> StoreResult<Option<Built>> {
    let mut built = Built::new();
    for (name, path) in known {
        match path {
            Some(path) if store.is_valid(path)? => built.insert(name.clone(), path.clone()),
            _ => return Ok(None),
        };
    }
    Ok(Some(built))
}
