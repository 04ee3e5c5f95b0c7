//! Building derivations: goals, scheduling, substitution and builtin builders.
