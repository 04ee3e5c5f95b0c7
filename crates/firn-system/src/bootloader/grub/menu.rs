//! The text of `grub.cfg`.

use super::folder::At;
use super::{Grub, User};
use crate::bootloader::Settings;
use crate::{Error, Result, files};
use std::fmt::Write;
use std::path::Path;

/// The font's name in the boot folder.
pub const FONT: &str = "converted-font.pf2";
/// The theme's.
pub const THEME: &str = "theme";

/// The picture's: GRUB's module for it is named by the ending.
pub fn picture_name(source: &Path) -> String {
    format!("background.{}", picture_kind(source))
}

fn picture_kind(source: &Path) -> String {
    let ending = source.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if ending == "jpg" { "jpeg".into() } else { ending }
}

/// What an entry starts, as GRUB sees it.
#[derive(Debug)]
pub struct Started {
    /// The kernel.
    pub kernel: String,
    /// Initial file systems.
    pub initrd: String,
    /// The kernel's command line.
    pub parameters: String,
}

/// A menu that is being written.
pub struct Menu<'a> {
    settings: &'a Settings,
    grub: &'a Grub,
    at: &'a At<'a>,
    text: String,
    /// Files of the theme.
    pub theme_files: Vec<String>,
}

impl<'a> Menu<'a> {
    /// An empty menu with the users who may change things.
    ///
    /// # Errors
    /// When a user has no password, or it can't be read.
    pub fn new(settings: &'a Settings, grub: &'a Grub, at: &'a At<'a>) -> Result<Self> {
        let mut text =
            "# Made by the activation of the system; what is changed here is lost.\n".to_owned();
        for (name, user) in &grub.users {
            text += &password(name, user)?;
        }
        if !grub.users.is_empty() {
            let names: Vec<&str> = grub.users.keys().map(String::as_str).collect();
            let _ = writeln!(text, "set superusers=\"{}\"", names.join(" "));
        }
        Ok(Self { settings, grub, at, text, theme_files: Vec::new() })
    }

    fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.text += line;
            self.text.push('\n');
        }
    }

    /// Commands that find the boot folder and the store.
    fn searches(&self) -> Vec<String> {
        let store = self.at.store.iter().map(|store| store.search.clone());
        [self.at.boot.search.clone()]
            .into_iter()
            .chain(store)
            .filter(|search| !search.is_empty())
            .collect()
    }

    /// Everything before the entries, and those that come first.
    pub fn begin(&mut self) {
        for search in self.searches() {
            self.line(&search);
        }
        self.choice();
        self.graphics();
        self.line(self.grub.look.extra_config.trim_end());
        self.text.push('\n');
        if self.grub.look.extra_entries_first {
            self.extra_entries();
        }
    }

    /// Which entry starts, and when: once what `grub-reboot` names, else the default.
    fn choice(&mut self) {
        let default = match &*self.grub.default {
            "saved" => "\"${saved_entry}\"",
            default => default,
        };
        let timeout = self.settings.timeout.unwrap_or(-1);
        let style = &self.grub.timeout_style;
        let _ = write!(
            self.text,
            r#"if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${{next_entry}}" ]; then
  set default="${{next_entry}}"
  set next_entry=
  save_env next_entry
  set timeout=1
  set boot_once=true
else
  set default={default}
  set timeout={timeout}
fi
set timeout_style={style}
function savedefault {{
  if [ -z "${{boot_once}}" ]; then
    saved_entry="${{chosen}}"
    save_env saved_entry
  fi
}}
"#
        );
    }

    fn graphics(&mut self) {
        let (grub, path) = (self.grub, &self.at.boot.path);
        let look = &grub.look;
        self.text += "if [ \"${grub_platform}\" = \"efi\" ]; then\n  insmod efi_gop\n  insmod efi_uga\nelse\n  insmod vbe\nfi\n";
        if look.font.is_some() {
            let _ = write!(
                self.text,
                r#"insmod font
if loadfont {path}/{FONT}; then
  insmod gfxterm
  if [ "${{grub_platform}}" = "efi" ]; then
    set gfxmode={}
    set gfxpayload={}
  else
    set gfxmode={}
    set gfxpayload={}
  fi
  terminal_output gfxterm
fi
"#,
                look.gfxmode_efi, look.gfxpayload_efi, look.gfxmode_bios, look.gfxpayload_bios
            );
        }
        if let Some(picture) = &look.splash_image {
            if let Some(colour) = &look.background_color {
                let _ = writeln!(self.text, "background_color '{colour}'");
            }
            let _ = write!(
                self.text,
                "insmod {}\nif background_image --mode '{}' {path}/{}; then\n  set color_normal=white/black\n  \
                 set color_highlight=black/white\nelse\n  set menu_color_normal=cyan/blue\n  \
                 set menu_color_highlight=white/blue\nfi\n",
                picture_kind(picture),
                look.splash_mode,
                picture_name(picture)
            );
        }
        self.theme();
    }

    fn theme(&mut self) {
        if self.grub.look.theme.is_none() {
            return;
        }
        let folder = format!("{}/{THEME}", self.at.boot.path);
        let ends = |name: &str, endings: &[&str]| {
            endings.iter().any(|ending| name.to_lowercase().ends_with(ending))
        };
        for (module, endings) in [("png", &[".png"][..]), ("jpeg", &[".jpg", ".jpeg"])] {
            if self.theme_files.iter().any(|name| ends(name, endings)) {
                let _ = writeln!(self.text, "insmod {module}");
            }
        }
        let _ = writeln!(self.text, "set theme={folder}/theme.txt\nexport theme");
        for font in self.theme_files.iter().filter(|name| ends(name, &[".pf2"])) {
            let _ = writeln!(self.text, "loadfont {folder}/{font}");
        }
    }

    fn extra_entries(&mut self) {
        let text = self.grub.look.extra_entries.replace("@bootRoot@", &self.at.boot.path);
        self.line(text.trim_end());
    }

    /// The configuration's own entries, unless they came first.
    pub fn further(&mut self) {
        if !self.grub.look.extra_entries_first {
            self.extra_entries();
        }
    }

    /// Begins a menu inside the menu.
    pub fn open(&mut self, title: &str) {
        let _ = writeln!(self.text, "submenu \"{title}\" --class submenu {{");
    }

    /// Ends it.
    pub fn close(&mut self) {
        self.text += "}\n";
    }

    /// An entry.
    pub fn entry(&mut self, title: &str, options: &str, started: &Started) {
        let space = if options.is_empty() { "" } else { " " };
        let _ = writeln!(self.text, "menuentry \"{title}\"{space}{options} {{");
        if self.grub.default == "saved" {
            self.line("  savedefault");
        }
        for search in self.searches() {
            self.line(&format!("  {search}"));
        }
        let own = self.grub.look.extra_per_entry_config.trim_end();
        if !own.is_empty() {
            self.line(&format!("  {own}"));
        }
        let Started { kernel, initrd, parameters } = started;
        let _ = writeln!(self.text, "  linux {kernel} {parameters}\n  initrd {initrd}\n}}\n");
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

/// The line that tells a user's password.
fn password(name: &str, user: &User) -> Result<String> {
    let first_line = |path: &Path| {
        files::read_text(path).map(|text| text.lines().next().unwrap_or_default().to_owned())
    };
    let or_file = |given: &Option<String>, file: &Option<std::path::PathBuf>| match file {
        Some(file) => first_line(file).map(Some),
        None => Ok(given.clone()),
    };
    let option = format!("boot.loader.grub.users.{name}");
    if let Some(hash) = or_file(&user.hashed_password, &user.hashed_password_file)? {
        return if hash.starts_with("grub.pbkdf2.") {
            Ok(format!("password_pbkdf2 {name} {hash}\n"))
        } else {
            Err(Error::new(format!("{option}: the hash is none of `grub-mkpasswd-pbkdf2`")))
        };
    }
    match or_file(&user.password, &user.password_file)? {
        Some(plain) => Ok(format!("password {name} {plain}\n")),
        None => Err(Error::new(format!("{option} has no password"))
            .with_help("set hashedPasswordFile, or another option of a password")),
    }
}
