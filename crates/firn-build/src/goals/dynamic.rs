//! Outputs of derivations that are themselves outputs (experimental feature `dynamic-derivations`).
//!
//! Such a goal waits twice: for the output that is the derivation, then for that derivation's own goal.

use super::{Key, Session, State};
use crate::failure::{BuildFailure, FailureKind};
use firn_formats::{DerivedPath, InputNode, OutputsSpec, SingleDerivedPath, StorePath};
use firn_store::{BuildMode, Store, StoreError, StoreResult};
use std::sync::Arc;

/// What a goal knows of a derivation that has to be built before it is known.
#[derive(Debug, Clone)]
pub(super) struct Dynamic {
    /// The output that is the derivation.
    drv: Arc<SingleDerivedPath>,
    /// The goals that build it.
    producer: usize,
    /// The derivation's own goal, once it is known.
    target: Option<usize>,
}

impl Session<'_> {
    /// The goal for outputs of a derivation, which may have to be built first.
    pub(super) fn built_goal(
        &mut self,
        drv: &Arc<SingleDerivedPath>,
        wanted: OutputsSpec,
        mode: BuildMode,
    ) -> usize {
        let (producer, output) = match &**drv {
            SingleDerivedPath::Opaque(path) => {
                return self.goal(Key::Outputs(path.clone()), wanted, mode);
            }
            SingleDerivedPath::Built { drv: producer, output } => (producer, output),
        };
        let producer = self.built_goal(producer, OutputsSpec::one(output), BuildMode::Normal);
        let goal = self.goal(Key::Dynamic(drv.clone()), wanted.clone(), mode);
        match &self.goals[goal].dynamic {
            None => {
                let dynamic = Dynamic { drv: drv.clone(), producer, target: None };
                self.goals[goal].dynamic = Some(dynamic);
            }
            // More may be wanted of it now than when it was found out.
            Some(Dynamic { target: Some(target), .. }) => {
                let path = self.goals[*target].path.clone();
                self.goal(Key::Outputs(path), wanted, mode);
            }
            Some(_) => {}
        }
        goal
    }

    /// The goals for what a derivation needs of one of its inputs.
    pub(super) fn input_goals(&mut self, input: &StorePath, node: &InputNode) -> Vec<usize> {
        let mut goals = Vec::new();
        self.node_goals(&Arc::new(SingleDerivedPath::Opaque(input.clone())), node, &mut goals);
        goals
    }

    fn node_goals(
        &mut self,
        drv: &Arc<SingleDerivedPath>,
        node: &InputNode,
        goals: &mut Vec<usize>,
    ) {
        if !node.outputs.is_empty() {
            let outputs = OutputsSpec::Names(node.outputs.iter().cloned().collect());
            goals.push(self.built_goal(drv, outputs, BuildMode::Normal));
        }
        for (output, child) in &node.dynamic {
            let drv = SingleDerivedPath::Built { drv: drv.clone(), output: output.clone() };
            self.node_goals(&Arc::new(drv), child, goals);
        }
    }

    /// Waits for what such a goal waits for next; the goals to plan for that.
    pub(super) fn plan_dynamic(
        &mut self,
        number: usize,
        dynamic: &Dynamic,
    ) -> StoreResult<Vec<usize>> {
        let next = match dynamic.target {
            Some(target) => target,
            None => match &self.goals[dynamic.producer].state {
                State::Done(Ok(_)) => self.target(number, dynamic)?,
                _ => dynamic.producer,
            },
        };
        if let State::Done(result) = &self.goals[next].state {
            match result.clone() {
                Ok(built) if next != dynamic.producer => self.finish(number, Ok(built)),
                Ok(_) => {}
                Err(_) => self.fail_for_input(number),
            }
            return Ok(Vec::new());
        }
        self.goals[next].dependents.push(number);
        self.goals[number].state = State::Waiting(1);
        Ok(vec![next])
    }

    /// The goal of the derivation that has been built.
    fn target(&mut self, number: usize, dynamic: &Dynamic) -> StoreResult<usize> {
        let SingleDerivedPath::Built { output, .. } = &*dynamic.drv else {
            return Ok(dynamic.producer);
        };
        let path = match &self.goals[dynamic.producer].state {
            State::Done(Ok(built)) => built.get(output).cloned(),
            _ => None,
        };
        let shown = dynamic.drv.display(self.shared.store.store_dir());
        let path = path.ok_or_else(|| StoreError::other(format!("'{shown}' was not built")))?;
        if !path.is_derivation() {
            let path = self.show(&path);
            let text = format!(
                "'{shown}' is to be built as a derivation, but it is '{path}'\nhelp: the name of \
                 what makes it has to end with '.drv'"
            );
            return Err(StoreError::other(text));
        }
        let (wanted, mode) = (self.goals[number].wanted.clone(), self.goals[number].mode);
        let target = self.goal(Key::Outputs(path), wanted, mode);
        if let Some(dynamic) = &mut self.goals[number].dynamic {
            dynamic.target = Some(target);
        }
        Ok(target)
    }

    /// Why such a goal fails: as the derivation does that has been built, or because there is none.
    pub(super) fn no_derivation(&self, dynamic: &Dynamic, path: &StorePath) -> BuildFailure {
        if let Some(target) = dynamic.target
            && let State::Done(Err(failure)) = &self.goals[target].state
        {
            return failure.clone();
        }
        let shown = dynamic.drv.display(self.shared.store.store_dir());
        let text = format!("failed to obtain derivation of '{shown}'");
        BuildFailure::new(path, FailureKind::Dependency, text)
    }
}

/// The key under which a path's goal is found.
pub(super) fn key_of(path: &DerivedPath) -> Key {
    match path {
        DerivedPath::Opaque(path) => Key::Path(path.clone()),
        DerivedPath::Built { drv, .. } => match &**drv {
            SingleDerivedPath::Opaque(path) => Key::Outputs(path.clone()),
            SingleDerivedPath::Built { .. } => Key::Dynamic(drv.clone()),
        },
    }
}
