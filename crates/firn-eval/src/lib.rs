//! The evaluator of the Nix language: values, compiler, machine and pure builtins.
