//! The first process of the initial file system: loads drivers, mounts the machine's root and what
//! it needs, and goes on with the machine's own first process.

mod check;
mod devices;
mod drivers;
mod options;
mod partitions;

use crate::initrd::plan::{Mount, Plan};
use crate::{Error, Result, files, stage2};
use rustix::mount::{MountFlags, mount, mount_move, mount_remount};
use std::convert::Infallible;
use std::ffi::{CStr, CString};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the machine's root is put together.
const ROOT: &str = "/sysroot";
/// The plan, which also tells that this is an initial file system.
const PLAN: &str = "/initrd.json";

/// Whether this process is the first one of an initial file system made by [`crate::initrd`].
pub fn is_here() -> bool {
    rustix::process::getpid().is_init() && Path::new(PLAN).exists()
}

/// File systems of the kernel: place, kind, options. Kinds without permissions of their own refuse a mode.
const KERNEL: [(&str, &str, &CStr); 4] = [
    ("/dev", "devtmpfs", c"mode=755"),
    ("/proc", "proc", c""),
    ("/sys", "sysfs", c""),
    ("/run", "tmpfs", c"mode=755"),
];

/// Runs as the first process. Returns only when it fails.
///
/// # Errors
/// When a file system can't be mounted or the machine's first process can't be started.
pub fn main() -> Result<Infallible> {
    for (place, kind, options) in KERNEL {
        let path = Path::new(place);
        files::make_folder(path)?;
        mount(kind, path, kind, MountFlags::NOSUID, options)
            .map_err(|err| Error::io("mount a file system on", path, &err.into()))?;
    }
    let text = files::read_text(Path::new(PLAN))?;
    let plan: Plan = serde_json::from_str(&text)
        .map_err(|err| Error::new(format!("'{PLAN}' is no plan: {err}")))?;
    drivers::load_all(&plan);
    for step in mounts(&plan) {
        mount_one(&step, &plan)?;
    }
    let init = first_process()?;
    switch_root(&plan)?;
    if fs::read_link(&init).is_ok_and(|program| program == plan.program) {
        // The second stage is this program as well, and in memory already.
        return stage2::main(&[init.into()]);
    }
    let err = Command::new(&init).exec();
    Err(Error::io("start", &init, &err))
}

/// The plan's file systems; where it has no root, the kernel's command line may name one.
fn mounts(plan: &Plan) -> Vec<Mount> {
    let mut all = plan.mounts.clone();
    let has_root = all.iter().any(|m| m.mount_point == "/");
    if let Some(device) = stage2::kernel_parameter("root").filter(|_| !has_root) {
        let options = stage2::kernel_parameter("rootflags").unwrap_or_default();
        all.insert(
            0,
            Mount {
                device,
                mount_point: "/".to_owned(),
                fs_type: stage2::kernel_parameter("rootfstype")
                    .unwrap_or_else(|| "auto".to_owned()),
                options: options.split(',').filter(|o| !o.is_empty()).map(str::to_owned).collect(),
                auto_format: false,
                no_check: false,
            },
        );
    }
    all
}

fn mount_one(step: &Mount, plan: &Plan) -> Result<()> {
    let target = Path::new(ROOT).join(step.mount_point.trim_start_matches('/'));
    files::make_folder(&target)?;
    let parsed = options::parse(&step.options);
    for folder in &parsed.folders {
        files::make_folder(Path::new(folder))?;
    }
    let bind = parsed.flags.contains(MountFlags::BIND);
    let source =
        if bind { folder_of_root(step)? } else { devices::find(&step.device, &step.fs_type)? };
    if let Some(formatter) = plan.formatter.as_deref().filter(|_| step.auto_format) {
        format(formatter, &source, &step.fs_type)?;
    }
    let kind = if step.fs_type == "auto" && !bind {
        devices::kind(&source)?
    } else {
        step.fs_type.clone()
    };
    if let Some(checker) =
        plan.checker.as_deref().filter(|_| !step.no_check && kind.starts_with("ext"))
    {
        check::check(checker, &step.device, &source, &kind)?;
    }
    let data = CString::new(parsed.data.clone())
        .map_err(|_| Error::new(format!("wrong mount options for {}", step.mount_point)))?;
    let mounted = mount(&source, &target, kind.as_str(), parsed.flags, data.as_c_str());
    // Together with `bind` the kernel hears no other flag.
    let restricted = mounted.and_then(|()| match parsed.flags == MountFlags::BIND || !bind {
        true => Ok(()),
        false => mount_remount(&target, parsed.flags, c""),
    });
    restricted.map_err(|err| {
        Error::new(format!(
            "cannot mount '{}' ({kind}) as {} of the machine: {err}",
            source.display(),
            step.mount_point
        ))
        .with_help(
            "see the kernel's messages above; `fileSystems` in the configuration declares it",
        )
    })
}

/// What a mount with the option `bind` shows: a folder of the machine, not of the initial file system.
fn folder_of_root(step: &Mount) -> Result<PathBuf> {
    let folder = Path::new(ROOT).join(step.device.trim_start_matches('/'));
    if !folder.exists() {
        files::make_folder(&folder)?;
    }
    Ok(folder)
}

/// Makes a file system on a device that has nothing at all on it.
fn format(formatter: &Path, device: &Path, kind: &str) -> Result<()> {
    if !devices::is_empty(device)? {
        return Ok(());
    }
    let status = Command::new(formatter)
        .args(["-q", "-F", "-t", kind, "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard"])
        .arg(device)
        .status()
        .map_err(|err| Error::io("run", formatter, &err))?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::new(format!("cannot format '{}': {status}", device.display()))),
    }
}

/// The path of the machine's first process, seen from its root.
fn first_process() -> Result<PathBuf> {
    let profile = "/nix/var/nix/profiles/system/init".to_owned();
    let candidates =
        [stage2::kernel_parameter("init"), Some(profile), Some("/sbin/init".to_owned())];
    let there = |path: &String| {
        Path::new(ROOT).join(path.trim_start_matches('/')).symlink_metadata().is_ok()
    };
    candidates.into_iter().flatten().find(there).map(PathBuf::from).ok_or_else(|| {
        Error::new("the machine's first process is not to be found")
            .with_help("give its path in the store as the kernel parameter 'init='")
    })
}

/// Makes the machine's root the root of everything, and frees the memory of this one.
fn switch_root(plan: &Plan) -> Result<()> {
    let root = Path::new(ROOT);
    if !stage2::is_mount_point(root) {
        return Err(Error::new("the configuration mounts nothing at '/'"));
    }
    let fail = |what: &str, path: &Path, err: rustix::io::Errno| Error::io(what, path, &err.into());
    for place in ["dev", "proc", "run", "sys"] {
        let target = root.join(place);
        files::make_folder(&target)?;
        mount_move(Path::new("/").join(place), &target)
            .map_err(|err| fail("move", &target, err))?;
    }
    for file in plan.modules.iter().chain(plan.available.iter().flat_map(|a| &a.files)) {
        let _ = fs::remove_file(Path::new("/modules").join(file));
    }
    let _ = fs::remove_file("/init");
    rustix::process::chdir(root).map_err(|err| fail("enter", root, err))?;
    mount_move(".", "/").map_err(|err| fail("move", root, err))?;
    rustix::process::chroot(".").map_err(|err| fail("enter", root, err))?;
    rustix::process::chdir("/").map_err(|err| fail("enter", root, err))
}
