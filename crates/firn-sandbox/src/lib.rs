//! Runs one process described by a sandbox specification: namespaces, mounts, seccomp, limits.
