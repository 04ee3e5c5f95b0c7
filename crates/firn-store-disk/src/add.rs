//! Adding objects: hash, lock, write, register.

use std::{
    fs,
    io::{self, BufRead, BufReader, Seek, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use firn_formats::{
    ContentAddress, ContentAddressMethod, FormatError, Hash, HashAlgo, Hasher, ModuloHasher,
    References, Signature, SizedHash, StorePath, StorePathSet,
    nar::{self, NarError, NarReader, NarWriter, RestoreMode},
};
use firn_store::{
    AddOptions, Content, PathInfo, Store, StoreError, StoreResult, Tee, write_content_nar,
};

use crate::{delete::delete_path, local::LocalStore, optimise::optimise_path};

/// Adds content under the path that follows from it.
pub(crate) fn add(
    store: &LocalStore,
    name: &str,
    content: Content<'_>,
    method: ContentAddressMethod,
    algo: HashAlgo,
    references: &StorePathSet,
) -> StoreResult<StorePath> {
    let archive = match content {
        Content::Bytes(data) => Archive::of_file(data, method, algo)?,
        content => Archive::spool(store, content, method, algo).map_err(|e| in_store(store, e))?,
    };
    let refs = References::to(references.clone());
    let path = store.layout.store_dir.make_content_path(name, &archive.address, &refs)?;
    store.add_temp_root(&path)?;
    if store.is_valid(&path)? {
        return Ok(path);
    }
    let locks = store.lock_paths([&path])?;
    if !store.is_valid(&path)? {
        let real = store.real_path(&path);
        delete_path(&real)?;
        let mut info = PathInfo::new(path.clone(), archive.nar.hash, archive.nar.size);
        info.references = references.clone();
        info.ca = Some(archive.address);
        let done = archive
            .restore(&real)
            .and_then(|()| finish(store, &real))
            .and_then(|()| store.register_valid_paths(&[info]));
        if done.is_err() {
            // On a full disk the half that was written is what fills it.
            let _ = delete_path(&real);
        }
        done?;
    }
    drop(locks);
    Ok(path)
}

/// An error of writing on the way into the store, with where that is.
fn in_store(store: &LocalStore, error: StoreError) -> StoreError {
    match error {
        StoreError::Archive(source) if source.kind() == io::ErrorKind::StorageFull => {
            StoreError::io("copy into the store", &store.layout.real_store)(source)
        }
        other => other,
    }
}

fn finish(store: &LocalStore, real: &Path) -> StoreResult<()> {
    if store.options.auto_optimise {
        optimise_path(&store.layout, real)?;
    }
    Ok(())
}

/// What is to be added, read once and hashed on the way.
struct Archive<'a> {
    body: Body<'a>,
    nar: SizedHash,
    address: ContentAddress,
}

enum Body<'a> {
    /// The bytes of one file.
    File(&'a [u8]),
    /// An archive in memory.
    Memory(Vec<u8>),
    /// An archive too large for that.
    Spooled(fs::File),
}

impl<'a> Archive<'a> {
    fn of_file(data: &'a [u8], method: ContentAddressMethod, algo: HashAlgo) -> StoreResult<Self> {
        let mut hasher = Hasher::new(HashAlgo::Sha256);
        NarWriter::new(&mut hasher)
            .and_then(|mut nar| nar.file(None, false, data))
            .map_err(NarError::Stream)?;
        let nar = hasher.finish_sized();
        let hash = match method {
            ContentAddressMethod::Flat | ContentAddressMethod::Text => Hash::of(algo, data),
            ContentAddressMethod::Nar if algo == HashAlgo::Sha256 => nar.hash,
            ContentAddressMethod::Nar => {
                let mut hasher = Hasher::new(algo);
                NarWriter::new(&mut hasher)
                    .and_then(|mut nar| nar.file(None, false, data))
                    .map_err(NarError::Stream)?;
                hasher.finish()
            }
            ContentAddressMethod::Git => return Err(no_git()),
        };
        Ok(Self { body: Body::File(data), nar, address: ContentAddress { method, hash } })
    }

    fn spool(
        store: &LocalStore,
        content: Content<'_>,
        method: ContentAddressMethod,
        algo: HashAlgo,
    ) -> StoreResult<Self> {
        let mut spool = Spool::new(store, method, algo);
        {
            let mut out = io::BufWriter::with_capacity(64 * 1024, &mut spool);
            write_content_nar(content, &mut out)?;
            out.flush().map_err(NarError::Stream)?;
        }
        spool.finish(method, algo)
    }

    fn reader(&self) -> StoreResult<Box<dyn BufRead + '_>> {
        match &self.body {
            Body::File(data) => Ok(Box::new(*data)),
            Body::Memory(data) => Ok(Box::new(data.as_slice())),
            Body::Spooled(file) => {
                let mut file = file;
                file.rewind().map_err(NarError::Stream)?;
                Ok(Box::new(BufReader::with_capacity(256 * 1024, file)))
            }
        }
    }

    fn restore(&self, dest: &Path) -> StoreResult<()> {
        match &self.body {
            Body::File(data) => write_file(dest, data),
            _ => Ok(nar::restore(self.reader()?, dest, RestoreMode::Canonical)?),
        }
    }
}

fn write_file(dest: &Path, data: &[u8]) -> StoreResult<()> {
    use rustix::fs::{Timespec, Timestamps, futimens};
    let failed = || StoreError::io("write", dest);
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).open(dest).map_err(failed())?;
    file.write_all(data).map_err(failed())?;
    file.set_permissions(fs::Permissions::from_mode(0o444)).map_err(failed())?;
    let time = Timespec { tv_sec: 1, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    futimens(&file, &times).map_err(|e| failed()(e.into()))
}

fn no_git() -> StoreError {
    StoreError::Unsupported("git hashing".to_owned())
}

static SPOOLS: AtomicU64 = AtomicU64::new(0);

/// Takes an archive, hashes it, and keeps it in memory or in a nameless file.
struct Spool<'s> {
    store: &'s LocalStore,
    nar: Hasher,
    /// A second hash over the archive, where the address needs another than sha256.
    other: Option<Hasher>,
    memory: Vec<u8>,
    file: Option<fs::File>,
}

impl<'s> Spool<'s> {
    fn new(store: &'s LocalStore, method: ContentAddressMethod, algo: HashAlgo) -> Self {
        let other = method == ContentAddressMethod::Nar && algo != HashAlgo::Sha256;
        Self {
            store,
            nar: Hasher::new(HashAlgo::Sha256),
            other: other.then(|| Hasher::new(algo)),
            memory: Vec::new(),
            file: None,
        }
    }

    fn finish<'a>(self, method: ContentAddressMethod, algo: HashAlgo) -> StoreResult<Archive<'a>> {
        let nar = self.nar.finish_sized();
        let body = match self.file {
            Some(file) => Body::Spooled(file),
            None => Body::Memory(self.memory),
        };
        let mut archive = Archive { body, nar, address: ContentAddress { method, hash: nar.hash } };
        archive.address.hash = match (method, self.other) {
            (ContentAddressMethod::Nar, None) => nar.hash,
            (ContentAddressMethod::Nar, Some(other)) => other.finish(),
            (ContentAddressMethod::Git, _) => return Err(no_git()),
            _ => flat_hash(archive.reader()?, algo, None)?,
        };
        Ok(archive)
    }

    fn spill(&mut self) -> io::Result<()> {
        // Nameless from the start, so nothing is left behind whatever happens.
        let folder = &self.store.layout.real_store;
        let flags =
            rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let mut file: fs::File = match rustix::fs::open(folder, flags, mode) {
            Ok(fd) => fd.into(),
            Err(_) => {
                let name = folder.join(format!(
                    "tmp-spool-{}-{}",
                    std::process::id(),
                    SPOOLS.fetch_add(1, Ordering::Relaxed)
                ));
                let file =
                    fs::OpenOptions::new().read(true).write(true).create_new(true).open(&name)?;
                fs::remove_file(&name)?;
                file
            }
        };
        file.write_all(&self.memory)?;
        self.memory = Vec::new();
        self.file = Some(file);
        Ok(())
    }
}

impl Write for Spool<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.nar.update(data);
        if let Some(other) = &mut self.other {
            other.update(data);
        }
        if self.file.is_none()
            && self.memory.len() + data.len() > self.store.options.nar_buffer_size
        {
            self.spill()?;
        }
        match &mut self.file {
            Some(file) => file.write_all(data)?,
            None => self.memory.extend_from_slice(data),
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hash of the content of an archive that must be one plain file. With `own`, that text counts as
/// zeros.
fn flat_hash(input: impl BufRead, algo: HashAlgo, own: Option<&str>) -> StoreResult<Hash> {
    let mut reader = NarReader::new(input);
    match reader.next_event()? {
        Some(nar::NarEvent::File { executable: false, .. }) => {}
        _ => {
            return Err(FormatError::new(
                "flat and text hashing need a regular file that is not executable",
            )
            .into());
        }
    }
    let mut plain = Hasher::new(algo);
    let mut modulo = own.map(|own| ModuloHasher::new(algo, own));
    reader.copy_content(|data| {
        match &mut modulo {
            Some(modulo) => modulo.update(data),
            None => plain.update(data),
        }
        Ok::<(), NarError>(())
    })?;
    Ok(match modulo {
        Some(modulo) => modulo.finish().hash,
        None => plain.finish(),
    })
}

/// Adds an object with known metadata.
pub(crate) fn add_nar(
    store: &LocalStore,
    info: &PathInfo,
    input: &mut dyn BufRead,
    options: AddOptions,
) -> StoreResult<()> {
    if options.check_signatures && store.options.require_sigs && !is_trusted(store, info)? {
        return Err(StoreError::other(format!(
            "cannot add path '{}' because it lacks a signature by a trusted key",
            store.layout.store_dir.display(&info.path)
        )));
    }
    store.add_temp_root(&info.path)?;
    if !options.repair && store.is_valid(&info.path)? {
        return skip(input);
    }
    let locks = store.lock_paths([&info.path])?;
    if !options.repair && store.is_valid(&info.path)? {
        return skip(input);
    }
    let real = store.real_path(&info.path);
    delete_path(&real)?;
    let done = receive(store, info, input, &real);
    if done.is_err() {
        // The error that stopped us says more than one about cleaning up.
        let _ = delete_path(&real);
    }
    drop(locks);
    done
}

/// Reads an archive to its end, so that the stream goes on behind it.
fn skip(input: &mut dyn BufRead) -> StoreResult<()> {
    let mut reader = NarReader::new(input);
    while reader.next_event()?.is_some() {}
    Ok(())
}

fn receive(
    store: &LocalStore,
    info: &PathInfo,
    input: &mut dyn BufRead,
    real: &Path,
) -> StoreResult<()> {
    let mut hasher = Hasher::new(HashAlgo::Sha256);
    let tee = Tee::new(input, |data: &[u8]| hasher.update(data));
    nar::restore(tee, real, RestoreMode::Canonical)?;
    let found = hasher.finish_sized();
    let path = || store.layout.store_dir.display(&info.path);
    if found.hash != info.nar_hash {
        return Err(StoreError::HashMismatch {
            path: path(),
            wanted: info.nar_hash.sri(),
            found: found.hash.sri(),
        });
    }
    if info.nar_size != 0 && found.size != info.nar_size {
        return Err(StoreError::other(format!(
            "size mismatch importing path '{}';\n  specified: {}\n  got:       {}",
            path(),
            info.nar_size,
            found.size
        )));
    }
    check_address(info, real, &path)?;
    finish(store, real)?;
    let mut info = info.clone();
    info.nar_size = found.size;
    store.register_valid_paths(&[info])
}

fn check_address(info: &PathInfo, real: &Path, path: &dyn Fn() -> String) -> StoreResult<()> {
    let Some(ca) = &info.ca else { return Ok(()) };
    let own = info.references.contains(&info.path).then(|| info.path.hash_part());
    let algo = ca.hash.algo();
    let found = match ca.method {
        ContentAddressMethod::Nar if own.is_none() && algo == HashAlgo::Sha256 => info.nar_hash,
        ContentAddressMethod::Nar => {
            let mut out = ModuloHasher::new(algo, own.unwrap_or("\u{1}no self-reference"));
            nar::dump_path(real, &mut out)?;
            out.finish().hash
        }
        ContentAddressMethod::Git => return Err(no_git()),
        ContentAddressMethod::Flat | ContentAddressMethod::Text => {
            let mut archive = Vec::new();
            nar::dump_path(real, &mut archive)?;
            flat_hash(archive.as_slice(), algo, own)?
        }
    };
    if found == ca.hash {
        return Ok(());
    }
    Err(StoreError::HashMismatch {
        path: path(),
        wanted: ca.hash.to_string(),
        found: found.to_string(),
    })
}

/// Whether an object may come from anywhere: built here, addressed by its content, or signed.
fn is_trusted(store: &LocalStore, info: &PathInfo) -> StoreResult<bool> {
    let dir = &store.layout.store_dir;
    if info.is_content_addressed(dir)? {
        return Ok(true);
    }
    let fingerprint = info.fingerprint(dir);
    let signed = |text: &String| {
        let Ok(signature) = text.parse::<Signature>() else {
            return false;
        };
        let mut keys = store.options.trusted_keys.iter();
        keys.any(|key| key.verify(fingerprint.as_bytes(), &signature))
    };
    Ok(info.signatures.iter().any(signed))
}
