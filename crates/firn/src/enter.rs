//! Becoming a program that needs the store where its paths say.
//!
//! A store of the machine lies there already. Another one, as users without root have it, is mounted
//! at its logical folder in a mount namespace of the program's own; everything else stays as it is.
//! The namespace is made by a helper process, `firn __enter`, since only a process with one thread may.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind_recursive, mount_change};
use rustix::thread::UnshareFlags;

use crate::context::{Context, OpenStore};
use crate::exit::Failure;

/// A program to become.
pub struct Program {
    /// Its path, or a name that is looked up.
    pub path: OsString,
    /// What it sees as its own name, if not its path.
    pub name: Option<OsString>,
    /// Its arguments, the name left out.
    pub arguments: Vec<OsString>,
    /// Its environment: all of it.
    pub environment: Vec<(OsString, OsString)>,
}

/// Becomes a program; comes back only with an error.
pub fn exec(context: &Context, program: Program) -> Failure {
    context.display.finish();
    let mut command = match enter(context, &program) {
        Ok(command) => command,
        Err(failure) => return failure,
    };
    let error = command.env_clear().envs(program.environment).exec();
    let program = program.path.to_string_lossy().into_owned();
    Failure::new(format!("error: unable to execute '{program}': {error}"))
}

/// The command that becomes the program, by way of the helper where that is needed.
fn enter(context: &Context, program: &Program) -> Result<Command, Failure> {
    let layout = match context.open_store()? {
        OpenStore::Local(store) if !store.layout().is_native() => store.layout().clone(),
        _ => {
            let mut command = Command::new(&program.path);
            if let Some(name) = &program.name {
                command.arg0(name);
            }
            command.args(&program.arguments);
            return Ok(command);
        }
    };
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg0("firn")
        .arg("__enter")
        .arg(std::path::absolute(&layout.real_store)?)
        .arg(layout.store_dir.as_str())
        .arg(program.name.as_ref().unwrap_or(&program.path))
        .arg(&program.path)
        .args(&program.arguments);
    Ok(command)
}

/// `firn __enter STORE PLACE NAME PROGRAM ARGUMENTS…`.
pub fn helper(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let [_, _, store, place, name, program, rest @ ..] = arguments.as_slice() else {
        return Err(Failure::new("error: '__enter' is a helper of the program itself"));
    };
    let place = Path::new(place);
    let folder = std::env::current_dir();
    mount_store(Path::new(store), place).map_err(|error| {
        Failure::new(format!(
            "error: cannot show the store '{}' as '{}': {error}\nhelp: {}",
            Path::new(store).display(),
            place.display(),
            firn_sandbox::namespace_help(error.raw_os_error())
        ))
    })?;
    if let Ok(folder) = folder {
        // A folder that is gone in the new root leaves the program at its top.
        let _ = std::env::set_current_dir(folder);
    }
    let error = Command::new(program).arg0(name).args(rest).exec();
    let program = program.to_string_lossy();
    Err(Failure::new(format!("error: unable to execute '{program}': {error}")))
}

fn mount_store(store: &Path, place: &Path) -> io::Result<()> {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    let mut flags = UnshareFlags::NEWNS;
    if !uid.is_root() {
        flags |= UnshareFlags::NEWUSER;
    }
    // SAFETY: this helper has one thread, and no file descriptors are unshared.
    unsafe { rustix::thread::unshare_unsafe(flags) }?;
    if !uid.is_root() {
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("{0} {0} 1", uid.as_raw()))?;
        fs::write("/proc/self/gid_map", format!("{0} {0} 1", gid.as_raw()))?;
    }
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    if !place.is_dir() {
        enter_root_with(place)?;
    }
    Ok(mount_bind_recursive(store, place)?)
}

/// Enters a root like the present one that also has a folder at `place`.
fn enter_root_with(place: &Path) -> io::Result<()> {
    let root = std::env::temp_dir().join(format!("firn-root-{}", std::process::id()));
    fs::create_dir(&root)?;
    mount("none", &root, "tmpfs", MountFlags::empty(), c"mode=755")?;
    let mut at = PathBuf::from("/");
    // Along the way to the place folders are made anew, with what is in the present ones.
    for part in place.strip_prefix("/").unwrap_or(place) {
        show_all_but(&at, &root, Path::new(part))?;
        at.push(part);
        fs::create_dir_all(root.join(at.strip_prefix("/").unwrap_or(&at)))?;
    }
    rustix::process::chroot(&root)?;
    std::env::set_current_dir("/")
}

/// Shows what is in a folder at the same place below a root, one name left out.
fn show_all_but(folder: &Path, root: &Path, left_out: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let source = entry.path();
        if Path::new(&entry.file_name()) == left_out || source == root {
            continue;
        }
        let target = root.join(source.strip_prefix("/").unwrap_or(&source));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(&target)?;
        } else {
            fs::File::create(&target)?;
        }
        // What this user may not see stays empty.
        let _ = mount_bind_recursive(&source, &target);
    }
    Ok(())
}
