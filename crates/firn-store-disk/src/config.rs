//! Where a local store lies, and how it behaves.

use std::path::{Path, PathBuf};

use firn_formats::{PublicKey, StoreDir};

/// The folders of a local store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The logical store folder, which paths are computed with: usually `/nix/store`.
    pub store_dir: StoreDir,
    /// The folder where objects really lie.
    pub real_store: PathBuf,
    /// The folder of database, roots and profiles: usually `/nix/var/nix`.
    pub state: PathBuf,
    /// The folder of build logs: usually `/nix/var/log/nix`.
    pub log: PathBuf,
}

impl Layout {
    /// The store of the machine: `/nix`.
    pub fn system() -> Self {
        Self::chroot(Path::new("/"))
    }

    /// A store below `root` whose objects believe they are in `/nix/store`: what `--store ROOT`
    /// means, and what programs without root use in the user's data folder.
    pub fn chroot(root: &Path) -> Self {
        Self {
            store_dir: StoreDir::default(),
            real_store: root.join("nix/store"),
            state: root.join("nix/var/nix"),
            log: root.join("nix/var/log/nix"),
        }
    }

    /// Whether objects lie where their paths say, so that they can be used without a namespace.
    pub fn is_native(&self) -> bool {
        self.real_store == Path::new(self.store_dir.as_str())
    }

    /// The folder of the database.
    pub fn db(&self) -> PathBuf {
        self.state.join("db")
    }

    /// The file that only takes space, until a collection needs it.
    pub fn reserved(&self) -> PathBuf {
        self.db().join("reserved")
    }

    /// The folder of hard-linked file contents.
    pub fn links(&self) -> PathBuf {
        self.real_store.join(".links")
    }

    /// The folder of roots.
    pub fn gc_roots(&self) -> PathBuf {
        self.state.join("gcroots")
    }
}

/// How a local store behaves; the names are those of the settings.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Hard-link files of equal content when they are added (`auto-optimise-store`).
    pub auto_optimise: bool,
    /// Bring contents to the disk before they are registered, so that not even a power failure
    /// leaves a registered object incomplete (`fsync-store-paths`).
    pub fsync_store_paths: bool,
    /// Refuse unsigned objects where signatures are checked (`require-sigs`).
    pub require_sigs: bool,
    /// Keys whose signatures count (`trusted-public-keys`).
    pub trusted_keys: Vec<PublicKey>,
    /// Archives up to this size in bytes are held in memory while they are added; larger ones go
    /// through a file (`nar-buffer-size`).
    pub nar_buffer_size: usize,
    /// Bytes set aside for a collection on a full disk, which the database could not do without
    /// (`gc-reserved-space`).
    pub gc_reserved_space: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            auto_optimise: false,
            fsync_store_paths: false,
            require_sigs: true,
            trusted_keys: Vec::new(),
            nar_buffer_size: 64 * 1024 * 1024,
            gc_reserved_space: 8 * 1024 * 1024,
        }
    }
}
