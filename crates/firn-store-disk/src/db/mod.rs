//! The database of valid paths, with the schema of the reference.
//!
//! Every statement is prepared once. Writes are immediate transactions, so that two writers wait
//! for each other instead of failing.

mod query;
mod register;

pub use query::Graph;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use firn_formats::StoreDir;
use firn_store::{StoreError, StoreResult};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

/// Version of the schema; kept in the file `schema` beside the database.
pub const SCHEMA_VERSION: u32 = 10;

const SCHEMA: &str = include_str!("schema.sql");

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(600);

/// An open database.
#[derive(Debug)]
pub struct Db {
    connection: Mutex<Connection>,
    path: PathBuf,
    dir: StoreDir,
}

impl Db {
    /// Opens the database at `path`; `create` makes tables that are missing.
    pub fn open(path: &Path, dir: StoreDir, create: bool) -> StoreResult<Self> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(path, flags)?;
            prepare(&connection, create)?;
            Ok(connection)
        };
        let connection = open().map_err(|e| database_error(path, &e))?;
        Ok(Self { connection: Mutex::new(connection), path: path.to_path_buf(), dir })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` in one transaction, which is undone if it fails.
    fn write<T>(&self, work: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        let mut connection = self.lock();
        let failed = |e: rusqlite::Error| database_error(&self.path, &e);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let value = work(&transaction)?;
        transaction.commit().map_err(failed)?;
        Ok(value)
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        |e| database_error(&self.path, &e)
    }
}

fn prepare(connection: &Connection, create: bool) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(40);
    connection.execute_batch("pragma foreign_keys = 1; pragma synchronous = normal;")?;
    let mode: String = connection.query_row("pragma main.journal_mode", [], |r| r.get(0))?;
    if mode != "wal" {
        connection.query_row("pragma main.journal_mode = wal", [], |_| Ok(()))?;
    }
    // One flush for a whole evaluation or copy instead of one for each thousand pages.
    connection.query_row("pragma wal_autocheckpoint = 40000", [], |_| Ok(()))?;
    if create {
        connection.execute_batch(SCHEMA)?;
    }
    // A first read makes the files of the log: where the disk is too full for them, that shows here.
    connection.query_row("pragma schema_version", [], |_| Ok(()))?;
    Ok(())
}

/// An error of the database, with what the user can do where that is known.
fn database_error(path: &Path, error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
        let help = crate::disk_full_help(path);
        return StoreError::other(format!("store database '{}': {error}{help}", path.display()));
    }
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "; this user may not write it: use the daemon, or a store of your own with --store"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "; the database is damaged: restore it from a backup"
        }
        Some(ErrorCode::DatabaseBusy) => "; another program holds it",
        _ => "",
    };
    StoreError::other(format!("store database '{}': {error}{advice}", path.display()))
}
