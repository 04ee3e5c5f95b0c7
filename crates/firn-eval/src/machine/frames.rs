//! Environments: where calls and bindings keep their values. One that nothing on the heap refers to
//! when its expression has been evaluated is used again.

use super::Machine;
use crate::heap::For;
use crate::value::{Env, Slot};

/// Environments up to this many slots are used again.
const MOST_SLOTS: usize = 24;

/// For each number of slots the environments to use again, linked by their first words.
#[derive(Clone, Copy)]
pub(crate) struct Spare([*const Slot; MOST_SLOTS + 1]);

impl Default for Spare {
    fn default() -> Spare {
        Spare([std::ptr::null(); MOST_SLOTS + 1])
    }
}

impl Machine {
    /// An environment with `slots` empty slots.
    #[inline(always)]
    pub(crate) fn env(&mut self, parent: Env, slots: usize) -> Env {
        if slots <= MOST_SLOTS && !self.spare.0[slots].is_null() {
            return self.spare_env(parent, slots);
        }
        let object = self.heap.words(For::Env, 1 + slots);
        // SAFETY: just allocated.
        unsafe { *object = parent.0 as u64 };
        Env(object as *const Slot)
    }

    #[inline(always)]
    fn spare_env(&mut self, parent: Env, slots: usize) -> Env {
        let env = Env(self.spare.0[slots]);
        let first = env.slot(0);
        self.spare.0[slots] = first.word() as *const Slot;
        first.set_word(parent.0 as u64);
        for index in 1..=slots {
            env.slot(index).set_word(0);
        }
        env
    }

    /// Takes an environment back whose expression has been evaluated, if nothing refers to it.
    #[inline(always)]
    pub(crate) fn done_with(&mut self, env: Env, slots: usize) {
        if slots <= MOST_SLOTS && !env.is_kept() {
            env.slot(0).set_word(self.spare.0[slots] as u64);
            self.spare.0[slots] = env.0;
        }
    }
}
