//! Where the evaluator meets stores and fetchers: derivations, path copying, fetch builtins, import from derivation.
