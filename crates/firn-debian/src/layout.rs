//! Where a file of a Debian system stands in a store path.
//!
//! `/usr` and `/` become one, as on a system with a merged `/usr`, and `sbin` and `games` join
//! `bin`: `/usr/sbin/sshd` is `$out/bin/sshd`, `/lib/systemd/systemd` is
//! `$out/lib/systemd/systemd`, `/etc/ssh/moduli` is `$out/etc/ssh/moduli`.

/// Folder of the architecture's libraries below a store path.
pub const LIB: &str = "lib/x86_64-linux-gnu";
/// The dynamic linker below glibc's store path.
pub const LINKER: &str = "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";

/// An absolute path without `.`, `..`, doubled or trailing slashes; `..` at the root stays there.
pub fn normalize(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut out = String::with_capacity(path.len() + 1);
    for part in &parts {
        out.push('/');
        out.push_str(part);
    }
    if out.is_empty() { "/".to_owned() } else { out }
}

/// The place below `$out` of an absolute, normalized path of a Debian system; empty for `/` and
/// `/usr` themselves.
pub fn place(path: &str) -> String {
    let rest = path.strip_prefix("/usr").filter(|r| r.is_empty() || r.starts_with('/'));
    let rest = rest.unwrap_or(path).trim_start_matches('/');
    for merged in ["sbin", "games"] {
        match rest.strip_prefix(merged) {
            Some("") => return "bin".to_owned(),
            Some(name) if name.starts_with('/') => return format!("bin{name}"),
            _ => {}
        }
    }
    rest.to_owned()
}

/// The path on a running system with a merged `/usr` of something at `place`.
pub fn system_path(place: &str) -> String {
    const MERGED: [&str; 7] = ["bin", "lib", "lib64", "share", "include", "libexec", "src"];
    let top = place.split('/').next().unwrap_or_default();
    if MERGED.contains(&top) { format!("/usr/{place}") } else { format!("/{place}") }
}

/// What is left out: documentation beyond licences, and data of Debian's own tools.
pub fn unwanted(place: &str) -> bool {
    const DROP: [&str; 12] = [
        "share/lintian/",
        "share/bug/",
        "share/doc-base/",
        "share/reportbug/",
        "share/menu/",
        "share/debconf/",
        "share/initramfs-tools/",
        "local/",
        "lib/debug/",
        "etc/init.d/",
        "etc/init/",
        "etc/alternatives/",
    ];
    const SYSTEM: [&str; 9] = ["dev", "proc", "sys", "run", "tmp", "var", "home", "root", "mnt"];
    if let Some(doc) = place.strip_prefix("share/doc/") {
        return !doc.ends_with("/copyright");
    }
    DROP.iter().any(|dir| place.starts_with(dir) || place == &dir[..dir.len() - 1])
        || SYSTEM.contains(&place)
}

/// The parent of a place; empty at the top.
pub fn parent(place: &str) -> &str {
    place.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// The last component of a place.
pub fn base(place: &str) -> &str {
    place.rsplit_once('/').map_or(place, |(_, name)| name)
}

/// The text of a relative symlink that stands in the folder `from` and leads to `to`, both
/// places in one tree.
pub fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').filter(|p| !p.is_empty()).collect();
    let to: Vec<&str> = to.split('/').filter(|p| !p.is_empty()).collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut parts = vec![".."; from.len() - common];
    parts.extend(&to[common..]);
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let cases = [
            ("/usr/bin/env", "bin/env"),
            ("/bin/sh", "bin/sh"),
            ("/usr/sbin/sshd", "bin/sshd"),
            ("/sbin", "bin"),
            ("/lib/systemd/systemd", "lib/systemd/systemd"),
            ("/usr/lib/os-release", "lib/os-release"),
            ("/etc/passwd", "etc/passwd"),
            ("/usr", ""),
            ("/usrlocal/x", "usrlocal/x"),
            ("/usr/games/sl", "bin/sl"),
        ];
        for (path, want) in cases {
            assert_eq!(place(path), want, "{path}");
        }
    }

    #[test]
    fn normalizes_without_leaving_the_root() {
        assert_eq!(normalize("/usr/bin/../../../../etc/./passwd"), "/etc/passwd");
        assert_eq!(normalize("//"), "/");
    }

    #[test]
    fn relative_links() {
        assert_eq!(relative("lib/systemd/system", "lib/systemd/system/a.target"), "a.target");
        assert_eq!(relative("bin", "lib/x/y"), "../lib/x/y");
        assert_eq!(relative("", "bin/a"), "bin/a");
        assert_eq!(relative("a/b", "a/b"), ".");
    }
}
