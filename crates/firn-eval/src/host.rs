//! What the evaluator asks the outside for. It has no file system, clock, environment or store of
//! its own: an embedder implements [`Host`] (`firn-instantiate` does, over a real store).

use std::any::Any;

use crate::context::ContextElem;
use crate::error::ErrorKind;

/// Why a host could not do something.
#[derive(Debug, Clone)]
pub struct HostError {
    /// What failed, as the message of the evaluation error.
    pub message: String,
    /// The sort of error: mostly [`ErrorKind::Outside`] or [`ErrorKind::Restricted`].
    pub kind: ErrorKind,
}

impl HostError {
    /// An error of the outside.
    pub fn new(message: impl Into<String>) -> HostError {
        HostError { message: message.into(), kind: ErrorKind::Outside }
    }

    /// Access refused.
    pub fn restricted(message: impl Into<String>) -> HostError {
        HostError { message: message.into(), kind: ErrorKind::Restricted }
    }
}

/// Result of a host's answer.
pub type HostResult<T> = Result<T, HostError>;

/// Type of a file, as `builtins.readFileType` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// `"regular"`
    Regular,
    /// `"directory"`
    Directory,
    /// `"symlink"`
    Symlink,
    /// `"unknown"`
    Unknown,
}

impl FileType {
    /// The name that builtins give it.
    pub fn name(self) -> &'static str {
        match self {
            FileType::Regular => "regular",
            FileType::Directory => "directory",
            FileType::Symlink => "symlink",
            FileType::Unknown => "unknown",
        }
    }
}

/// Facts fixed for one evaluation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `builtins.storeDir`
    pub store_dir: String,
    /// `builtins.nixVersion`
    pub nix_version: String,
    /// `builtins.currentSystem`, absent in pure evaluation.
    pub current_system: Option<String>,
    /// `builtins.currentTime`, absent in pure evaluation.
    pub current_time: Option<i64>,
    /// Whether impure builtins are absent.
    pub pure: bool,
    /// Whether the environment is hidden, as with `restrict-eval`.
    pub restricted: bool,
    /// `builtins.nixPath`: prefix and path.
    pub nix_path: Vec<(String, String)>,
    /// Calls inside each other, at most.
    pub max_call_depth: u32,
    /// Whether `builtins.traceVerbose` traces.
    pub trace_verbose: bool,
    /// Whether `builtins.warn` is an error.
    pub abort_on_warn: bool,
    /// Whether `builtins.trace` and `builtins.warn` say nothing: for looking at values that nobody asked for.
    pub silent: bool,
    /// Names of enabled experimental features.
    pub features: Vec<String>,
    /// What to do about URL literals, short and absolute path literals, in this order
    /// (`lint-url-literals`, `lint-short-path-literals`, `lint-absolute-path-literals`).
    pub lints: [firn_syntax::Lint; 3],
    /// Whether `builtins.firn` has helpers for the module system of `nix/lib`, which gives the same
    /// results without them.
    pub helpers: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            store_dir: "/nix/store".into(),
            nix_version: "2.34.8".into(),
            current_system: Some("x86_64-linux".into()),
            current_time: Some(0),
            pure: false,
            restricted: false,
            nix_path: Vec::new(),
            max_call_depth: 10_000,
            trace_verbose: false,
            abort_on_warn: false,
            silent: false,
            features: Vec::new(),
            lints: [firn_syntax::Lint::Ignore; 3],
            helpers: true,
        }
    }
}

/// What a parsed file is kept under.
pub type TreeKey = [u8; 16];

/// What stands for a plain file as the file system has it, without its text.
#[derive(Debug, Clone, Copy)]
pub struct FileMark {
    /// A hash of what the file system says of it.
    pub key: TreeKey,
    /// Bytes of its text.
    pub size: usize,
    /// Whether a text that is read now will be the file's for as long as the mark is.
    pub is_settled: bool,
}

/// The outside. All paths are absolute and without `.` and `..`.
pub trait Host: Any {
    /// The content of a file, symbolic links followed.
    fn read_file(&self, path: &str) -> HostResult<Vec<u8>>;
    /// Which store paths the content of a file in the store refers to.
    fn references_in(&self, _path: &str, _content: &[u8]) -> HostResult<Vec<ContextElem>> {
        Ok(Vec::new())
    }
    /// The entries of a directory, in any order.
    fn read_dir(&self, path: &str) -> HostResult<Vec<(Vec<u8>, FileType)>>;
    /// The type of what is at a path, the last link not followed; nothing when nothing is there.
    fn file_type(&self, path: &str) -> HostResult<Option<FileType>>;
    /// Whether something is at a path, links followed.
    fn path_exists(&self, path: &str) -> HostResult<bool>;
    /// Where the symbolic link at a path leads, as it is written; nothing if there is none.
    fn read_link(&self, path: &str) -> HostResult<Option<Vec<u8>>>;
    /// The path with symbolic links resolved.
    fn resolve_links(&self, path: &str) -> HostResult<String>;
    /// A path as messages show it: sources that were copied to the store by where they come from.
    fn shown_path<'p>(&self, path: &'p str) -> std::borrow::Cow<'p, str> {
        path.into()
    }
    /// What to say when nothing is at a path.
    fn missing_text(&self, path: &str) -> String {
        format!("path '{path}' does not exist")
    }
    /// A variable of the process environment.
    fn env_var(&self, name: &str) -> Option<Vec<u8>>;
    /// The directory behind an element of the search path (a path, or something to fetch); nothing
    /// when it does not exist.
    fn search_path_entry(&self, element: &str) -> HostResult<Option<String>>;
    /// Copies a file or directory to the store; returns the store path.
    fn copy_to_store(&self, path: &str) -> HostResult<String>;
    /// Makes sure that what a context names exists (builds it, in an import from derivation).
    /// Returns texts to be replaced: placeholders with real paths.
    fn realise(&self, context: &[ContextElem]) -> HostResult<Vec<(String, String)>>;
    /// Where a file of the expressions' world is in the file system, if it can be read there again.
    fn place(&self, _path: &str) -> Option<std::path::PathBuf> {
        None
    }
    /// A parsed file that was kept ([`Host::keep_tree`]), by a hash that stands for its text.
    fn kept_tree(&self, _key: &TreeKey) -> Option<firn_syntax::Stretch> {
        None
    }
    /// Keeps a parsed file for later runs, if this host does.
    fn keep_tree(&self, _key: TreeKey, _tree: &dyn Fn() -> Option<Vec<u8>>) {}
    /// What stands for a file as it is now, together with `salt`; nothing where it has to be read.
    fn file_mark(&self, _path: &str, _salt: &[u8]) -> Option<FileMark> {
        None
    }
    /// The kept tree of a file that has the same mark as when [`Host::mark_tree`] was told.
    fn marked_tree(&self, _mark: &FileMark) -> Option<firn_syntax::Stretch> {
        None
    }
    /// Notes that the tree of the file with this mark is the one that is kept under `key`.
    fn mark_tree(&self, _mark: &FileMark, _key: TreeKey) {}
    /// Whether parsed files are kept.
    fn keeps_trees(&self) -> bool {
        false
    }
    /// Called when the evaluation has taken some megabytes more: what this host can have again at little
    /// cost may go.
    fn memory_grew(&self) {}
    /// `builtins.trace` and its like.
    fn trace(&self, message: &str);
    /// Prints a warning that an expression gives (`builtins.warn`).
    fn evaluation_warning(&self, message: &str) {
        self.warn(message);
    }
    /// A warning of the evaluator.
    fn warn(&self, message: &str);
    /// A message that is complete as it is, such as a parser's warning with its place; by default
    /// nobody sees it.
    fn report(&self, _text: &str) {}
    /// Whether the user asked to stop; must be cheap.
    fn interrupted(&self) -> bool {
        false
    }
    /// For builtins of other crates, which know the concrete type.
    fn as_any(&self) -> &dyn Any;
}
