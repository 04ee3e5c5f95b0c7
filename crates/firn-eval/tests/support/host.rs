//! A host over the real file system, without a store.

use std::any::Any;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use firn_eval::{ContextElem, FileType, Host, HostError, HostResult};

/// Reads files; remembers nothing.
pub struct FileHost;

/// How often a [`FileHost`] heard that memory has grown.
pub static GREW: AtomicUsize = AtomicUsize::new(0);

/// Whether the user asked to stop, as a [`FileHost`] says.
pub static STOP: AtomicBool = AtomicBool::new(false);

fn kind(t: fs::FileType) -> FileType {
    if t.is_dir() {
        FileType::Directory
    } else if t.is_symlink() {
        FileType::Symlink
    } else if t.is_file() {
        FileType::Regular
    } else {
        FileType::Unknown
    }
}

impl Host for FileHost {
    fn read_file(&self, path: &str) -> HostResult<Vec<u8>> {
        fs::read(path).map_err(|e| HostError::new(format!("opening file '{path}': {e}")))
    }

    fn read_dir(&self, path: &str) -> HostResult<Vec<(Vec<u8>, FileType)>> {
        let failed = |e: std::io::Error| HostError::new(format!("reading directory '{path}': {e}"));
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = kind(entry.file_type().map_err(failed)?);
            entries.push((entry.file_name().as_bytes().to_vec(), kind));
        }
        Ok(entries)
    }

    fn file_type(&self, path: &str) -> HostResult<Option<FileType>> {
        Ok(fs::symlink_metadata(path).ok().map(|m| kind(m.file_type())))
    }

    fn path_exists(&self, path: &str) -> HostResult<bool> {
        Ok(fs::metadata(path).is_ok())
    }

    fn read_link(&self, path: &str) -> HostResult<Option<Vec<u8>>> {
        Ok(fs::read_link(path).ok().map(|target| target.into_os_string().into_vec()))
    }

    fn resolve_links(&self, path: &str) -> HostResult<String> {
        match fs::canonicalize(path) {
            Ok(p) => Ok(p.to_string_lossy().into_owned()),
            Err(_) => Err(HostError::new(format!("path '{path}' does not exist"))),
        }
    }

    fn env_var(&self, name: &str) -> Option<Vec<u8>> {
        std::env::var_os(name).map(|v| v.into_vec())
    }

    fn search_path_entry(&self, element: &str) -> HostResult<Option<String>> {
        Ok(fs::metadata(element).is_ok().then(|| element.to_owned()))
    }

    fn copy_to_store(&self, path: &str) -> HostResult<String> {
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(format!("/nix/store/00000000000000000000000000000000-{name}"))
    }

    fn realise(&self, _: &[ContextElem]) -> HostResult<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn interrupted(&self) -> bool {
        STOP.load(Ordering::Relaxed)
    }

    fn memory_grew(&self) {
        GREW.fetch_add(1, Ordering::Relaxed);
    }

    fn trace(&self, message: &str) {
        eprintln!("trace: {message}");
    }

    fn warn(&self, message: &str) {
        eprintln!("evaluation warning: {message}");
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
