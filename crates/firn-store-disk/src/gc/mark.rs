//! Marking: what is reachable from roots.

use std::collections::HashMap;

use firn_formats::StorePath;

use super::GcOptions;
use crate::db::Graph;

/// The graph of valid paths with what is alive in it.
pub(super) struct Marks {
    graph: Graph,
    alive: Vec<bool>,
    keep_outputs: bool,
    keep_derivations: bool,
    /// Who refers to each path, others only.
    referrers: Vec<Vec<usize>>,
    /// Paths by hash part, for roots that are named by it.
    by_hash: HashMap<String, usize>,
}

impl Marks {
    pub(super) fn new(graph: Graph, options: &GcOptions) -> Self {
        let mut referrers = vec![Vec::new(); graph.paths.len()];
        for (from, references) in graph.references.iter().enumerate() {
            for &to in references.iter().filter(|to| **to != from) {
                referrers[to].push(from);
            }
        }
        let by_hash = graph
            .paths
            .iter()
            .enumerate()
            .map(|(i, path)| (path.hash_part().to_owned(), i))
            .collect();
        // What is asked for by name is removed even if its derivation is alive.
        let whole = options.paths.is_none();
        Self {
            alive: vec![false; graph.paths.len()],
            keep_outputs: whole && options.keep_outputs,
            keep_derivations: whole && options.keep_derivations,
            referrers,
            by_hash,
            graph,
        }
    }

    pub(super) fn knows(&self, path: &StorePath) -> bool {
        self.graph.index.contains_key(path)
    }

    pub(super) fn number(&self, path: &StorePath) -> Option<usize> {
        self.graph.index.get(path).copied()
    }

    pub(super) fn path(&self, number: usize) -> &StorePath {
        &self.graph.paths[number]
    }

    pub(super) fn is_alive(&self, number: usize) -> bool {
        self.alive[number]
    }

    pub(super) fn referrers(&self, number: usize) -> &[usize] {
        &self.referrers[number]
    }

    pub(super) fn references(&self, number: usize) -> &[usize] {
        &self.graph.references[number]
    }

    pub(super) fn len(&self) -> usize {
        self.alive.len()
    }

    pub(super) fn paths(&self, alive: bool) -> impl Iterator<Item = &StorePath> {
        let all = self.graph.paths.iter().zip(&self.alive);
        all.filter(move |(_, a)| **a == alive).map(|(path, _)| path)
    }

    /// Marks paths and all they need.
    pub(super) fn mark<'a>(&mut self, roots: impl IntoIterator<Item = &'a StorePath>) {
        for root in roots {
            if let Some(&number) = self.by_hash.get(root.hash_part()) {
                self.mark_number(number);
            }
        }
    }

    pub(super) fn mark_number(&mut self, number: usize) {
        let mut pending = vec![number];
        while let Some(number) = pending.pop() {
            if std::mem::replace(&mut self.alive[number], true) {
                continue;
            }
            pending.extend(&self.graph.references[number]);
            if self.keep_outputs {
                pending.extend(&self.graph.outputs[number]);
            }
            if self.keep_derivations {
                pending.extend(self.graph.derivers[number]);
            }
        }
    }
}
