//! What a goal needs: substitution first, then its inputs.

use super::{Class, Key, Outcome, Session, State, class_of};
use crate::build::Built;
use crate::drv_options::DrvOptions;
use crate::failure::BuildFailure;
use firn_formats::{Derivation, DerivationType, OutputsSpec, StorePath};
use firn_store::{BuildMode, Store, StoreError, StoreResult};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Session<'_> {
    /// Plans a goal and all that it turns out to need.
    pub(super) fn plan_from(&mut self, start: usize) {
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
        if let Some(dynamic) = self.goals[number].dynamic.clone() {
            return self.plan_dynamic(number, &dynamic);
        }
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
            needed.extend(self.input_goals(input, node));
        }
        for source in &drv.input_srcs {
            let valid = self.shared.store.is_valid(source).unwrap_or(false);
            if !valid {
                let key = Key::Path(source.clone());
                needed.push(self.goal(key, OutputsSpec::All, BuildMode::Normal));
            }
        }
        let (mut open, mut failed) = (0, 0);
        for &input in &needed {
            match &self.goals[input].state {
                State::Done(Ok(_)) => {}
                // It will not report again.
                State::Done(Err(_)) => failed += 1,
                _ => {
                    self.goals[input].dependents.push(number);
                    open += 1;
                }
            }
        }
        self.goals[number].failed_inputs = failed;
        self.goals[number].state = State::Waiting(open);
        self.go_on_if_possible(number, open);
        needed
    }
}
