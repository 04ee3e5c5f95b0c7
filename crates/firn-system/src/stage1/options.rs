//! Mount options: what is a flag of the system call, and what the file system is told.

use rustix::mount::MountFlags;

/// Options in the form the system call takes.
#[derive(Debug, PartialEq)]
pub struct Options {
    /// Flags.
    pub flags: MountFlags,
    /// The rest, joined by commas.
    pub data: String,
    /// Folders that an overlay writes to; they must exist.
    pub folders: Vec<String>,
}

/// Flags by name; `true` sets one, `false` clears it.
const FLAGS: &[(&str, MountFlags, bool)] = &[
    ("async", MountFlags::SYNCHRONOUS, false),
    ("bind", MountFlags::BIND, true),
    ("dev", MountFlags::NODEV, false),
    ("diratime", MountFlags::NODIRATIME, false),
    ("exec", MountFlags::NOEXEC, false),
    ("lazytime", MountFlags::LAZYTIME, true),
    ("noatime", MountFlags::NOATIME, true),
    ("nodev", MountFlags::NODEV, true),
    ("nodiratime", MountFlags::NODIRATIME, true),
    ("noexec", MountFlags::NOEXEC, true),
    ("nosuid", MountFlags::NOSUID, true),
    ("relatime", MountFlags::RELATIME, true),
    ("ro", MountFlags::RDONLY, true),
    ("rw", MountFlags::RDONLY, false),
    ("strictatime", MountFlags::STRICTATIME, true),
    ("suid", MountFlags::NOSUID, false),
    ("sync", MountFlags::SYNCHRONOUS, true),
];

/// Options for programs, which the kernel does not know.
fn is_for_programs(option: &str) -> bool {
    option.starts_with("x-")
        || option.starts_with("comment=")
        || ["auto", "defaults", "noauto", "nofail", "user", "nouser", "_netdev"].contains(&option)
}

/// Sorts options.
pub fn parse(options: &[String]) -> Options {
    let mut parsed =
        Options { flags: MountFlags::empty(), data: String::new(), folders: Vec::new() };
    for option in options.iter().flat_map(|o| o.split(',')).filter(|o| !o.is_empty()) {
        if is_for_programs(option) {
            continue;
        }
        if let Some((_, flag, set)) = FLAGS.iter().find(|(name, ..)| *name == option) {
            parsed.flags.set(*flag, *set);
            continue;
        }
        if let Some(folder) =
            ["upperdir=", "workdir="].iter().find_map(|key| option.strip_prefix(key))
        {
            parsed.folders.push(folder.to_owned());
        }
        if !parsed.data.is_empty() {
            parsed.data.push(',');
        }
        parsed.data.push_str(option);
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_sorted() {
        let given =
            ["defaults,ro", "noatime", "size=2G", "mode=755", "x-initrd.mount", "upperdir=/u"];
        let parsed = parse(&given.map(str::to_owned));
        assert_eq!(parsed.flags, MountFlags::RDONLY | MountFlags::NOATIME);
        assert_eq!(parsed.data, "size=2G,mode=755,upperdir=/u");
        assert_eq!(parsed.folders, ["/u"]);
    }
}
