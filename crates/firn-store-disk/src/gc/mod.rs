//! Garbage collection: what no root needs is removed.
//!
//! Source: manual, "Garbage collection". Safe beside running builds (I6): the collector holds
//! `gc.lock`, and processes that need a path meanwhile tell its socket, which answers only when the
//! path is not being removed. Safe against crashes: paths become invalid before their files go, so
//! what is left after a crash is garbage without a registration.

mod mark;
mod server;
mod sweep;

use std::collections::BTreeSet;

use firn_formats::StorePathSet;
use firn_store::StoreResult;

use crate::{
    local::LocalStore,
    lock::{LockKind, lock, open_lock_file},
    optimise::clean_links,
    roots, temp_roots,
};

use mark::Marks;
use server::RootServer;
use sweep::Sweep;

/// What to do with what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GcAction {
    /// Report what is alive.
    ReturnLive,
    /// Report what is dead.
    ReturnDead,
    /// Remove what is dead.
    DeleteDead,
    /// Remove the paths given, which must be dead.
    DeleteSpecific,
}

/// How to collect.
#[derive(Debug, Clone)]
pub struct GcOptions {
    /// What to do.
    pub action: GcAction,
    /// Only these paths; `None` means the whole store.
    pub paths: Option<StorePathSet>,
    /// Take nothing for a root but temporary roots. Only with [`GcAction::DeleteSpecific`].
    pub ignore_liveness: bool,
    /// Stop when more than so many bytes are free.
    pub max_freed: u64,
    /// Keep outputs of derivations that are alive (`keep-outputs`).
    pub keep_outputs: bool,
    /// Keep derivations of paths that are alive (`keep-derivations`).
    pub keep_derivations: bool,
}

impl Default for GcOptions {
    fn default() -> Self {
        Self {
            action: GcAction::DeleteDead,
            paths: None,
            ignore_liveness: false,
            max_freed: u64::MAX,
            keep_outputs: false,
            keep_derivations: true,
        }
    }
}

/// What was found or removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GcReport {
    /// Full paths: live, dead or removed ones, as the action says.
    pub paths: BTreeSet<String>,
    /// Bytes that became free.
    pub bytes_freed: u64,
    /// Bytes that hard links save now.
    pub bytes_saved_by_links: i64,
}

impl LocalStore {
    /// Collects garbage. `deleting` hears of each full path before it is removed.
    ///
    /// # Errors
    /// A path given that is alive; files that can't be removed.
    pub fn collect_garbage(
        &self,
        options: &GcOptions,
        deleting: &mut dyn FnMut(&str),
    ) -> StoreResult<GcReport> {
        if options.paths.as_ref().is_some_and(StorePathSet::is_empty) {
            return Ok(GcReport::default());
        }
        let deletes = matches!(options.action, GcAction::DeleteDead | GcAction::DeleteSpecific);
        if deletes {
            // Room for the database and the lock on a full disk; the next opening takes it again.
            let _ = std::fs::remove_file(self.layout.reserved());
        }
        let lock_path = temp_roots::gc_lock_path(&self.layout.state);
        let gc_lock = open_lock_file(&lock_path)?;
        lock(&gc_lock, LockKind::Exclusive, &lock_path)?;
        let server = RootServer::start(&self.layout)?;
        // Permanent roots can't increase now; temporary ones come to the server.
        let mut marks = Marks::new(self.db.graph()?, options);
        if !options.ignore_liveness {
            let roots = roots::find(&self.layout, &mut |path| Ok(marks.knows(path)))?;
            marks.mark(roots.keys());
        }
        for (path, _) in temp_roots::find(&self.layout.state, &self.layout.store_dir)? {
            server.add(&path);
            marks.mark([&path]);
        }
        if !deletes {
            return Ok(self.report(&marks, options));
        }
        let mut sweep = Sweep::new(self, &server, marks, options, deleting);
        sweep.run()?;
        let mut report = sweep.report;
        report.bytes_saved_by_links = clean_links(&self.layout)?;
        Ok(report)
    }

    fn report(&self, marks: &Marks, options: &GcOptions) -> GcReport {
        let wanted = |path: &_| options.paths.as_ref().is_none_or(|only| only.contains(path));
        let alive = options.action == GcAction::ReturnLive;
        let paths = marks.paths(alive).filter(|path| wanted(*path));
        GcReport {
            paths: paths.map(|p| self.layout.store_dir.display(p)).collect(),
            ..GcReport::default()
        }
    }
}
