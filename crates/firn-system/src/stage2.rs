//! The first process of a machine: `$toplevel/init`. It mounts what the kernel offers, activates
//! the system and becomes the service manager.

use crate::activate::{Action, Activation};
use crate::{Error, Result, files, nodes};
use rustix::mount::{MountFlags, mount};
use std::ffi::{CStr, OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The service manager in the merged `/usr` tree.
const SERVICE_MANAGER: &str = "/usr/lib/systemd/systemd";

/// Runs as the first process. `arguments` are those it was called with; the first one is the path
/// of `init` in the system's folder. Returns only when it fails.
///
/// # Errors
/// When the system can't be found or the service manager can't be started.
pub fn main(arguments: &[OsString]) -> Result<std::convert::Infallible> {
    // The kernel's command line may be needed to find the system.
    mount_kernel_file_systems();
    prepare(&system_folder(arguments.first().map(OsString::as_os_str))?)?;
    let err = Command::new(SERVICE_MANAGER)
        .args(arguments.iter().skip(1))
        .env("PATH", "/run/current-system/sw/bin:/usr/bin:/usr/sbin")
        .exec();
    Err(Error::io("start the service manager", Path::new(SERVICE_MANAGER), &err))
}

/// Makes the root ready for the service manager of the system in `toplevel`.
///
/// # Errors
/// When the system says nothing that can be followed; single failures are reported only.
pub fn prepare(toplevel: &Path) -> Result<()> {
    let activation = Activation::new(toplevel, Path::new("/"), Action::Boot)?;
    mount_kernel_file_systems();
    for failure in activation.run() {
        eprintln!("activation: {failure}");
    }
    if !activation.plan.container
        && let Err(failure) = nodes::make(&toplevel.join("kernel-modules"), Path::new("/dev"))
    {
        eprintln!("init: {failure}");
    }
    Ok(())
}

/// The folder of the system: where the program was called from, else what the kernel was told.
fn system_folder(called: Option<&OsStr>) -> Result<PathBuf> {
    let called = called.map(Path::new).filter(|path| path.is_absolute());
    let init = match called {
        Some(path) => path.to_owned(),
        None => kernel_parameter("init").map(PathBuf::from).ok_or_else(|| {
            Error::new("the folder of the system is not known")
                .with_help("start the system by the full path of its 'init'")
        })?,
    };
    init.parent().map(Path::to_owned).ok_or_else(|| Error::new("'init' is in no folder"))
}

/// The value of a parameter of the kernel's command line; the last one counts.
pub(crate) fn kernel_parameter(name: &str) -> Option<String> {
    let line = std::fs::read_to_string("/proc/cmdline").ok()?;
    line.split_whitespace()
        .filter_map(|word| word.split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
        .next_back()
}

/// File systems of the kernel: place, kind, flags, options.
const KERNEL: [(&str, &str, MountFlags, &CStr); 6] = [
    ("/proc", "proc", RESTRICTED, c""),
    ("/sys", "sysfs", RESTRICTED, c""),
    ("/dev", "devtmpfs", MountFlags::NOSUID, c"mode=755,size=5%"),
    (
        "/dev/pts",
        "devpts",
        MountFlags::NOSUID.union(MountFlags::NOEXEC),
        c"mode=620,ptmxmode=666,gid=5",
    ),
    ("/dev/shm", "tmpfs", MountFlags::NOSUID.union(MountFlags::NODEV), c"mode=1777,size=50%"),
    ("/run", "tmpfs", MountFlags::NOSUID.union(MountFlags::NODEV), c"mode=755,size=25%"),
];
const RESTRICTED: MountFlags =
    MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC);

/// Mounts those that are missing. A container has them already; a failure shows later, where
/// something needs them.
fn mount_kernel_file_systems() {
    for (place, kind, flags, options) in KERNEL {
        let path = Path::new(place);
        if is_mount_point(path) {
            continue;
        }
        let result = files::make_folder(path).and_then(|()| {
            mount(kind, path, kind, flags, options)
                .map_err(|err| Error::io("mount a file system on", path, &err.into()))
        });
        if let Err(err) = result {
            eprintln!("init: {err}");
        }
    }
}

/// Is something mounted at `path`? Its device then differs from that of the folder above.
pub(crate) fn is_mount_point(path: &Path) -> bool {
    let device = |path: &Path| std::fs::metadata(path).map(|m| m.dev()).ok();
    let above = path.parent().and_then(device);
    device(path).is_some_and(|own| above != Some(own))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_system_is_the_folder_of_init() {
        let folder = system_folder(Some(OsStr::new("/nix/store/x-system/init"))).unwrap();
        assert_eq!(folder, Path::new("/nix/store/x-system"));
    }

    #[test]
    fn mount_points_are_recognised() {
        assert!(is_mount_point(Path::new("/proc")));
        assert!(!is_mount_point(Path::new("/etc/hostname")));
    }
}
