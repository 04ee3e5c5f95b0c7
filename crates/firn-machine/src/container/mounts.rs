//! The container's file systems, made by the process that becomes its process 1.

use super::spec::{Bind, ContainerSpec, Root};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive,
    mount_change, mount_remount, unmount,
};
use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Shown when the surrounding has them and they can be opened there.
const OPTIONAL_DEVICES: [&str; 2] = ["fuse", "net/tun"];

type Step = Result<(), String>;

fn at<T>(what: &str, path: &Path, result: Result<T, impl std::fmt::Display>) -> Result<T, String> {
    result.map_err(|error| format!("{what} {}: {error}", path.display()))
}

/// Builds the root and makes it the process's root folder.
pub(super) fn enter_root(spec: &ContainerSpec) -> Step {
    let root = spec.mount_point.as_path();
    let private = MountPropagationFlags::REC | MountPropagationFlags::DOWNSTREAM;
    at("cannot detach mounts from", Path::new("/"), mount_change("/", private))?;
    mount_root(spec, root)?;
    for folder in ["proc", "sys", "dev", "run", "tmp", "nix/store"] {
        at("cannot make", &root.join(folder), fs::create_dir_all(root.join(folder)))?;
    }
    let _ = fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777));
    mount_proc(root)?;
    mount_sys(root)?;
    mount_dev(root)?;
    tmpfs(&root.join("run"), c"mode=755")?;
    spec.binds.iter().try_for_each(|bind| mount_bind_to(root, bind))?;
    pivot(root)?;
    // As systemd expects of whoever made its container: what it mounts in a namespace of its own (the
    // credentials of a service) shall be seen by all.
    let shared = MountPropagationFlags::REC | MountPropagationFlags::SHARED;
    at("cannot share mounts of", Path::new("/"), mount_change("/", shared))
}

fn mount_root(spec: &ContainerSpec, root: &Path) -> Step {
    match &spec.root {
        Root::Empty => tmpfs(root, c"mode=755"),
        Root::Folder(folder) => at("cannot mount", folder, mount_bind_recursive(folder, root)),
        Root::Over(lower) => mount_over(lower, root),
    }
}

fn mount_over(lower: &Path, root: &Path) -> Step {
    tmpfs(root, c"mode=755")?;
    let (upper, work, merged) = (root.join("upper"), root.join("work"), root.join("merged"));
    for folder in [&upper, &work, &merged] {
        at("cannot make", folder, fs::create_dir(folder))?;
    }
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        lower.display(),
        upper.display(),
        work.display()
    );
    let options = std::ffi::CString::new(options).map_err(|error| error.to_string())?;
    let none = MountFlags::empty();
    at("cannot mount over", lower, mount("overlay", &merged, "overlay", none, &*options))?;
    at("cannot move", &merged, mount_bind_recursive(&merged, root))
}

fn tmpfs(target: &Path, options: &CStr) -> Step {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    at("cannot mount a tmpfs at", target, mount("tmpfs", target, "tmpfs", flags, options))
}

/// Kernel settings are the host's, except those of the network, which the container has of its own.
fn mount_proc(root: &Path) -> Step {
    let proc = root.join("proc");
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    at("cannot mount", &proc, mount("proc", &proc, "proc", flags, None))?;
    let net = proc.join("sys/net");
    at("cannot bind", &net, mount_bind(&net, &net))?;
    // A plain bind of /proc/sys would hide the one just made, so that one is bound again inside it.
    let sys = proc.join("sys");
    at("cannot bind", &sys, mount_bind_recursive(&sys, &sys))?;
    read_only(&sys)?;
    let trigger = proc.join("sysrq-trigger");
    if trigger.exists() {
        at("cannot bind", &trigger, mount_bind(&trigger, &trigger))?;
        read_only(&trigger)?;
    }
    Ok(())
}

/// A view of the host's devices needs a fully visible sysfs outside; where there is none an empty folder
/// does, because nothing in a container may manage devices.
fn mount_sys(root: &Path) -> Step {
    let sys = root.join("sys");
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    if mount("sysfs", &sys, "sysfs", flags, None).is_err() {
        tmpfs(&sys, c"mode=755")?;
        let cgroup = sys.join("fs/cgroup");
        at("cannot make", &cgroup, fs::create_dir_all(&cgroup))?;
    }
    let cgroup = sys.join("fs/cgroup");
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    at("cannot mount", &cgroup, mount("cgroup2", &cgroup, "cgroup2", flags, None))?;
    // The empty stand-in must look as read-only as the real one, or systemd starts udev. Where the kernel
    // refuses, it is only less tidy.
    let _ = mount_remount(&sys, flags | MountFlags::BIND | MountFlags::RDONLY, c"");
    Ok(())
}

fn mount_dev(root: &Path) -> Step {
    let dev = root.join("dev");
    let flags = MountFlags::NOSUID;
    at("cannot mount", &dev, mount("tmpfs", &dev, "tmpfs", flags, c"mode=755"))?;
    for folder in ["pts", "shm", "net"] {
        at("cannot make", &dev.join(folder), fs::create_dir(dev.join(folder)))?;
    }
    for name in DEVICES {
        bind_file(&Path::new("/dev").join(name), &dev.join(name))?;
    }
    for name in OPTIONAL_DEVICES {
        let source = Path::new("/dev").join(name);
        if fs::OpenOptions::new().read(true).write(true).open(&source).is_ok() {
            bind_file(&source, &dev.join(name))?;
        }
    }
    mount_pts(&dev.join("pts"))?;
    tmpfs(&dev.join("shm"), c"mode=1777")?;
    let links = [
        ("pts/ptmx", "ptmx"),
        ("/proc/self/fd", "fd"),
        ("fd/0", "stdin"),
        ("fd/1", "stdout"),
        ("fd/2", "stderr"),
    ];
    links
        .iter()
        .try_for_each(|(to, name)| at("cannot make", &dev.join(name), symlink(to, dev.join(name))))
}

fn mount_pts(pts: &Path) -> Step {
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    let full = c"newinstance,ptmxmode=0666,mode=0620,gid=5";
    let plain = c"newinstance,ptmxmode=0666,mode=0620";
    let mounted = mount("devpts", pts, "devpts", flags, full)
        .or_else(|_| mount("devpts", pts, "devpts", flags, plain));
    at("cannot mount", pts, mounted)
}

fn bind_file(source: &Path, target: &Path) -> Step {
    at("cannot make", target, fs::write(target, ""))?;
    at("cannot show", source, mount_bind(source, target))
}

fn mount_bind_to(root: &Path, bind: &Bind) -> Step {
    let target = root.join(bind.target.strip_prefix("/").unwrap_or(&bind.target));
    let made = if bind.source.is_dir() {
        fs::create_dir_all(&target)
    } else {
        let parent = target.parent().map_or(Ok(()), fs::create_dir_all);
        parent.and_then(|()| fs::write(&target, ""))
    };
    at("cannot make", &target, made)?;
    at("cannot show", &bind.source, mount_bind_recursive(&bind.source, &target))?;
    if bind.writable { Ok(()) } else { read_only(&target) }
}

/// Makes a bind mount read-only, keeping the flags that a user namespace may not clear.
fn read_only(target: &Path) -> Step {
    let base = MountFlags::BIND | MountFlags::RDONLY;
    let locked = [
        MountFlags::empty(),
        MountFlags::NODEV,
        MountFlags::NOSUID | MountFlags::NODEV,
        MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC,
    ];
    let mut outcome = Ok(());
    for extra in locked {
        outcome = mount_remount(target, base | extra, c"");
        if outcome.is_ok() {
            break;
        }
    }
    at("cannot make read-only", target, outcome)
}

/// Makes `root` the root and lets go of everything else.
fn pivot(root: &Path) -> Step {
    let change = || -> io::Result<()> {
        rustix::process::chdir(root)?;
        rustix::process::pivot_root(".", ".")?;
        unmount(".", UnmountFlags::DETACH)?;
        rustix::process::chdir("/")?;
        Ok(())
    };
    at("cannot change the root to", root, change())
}
