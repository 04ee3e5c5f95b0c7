//! Where `mirror://debian/PATH` is found: the mirrors that the machine's apt is configured with,
//! then Debian's archive of all that it ever published.
//!
//! Formats: sources.list(5), one line per source and deb822 paragraphs.

use std::fs;
use std::path::Path;

/// Debian's own archive of everything, at a time after the last point release of bookworm. It is
/// slow and meant as a last resort, but it never loses a file.
pub const SNAPSHOT: &str = "https://snapshot.debian.org/archive/debian/20260715T000000Z";

/// The scheme and authority of urls that are resolved here.
const PREFIX: &str = "mirror://debian/";

/// The path of a `mirror://debian/PATH` url.
pub fn debian_path(url: &str) -> Option<&str> {
    url.strip_prefix(PREFIX)
}

/// `path` below `base`.
pub fn join(base: &str, path: &str) -> String {
    format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
}

/// The bases to try: what the user set (`debian-mirrors`) alone, or else what apt is configured
/// with; the snapshot archive is always last.
pub fn bases(set_by_user: &[String], apt_folder: &Path) -> Vec<String> {
    let mut bases =
        if set_by_user.is_empty() { from_apt(apt_folder) } else { set_by_user.to_vec() };
    bases.push(SNAPSHOT.to_owned());
    let mut seen = std::collections::BTreeSet::new();
    bases.retain(|base| seen.insert(base.trim_end_matches('/').to_owned()));
    bases
}

/// The bases of binary packages of `main` in apt's configuration (`/etc/apt`). Those of security
/// updates come last, for they hold few packages.
pub fn from_apt(apt_folder: &Path) -> Vec<String> {
    let mut found = fs::read_to_string(apt_folder.join("sources.list"))
        .map(|text| parse_list(&text))
        .unwrap_or_default();
    let mut parts: Vec<_> = fs::read_dir(apt_folder.join("sources.list.d"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    parts.sort();
    for path in parts {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        match path.extension().and_then(|e| e.to_str()) {
            Some("list") => found.extend(parse_list(&text)),
            Some("sources") => found.extend(parse_deb822(&text)),
            _ => {}
        }
    }
    found.retain(|base| {
        ["http://", "https://", "file:/"].iter().any(|scheme| base.starts_with(scheme))
    });
    let (security, mut bases): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|base| base.contains("security"));
    bases.extend(security);
    let mut seen = std::collections::BTreeSet::new();
    bases.retain(|base| seen.insert(base.clone()));
    bases
}

/// `deb [options] uri suite component…`
fn parse_list(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter_map(parse_list_line).collect()
}

fn parse_list_line(line: &str) -> Option<String> {
    let rest = line.strip_prefix("deb")?.strip_prefix([' ', '\t'])?.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    let mut words = rest.split_ascii_whitespace();
    let (uri, _suite) = (words.next()?, words.next()?);
    words.any(|component| component == "main").then(|| clean(uri))
}

fn parse_deb822(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for paragraph in lines.split(|line| line.trim().is_empty()) {
        let words = |name: &str| field(paragraph, name);
        let disabled = words("enabled").first().is_some_and(|v| v.eq_ignore_ascii_case("no"));
        let has = |name: &str, wanted: &str| words(name).iter().any(|w| w == wanted);
        if !disabled && has("types", "deb") && has("components", "main") {
            found.extend(words("uris").iter().map(|uri| clean(uri)));
        }
    }
    found
}

/// The words of a field, whose value may go on in indented lines.
fn field(paragraph: &[&str], name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut inside = false;
    for line in paragraph {
        if line.starts_with([' ', '\t']) {
            if inside {
                words.extend(line.split_ascii_whitespace().map(str::to_owned));
            }
        } else if let Some((key, value)) = line.split_once(':') {
            inside = key.trim().eq_ignore_ascii_case(name);
            if inside {
                words.extend(value.split_ascii_whitespace().map(str::to_owned));
            }
        }
    }
    words
}

fn clean(uri: &str) -> String {
    uri.trim_end_matches('/').to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_formats() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "sources.list",
            "# deb http://commented.example/debian x main\n\
             deb-src http://source.example/debian bookworm main\n\
             deb [arch=amd64 signed-by=/k] http://one.example/debian/ bookworm contrib main # why\n\
             deb http://nomain.example/debian bookworm contrib\n\
             deb cdrom:[Debian]/ bookworm main\n\
             deb\n",
        );
        write(
            "sources.list.d/debian.sources",
            "Types: deb\n# note\nURIs: http://security.example/debian-security\nSuites: s\n\
             Components: main\n\n\
             types: deb deb-src\nURIs: https://two.example/debian\n  file:/srv/mirror/debian\n\
             Suites: bookworm\nComponents: main non-free\nSigned-By:\n -----BEGIN\n\n\
             Enabled: no\nTypes: deb\nURIs: http://off.example\nSuites: x\nComponents: main\n",
        );
        write("sources.list.d/old.list.disabled", "deb http://gone.example/ x main\n");
        assert_eq!(
            from_apt(dir.path()),
            [
                "http://one.example/debian",
                "https://two.example/debian",
                "file:/srv/mirror/debian",
                "http://security.example/debian-security",
            ]
        );
        assert_eq!(bases(&["http://m/d/".into()], dir.path()), ["http://m/d/", SNAPSHOT]);
        assert_eq!(bases(&[], Path::new("/no/such/folder")), [SNAPSHOT]);
    }

    #[test]
    fn urls() {
        assert_eq!(debian_path("mirror://debian/pool/main/h"), Some("pool/main/h"));
        assert_eq!(debian_path("mirror://gnu/x"), None);
        assert_eq!(join("http://m/debian/", "/pool/x"), "http://m/debian/pool/x");
    }
}
