//! A store in memory: for tests, and for evaluation that writes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use firn_formats::{
    ContentAddressMethod, Hash, HashAlgo, References, StoreDir, StorePath, StorePathSet,
    nar::{NarEvent, NarReader},
};

use crate::{
    AddOptions, Content, PathInfo, Realisation, Store, StoreError, StoreResult,
    ingest::{address_of_nar, write_content_nar},
};

/// Most links followed when a file is read.
const MAX_LINKS: usize = 40;

/// A store whose objects are archives in memory; roots are remembered but nothing is collected.
#[derive(Debug)]
pub struct MemoryStore {
    dir: StoreDir,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<StorePath, Object>,
    realisations: BTreeMap<(StorePath, String), Realisation>,
    roots: BTreeSet<StorePath>,
}

#[derive(Debug)]
struct Object {
    info: Arc<PathInfo>,
    nar: Arc<[u8]>,
}

impl MemoryStore {
    /// An empty store with the logical folder `dir`.
    pub fn new(dir: StoreDir) -> Self {
        Self { dir, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nar(&self, path: &StorePath) -> StoreResult<Arc<[u8]>> {
        self.state()
            .objects
            .get(path)
            .map(|object| object.nar.clone())
            .ok_or_else(|| StoreError::NotValid(self.dir.display(path)))
    }

    fn insert(&self, info: PathInfo, nar: Vec<u8>) -> StoreResult<()> {
        let mut state = self.state();
        for reference in &info.references {
            if *reference != info.path && !state.objects.contains_key(reference) {
                return Err(StoreError::NotValid(self.dir.display(reference)));
            }
        }
        let object = Object { info: Arc::new(info.clone()), nar: nar.into() };
        state.objects.insert(info.path, object);
        Ok(())
    }
}

impl Store for MemoryStore {
    fn store_dir(&self) -> &StoreDir {
        &self.dir
    }

    fn path_info(&self, path: &StorePath) -> StoreResult<Option<Arc<PathInfo>>> {
        Ok(self.state().objects.get(path).map(|o| o.info.clone()))
    }

    fn all_valid(&self) -> StoreResult<StorePathSet> {
        Ok(self.state().objects.keys().cloned().collect())
    }

    fn path_from_hash_part(&self, hash_part: &str) -> StoreResult<Option<StorePath>> {
        let state = self.state();
        let found = state.objects.keys().find(|p| p.hash_part() == hash_part);
        Ok(found.cloned())
    }

    fn referrers(&self, path: &StorePath) -> StoreResult<StorePathSet> {
        let state = self.state();
        let referring =
            state.objects.iter().filter(|(_, object)| object.info.references.contains(path));
        Ok(referring.map(|(path, _)| path.clone()).collect())
    }

    fn valid_derivers(&self, path: &StorePath) -> StoreResult<StorePathSet> {
        let mut derivers = StorePathSet::new();
        for drv in self.all_valid()?.into_iter().filter(StorePath::is_derivation) {
            let outputs = self.read_derivation(&drv)?.output_paths(&self.dir)?;
            if outputs.values().any(|out| out.as_ref() == Some(path)) {
                derivers.insert(drv);
            }
        }
        Ok(derivers)
    }

    fn realisation(&self, drv: &StorePath, output: &str) -> StoreResult<Option<Realisation>> {
        let key = (drv.clone(), output.to_owned());
        Ok(self.state().realisations.get(&key).cloned())
    }

    fn register_realisation(&self, realisation: &Realisation) -> StoreResult<()> {
        let key = (realisation.drv_path.clone(), realisation.output.clone());
        self.state().realisations.insert(key, realisation.clone());
        Ok(())
    }

    fn add(
        &self,
        name: &str,
        content: Content<'_>,
        method: ContentAddressMethod,
        algo: HashAlgo,
        references: &StorePathSet,
    ) -> StoreResult<StorePath> {
        let mut nar = Vec::new();
        write_content_nar(content, &mut nar)?;
        let ca = address_of_nar(&nar, method, algo)?;
        let refs = References::to(references.clone());
        let path = self.dir.make_content_path(name, &ca, &refs)?;
        if !self.is_valid(&path)? {
            let mut info = PathInfo::new(path.clone(), Hash::sha256(&nar), nar.len() as u64);
            info.references = references.clone();
            info.ca = Some(ca);
            self.insert(info, nar)?;
        }
        self.add_temp_root(&path)?;
        Ok(path)
    }

    fn add_nar(
        &self,
        info: &PathInfo,
        nar: &mut dyn BufRead,
        options: AddOptions,
    ) -> StoreResult<()> {
        let mut data = Vec::new();
        write_content_nar(Content::Nar(nar), &mut data)?;
        let found = Hash::sha256(&data);
        if found != info.nar_hash {
            return Err(StoreError::HashMismatch {
                path: self.dir.display(&info.path),
                wanted: info.nar_hash.sri(),
                found: found.sri(),
            });
        }
        if options.check_signatures && !info.is_content_addressed(&self.dir)? {
            return Err(StoreError::other(format!(
                "cannot add path '{}' because it lacks a signature by a trusted key",
                self.dir.display(&info.path)
            )));
        }
        self.insert(info.clone(), data)
    }

    fn register_valid_paths(&self, _infos: &[PathInfo]) -> StoreResult<()> {
        Err(StoreError::Unsupported("registering files on disk".to_owned()))
    }

    fn write_nar(&self, path: &StorePath, out: &mut dyn Write) -> StoreResult<()> {
        out.write_all(&self.nar(path)?).map_err(|e| firn_formats::nar::NarError::Stream(e).into())
    }

    fn to_real_path(&self, _path: &StorePath) -> Option<PathBuf> {
        None
    }

    fn read_file(&self, path: &StorePath, inner: &str) -> StoreResult<Vec<u8>> {
        let nar = self.nar(path)?;
        let mut wanted = parts(inner);
        for _ in 0..MAX_LINKS {
            match find(&nar, &wanted)? {
                Some(Found::Data(data)) => return Ok(data),
                Some(Found::Link(at, target)) => {
                    let rest = wanted.split_off(at);
                    wanted.pop();
                    follow(&mut wanted, &target);
                    wanted.extend(rest);
                }
                None => break,
            }
        }
        Err(StoreError::other(format!(
            "file '{}{inner}' does not exist or is not a regular file",
            self.dir.display(path)
        )))
    }

    fn add_temp_root(&self, path: &StorePath) -> StoreResult<()> {
        self.state().roots.insert(path.clone());
        Ok(())
    }

    fn add_perm_root(&self, _path: &StorePath, _link: &Path) -> StoreResult<PathBuf> {
        Err(StoreError::Unsupported("roots that are links".to_owned()))
    }

    fn add_signatures(&self, path: &StorePath, signatures: &[String]) -> StoreResult<()> {
        let mut state = self.state();
        let object = state
            .objects
            .get_mut(path)
            .ok_or_else(|| StoreError::NotValid(self.dir.display(path)))?;
        let mut info = PathInfo::clone(&object.info);
        info.signatures.extend(signatures.iter().cloned());
        object.info = Arc::new(info);
        Ok(())
    }
}

fn parts(inner: &str) -> Vec<Vec<u8>> {
    inner.split('/').filter(|p| !p.is_empty() && *p != ".").map(|p| p.as_bytes().to_vec()).collect()
}

fn follow(at: &mut Vec<Vec<u8>>, target: &[u8]) {
    for part in target.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                at.pop();
            }
            part => at.push(part.to_vec()),
        }
    }
}

enum Found {
    Data(Vec<u8>),
    /// A link among the first so many parts, and its target.
    Link(usize, Vec<u8>),
}

fn find(nar: &[u8], wanted: &[Vec<u8>]) -> StoreResult<Option<Found>> {
    let mut reader = NarReader::new(nar);
    let mut at: Vec<Vec<u8>> = Vec::new();
    let mut depth = 0;
    while let Some(event) = reader.next_event()? {
        let enter = |at: &mut Vec<Vec<u8>>, name: Option<Vec<u8>>| at.extend(name);
        match event {
            NarEvent::Directory { name } => {
                enter(&mut at, name);
                depth += 1;
                continue;
            }
            NarEvent::EndDirectory => depth -= 1,
            NarEvent::Symlink { name, target } => {
                enter(&mut at, name);
                if wanted.starts_with(&at) {
                    return Ok(Some(Found::Link(at.len(), target)));
                }
            }
            NarEvent::File { name, .. } => {
                enter(&mut at, name);
                if at == wanted {
                    let mut data = Vec::new();
                    reader.copy_content(|piece| {
                        data.extend_from_slice(piece);
                        Ok::<(), StoreError>(())
                    })?;
                    return Ok(Some(Found::Data(data)));
                }
            }
        }
        if depth > 0 {
            at.pop();
        }
    }
    Ok(None)
}
