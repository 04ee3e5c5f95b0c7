//! Generations of the system and their entries in the menu.

use super::Settings;
use super::counting::FIRST;
use crate::{Error, Result, files};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// A generation of the system profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// Folder of the system.
    pub system: PathBuf,
}

/// The generations in the folder of profiles, the oldest first.
///
/// # Errors
/// When the folder can't be read.
pub fn generations(profiles: &Path) -> Result<Vec<Generation>> {
    if !profiles.exists() {
        return Ok(Vec::new());
    }
    let mut found: Vec<Generation> = files::entries(profiles)?
        .iter()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix("system-")?.strip_suffix("-link")?;
            let system = fs::canonicalize(entry.path()).ok()?;
            Some(Generation { number: number.parse().ok()?, system })
        })
        .collect();
    found.sort_by_key(|generation| generation.number);
    Ok(found)
}

impl Generation {
    /// The system itself and its specialisations by name.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn variants(&self) -> Result<Vec<(Option<String>, PathBuf)>> {
        let mut all = vec![(None, self.system.clone())];
        let folder = self.system.join("specialisation");
        if folder.is_dir() {
            for entry in files::entries(&folder)? {
                let system = fs::canonicalize(entry.path())
                    .map_err(|err| Error::io("find the system", &entry.path(), &err))?;
                all.push((Some(entry.file_name().to_string_lossy().into_owned()), system));
            }
        }
        Ok(all)
    }
}

/// The name of an entry's file, without counters and `.conf`.
pub fn base_name(number: u64, specialisation: Option<&str>) -> String {
    let variant = specialisation.map(|name| format!("-specialisation-{name}")).unwrap_or_default();
    format!("nixos-generation-{number}{variant}")
}

/// The loader's own settings. Without a default, and where attempts are counted, the first in the menu starts.
pub fn loader_conf(settings: &Settings, default: Option<&str>) -> String {
    let timeout = settings.timeout.map_or_else(|| "menu-force".to_owned(), |s| s.to_string());
    let default = default.filter(|_| settings.tries.is_none()).unwrap_or("nixos-*");
    let mut text = format!("timeout {timeout}\ndefault {default}\n");
    if !settings.editor {
        text += "editor 0\n";
    }
    if settings.reboot_for_bitlocker {
        text += "reboot-for-bitlocker yes\n";
    }
    if !settings.console_mode.is_empty() {
        let _ = writeln!(text, "console-mode {}", settings.console_mode);
    }
    text
}

/// One entry.
#[derive(Debug)]
pub struct Entry {
    title: String,
    sort_key: String,
    version: String,
    options: String,
    /// The kernel.
    pub kernel: PathBuf,
    /// Its name on the partition.
    pub kernel_name: String,
    /// The initial file system and its name on the partition.
    pub initrd: Option<(PathBuf, String)>,
}

impl Entry {
    /// The entry of a system.
    ///
    /// # Errors
    /// When the system has no kernel.
    pub fn of(
        settings: &Settings,
        number: u64,
        specialisation: Option<&str>,
        system: &Path,
    ) -> Result<Self> {
        let real = |name: &str| {
            let path = system.join(name);
            fs::canonicalize(&path).map_err(|err| Error::io("find", &path, &err))
        };
        let kernel = real("kernel")?;
        let initrd = system.join("initrd").exists().then(|| real("initrd")).transpose()?;
        let text = |name: &str| {
            files::read_text_if_there(&system.join(name)).map(|text| text.unwrap_or_default())
        };
        let variant = specialisation.map(|name| format!(" ({name})")).unwrap_or_default();
        let options = format!("init={} {}", system.join("init").display(), text("kernel-params")?);
        Ok(Self {
            title: format!("{}{variant}", settings.title),
            sort_key: settings.sort_key.clone(),
            version: format!(
                "Generation {number} {} {}",
                settings.title,
                text("nixos-version")?.trim()
            ),
            options: options.trim().to_owned(),
            kernel_name: name_of(&kernel),
            kernel,
            initrd: initrd.map(|path| (path.clone(), name_of(&path))),
        })
    }

    /// The text of its file; `first` puts it before all others in the menu.
    pub fn text(&self, first: bool) -> String {
        let initrd = self.initrd.as_ref().map(|(_, name)| format!("initrd /EFI/nixos/{name}\n"));
        format!(
            "title {}\nsort-key {}{}\nversion {}\nlinux /EFI/nixos/{}\n{}options {}\n",
            self.title,
            if first { FIRST } else { "" },
            if self.sort_key.is_empty() { "nixos" } else { &self.sort_key },
            self.version,
            self.kernel_name,
            initrd.unwrap_or_default(),
            self.options
        )
    }
}

/// `hash-linux-6.1-bzImage.efi`: the store path and the file in it.
fn name_of(path: &Path) -> String {
    let mut parts: Vec<_> = path.components().rev().take(2).collect();
    // A kernel may lie deeper: what counts is the store path, the folder that begins with a hash.
    let store = path.components().find(|part| {
        let text = part.as_os_str().to_string_lossy();
        text.len() > 33 && text.as_bytes()[32] == b'-'
    });
    if let Some(store) = store {
        parts[1] = store;
    }
    let names: Vec<_> = parts.iter().rev().map(|part| part.as_os_str().to_string_lossy()).collect();
    format!("{}.efi", names.join("-"))
}
