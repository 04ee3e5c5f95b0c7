//! What is in a folder that GRUB starts a machine from: the menu, and kernels where GRUB can't read the store.

use super::menu::{self, Menu, Started};
use super::places::Place;
use super::{Grub, Profile, number_in};
use crate::bootloader::install::{read, there, update};
use crate::bootloader::{Generation, PROFILES, Settings, secrets};
use crate::{Error, Result, files};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Where kernels are in the folder.
const KERNELS: &str = "kernels";

/// The folder, here and as GRUB sees it.
#[derive(Debug)]
pub struct At<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// Where the configuration's own files go.
    pub extra: &'a Path,
    /// The folder for GRUB.
    pub boot: Place,
    /// The store for GRUB; without it kernels are copied.
    pub store: Option<Place>,
}

/// What is to be done.
#[derive(Debug)]
pub struct Work<'a> {
    /// Settings that all loaders have.
    pub settings: &'a Settings,
    /// Those of GRUB.
    pub grub: &'a Grub,
    /// Where.
    pub at: At<'a>,
    /// Generations of the system, the oldest first.
    pub generations: &'a [Generation],
}

impl Work<'_> {
    /// Makes the folder's content, with `system` as the first entry. Returns what there is to say.
    ///
    /// # Errors
    /// When a file of that system can't be read, or the folder can't be written.
    pub fn fill(&self, system: &Path) -> Result<Vec<String>> {
        let mut filling = Filling { work: self, wanted: BTreeSet::new(), said: Vec::new() };
        let mut menu = Menu::new(self.settings, self.grub, &self.at)?;
        self.pictures(&mut menu)?;
        menu.begin();
        let title = &*self.settings.title;
        filling.generation(&mut menu, title, "", system, true)?;
        menu.further();
        for profile in self.profiles()? {
            filling.profile(&mut menu, &profile)?;
        }
        for (place, source) in &self.grub.extra_files {
            update(&self.at.extra.join(place.trim_start_matches('/')), &read(source)?)?;
        }
        let folder = self.at.folder.join("grub");
        files::make_folder_mode(&folder, 0o700)?;
        update(&folder.join("grub.cfg"), menu.finish().as_bytes())?;
        filling.remove_others()?;
        Ok(filling.said)
    }

    /// The system's generations, and those of further profiles.
    fn profiles(&self) -> Result<Vec<Profile>> {
        let title = &self.settings.title;
        let mut generations = self.generations.to_vec();
        generations.reverse();
        let mut all = vec![Profile { title: format!("{title} - All configurations"), generations }];
        for (name, generations) in more_profiles(Path::new(PROFILES))? {
            all.push(Profile { title: format!("{title} - Profile '{name}'"), generations });
        }
        Ok(all)
    }

    /// Copies what the menu is drawn with.
    fn pictures(&self, menu: &mut Menu<'_>) -> Result<()> {
        let look = &self.grub.look;
        let folder = self.at.folder;
        if let Some(font) = &look.font {
            update(&folder.join(menu::FONT), &read(font)?)?;
        }
        if let Some(picture) = &look.splash_image {
            update(&folder.join(menu::picture_name(picture)), &read(picture)?)?;
        }
        let theme = folder.join(menu::THEME);
        if theme.exists() {
            files::remove(&theme)?;
        }
        if let Some(source) = &look.theme {
            let mut copied = Vec::new();
            copy_tree(source, &theme, "", &mut copied)?;
            menu.theme_files = copied;
        }
        Ok(())
    }
}

/// Profiles beside the system's own, as `nixos-rebuild --profile-name` makes them.
fn more_profiles(profiles: &Path) -> Result<Vec<(String, Vec<Generation>)>> {
    let mut found = std::collections::BTreeMap::<String, Vec<Generation>>::new();
    for entry in there(&profiles.join("system-profiles"))? {
        let link = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((number, system)) = number_in(&link).zip(fs::canonicalize(&link).ok()) else {
            continue;
        };
        let profile = name.trim_end_matches("-link").trim_end_matches(char::is_numeric);
        let profile = profile.trim_end_matches('-').to_owned();
        found.entry(profile).or_default().push(Generation { number, system });
    }
    for generations in found.values_mut() {
        generations.sort_by_key(|generation| std::cmp::Reverse(generation.number));
    }
    Ok(found.into_iter().collect())
}

fn copy_tree(source: &Path, target: &Path, inner: &str, copied: &mut Vec<String>) -> Result<()> {
    files::make_folder(target)?;
    for entry in files::entries(source)? {
        let name = entry.file_name().to_string_lossy().into_owned();
        let place = if inner.is_empty() { name.clone() } else { format!("{inner}/{name}") };
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target.join(&name), &place, copied)?;
        } else {
            update(&target.join(&name), &read(&entry.path())?)?;
            copied.push(place);
        }
    }
    Ok(())
}

struct Filling<'a> {
    work: &'a Work<'a>,
    /// Names below [`KERNELS`] that entries need.
    wanted: BTreeSet<String>,
    said: Vec<String>,
}

impl Filling<'_> {
    /// The generations of a profile, as many as the menu shows.
    fn profile(&mut self, menu: &mut Menu<'_>, profile: &Profile) -> Result<()> {
        menu.open(&profile.title);
        let limit = self.work.settings.configuration_limit.unwrap_or(usize::MAX);
        for generation in profile.generations.iter().take(limit) {
            let system = &generation.system;
            let Some(version) = files::read_text_if_there(&system.join("nixos-version"))? else {
                self.said.push(format!("generation {} is no system", generation.number));
                continue;
            };
            let link = Path::new(PROFILES).join(format!("system-{}-link", generation.number));
            let title =
                format!("{} - Configuration {}", self.work.settings.title, generation.number);
            let suffix = format!(" ({} - {})", day_of(&link), version.trim());
            self.generation(menu, &title, &suffix, system, false)?;
        }
        menu.close();
        Ok(())
    }

    /// A system and its specialisations. What is wrong with another than the first is only said.
    fn generation(
        &mut self,
        menu: &mut Menu<'_>,
        title: &str,
        suffix: &str,
        system: &Path,
        first: bool,
    ) -> Result<()> {
        let variants = there(&system.join("specialisation"))?;
        let nested = !first && !variants.is_empty();
        if nested {
            menu.open(&format!("{title}{suffix}"));
        }
        let default = if variants.is_empty() { "" } else { " - Default" };
        let look = &self.work.grub.look;
        let options = if first { &look.entry_options } else { &look.sub_entry_options };
        self.entry(menu, &format!("{title}{default}{suffix}"), system, options, first)?;
        for variant in variants {
            let name = variant_name(&variant.path())?;
            self.entry(menu, &format!("{title} - {name}"), &variant.path(), "", first)?;
        }
        if nested {
            menu.close();
        }
        Ok(())
    }

    fn entry(
        &mut self,
        menu: &mut Menu<'_>,
        title: &str,
        system: &Path,
        options: &str,
        first: bool,
    ) -> Result<()> {
        match self.started(system) {
            Ok(Some(started)) => menu.entry(title, options, &started),
            Ok(None) => {}
            Err(err) if first => return Err(err),
            Err(err) => self.said.push(format!("'{title}' is not in the menu: {err}")),
        }
        Ok(())
    }

    /// What an entry starts; nothing where the system has no kernel.
    fn started(&mut self, system: &Path) -> Result<Option<Started>> {
        let find =
            |path: &Path| fs::canonicalize(path).map_err(|err| Error::io("find", path, &err));
        let system = find(system)?;
        if !system.join("kernel").exists() || !system.join("initrd").exists() {
            return Ok(None);
        }
        let kernel = self.shown(&find(&system.join("kernel"))?)?;
        let mut initrd = self.shown(&find(&system.join("initrd"))?)?;
        let own = crate::bootloader::settings(&system)?.unwrap_or_default();
        if !own.secrets.is_empty() {
            let name =
                format!("{}-secrets", system.file_name().unwrap_or_default().to_string_lossy());
            let path = self.work.at.folder.join(KERNELS).join(&name);
            match secrets::archive(&own.secrets) {
                Ok(content) => update(&path, &content)?,
                // An older system whose secrets are gone keeps those it had.
                Err(err) if path.exists() => self.said.push(format!("'{name}' stays: {err}")),
                Err(err) => return Err(err),
            }
            files::set_mode(&path, 0o600)?;
            initrd = format!("{initrd} {}/{KERNELS}/{name}", self.work.at.boot.path);
            self.wanted.insert(name);
        }
        let parameters = files::read_text_if_there(&system.join("kernel-params"))?;
        Ok(Some(Started {
            kernel,
            initrd,
            parameters: format!(
                "init={} {}",
                system.join("init").display(),
                parameters.unwrap_or_default().trim()
            ),
        }))
    }

    /// A file of the store as GRUB sees it, which is a copy where it can't read the store.
    fn shown(&mut self, path: &Path) -> Result<String> {
        let inner = inside_store(path)?;
        if let Some(store) = &self.work.at.store {
            return Ok(format!("{}/{}", store.path, inner));
        }
        let name = inner.replace('/', "-");
        let target = self.work.at.folder.join(KERNELS).join(&name);
        if self.wanted.insert(name.clone()) && !target.exists() {
            update(&target, &read(path)?)?;
        }
        Ok(format!("{}/{KERNELS}/{name}", self.work.at.boot.path))
    }

    /// Removes kernels of generations that are gone.
    fn remove_others(&mut self) -> Result<()> {
        for entry in there(&self.work.at.folder.join(KERNELS))? {
            if !self.wanted.contains(&*entry.file_name().to_string_lossy()) {
                self.said.push(format!("removing obsolete file {}", entry.path().display()));
                files::remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// `hash-name/file` of a path in the store.
fn inside_store(path: &Path) -> Result<String> {
    let text = path.to_string_lossy();
    let inner = text.split_once("/store/").map(|(_, inner)| inner.to_owned());
    inner.ok_or_else(|| Error::new(format!("'{text}' is not in the store")))
}

/// What the menu calls a specialisation.
fn variant_name(link: &Path) -> Result<String> {
    let text = |name: &str| files::read_text_if_there(&link.join(name));
    if let Some(name) = text("configuration-name")?.filter(|name| !name.is_empty()) {
        return Ok(name.trim_end().to_owned());
    }
    let version = text("nixos-version")?.unwrap_or_default();
    let name = link.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("({name} - {} - {})", day_of(link), version.trim()))
}

/// The day on which a link was made, such as `2026-07-31`.
fn day_of(link: &Path) -> String {
    let seconds = fs::symlink_metadata(link).map_or(0, |meta| meta.mtime());
    day(seconds.div_euclid(86_400))
}

/// The date of a day since 1 January 1970, by the Gregorian calendar: years begin in March here, so that the day that
/// is sometimes missing is their last.
fn day(days: i64) -> String {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + i64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_are_dates() {
        for (days, date) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (19_782, "2024-02-29"),
            (20_665, "2026-07-31"),
            (-1, "1969-12-31"),
        ] {
            assert_eq!(day(days), date);
        }
    }
}
