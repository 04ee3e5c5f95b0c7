//! `/bin/sh` of sandboxes, for derivations that name none themselves (`sandboxShell`) where the settings name
//! none either (`sandbox-paths`). Builders, and the C library's `system`, count on it being there; the
//! reference shows one that it was built with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use firn_events::{Level, Reporter};
use firn_formats::{StorePath, StorePathSet};
use firn_store::{Store, closure};
use firn_store_disk::LocalStore;

/// The command that puts a shell into the store. It runs once, when a build first wants one.
#[derive(Debug, Clone, PartialEq)]
pub struct ShellCommand {
    program: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    inside: String,
    /// What came of it, for all copies of the command.
    found: Arc<OnceLock<Option<Shell>>>,
}

/// A shell in the store.
#[derive(Debug, PartialEq)]
pub struct Shell {
    /// The program, by its path in sandboxes.
    pub program: String,
    /// The store paths that it needs.
    pub closure: StorePathSet,
}

impl ShellCommand {
    /// A program with its arguments and environment, which prints a store path, and where the shell is below that.
    pub fn new(
        program: PathBuf,
        arguments: &[&str],
        environment: BTreeMap<String, String>,
        inside: &str,
    ) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let inside = inside.to_owned();
        ShellCommand { program, arguments, environment, inside, found: Arc::default() }
    }

    /// The shell, which stays in the store as long as this process runs. That there is none is told once, as a
    /// warning: most builds need none.
    pub fn find(&self, store: &LocalStore, reporter: &Reporter) -> Option<&Shell> {
        let found = self.found.get_or_init(|| match self.run(store) {
            Ok(shell) => Some(shell),
            Err(error) => {
                let text = format!(
                    "builds find no '/bin/sh' in their sandboxes: {error}\nhelp: the setting \
                     'sandbox-paths' takes one of your own: /bin/sh=PROGRAM"
                );
                reporter.message(Level::Warning, text);
                None
            }
        });
        found.as_ref()
    }

    fn run(&self, store: &LocalStore) -> Result<Shell, String> {
        let output = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("'{}' can't be run: {error}", self.program.display()))?;
        if !output.status.success() {
            return Err(last_error(&output.stderr));
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        let path = printed.trim();
        let closure = needed(store, path).map_err(|error| error.to_string())?;
        Ok(Shell { program: format!("{path}/{}", self.inside), closure })
    }
}

/// The closure of a path, which no collection may remove from now on.
fn needed(store: &LocalStore, path: &str) -> firn_store::StoreResult<StorePathSet> {
    let path: StorePath = store.store_dir().parse(path)?;
    store.add_temp_root(&path)?;
    store.require_path_info(&path)?;
    closure(store, &StorePathSet::from([path]))
}

/// The last error of a command that failed: it is the one that ended everything.
fn last_error(stderr: &[u8]) -> String {
    let text = format!("\n{}", String::from_utf8_lossy(stderr));
    text.rsplit_once("\nerror: ").map_or(&*text, |(_, last)| last).trim().to_owned()
}
