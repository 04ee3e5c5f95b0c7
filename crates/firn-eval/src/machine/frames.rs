//! Environments: where calls and bindings keep their values. One that nothing on the heap refers to
//! when its expression has been evaluated is used again.

use super::Machine;
use super::collect::MOST_COLLECTIONS;
use crate::heap::For;
use crate::value::{Env, HUGE, Slot};

/// Environments up to this many slots are used again.
const MOST_SLOTS: usize = 24;

/// For each number of slots the environments to use again, linked by their first words.
#[derive(Clone, Copy)]
struct Links([*const Slot; MOST_SLOTS + 1]);

impl Default for Links {
    fn default() -> Links {
        Links([std::ptr::null(); MOST_SLOTS + 1])
    }
}

impl Links {
    #[inline(always)]
    fn take(&mut self, slots: usize, given: usize) -> Option<Env> {
        if slots > MOST_SLOTS || self.0[slots].is_null() {
            return None;
        }
        let env = Env(self.0[slots]);
        self.0[slots] = env.slot(0).word() as *const Slot;
        for index in 1 + given..1 + slots {
            env.slot(index).set_word(0);
        }
        Some(env)
    }

    #[inline(always)]
    fn put(&mut self, env: Env, slots: usize) {
        env.slot(0).set_word(self.0[slots] as u64);
        self.0[slots] = env.0;
    }
}

/// Environments to use again.
#[derive(Default)]
pub(crate) struct Spare {
    plain: Links,
    /// Those with a word for the caller's environment.
    calls: Links,
}

impl Machine {
    /// An environment with `slots` empty slots.
    #[inline(always)]
    pub(crate) fn env(&mut self, parent: Env, slots: usize) -> Env {
        self.env_to_fill(parent, slots, 0)
    }

    /// An environment with `slots` slots, of which the caller fills the first `given` before anything can
    /// read them; the others are empty.
    #[inline(always)]
    pub(crate) fn env_to_fill(&mut self, parent: Env, slots: usize, given: usize) -> Env {
        if let Some(env) = self.spare.plain.take(slots, given) {
            env.begin(parent, slots);
            return env;
        }
        self.new_env(parent, slots)
    }

    #[inline(never)]
    fn new_env(&mut self, parent: Env, slots: usize) -> Env {
        let env = Env(self.heap.words(For::Env, 1 + slots) as *const Slot);
        env.begin(parent, slots);
        if slots >= HUGE {
            self.huge_envs.push((env, slots));
        }
        env
    }

    /// The same for a call whose arguments may have to wait.
    #[inline(always)]
    pub(crate) fn call_env(&mut self, parent: Env, slots: usize, given: usize, caller: Env) -> Env {
        if let Some(env) = self.spare.calls.take(slots, given) {
            env.begin_call(parent, slots, caller);
            return env;
        }
        self.new_call_env(parent, slots, caller)
    }

    #[inline(never)]
    fn new_call_env(&mut self, parent: Env, slots: usize, caller: Env) -> Env {
        let object = self.heap.words(For::Env, 2 + slots) as *const Slot;
        let env = Env(object.wrapping_add(1));
        env.begin_call(parent, slots, caller);
        if slots >= HUGE {
            self.huge_envs.push((env, slots));
        }
        env
    }

    /// Stands for an environment in what code remembers: after a collection no key of before is met.
    #[inline(always)]
    pub(crate) fn scope_key(&self, env: Env) -> u64 {
        env.0 as u64 | self.collections << Env::ADDRESS_BITS
    }

    /// Whether a [`Machine::scope_key`] may be kept: the last ones to be told apart would come again.
    pub(crate) fn keeps_scope_keys(&self) -> bool {
        self.collections < MOST_COLLECTIONS
    }

    /// Takes an environment back whose expression has been evaluated, if nothing refers to it.
    #[inline(always)]
    pub(crate) fn done_with(&mut self, env: Env, slots: usize) {
        if slots > MOST_SLOTS || env.is_kept() {
            return;
        }
        if env.has_caller() {
            self.spare.calls.put(env, slots);
        } else {
            self.spare.plain.put(env, slots);
        }
    }
}
