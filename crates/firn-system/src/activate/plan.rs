//! `activation.json`: what activating a system does, as data. Made by `nix/modules/core`.

use crate::{Error, Result, files};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Version of the format that this program understands.
const VERSION: u32 = 1;

/// The whole plan.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Version of the format.
    pub version: u32,
    /// Name of the machine, may be empty.
    #[serde(default)]
    pub host_name: String,
    /// Whether the machine is a container.
    #[serde(default)]
    pub container: bool,
    /// The merged `/usr` tree.
    pub usr: PathBuf,
    /// Files in `/etc`.
    pub etc: Etc,
    /// Users and groups.
    pub users: Accounts,
    /// Programs with privileges.
    #[serde(default)]
    pub wrappers: Wrappers,
    /// Steps in their order.
    pub steps: Vec<Step>,
    /// The shell that runs snippets.
    pub shell: PathBuf,
    /// PATH of snippets.
    #[serde(default)]
    pub path: String,
}

/// Files in `/etc`.
#[derive(Debug, Deserialize, Default)]
pub struct Etc {
    /// Folder that holds all of them.
    pub source: PathBuf,
    /// Those that are copied.
    #[serde(default)]
    pub copies: Vec<Copy>,
    /// Those whose link leads where the static one leads, not through `/etc/static`.
    #[serde(default)]
    pub direct: Vec<String>,
}

/// A file in `/etc` that has an owner and mode of its own.
#[derive(Debug, Deserialize)]
pub struct Copy {
    /// Path below `/etc`.
    pub path: String,
    /// Octal access mode.
    pub mode: String,
    /// Name of the owner, or `+` and a number.
    pub user: String,
    /// Name of the group, or `+` and a number.
    pub group: String,
}

/// Users and groups.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Accounts {
    /// Whether accounts made on the machine are kept.
    pub mutable: bool,
    /// Declared users.
    pub users: Vec<User>,
    /// Declared groups.
    pub groups: Vec<Group>,
}

/// A declared user.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// Name of the account.
    pub name: String,
    /// User id, or one is chosen.
    pub uid: Option<u32>,
    /// Name of the primary group.
    pub group: String,
    /// Who it is.
    pub description: String,
    /// Home folder.
    pub home: String,
    /// Octal mode of the home folder.
    pub home_mode: String,
    /// Whether the home folder is made.
    pub create_home: bool,
    /// Login shell.
    pub shell: String,
    /// Whether its id is below 1000.
    pub is_system: bool,
    /// Where the password comes from.
    pub passwords: Passwords,
    /// Ranges of user ids for namespaces: first id and count.
    pub sub_uids: Vec<(u32, u32)>,
    /// Ranges of group ids for namespaces.
    pub sub_gids: Vec<(u32, u32)>,
    /// Whether such a range is chosen.
    pub auto_sub_ids: bool,
    /// Day of expiry, `YYYY-MM-DD`.
    pub expires: Option<String>,
}

/// Where a user's password comes from; the first that is there counts.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Passwords {
    /// File that holds a hash.
    pub hashed_password_file: Option<PathBuf>,
    /// Hash.
    pub hashed_password: Option<String>,
    /// Clear text.
    pub password: Option<String>,
    /// Hash for a new account.
    pub initial_hashed_password: Option<String>,
    /// Clear text for a new account.
    pub initial_password: Option<String>,
}

/// A declared group.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Group id, or one is chosen.
    pub gid: Option<u32>,
    /// Names of its members.
    pub members: Vec<String>,
}

/// Programs with privileges.
#[derive(Debug, Deserialize, Default)]
pub struct Wrappers {
    /// Their folder.
    pub folder: PathBuf,
    /// The programs.
    #[serde(default)]
    pub programs: Vec<Wrapper>,
}

/// A program with privileges.
#[derive(Debug, Deserialize)]
pub struct Wrapper {
    /// Its name in the folder.
    pub name: String,
    /// The program in the store.
    pub source: PathBuf,
    /// Owner by name.
    pub owner: String,
    /// Group by name.
    pub group: String,
    /// Who may run it, as chmod says it.
    pub permissions: String,
    /// Capabilities, as setcap says them.
    #[serde(default)]
    pub capabilities: String,
    /// Whether it runs as its owner.
    #[serde(default)]
    pub setuid: bool,
    /// Whether it runs as its group.
    #[serde(default)]
    pub setgid: bool,
}

/// A step: one of the program's own, or shell code.
#[derive(Debug, Deserialize, Clone)]
#[serde(untagged)]
pub enum Step {
    /// A step of the program's own, by name.
    Builtin {
        /// Its name.
        builtin: String,
    },
    /// Shell code.
    Snippet {
        /// Its name.
        name: String,
        /// The code.
        text: String,
        /// Whether it may run in a dry activation.
        #[serde(default)]
        dry: bool,
    },
}

impl Plan {
    /// The plan of the system in the folder `toplevel`.
    ///
    /// # Errors
    /// When it can't be read, is no plan, or is of another version.
    pub fn of(toplevel: &Path) -> Result<Self> {
        let path = toplevel.join("activation.json");
        let text = files::read_text(&path)?;
        Self::parse(&text).map_err(|err| err.within(path.display()))
    }

    /// A plan from its text.
    ///
    /// # Errors
    /// When it is no plan, or is of another version.
    pub fn parse(text: &str) -> Result<Self> {
        let plan: Self = serde_json::from_str(text)
            .map_err(|err| Error::new(format!("this is no plan of an activation: {err}")))?;
        if plan.version != VERSION {
            return Err(Error::new(format!(
                "the plan has version {}, this program understands {VERSION}",
                plan.version
            ))
            .with_help("activate the system with its own program, `bin/switch-to-configuration`"));
        }
        Ok(plan)
    }
}

/// Ids by name, of users or of groups.
pub type Ids = BTreeMap<String, u32>;
