//! Changes of the database.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use firn_formats::{Derivation, HashFormat, StorePath, StorePathSet};
use firn_store::{PathInfo, Realisation, StoreError, StoreResult};
use rusqlite::{Connection, params};

use super::Db;

const BUILD_TRACE: &str = "
create table if not exists BuildTraceV3 (
    id integer primary key autoincrement not null,
    drvPath text not null,
    outputName text not null, -- name of the output
    outputPath text not null,
    signatures text -- with spaces between
);
create index if not exists IndexBuildTraceV3 on BuildTraceV3(drvPath, outputName);
";

impl Db {
    /// Makes paths valid in one transaction; those that are get new metadata.
    ///
    /// `derivations` holds the parsed text of each `.drv` file among them, already checked.
    ///
    /// # Errors
    /// A reference that is not valid, a cycle among different paths, a content address that does
    /// not give the path. Nothing is changed then.
    pub fn register(
        &self,
        infos: &[PathInfo],
        derivations: &[(StorePath, Derivation)],
    ) -> StoreResult<()> {
        for info in infos {
            if info.ca.is_some() && !info.is_content_addressed(&self.dir)? {
                return Err(StoreError::other(format!(
                    "cannot add path '{}' to the Nix store because it claims to be content-addressed but isn't",
                    self.dir.display(&info.path)
                )));
            }
        }
        check_cycles(infos)?;
        self.write(|c| {
            let mut ids = Vec::with_capacity(infos.len());
            for info in infos {
                ids.push(self.put(c, info)?);
            }
            for (info, id) in infos.iter().zip(&ids) {
                for reference in &info.references {
                    let reference = self.id_of(c, reference)?.ok_or_else(|| {
                        StoreError::other(format!(
                            "cannot register '{}': its reference '{}' is not valid",
                            self.dir.display(&info.path),
                            self.dir.display(reference)
                        ))
                    })?;
                    c.prepare_cached(
                        "insert or replace into Refs (referrer, reference) values (?, ?)",
                    )
                    .and_then(|mut s| s.execute([*id, reference]))
                    .map_err(self.failed())?;
                }
            }
            for (path, derivation) in derivations {
                self.put_outputs(c, path, derivation)?;
            }
            Ok(())
        })
    }

    fn put(&self, c: &Connection, info: &PathInfo) -> StoreResult<i64> {
        let path = self.dir.display(&info.path);
        let hash = info.nar_hash.prefixed(HashFormat::Base16);
        let size = (info.nar_size != 0).then_some(info.nar_size as i64);
        let ultimate = info.ultimate.then_some(1);
        let signatures = join(&info.signatures);
        let ca = info.ca.map(|ca| ca.to_string());
        if let Some(id) = self.id_of(c, &info.path)? {
            c.prepare_cached(
                "update ValidPaths set narSize = ?, hash = ?, ultimate = ?, sigs = ?, ca = ?
                 where id = ?",
            )
            .and_then(|mut s| s.execute(params![size, hash, ultimate, signatures, ca, id]))
            .map_err(self.failed())?;
            return Ok(id);
        }
        let time = match info.registration_time {
            0 => now(),
            time => time,
        };
        let deriver = info.deriver.as_ref().map(|d| self.dir.display(d));
        c.prepare_cached(
            "insert into ValidPaths
             (path, hash, registrationTime, deriver, narSize, ultimate, sigs, ca)
             values (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .and_then(|mut s| {
            s.insert(params![path, hash, time as i64, deriver, size, ultimate, signatures, ca])
        })
        .map_err(self.failed())
    }

    fn put_outputs(&self, c: &Connection, path: &StorePath, drv: &Derivation) -> StoreResult<()> {
        let Some(id) = self.id_of(c, path)? else {
            return Ok(());
        };
        for (name, output) in drv.output_paths(&self.dir)? {
            let Some(output) = output else { continue };
            c.prepare_cached(
                "insert or replace into DerivationOutputs (drv, id, path) values (?, ?, ?)",
            )
            .and_then(|mut s| s.execute(params![id, name, self.dir.display(&output)]))
            .map_err(self.failed())?;
        }
        Ok(())
    }

    /// Makes paths invalid, all in one transaction.
    ///
    /// # Errors
    /// When a path that stays refers to one of them.
    pub fn invalidate(&self, paths: &[StorePath]) -> StoreResult<()> {
        self.write(|c| {
            for path in paths {
                c.prepare_cached("delete from ValidPaths where path = ?")
                    .and_then(|mut s| s.execute([self.dir.display(path)]))
                    .map_err(|e| self.in_use(path, e))?;
            }
            Ok(())
        })
    }

    fn in_use(&self, path: &StorePath, error: rusqlite::Error) -> StoreError {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) {
            return StoreError::other(format!(
                "cannot delete path '{}' because other valid paths refer to it",
                self.dir.display(path)
            ));
        }
        self.failed()(error)
    }

    /// Adds signatures to a valid path; false when it is not valid.
    pub fn add_signatures(&self, path: &StorePath, signatures: &[String]) -> StoreResult<bool> {
        let Some(info) = self.path_info(path)? else {
            return Ok(false);
        };
        let mut all = info.signatures;
        all.extend(signatures.iter().cloned());
        self.write(|c| {
            c.prepare_cached("update ValidPaths set sigs = ? where path = ?")
                .and_then(|mut s| s.execute(params![join(&all), self.dir.display(path)]))
                .map_err(self.failed())?;
            Ok(true)
        })
    }

    /// Remembers what an output turned out to be.
    ///
    /// # Errors
    /// When another path is known for it.
    pub fn register_realisation(&self, realisation: &Realisation) -> StoreResult<()> {
        let drv = &realisation.drv_path;
        let known = self.realisation(drv, &realisation.output)?;
        let out_path = self.dir.display(&realisation.out_path);
        if let Some(known) = &known
            && known.out_path != realisation.out_path
        {
            return Err(StoreError::other(format!(
                "output '{}' of '{drv}' is registered as '{}' and can't become '{out_path}'",
                realisation.output,
                self.dir.display(&known.out_path)
            )));
        }
        let mut signatures = realisation.signatures.clone();
        signatures.extend(known.iter().flat_map(|k| k.signatures.iter().cloned()));
        self.write(|c| {
            let work = || -> rusqlite::Result<()> {
                c.execute_batch(BUILD_TRACE)?;
                let key = params![drv.as_str(), realisation.output];
                c.execute("delete from BuildTraceV3 where drvPath = ? and outputName = ?", key)?;
                c.execute(
                    "insert into BuildTraceV3 (drvPath, outputName, outputPath, signatures)
                     values (?, ?, ?, ?)",
                    params![
                        drv.as_str(),
                        realisation.output,
                        out_path,
                        join(&signatures).unwrap_or_default()
                    ],
                )?;
                Ok(())
            };
            work().map_err(self.failed())
        })
    }
}

fn join(words: &BTreeSet<String>) -> Option<String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |d| d.as_secs())
}

/// Several outputs of one build may refer to each other, but not in a circle.
fn check_cycles(infos: &[PathInfo]) -> StoreResult<()> {
    if infos.len() < 2 {
        return Ok(());
    }
    let inside: StorePathSet = infos.iter().map(|i| i.path.clone()).collect();
    let mut left: Vec<(&StorePath, Vec<&StorePath>)> = infos
        .iter()
        .map(|info| {
            let references = info.references.iter();
            let inner = references.filter(|r| **r != info.path && inside.contains(*r));
            (&info.path, inner.collect())
        })
        .collect();
    let mut done: BTreeSet<&StorePath> = BTreeSet::new();
    while !left.is_empty() {
        let before = left.len();
        left.retain(|(path, references)| {
            let ready = references.iter().all(|r| done.contains(*r));
            if ready {
                done.insert(path);
            }
            !ready
        });
        if left.len() == before {
            return Err(StoreError::other(format!(
                "cycle detected in the references of '{}'",
                left[0].0
            )));
        }
    }
    Ok(())
}
