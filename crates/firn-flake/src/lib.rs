//! Flake references, registries, lock files, inputs and outputs.
