//! What has to happen before wanted paths are valid, and in which order.
//!
//! A goal is one derivation (some of its outputs are wanted) or one plain path. One thread plans
//! and schedules; each substitution and each build has a thread of its own, and says by message
//! that it is done. A goal holds locks only while it builds, and only those of its own outputs, so
//! that goals can't block each other.

mod admission;
mod dynamic;
mod one;
mod plan;
mod work;

use crate::build::{Built, Shared, cancelled};
use crate::cancel::Cancel;
use crate::failure::{BuildFailure, BuildFailures, DISK_FULL, FailureKind};
use crate::options::BuildOptions;
use crate::scratch::remove_stale;
use crate::substitute::Substituter;
use crate::sweeper::Sweeper;
use admission::{Admission, Limits, Need, PROCESSOR};
use dynamic::{Dynamic, key_of};
use firn_events::{Event, Reporter};
use firn_formats::{Derivation, DerivedPath, OutputsSpec, SingleDerivedPath, StorePath};
use firn_sandbox::Launcher;
use firn_store::{BuildMode, Realise, Realised, Store, StoreError, StoreResult};
use firn_store_disk::LocalStore;
use std::collections::{BTreeMap, VecDeque};
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
            session.want(path, mode);
        }
        session.announce();
        session.work();
        session.shared.sweeper.finish();
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

/// What a goal is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// A path as it is.
    Path(StorePath),
    /// Outputs of a derivation.
    Outputs(StorePath),
    /// Outputs of a derivation that is itself built.
    Dynamic(Arc<SingleDerivedPath>),
}

struct Goal {
    /// The path or derivation; of one that is itself built, what its chain begins with.
    path: StorePath,
    dynamic: Option<Dynamic>,
    drv: Option<Arc<Derivation>>,
    wanted: OutputsSpec,
    mode: BuildMode,
    class: Class,
    state: State,
    dependents: Vec<usize>,
    /// How many of the goals that it waits for have failed.
    failed_inputs: usize,
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
    index: BTreeMap<Key, usize>,
    queues: [VecDeque<usize>; 4],
    /// Builds that are as heavy as any, in place of a queue.
    builds: Admission,
    running: [usize; 4],
    /// The goal whose failure ended everything, where the first failure does.
    ended_by: Option<usize>,
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
            sweeper: Sweeper::default(),
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
            builds: Admission::new(limits(&builder.options)),
            running: [0; 4],
            ended_by: None,
            sender,
            receiver,
        })
    }

    fn show(&self, path: &StorePath) -> String {
        self.shared.store.store_dir().display(path)
    }

    fn want(&mut self, path: &DerivedPath, mode: BuildMode) {
        let goal = match path {
            DerivedPath::Opaque(path) => {
                self.goal(Key::Path(path.clone()), OutputsSpec::All, BuildMode::Normal)
            }
            DerivedPath::Built { drv, outputs } => self.built_goal(drv, outputs.clone(), mode),
        };
        self.plan_from(goal);
    }

    /// The goal for a key, new or known.
    fn goal(&mut self, key: Key, wanted: OutputsSpec, mode: BuildMode) -> usize {
        if let Some(&known) = self.index.get(&key) {
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
            path: match &key {
                Key::Path(path) | Key::Outputs(path) => path.clone(),
                Key::Dynamic(drv) => drv.base().clone(),
            },
            dynamic: None,
            drv: None,
            wanted,
            mode,
            class: if matches!(key, Key::Path(_)) { Class::Substitute } else { Class::Build },
            state: State::New,
            dependents: Vec::new(),
            failed_inputs: 0,
            may_substitute: self.builder.options.substitute && self.builder.substituter.is_some(),
        });
        self.index.insert(key, number);
        number
    }

    fn enqueue(&mut self, number: usize) {
        self.goals[number].state = State::Building;
        let goal = &self.goals[number];
        match (goal.class, &goal.drv) {
            (Class::Build, Some(drv)) => self.builds.push(number, Need::of(drv)),
            (class, _) => self.queues[slot(class)].push_back(number),
        }
    }

    /// Says how much there is to do, as far as it is known.
    fn announce(&self) {
        let open = |class: Class| {
            let waiting = |goal: &&Goal| {
                goal.class == class
                    && goal.dynamic.is_none()
                    && !matches!(goal.state, State::Done(_))
            };
            self.goals.iter().filter(waiting).count() as u64
        };
        let (fetches, builds) = (open(Class::Fetch), open(Class::Build) + open(Class::Builtin));
        if fetches + builds > 0 {
            self.shared.reporter.emit(Event::Expect { builds, fetches, fetch_bytes: 0 });
        }
    }

    fn results(mut self, wanted: &[DerivedPath]) -> Result<Vec<Realised>, BuildFailures> {
        let causes = self.causes();
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
        if !self.tells_consequences(wanted) {
            consequences.clear();
        }
        if causes.is_empty() && consequences.is_empty() {
            return Ok(realised);
        }
        if self.builder.cancel.is_cancelled() && causes.is_empty() {
            consequences.truncate(1);
        }
        // What ended everything is said last, where people look; else what it all meant is.
        let mut failures = consequences;
        failures.extend(self.summary(wanted));
        match self.builder.options.keep_going {
            true => failures.splice(0..0, causes).for_each(drop),
            false => failures.extend(causes),
        }
        Err(BuildFailures(failures))
    }

    /// What failed by itself. What ended everything comes last.
    fn causes(&self) -> Vec<BuildFailure> {
        let failure_of = |goal: &Goal| match &goal.state {
            State::Done(Err(failure)) => Some(failure.clone()),
            _ => None,
        };
        let last = self.ended_by.and_then(|number| failure_of(&self.goals[number]));
        let of_full_disk = |failure: &BuildFailure| failure.message.contains(DISK_FULL);
        let said_once = last.as_ref().is_some_and(of_full_disk);
        let mut causes = Vec::new();
        for failure in self.goals.iter().filter_map(failure_of) {
            // What is built of built derivations may have failed as one of these, which is told already.
            let told = causes.contains(&failure) || last.as_ref() == Some(&failure);
            let told = told || said_once && of_full_disk(&failure);
            if !told && !matches!(failure.kind, FailureKind::Dependency | FailureKind::Cancelled) {
                causes.push(failure);
            }
        }
        causes.extend(last);
        causes
    }

    /// Why something wanted failed, if it did.
    fn kind_of(&self, path: &DerivedPath) -> Option<FailureKind> {
        match &self.goals[*self.index.get(&key_of(path))?].state {
            State::Done(Err(failure)) => Some(failure.kind),
            _ => None,
        }
    }

    /// Whether it is told what could not be built for the lack of something else. Where everything ends with
    /// the first failure and that is of something wanted, the rest was given up.
    fn tells_consequences(&self, wanted: &[DerivedPath]) -> bool {
        let is_cause = |kind| !matches!(kind, FailureKind::Dependency | FailureKind::Cancelled);
        self.builder.options.keep_going
            || !wanted.iter().filter_map(|path| self.kind_of(path)).any(is_cause)
    }

    /// What is said last when several wanted things have failed.
    fn summary(&self, wanted: &[DerivedPath]) -> Option<BuildFailure> {
        let all = self.tells_consequences(wanted);
        let has_failed = |path: &&DerivedPath| match self.kind_of(path) {
            None | Some(FailureKind::Cancelled) => false,
            Some(FailureKind::Dependency) => all,
            Some(_) => true,
        };
        let failed: Vec<_> = wanted.iter().filter(has_failed).collect();
        if failed.len() < 2 {
            return None;
        }
        let dir = self.shared.store.store_dir();
        let names: Vec<_> = failed.iter().map(|path| format!("'{}'", path.display(dir))).collect();
        let text = format!("build of {} failed", names.join(", "));
        Some(BuildFailure::new(failed[0].base(), FailureKind::Several, text))
    }

    fn result(&mut self, path: &DerivedPath) -> Result<Built, BuildFailure> {
        let base = path.base();
        let number = self.index.get(&key_of(path));
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

/// What builds may take together: so many jobs if the user says so, else what keeps all processors busy.
fn limits(options: &BuildOptions) -> Limits {
    let load = || PROCESSOR * options.processors.max(1) as u64;
    Limits {
        jobs: options.max_jobs,
        load: options.max_jobs.is_none().then(load),
        memory: options.max_memory,
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
