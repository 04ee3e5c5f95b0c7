//! Which store a store url means.
//!
//! Source: manual, "Store types" and the setting `store`. Pure but for looking at which folders
//! exist; the caller reads the environment.

use std::path::{Path, PathBuf};

use firn_formats::StoreDir;
use firn_store::{StoreError, StoreResult};
use rustix::fs::{Access, access};

use crate::config::Layout;

/// What the caller knows about the process: where stores may lie.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// `NIX_STORE_DIR`.
    pub store: Option<PathBuf>,
    /// `NIX_STATE_DIR`.
    pub state: Option<PathBuf>,
    /// `NIX_LOG_DIR`.
    pub log: Option<PathBuf>,
    /// The user's data folder, as `~/.local/share`.
    pub data: PathBuf,
    /// `NIX_DAEMON_SOCKET_PATH`.
    pub daemon_socket: Option<PathBuf>,
    /// Whether this is root.
    pub is_root: bool,
}

/// A store that a url names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    /// A store on this machine's disk.
    Local(Layout),
    /// The daemon that listens on this socket.
    Daemon(PathBuf),
    /// No store at all (`dummy://`): evaluation only. Paths are below this folder, if one is named.
    Dummy(Option<PathBuf>),
    /// A store elsewhere, by its url (`https://…`, `ssh://…`, `file://…`).
    Other(String),
}

/// The store that `url` means; `auto` or nothing picks one.
///
/// `auto`: the machine's store where this user may write it, else the daemon if there is one, else
/// without root a store in the user's data folder whose objects believe they are in `/nix/store`.
///
/// # Errors
/// A url that can't be read, a folder that is not absolute.
pub fn choose(url: &str, places: &Places) -> StoreResult<StoreChoice> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let parameters = parameters(query)?;
    let local = |root: Option<&str>| layout(places, root, &parameters).map(StoreChoice::Local);
    match base {
        "" | "auto" if parameters.is_empty() => auto(places),
        "" | "auto" | "local" | "local://" => local(None),
        "daemon" | "unix://" => Ok(StoreChoice::Daemon(socket(places))),
        "dummy://" | "dummy" => {
            let place = parameters.iter().find(|(name, _)| *name == "store");
            Ok(StoreChoice::Dummy(place.map(|(_, place)| place.into())))
        }
        path if path.starts_with('/') => local(Some(path)),
        path if path.starts_with("local:///") => local(Some(&path["local://".len()..])),
        path if path.starts_with("unix:///") => {
            Ok(StoreChoice::Daemon(path["unix://".len()..].into()))
        }
        path if path.starts_with("./") || path.starts_with("../") || path == "." => {
            let path = std::path::absolute(path).map_err(StoreError::io("find", path))?;
            local(Some(&path.to_string_lossy()))
        }
        other if other.contains("://") => Ok(StoreChoice::Other(url.to_owned())),
        other => Err(StoreError::other(format!(
            "'{other}' is no store: give 'auto', 'local', 'daemon', a folder or a url"
        ))),
    }
}

type Parameters<'a> = Vec<(&'a str, String)>;

fn parameters(query: &str) -> StoreResult<Parameters<'_>> {
    let mut found = Vec::new();
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            StoreError::other(format!("'{pair}' in a store url is not of the form name=value"))
        })?;
        found.push((name, decode(value)));
    }
    Ok(found)
}

/// Undoes percent encoding.
fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(value) if byte == b'%' => {
                out.push(value);
                rest = &tail[2..];
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn auto(places: &Places) -> StoreResult<StoreChoice> {
    let layout = layout(places, None, &Parameters::new())?;
    let writable = access(&layout.state, Access::READ_OK | Access::WRITE_OK).is_ok();
    if writable || places.is_root {
        return Ok(StoreChoice::Local(layout));
    }
    let socket = socket(places);
    if socket.exists() {
        return Ok(StoreChoice::Daemon(socket));
    }
    let chosen = places.store.is_some() || places.state.is_some();
    // The reference does so only while there is no /nix at all; a store that root made for itself
    // would leave other users without any.
    if !chosen {
        let root = places.data.join("nix/root");
        return Ok(StoreChoice::Local(Layout::chroot(&root)));
    }
    Ok(StoreChoice::Local(layout))
}

fn socket(places: &Places) -> PathBuf {
    let state = places.state.clone();
    places.daemon_socket.clone().unwrap_or_else(|| {
        state.unwrap_or_else(|| "/nix/var/nix".into()).join("daemon-socket/socket")
    })
}

fn layout(places: &Places, root: Option<&str>, parameters: &Parameters<'_>) -> StoreResult<Layout> {
    let get = |name: &str| {
        let mut all = parameters.iter();
        all.find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    };
    let root = get("root").or(root).filter(|root| *root != "/");
    let mut layout = match root {
        Some(root) => Layout::chroot(Path::new(root)),
        None => {
            let mut layout = Layout::system();
            if let Some(state) = &places.state {
                layout.state = state.clone();
            }
            if let Some(log) = &places.log {
                layout.log = log.clone();
            }
            layout
        }
    };
    let store = places.store.as_ref().map(|p| p.to_string_lossy().into_owned());
    if let Some(store) = get("store").map(str::to_owned).or(store) {
        layout.store_dir = StoreDir::new(&store)?;
        layout.real_store = match root {
            Some(root) => Path::new(root).join("nix/store"),
            None => store.into(),
        };
    }
    for (name, place) in
        [("real", &mut layout.real_store), ("state", &mut layout.state), ("log", &mut layout.log)]
    {
        if let Some(value) = get(name) {
            *place = value.into();
        }
    }
    Ok(layout)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn local(url: &str, places: &Places) -> Layout {
        match choose(url, places).unwrap() {
            StoreChoice::Local(layout) => layout,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn folders_of_each_url() {
        let places = Places::default();
        assert_eq!(local("local", &places), Layout::system());
        let moved = local("/tmp/r", &places);
        assert_eq!(moved, Layout::chroot(Path::new("/tmp/r")));
        assert_eq!(moved.store_dir, StoreDir::default());
        assert_eq!(local("local?root=%2Ftmp%2Fr", &places), moved);
        let real = local("local?real=/a&state=/b&log=/c&store=/d", &places);
        assert_eq!((real.real_store, real.state), ("/a".into(), "/b".into()));
        assert_eq!(real.store_dir.as_str(), "/d");
        assert_eq!(choose("dummy://", &places).unwrap(), StoreChoice::Dummy(None));
        let cache = "https://cache.example";
        assert_eq!(choose(cache, &places).unwrap(), StoreChoice::Other(cache.into()));
        assert!(choose("nonsense", &places).is_err());
        assert!(choose("local?x", &places).is_err());
    }

    #[test]
    fn auto_asks_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let mut places = Places {
            state: Some(folder.path().to_path_buf()),
            data: folder.path().join("data"),
            ..Places::default()
        };
        assert_eq!(local("auto", &places).state, folder.path());
        places.state = Some(folder.path().join("none"));
        assert_eq!(local("auto", &places).state, folder.path().join("none"));
    }
}
