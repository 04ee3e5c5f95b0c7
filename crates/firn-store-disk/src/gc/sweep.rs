//! Sweeping: removing what is not marked.

use std::{fs, fs::File, io};

use firn_formats::{StorePath, StorePathSet};
use firn_store::{StoreError, StoreResult};

use super::{GcAction, GcOptions, GcReport, Marks, RootServer};
use crate::{
    delete::delete_path,
    local::LocalStore,
    lock::{LockKind, try_lock},
};

/// How many paths become invalid in one transaction.
const BATCH: usize = 64;

pub(super) struct Sweep<'a> {
    store: &'a LocalStore,
    server: &'a RootServer,
    marks: Marks,
    options: &'a GcOptions,
    deleting: &'a mut dyn FnMut(&str),
    pub(super) report: GcReport,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(
        store: &'a LocalStore,
        server: &'a RootServer,
        marks: Marks,
        options: &'a GcOptions,
        deleting: &'a mut dyn FnMut(&str),
    ) -> Self {
        Self { store, server, marks, options, deleting, report: GcReport::default() }
    }

    pub(super) fn run(&mut self) -> StoreResult<()> {
        if self.options.max_freed == 0 {
            return Ok(());
        }
        let order = self.order();
        // Where removing may stop early, no path becomes invalid that could stay.
        let size = match self.options.max_freed {
            u64::MAX => BATCH,
            _ => 1,
        };
        for batch in order.chunks(size) {
            if self.enough() {
                return Ok(());
            }
            self.remove(batch)?;
        }
        match &self.options.paths {
            None => self.strangers(),
            Some(paths) => self.check_specific(&paths.clone(), &order),
        }
    }

    fn enough(&self) -> bool {
        self.report.bytes_freed > self.options.max_freed
    }

    /// Dead paths, each after all that refer to it.
    fn order(&self) -> Vec<usize> {
        let dead: Vec<bool> = (0..self.marks.len()).map(|n| self.removable(n)).collect();
        let mut waiting: Vec<usize> =
            (0..dead.len()).map(|n| self.marks.referrers(n).len()).collect();
        let mut ready: Vec<usize> =
            (0..dead.len()).filter(|n| dead[*n] && waiting[*n] == 0).collect();
        let mut order = Vec::new();
        while let Some(number) = ready.pop() {
            order.push(number);
            for &to in self.marks.references(number) {
                if to == number || !dead[to] {
                    continue;
                }
                waiting[to] -= 1;
                if waiting[to] == 0 {
                    ready.push(to);
                }
            }
        }
        order
    }

    fn removable(&self, number: usize) -> bool {
        let named = |paths: &StorePathSet| paths.contains(self.marks.path(number));
        !self.marks.is_alive(number) && self.options.paths.as_ref().is_none_or(named)
    }

    /// Removes paths, first from the database, then from the disk.
    fn remove(&mut self, batch: &[usize]) -> StoreResult<()> {
        let server = self.server;
        let batch: Vec<usize> =
            batch.iter().copied().filter(|n| !self.marks.is_alive(*n)).collect();
        let paths: Vec<StorePath> = batch.iter().map(|n| self.marks.path(*n).clone()).collect();
        let hashes: Vec<&str> = paths.iter().map(StorePath::hash_part).collect();
        let free = server.begin(&hashes);
        for (number, free) in batch.iter().zip(&free) {
            if !free {
                // A process needs it now, and with it all that it refers to.
                self.marks.mark_number(*number);
            }
        }
        let going: Vec<StorePath> = batch
            .iter()
            .zip(paths)
            .filter(|(n, _)| !self.marks.is_alive(**n))
            .map(|(_, path)| path)
            .collect();
        let done = self.remove_now(&going);
        server.end();
        done
    }

    fn remove_now(&mut self, paths: &[StorePath]) -> StoreResult<()> {
        let mut gone = paths.to_vec();
        if self.store.db.invalidate(paths).is_err() {
            // One of them got a referrer meanwhile: take the others one by one.
            gone.retain(|path| self.store.db.invalidate(std::slice::from_ref(path)).is_ok());
        }
        for path in gone {
            let full = self.store.layout.store_dir.display(&path);
            (self.deleting)(&full);
            self.report.bytes_freed += delete_path(&self.store.real_path(&path))?;
            self.report.paths.insert(full);
        }
        Ok(())
    }

    /// Removes what lies in the store without being valid.
    fn strangers(&mut self) -> StoreResult<()> {
        let folder = self.store.layout.real_store.clone();
        for entry in fs::read_dir(&folder).map_err(StoreError::io("list", &folder))? {
            if self.enough() {
                break;
            }
            let entry = entry.map_err(StoreError::io("list", &folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == ".links" {
                continue;
            }
            match StorePath::new(&name) {
                Ok(path) => self.stranger(&path)?,
                Err(_) => self.unnamed(&entry.path(), &name)?,
            }
        }
        Ok(())
    }

    fn stranger(&mut self, path: &StorePath) -> StoreResult<()> {
        if self.marks.number(path).is_some_and(|n| self.marks.is_alive(n)) {
            return Ok(());
        }
        let server = self.server;
        if server.begin(&[path.hash_part()]) == [true] && !self.store.db.is_valid(path)? {
            let full = self.store.layout.store_dir.display(path);
            (self.deleting)(&full);
            self.report.bytes_freed += delete_path(&self.store.real_path(path))?;
            self.report.paths.insert(full);
        }
        server.end();
        Ok(())
    }

    fn unnamed(&mut self, path: &std::path::Path, name: &str) -> StoreResult<()> {
        if name.starts_with("tmp-") {
            let file = match File::open(path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
                other => other.map_err(StoreError::io("open", path))?,
            };
            if !try_lock(&file, LockKind::Exclusive, path)? {
                return Ok(());
            }
            return self.remove_unnamed(path, name);
        }
        self.remove_unnamed(path, name)
    }

    fn remove_unnamed(&mut self, path: &std::path::Path, name: &str) -> StoreResult<()> {
        let full = format!("{}/{name}", self.store.layout.store_dir);
        (self.deleting)(&full);
        self.report.bytes_freed += delete_path(path)?;
        self.report.paths.insert(full);
        Ok(())
    }

    /// After paths given by name: each must be gone, whether it was valid or not.
    fn check_specific(&mut self, paths: &StorePathSet, order: &[usize]) -> StoreResult<()> {
        for path in paths {
            let number = self.marks.number(path);
            match number {
                None => self.stranger(path)?,
                Some(n) if self.marks.is_alive(n) || !order.contains(&n) => {
                    if self.options.action == GcAction::DeleteSpecific {
                        return Err(self.still_alive(path));
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn still_alive(&self, path: &StorePath) -> StoreError {
        StoreError::other(format!(
            "Cannot delete path '{}' since it is still alive. To find out why, use: \
             nix-store --query --roots and nix-store --query --referrers",
            self.store.layout.store_dir.display(path)
        ))
    }
}
