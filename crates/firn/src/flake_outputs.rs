//! The outputs of a flake as commands ask for them: what was answered before comes from the evaluation
//! cache (`firn_flake::eval_cache`), and the evaluator starts when something else is asked.

use std::cell::Cell;
use std::rc::Rc;

use firn_eval::{Ctx, Value};
use firn_flake::call::call_flake;
use firn_flake::eval_cache::{self, Answer, EvalCache};
use firn_flake::locked::LockedFlake;
use firn_flake::reference::FlakeRef;
use firn_formats::ContextElement;
use firn_instantiate::context::to_store;

use crate::exit::Failure;
use crate::flake_config;
use crate::installable::{Evaluation, Found, Lookup, split_path, try_select};
use crate::{evaluation, own_program, profiler};

/// The question whether the flake has an attribute; the answer is [`YES`] or [`NO`].
const PROVIDED: &str = "provided";
const YES: &str = "yes";
const NO: &str = "no";

/// A flake with what is known of its outputs.
pub struct FlakeOutputs {
    /// How the user calls it.
    pub reference: FlakeRef,
    /// The flake and its lock file.
    pub locked: LockedFlake,
    cache: Option<EvalCache>,
    value: Cell<Option<Value>>,
}

impl Evaluation<'_> {
    /// A flake, locked and not evaluated.
    ///
    /// # Errors
    /// It can't be fetched or locked.
    pub fn outputs(&self, reference: &FlakeRef) -> Result<Rc<FlakeOutputs>, Failure> {
        let request = self.locking()?;
        let locked = flake_config::lock_flake(self.context(), &self.flakes, reference, &request)?;
        let cache = self.eval_cache(&locked)?;
        let (reference, value) = (reference.clone(), Cell::new(None));
        Ok(Rc::new(FlakeOutputs { reference, locked, cache, value }))
    }

    /// What was answered before. Only pure evaluation gives answers that may be kept; where somebody wants to see
    /// the evaluator at work, or changes it, there are none.
    fn eval_cache(&self, locked: &LockedFlake) -> Result<Option<EvalCache>, Failure> {
        let context = self.context();
        let wanted = context.settings.flag("eval-cache") && self.is_pure();
        let is_watched = context.debugger.is_some() || profiler::is_wanted(context);
        if !wanted || is_watched || context.environment.base.is_some() {
            return Ok(None);
        }
        let Some(program) = own_program::identity() else { return Ok(None) };
        let settings = evaluation::settings_of(context, &self.mode())?;
        let key = eval_cache::key(locked, &[&program, &format!("{settings:?}")]);
        let folder = context.environment.cache.join("firn-eval-cache");
        Ok(key.map(|key| EvalCache::open(&folder, &key)))
    }

    /// The value of a flake.
    ///
    /// # Errors
    /// Its `flake.nix` can't be evaluated.
    pub fn flake_value(&mut self, flake: &FlakeOutputs) -> Result<Value, Failure> {
        if let Some(value) = flake.value.get() {
            return Ok(value);
        }
        // For tests of whether everything is known, as in the reference.
        if std::env::var("NIX_ALLOW_EVAL").is_ok_and(|value| value == "0") {
            return Err(Failure::new(
                "error: not everything is cached, but evaluation is not allowed",
            ));
        }
        let value = self.run(|m| call_flake(m, &flake.locked))?;
        flake.value.set(Some(value));
        Ok(value)
    }

    /// The attribute that a fragment means: the first place that has it.
    ///
    /// # Errors
    /// The flake can't be evaluated or lacks it.
    pub fn find_in(
        &mut self,
        flake: &Rc<FlakeOutputs>,
        fragment: &str,
        lookup: &Lookup,
    ) -> Result<Found, Failure> {
        for candidate in lookup.candidates(fragment) {
            if self.is_provided(flake, &candidate)? {
                return Ok(Found::in_flake(flake.clone(), candidate));
            }
        }
        let root = self.flake_value(flake)?;
        Err(self.not_provided(root, fragment, lookup, &flake.reference))
    }

    fn is_provided(&mut self, flake: &FlakeOutputs, path: &str) -> Result<bool, Failure> {
        if let Some(known) = flake.cache.as_ref().and_then(|cache| cache.get(PROVIDED, path)) {
            return Ok(known.text == YES);
        }
        let found = self.select(flake, path)?.is_some();
        flake.keep(PROVIDED, path, Answer::plain(if found { YES } else { NO }));
        Ok(found)
    }

    /// The value of an attribute of a flake.
    pub(crate) fn select(
        &mut self,
        flake: &FlakeOutputs,
        path: &str,
    ) -> Result<Option<Value>, Failure> {
        let root = self.flake_value(flake)?;
        self.run(|m| try_select(m, root, &split_path(path)))
    }

    /// The answer to a question about a flake's attribute, if it was answered before and the store
    /// still has what the answer mentions: garbage is collected, and stores differ.
    ///
    /// # Errors
    /// The store can't be opened.
    pub fn known(
        &self,
        flake: &FlakeOutputs,
        question: &str,
        path: &str,
    ) -> Result<Option<Answer>, Failure> {
        let Some(known) = flake.cache.as_ref().and_then(|cache| cache.get(question, path)) else {
            return Ok(None);
        };
        if self.is_read_only() || known.context.is_empty() {
            return Ok(Some(known));
        }
        let store = self.context().eval_store()?;
        let is_there = |element: &ContextElement| {
            let path = match element {
                ContextElement::Opaque(path) | ContextElement::DrvDeep(path) => path,
                ContextElement::Built { drv, .. } => drv.base(),
            };
            // First a root, so that nobody takes away what was found.
            store.add_temp_root(path).is_ok() && store.is_valid(path).unwrap_or(false)
        };
        Ok(known.context.iter().all(is_there).then_some(known))
    }

    /// The context of a string, as the store describes it.
    ///
    /// # Errors
    /// It names what can't be a store path, which `builtins.appendContext` can do.
    pub fn context_of(&mut self, context: Ctx) -> Result<Vec<ContextElement>, Failure> {
        if context.is_empty() {
            return Ok(Vec::new());
        }
        let store = self.context().store()?;
        let elements = self.run(|m| Ok(m.context_elems(context)))?;
        let elements = elements.iter().map(|element| to_store(store.store_dir(), element));
        Ok(elements.collect::<Result<_, _>>()?)
    }
}

impl FlakeOutputs {
    /// Keeps an answer for the next time.
    pub fn keep(&self, question: &str, path: &str, answer: Answer) {
        if let Some(cache) = &self.cache {
            cache.put(question, path, answer);
        }
    }
}
