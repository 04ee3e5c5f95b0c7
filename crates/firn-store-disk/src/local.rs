//! The store on this machine's disk.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufRead, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use firn_formats::{
    ContentAddressMethod, Derivation, HashAlgo, ModuloMemo, StoreDir, StorePath, StorePathSet, nar,
};
use firn_store::{AddOptions, Content, PathInfo, Realisation, Store, StoreError, StoreResult};

use crate::{
    config::{Layout, StoreOptions},
    db::{Db, SCHEMA_VERSION},
    lock::{LockKind, PathLocks, lock, open_lock_file},
    optimise::{OptimiseStats, optimise_path},
    roots,
    temp_roots::{self, TempRoots},
};

/// A store on disk with the layout, database and protocols of the reference.
#[derive(Debug)]
pub struct LocalStore {
    pub(crate) layout: Layout,
    pub(crate) options: StoreOptions,
    pub(crate) db: Db,
    temp_roots: Arc<TempRoots>,
    memo: Mutex<ModuloMemo>,
    /// Held while the store is open, so that nobody changes the schema meanwhile.
    _big_lock: File,
}

impl LocalStore {
    /// Opens the store, which is made if there is none.
    ///
    /// # Errors
    /// Folders that this user may not write, a schema of another version, a damaged database.
    pub fn open(layout: Layout, options: StoreOptions) -> StoreResult<Self> {
        make_folders(&layout)?;
        let lock_path = layout.db().join("big-lock");
        reserve(&layout, options.gc_reserved_space);
        let big_lock = open_lock_file(&lock_path)?;
        lock(&big_lock, LockKind::Shared, &lock_path)?;
        let db_path = layout.db().join("db.sqlite");
        let db = match schema_version(&layout)? {
            Some(SCHEMA_VERSION) => open_db(&layout, &db_path)?,
            None => create_db(&layout, &big_lock, &lock_path, &db_path)?,
            Some(other) => {
                return Err(StoreError::other(format!(
                    "the store in '{}' has schema version {other}, but this program knows {SCHEMA_VERSION} only",
                    layout.state.display()
                )));
            }
        };
        Ok(Self {
            temp_roots: TempRoots::of(&layout.state),
            layout,
            options,
            db,
            memo: Mutex::default(),
            _big_lock: big_lock,
        })
    }

    /// The folders of the store.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How the store behaves.
    pub fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// Where an object lies on disk.
    pub fn real_path(&self, path: &StorePath) -> PathBuf {
        self.layout.real_store.join(path.as_str())
    }

    /// Locks paths for writing; see [`PathLocks`].
    pub fn lock_paths<'a>(
        &self,
        paths: impl IntoIterator<Item = &'a StorePath>,
    ) -> StoreResult<PathLocks> {
        let paths: Vec<PathBuf> = paths.into_iter().map(|p| self.real_path(p)).collect();
        PathLocks::take(&paths)
    }

    /// Makes a folder beside the objects which no collector removes while the file returned is
    /// open. The caller removes it.
    pub fn temp_dir(&self) -> StoreResult<(PathBuf, File)> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!("tmp-{}-{number}", std::process::id());
            let path = self.layout.real_store.join(name);
            match fs::create_dir(&path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other.map_err(StoreError::io("create", &path))?,
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))
                .map_err(StoreError::io("change", &path))?;
            let Ok(file) = File::open(&path) else {
                continue;
            };
            lock(&file, LockKind::Exclusive, &path)?;
            if path.exists() {
                return Ok((path, file));
            }
        }
    }

    /// Hard-links the files of a valid path with their equals.
    pub fn optimise(&self, path: &StorePath) -> StoreResult<OptimiseStats> {
        optimise_path(&self.layout, &self.real_path(path))
    }

    /// All roots, temporary ones and those of running programs included.
    pub fn roots(&self) -> StoreResult<roots::Roots> {
        let mut found = roots::find(&self.layout, &mut |path| self.db.is_valid(path))?;
        for (path, place) in temp_roots::find(&self.layout.state, &self.layout.store_dir)? {
            found.entry(path).or_default().insert(place);
        }
        Ok(found)
    }

    /// Registers a link elsewhere as a root, for as long as it exists.
    pub fn add_indirect_root(&self, link: &Path) -> StoreResult<()> {
        roots::add_indirect_root(&self.layout, link)
    }

    /// Brings what was written below the store to the disk, if the options ask for that.
    pub(crate) fn sync(&self) -> StoreResult<()> {
        if !self.options.fsync_store_paths {
            return Ok(());
        }
        let folder = &self.layout.real_store;
        let file = File::open(folder).map_err(StoreError::io("open", folder))?;
        rustix::fs::syncfs(&file).map_err(|e| StoreError::io("sync", folder)(e.into()))
    }

    /// Parses and checks the `.drv` files among `infos`.
    fn derivations(&self, infos: &[PathInfo]) -> StoreResult<Vec<(StorePath, Derivation)>> {
        let mut found = Vec::new();
        for info in infos.iter().filter(|i| i.path.is_derivation()) {
            let derivation = self.load_derivation(&info.path)?;
            self.check_derivation(&info.path, &derivation)?;
            found.push((info.path.clone(), derivation));
        }
        Ok(found)
    }

    /// Reads a `.drv` file, registered or not.
    pub(crate) fn load_derivation(&self, path: &StorePath) -> StoreResult<Derivation> {
        let real = self.real_path(path);
        let text = fs::read(&real).map_err(StoreError::io("read", &real))?;
        let name = path.derivation_name()?;
        Ok(Derivation::from_aterm(&self.layout.store_dir, &text, name)?)
    }

    /// A derivation that claims paths it does not give must never be registered: others would
    /// take its outputs for those of an honest one.
    fn check_derivation(&self, path: &StorePath, derivation: &Derivation) -> StoreResult<()> {
        let dir = &self.layout.store_dir;
        let mut memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lookup =
            |input: &StorePath| memo.of(dir, input, &mut |path| self.load_derivation(path));
        derivation.check_outputs(dir, &mut lookup).map_err(|e| {
            StoreError::other(format!("while checking derivation '{}': {e}", dir.display(path)))
        })
    }
}

fn make_folders(layout: &Layout) -> StoreResult<()> {
    if layout.db().join("schema").exists() && layout.real_store.is_dir() {
        return Ok(());
    }
    for folder in [
        layout.real_store.clone(),
        layout.links(),
        layout.db(),
        layout.state.join("temproots"),
        layout.state.join("profiles/per-user"),
        layout.gc_roots().join("per-user"),
        layout.gc_roots().join("auto"),
    ] {
        fs::create_dir_all(&folder).map_err(|e| no_folder(&folder, e))?;
    }
    Ok(())
}

/// Opens the database. On a full disk it takes the space set aside, so that a collection can run.
fn open_db(layout: &Layout, db_path: &Path) -> StoreResult<Db> {
    let open = || Db::open(db_path, layout.store_dir.clone(), false);
    match open() {
        Err(_) if fs::remove_file(layout.reserved()).is_ok() => open(),
        other => other,
    }
}

/// Sets space aside. A disk too full for it is no error here.
fn reserve(layout: &Layout, size: u64) {
    let path = layout.reserved();
    if fs::metadata(&path).is_ok_and(|meta| meta.len() == size) {
        return;
    }
    let mut options = fs::OpenOptions::new();
    let Ok(file) = options.write(true).create(true).truncate(true).open(&path) else { return };
    let flags = rustix::fs::FallocateFlags::empty();
    if size > 0 && rustix::fs::fallocate(&file, flags, 0, size).is_err() {
        let _ = fs::remove_file(&path);
    }
}

fn no_folder(folder: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => StoreError::other(format!(
            "cannot create the store's folder '{}': permission denied; without root, use a store of your own with --store",
            folder.display()
        )),
        _ => StoreError::io("create", folder)(error),
    }
}

fn schema_version(layout: &Layout) -> StoreResult<Option<u32>> {
    let path = layout.db().join("schema");
    match fs::read_to_string(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(StoreError::io("read", &path)(e)),
        Ok(text) => match text.trim().parse() {
            Ok(version) => Ok(Some(version)),
            Err(_) => Err(StoreError::other(format!(
                "'{}' does not hold a schema version",
                path.display()
            ))),
        },
    }
}

/// Makes the database under the exclusive lock; another process may have been faster.
fn create_db(
    layout: &Layout,
    big_lock: &File,
    lock_path: &Path,
    db_path: &Path,
) -> StoreResult<Db> {
    lock(big_lock, LockKind::Exclusive, lock_path)?;
    let db = Db::open(db_path, layout.store_dir.clone(), true)?;
    let path = layout.db().join("schema");
    let mut file = File::create(&path).map_err(StoreError::io("create", &path))?;
    write!(file, "{SCHEMA_VERSION}")
        .and_then(|()| file.sync_all())
        .map_err(StoreError::io("write", &path))?;
    lock(big_lock, LockKind::Shared, lock_path)?;
    Ok(db)
}

impl Store for LocalStore {
    fn store_dir(&self) -> &StoreDir {
        &self.layout.store_dir
    }

    fn path_info(&self, path: &StorePath) -> StoreResult<Option<Arc<PathInfo>>> {
        Ok(self.db.path_info(path)?.map(Arc::new))
    }

    fn is_valid(&self, path: &StorePath) -> StoreResult<bool> {
        self.db.is_valid(path)
    }

    fn all_valid(&self) -> StoreResult<StorePathSet> {
        self.db.all_valid()
    }

    fn path_from_hash_part(&self, hash_part: &str) -> StoreResult<Option<StorePath>> {
        self.db.path_from_hash_part(hash_part)
    }

    fn referrers(&self, path: &StorePath) -> StoreResult<StorePathSet> {
        self.db.referrers(path)
    }

    fn valid_derivers(&self, path: &StorePath) -> StoreResult<StorePathSet> {
        self.db.valid_derivers(path)
    }

    fn derivation_outputs(
        &self,
        drv: &StorePath,
    ) -> StoreResult<BTreeMap<String, Option<StorePath>>> {
        let derivation = self.read_derivation(drv)?;
        let mut outputs = derivation.output_paths(&self.layout.store_dir)?;
        for (name, path) in &mut outputs {
            if path.is_none() {
                *path = self.db.realisation(drv, name)?.map(|r| r.out_path);
            }
        }
        Ok(outputs)
    }

    fn realisation(&self, drv: &StorePath, output: &str) -> StoreResult<Option<Realisation>> {
        self.db.realisation(drv, output)
    }

    fn register_realisation(&self, realisation: &Realisation) -> StoreResult<()> {
        self.db.register_realisation(realisation)
    }

    fn add(
        &self,
        name: &str,
        content: Content<'_>,
        method: ContentAddressMethod,
        algo: HashAlgo,
        references: &StorePathSet,
    ) -> StoreResult<StorePath> {
        crate::add::add(self, name, content, method, algo, references)
    }

    fn add_nar(
        &self,
        info: &PathInfo,
        nar: &mut dyn BufRead,
        options: AddOptions,
    ) -> StoreResult<()> {
        crate::add::add_nar(self, info, nar, options)
    }

    fn register_valid_paths(&self, infos: &[PathInfo]) -> StoreResult<()> {
        self.sync()?;
        let derivations = self.derivations(infos)?;
        self.db.register(infos, &derivations)
    }

    fn write_nar(&self, path: &StorePath, out: &mut dyn Write) -> StoreResult<()> {
        self.require_path_info(path)?;
        Ok(nar::dump_path(&self.real_path(path), out)?)
    }

    fn to_real_path(&self, path: &StorePath) -> Option<PathBuf> {
        Some(self.real_path(path))
    }

    fn read_file(&self, path: &StorePath, inner: &str) -> StoreResult<Vec<u8>> {
        if !self.is_valid(path)? {
            return Err(StoreError::NotValid(self.layout.store_dir.display(path)));
        }
        let root = self.real_path(path);
        let mut file = self.open_inside(&root, inner)?;
        let mut data = Vec::new();
        file.read_to_end(&mut data).map_err(StoreError::io("read", &root))?;
        Ok(data)
    }

    fn add_temp_root(&self, path: &StorePath) -> StoreResult<()> {
        self.temp_roots.add(&self.layout.store_dir, path)
    }

    fn add_perm_root(&self, path: &StorePath, link: &Path) -> StoreResult<PathBuf> {
        // First told to a collector that may be running.
        self.add_temp_root(path)?;
        roots::add_perm_root(&self.layout, path, link)
    }

    fn add_signatures(&self, path: &StorePath, signatures: &[String]) -> StoreResult<()> {
        if self.db.add_signatures(path, signatures)? {
            Ok(())
        } else {
            Err(StoreError::NotValid(self.layout.store_dir.display(path)))
        }
    }
}

impl LocalStore {
    /// Opens a regular file in an object without leaving the object.
    fn open_inside(&self, root: &Path, inner: &str) -> StoreResult<File> {
        let wanted = root.join(inner.trim_start_matches('/'));
        let wanted = if inner.trim_matches('/').is_empty() { root.to_path_buf() } else { wanted };
        let real = fs::canonicalize(&wanted).map_err(StoreError::io("read", &wanted))?;
        let top = fs::canonicalize(&self.layout.real_store)
            .map_err(StoreError::io("read", &self.layout.real_store))?
            .join(root.file_name().unwrap_or_default());
        let file = File::open(&real).map_err(StoreError::io("open", &real))?;
        let meta = file.metadata().map_err(StoreError::io("read", &real))?;
        if !real.starts_with(&top) || !meta.is_file() {
            return Err(StoreError::other(format!(
                "'{}' is not a regular file in its store object",
                wanted.display()
            )));
        }
        Ok(file)
    }
}
