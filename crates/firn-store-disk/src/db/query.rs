//! Questions to the database.

use std::collections::{BTreeSet, HashMap};

use firn_formats::{Hash, StorePath, StorePathSet};
use firn_store::{PathInfo, Realisation, StoreError, StoreResult};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::Db;

/// What garbage collection needs to know of all paths at once.
#[derive(Debug, Default)]
pub struct Graph {
    /// Valid paths, with numbers that the rest uses.
    pub paths: Vec<StorePath>,
    /// Number of each path.
    pub index: HashMap<StorePath, usize>,
    /// References of each path.
    pub references: Vec<Vec<usize>>,
    /// Deriver of each path, if it is valid.
    pub derivers: Vec<Option<usize>>,
    /// Valid outputs of each derivation.
    pub outputs: Vec<Vec<usize>>,
}

impl Db {
    fn path_at(&self, row: &Row<'_>, column: usize) -> StoreResult<StorePath> {
        let text = row.get_ref(column).map_err(self.failed())?;
        let text = text.as_str().map_err(|e| StoreError::other(format!("store database: {e}")))?;
        Ok(self.dir.parse_canonical(text)?)
    }

    fn paths(&self, sql: &str, params: &[&dyn ToSql]) -> StoreResult<StorePathSet> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(sql).map_err(self.failed())?;
        let mut rows = statement.query(params).map_err(self.failed())?;
        let mut paths = StorePathSet::new();
        while let Some(row) = rows.next().map_err(self.failed())? {
            paths.insert(self.path_at(row, 0)?);
        }
        Ok(paths)
    }

    pub(super) fn id_of(&self, c: &Connection, path: &StorePath) -> StoreResult<Option<i64>> {
        let text = self.dir.display(path);
        c.prepare_cached("select id from ValidPaths where path = ?")
            .and_then(|mut s| s.query_row([text], |r| r.get(0)).optional())
            .map_err(self.failed())
    }

    /// Whether the path is valid.
    pub fn is_valid(&self, path: &StorePath) -> StoreResult<bool> {
        Ok(self.id_of(&self.lock(), path)?.is_some())
    }

    /// What is known about a path.
    pub fn path_info(&self, path: &StorePath) -> StoreResult<Option<PathInfo>> {
        let connection = self.lock();
        let mut statement = connection
            .prepare_cached(
                "select id, hash, registrationTime, deriver, narSize, ultimate, sigs, ca
                 from ValidPaths where path = ?",
            )
            .map_err(self.failed())?;
        let mut rows = statement.query([self.dir.display(path)]).map_err(self.failed())?;
        let Some(row) = rows.next().map_err(self.failed())? else {
            return Ok(None);
        };
        let (id, mut info) = self.info_at(path, row)?;
        let mut statement = connection
            .prepare_cached(
                "select path from Refs join ValidPaths on reference = id where referrer = ?",
            )
            .map_err(self.failed())?;
        let mut rows = statement.query([id]).map_err(self.failed())?;
        while let Some(row) = rows.next().map_err(self.failed())? {
            info.references.insert(self.path_at(row, 0)?);
        }
        Ok(Some(info))
    }

    fn info_at(&self, path: &StorePath, row: &Row<'_>) -> StoreResult<(i64, PathInfo)> {
        type Columns = (
            i64,
            String,
            i64,
            Option<String>,
            Option<i64>,
            Option<i64>,
            Option<String>,
            Option<String>,
        );
        let read = || -> rusqlite::Result<Columns> {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
                row.get(6)?,
                row.get(7)?,
            ))
        };
        let (id, hash, time, deriver, size, ultimate, signatures, ca) =
            read().map_err(self.failed())?;
        let bad = |e: firn_formats::FormatError| {
            let path = self.dir.display(path);
            StoreError::from(e.context(format!("invalid entry for '{path}' in the store database")))
        };
        let hash = Hash::parse_prefixed(&hash).map_err(bad)?;
        let mut info = PathInfo::new(path.clone(), hash, size.unwrap_or(0).max(0) as u64);
        info.registration_time = time.max(0) as u64;
        info.ultimate = ultimate == Some(1);
        info.deriver = deriver
            .filter(|d| !d.is_empty())
            .map(|d| self.dir.parse_canonical(&d))
            .transpose()
            .map_err(bad)?;
        info.signatures = words(signatures.as_deref());
        info.ca = ca.filter(|c| !c.is_empty()).map(|c| c.parse()).transpose().map_err(bad)?;
        Ok((id, info))
    }

    /// Every valid path.
    pub fn all_valid(&self) -> StoreResult<StorePathSet> {
        self.paths("select path from ValidPaths", &[])
    }

    /// Valid paths that refer to `path`.
    pub fn referrers(&self, path: &StorePath) -> StoreResult<StorePathSet> {
        self.paths(
            "select path from Refs join ValidPaths on referrer = id
             where reference = (select id from ValidPaths where path = ?)",
            &[&self.dir.display(path)],
        )
    }

    /// Valid derivations with `path` as an output.
    pub fn valid_derivers(&self, path: &StorePath) -> StoreResult<StorePathSet> {
        self.paths(
            "select v.path from DerivationOutputs d join ValidPaths v on d.drv = v.id
             where d.path = ?",
            &[&self.dir.display(path)],
        )
    }

    /// The valid path with these 32 digits.
    pub fn path_from_hash_part(&self, hash_part: &str) -> StoreResult<Option<StorePath>> {
        let prefix = format!("{}/{hash_part}-", self.dir);
        let found =
            self.paths("select path from ValidPaths where path >= ? limit 1", &[&prefix])?;
        Ok(found.into_iter().find(|p| p.hash_part() == hash_part))
    }

    /// The whole graph in two questions.
    pub fn graph(&self) -> StoreResult<Graph> {
        let connection = self.lock();
        let mut graph = Graph::default();
        let mut by_id: HashMap<i64, usize> = HashMap::new();
        let mut derivers = Vec::new();
        let mut statement = connection
            .prepare_cached("select path, id, deriver from ValidPaths")
            .map_err(self.failed())?;
        let mut rows = statement.query([]).map_err(self.failed())?;
        while let Some(row) = rows.next().map_err(self.failed())? {
            let path = self.path_at(row, 0)?;
            let number = graph.paths.len();
            by_id.insert(row.get(1).map_err(self.failed())?, number);
            derivers.push(row.get::<_, Option<String>>(2).map_err(self.failed())?);
            graph.index.insert(path.clone(), number);
            graph.paths.push(path);
        }
        graph.references = vec![Vec::new(); graph.paths.len()];
        graph.outputs = vec![Vec::new(); graph.paths.len()];
        graph.derivers =
            derivers.into_iter().map(|d| self.number_of(&graph.index, d.as_deref())).collect();
        let pairs = |sql: &str, add: &mut dyn FnMut(i64, &Row<'_>) -> StoreResult<()>| {
            let mut statement = connection.prepare_cached(sql).map_err(self.failed())?;
            let mut rows = statement.query([]).map_err(self.failed())?;
            while let Some(row) = rows.next().map_err(self.failed())? {
                add(row.get(0).map_err(self.failed())?, row)?;
            }
            Ok::<(), StoreError>(())
        };
        pairs("select referrer, reference from Refs", &mut |from, row| {
            let to: i64 = row.get(1).map_err(self.failed())?;
            if let (Some(&from), Some(&to)) = (by_id.get(&from), by_id.get(&to)) {
                graph.references[from].push(to);
            }
            Ok(())
        })?;
        pairs("select drv, path from DerivationOutputs", &mut |drv, row| {
            let output: String = row.get(1).map_err(self.failed())?;
            let output = self.number_of(&graph.index, Some(&output));
            if let (Some(&drv), Some(output)) = (by_id.get(&drv), output) {
                graph.outputs[drv].push(output);
            }
            Ok(())
        })?;
        Ok(graph)
    }

    fn number_of(&self, index: &HashMap<StorePath, usize>, path: Option<&str>) -> Option<usize> {
        let base = path?.strip_prefix(self.dir.as_str())?.strip_prefix('/')?;
        index.get(base).copied()
    }

    /// What an output of a content-addressing derivation turned out to be.
    pub fn realisation(&self, drv: &StorePath, output: &str) -> StoreResult<Option<Realisation>> {
        let connection = self.lock();
        let has_table: Option<i64> = connection
            .prepare_cached("select 1 from sqlite_master where name = 'BuildTraceV3'")
            .and_then(|mut s| s.query_row([], |r| r.get(0)).optional())
            .map_err(self.failed())?;
        if has_table.is_none() {
            return Ok(None);
        }
        let mut statement = connection
            .prepare_cached(
                "select outputPath, signatures from BuildTraceV3
                 where drvPath = ? and outputName = ?",
            )
            .map_err(self.failed())?;
        let mut rows = statement.query([drv.as_str(), output]).map_err(self.failed())?;
        let Some(row) = rows.next().map_err(self.failed())? else {
            return Ok(None);
        };
        let signatures: Option<String> = row.get(1).map_err(self.failed())?;
        Ok(Some(Realisation {
            drv_path: drv.clone(),
            output: output.to_owned(),
            out_path: self.path_at(row, 0)?,
            signatures: words(signatures.as_deref()),
        }))
    }
}

fn words(text: Option<&str>) -> BTreeSet<String> {
    text.unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
}
