//! From a derivation to the specification of its sandbox.

use crate::drv_options::DrvOptions;
use crate::env::{BuilderEnv, Rewrites};
use crate::ids::{SLOT, UserSlot};
use crate::options::{BuildOptions, SandboxMode, SandboxPath};
use crate::scratch::Scratch;
use firn_events::Reporter;
use firn_formats::{Derivation, DerivationType, StorePath, StorePathSet};
use firn_sandbox::{Entry, Identity, Network, Privileges, Program, SandboxSpec, Text};
use firn_store::{BuiltinJob, Store, StoreError, StoreResult, closure};
use firn_store_disk::LocalStore;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

/// The user and group id inside, unless it has a range.
const BUILD_UID: u32 = 1000;
const BUILD_GID: u32 = 100;

/// All that a sandbox is made from.
pub struct SandboxInputs<'a> {
    /// The store.
    pub store: &'a LocalStore,
    /// How builds run.
    pub options: &'a BuildOptions,
    /// The derivation, resolved.
    pub drv: &'a Derivation,
    /// Its options.
    pub drv_options: &'a DrvOptions,
    /// Its type.
    pub kind: DerivationType,
    /// The closure of its inputs.
    pub inputs: &'a StorePathSet,
    /// Where each output is made.
    pub outputs: &'a BTreeMap<String, StorePath>,
    /// Its folders.
    pub scratch: &'a Scratch,
    /// Its user ids, as root.
    pub slot: Option<&'a UserSlot>,
    /// Where the build folder is inside.
    pub build_dir: &'a str,
    /// Its environment.
    pub env: &'a BuilderEnv,
    /// Placeholders to replace in its arguments.
    pub rewrites: &'a Rewrites,
    /// Where events go.
    pub reporter: &'a Reporter,
}

/// The user and group outside that own what the build makes.
pub fn host_ids(slot: Option<&UserSlot>) -> (u32, u32) {
    match slot {
        Some(slot) => (slot.first, slot.first),
        None => (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw()),
    }
}

/// Makes the specification.
///
/// # Errors
/// A sandbox path that is not there, or text that a builtin builder can't take.
pub fn specification(from: &SandboxInputs<'_>) -> StoreResult<SandboxSpec> {
    let mut spec = SandboxSpec::new(program(from)?, identity(from));
    spec.filter_syscalls = from.options.filter_syscalls;
    spec.linux32 = matches!(from.drv.platform.as_str(), "i686-linux" | "i386-linux");
    spec.cwd = from.build_dir.into();
    let text = |bytes: &Vec<u8>| Text(bytes.clone());
    spec.env = from.env.variables.iter().map(|(k, v)| (text(k), text(v))).collect();
    let open = sees_host(from);
    if open || !from.kind.is_sandboxed() {
        spec.network = Network::Host;
    }
    // The store comes last: it may lie below one of the others.
    if open {
        add_host(&mut spec)?;
    } else {
        add_folders(&mut spec, from);
        add_etc(&mut spec, from);
    }
    add_store(&mut spec, from);
    spec.add_dev_and_proc(&from.options.sandbox_dev_shm_size);
    add_features(&mut spec, from)?;
    add_sandbox_paths(&mut spec, from)?;
    add_fetched_file(&mut spec, from);
    add_shell(&mut spec, from);
    Ok(spec)
}

/// Whether the build sees this machine: the user said so, or allows what the derivation asks for.
pub fn is_open(
    store: &LocalStore,
    options: &BuildOptions,
    drv: &Derivation,
    drv_options: &DrvOptions,
    kind: DerivationType,
) -> bool {
    let wanted = match options.sandbox {
        SandboxMode::Always => false,
        SandboxMode::Relaxed => drv_options.no_chroot || !kind.is_sandboxed(),
        SandboxMode::Never => true,
    };
    let folder = Path::new(store.store_dir().as_str());
    wanted && !drv.is_builtin() && store.layout().real_store == folder
}

fn sees_host(from: &SandboxInputs<'_>) -> bool {
    is_open(from.store, from.options, from.drv, from.drv_options, from.kind)
}

/// Everything at the top of this machine's file tree but what a sandbox has its own of.
fn add_host(spec: &mut SandboxSpec) -> StoreResult<()> {
    let top = Path::new("/");
    let entries = std::fs::read_dir(top).map_err(StoreError::io("list the folder", top))?;
    for entry in entries {
        let name = entry.map_err(StoreError::io("list the folder", top))?.file_name();
        if name == "dev" || name == "proc" {
            continue;
        }
        let path = Text(top.join(name).into_os_string().into_encoded_bytes());
        let source = path.clone();
        spec.tree.push(Entry::Bind { source, path, writable: true, optional: true });
    }
    Ok(())
}

/// Without a sandbox, fetching sees the file of this machine that it is to fetch.
fn add_fetched_file(spec: &mut SandboxSpec, from: &SandboxInputs<'_>) {
    let wanted =
        from.options.sandbox == SandboxMode::Never && from.drv.builtin_name() == Some("fetchurl");
    let url = from.drv.env("url").filter(|_| wanted).and_then(|url| std::str::from_utf8(url).ok());
    if let Some(path) = url.and_then(|url| url.strip_prefix("file://"))
        && Path::new(path).is_file()
    {
        spec.bind(Path::new(path), path, false);
    }
}

fn wants_range(from: &SandboxInputs<'_>) -> bool {
    from.drv_options.requires("uid-range")
}

fn identity(from: &SandboxInputs<'_>) -> Identity {
    let (uid, gid) = host_ids(from.slot);
    match (wants_range(from), from.slot) {
        (true, Some(slot)) => Identity::range(slot.first, SLOT),
        // Without privileges there is one id; it is root inside all the same.
        (true, None) => Identity::single(0, 0, uid, gid),
        (false, _) => Identity::single(BUILD_UID, BUILD_GID, uid, gid),
    }
}

fn program(from: &SandboxInputs<'_>) -> StoreResult<Program> {
    let drv = from.drv;
    if let Some(name) = drv.builtin_name() {
        let tmp = PathBuf::from(from.build_dir);
        let job = BuiltinJob::from_derivation(drv, from.store.store_dir(), from.outputs, tmp)?;
        let mut input = serde_json::to_string(&job)
            .map_err(|e| StoreError::other(format!("describing a builtin build: {e}")))?;
        let rewritten = from.rewrites.apply(input.as_bytes());
        input = String::from_utf8(rewritten).unwrap_or(input);
        let input = serde_json::from_str(&input)
            .map_err(|e| StoreError::other(format!("describing a builtin build: {e}")))?;
        return Ok(Program::Builtin { name: name.to_owned(), input });
    }
    let base = drv.builder.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let mut argv = vec![Text(base.to_vec())];
    argv.extend(drv.args.iter().map(|arg| Text(from.rewrites.apply(arg))));
    Ok(Program::Exec { path: Text(drv.builder.clone()), argv })
}

fn add_store(spec: &mut SandboxSpec, from: &SandboxInputs<'_>) {
    let dir = from.store.store_dir();
    spec.bind(&from.scratch.store, dir.as_str(), true);
    let outputs: StorePathSet = from.outputs.values().cloned().collect();
    for input in from.inputs.difference(&outputs) {
        spec.bind(from.store.real_path(input), dir.display(input), false);
    }
}

fn add_folders(spec: &mut SandboxSpec, from: &SandboxInputs<'_>) {
    spec.bind(&from.scratch.build, from.build_dir, true);
    spec.bind(&from.scratch.tmp, "/tmp", true);
}

fn add_etc(spec: &mut SandboxSpec, from: &SandboxInputs<'_>) {
    let home = from.build_dir;
    let (uid, gid) = (spec.identity.uid, spec.identity.gid);
    let passwd = format!(
        "root:x:0:0:Nix build user:{home}:/noshell\n\
         nixbld:x:{uid}:{gid}:Nix build user:{home}:/noshell\n\
         nobody:x:65534:65534:Nobody:/:/noshell\n"
    );
    let group = format!("root:x:0:\nnixbld:!:{gid}:\nnogroup:x:65534:\n");
    let mut file = |path: &str, contents: String| {
        let (path, contents) = (path.into(), contents.into());
        spec.tree.push(Entry::File { path, contents, mode: 0o644 });
    };
    file("/etc/passwd", passwd);
    file("/etc/group", group);
    if from.kind.is_sandboxed() {
        file("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n".into());
        return;
    }
    file("/etc/nsswitch.conf", "hosts: files dns\nservices: files\n".into());
    for path in ["/etc/resolv.conf", "/etc/services", "/etc/hosts"] {
        add_host_file(spec, Path::new(path), path);
    }
    if let Some(ca) = &from.options.fetch.ca_file {
        add_host_file(spec, ca, "/etc/ssl/certs/ca-certificates.crt");
    }
}

/// A host file under a name of its own; links on the way are the host's business.
fn add_host_file(spec: &mut SandboxSpec, source: &Path, target: &str) {
    if let Ok(source) = std::fs::canonicalize(source) {
        let source = Text(source.as_os_str().as_bytes().to_vec());
        let path = target.into();
        spec.tree.push(Entry::Bind { source, path, writable: false, optional: true });
    }
}

fn add_features(spec: &mut SandboxSpec, from: &SandboxInputs<'_>) -> StoreResult<()> {
    if wants_range(from) {
        spec.privileges = match spec.program {
            // Only what is part of this program runs whole systems inside.
            Program::Builtin { .. } => Privileges::Nested,
            Program::Exec { .. } => Privileges::NamespaceRoot,
        };
        spec.root_writable = true;
        spec.cgroup = true;
        if spec.network == Network::None {
            spec.tree.push(Entry::Sys { path: "/sys".into() });
            spec.tree.push(Entry::Cgroup2 { path: "/sys/fs/cgroup".into() });
        }
    }
    for (feature, device) in [("kvm", "kvm"), ("devnet", "net/tun")] {
        let offered = || Path::new("/dev").join(device).exists();
        if from.drv_options.requires(feature) || from.drv_options.may_use(feature) && offered() {
            add_device(spec, from, device)?;
        }
    }
    Ok(())
}

/// Shows a device. Often only root and a group may open the host's node; as root a build gets a
/// node of its own for the same device, which changes nothing on the host.
fn add_device(spec: &mut SandboxSpec, from: &SandboxInputs<'_>, name: &str) -> StoreResult<()> {
    let host = PathBuf::from("/dev").join(name);
    if let (Some(slot), Ok(metadata)) = (from.slot, std::fs::metadata(&host)) {
        let own = from.scratch.private("dev")?.join(name.replace('/', "-"));
        if make_node(&own, metadata.rdev(), slot.first).is_ok() {
            spec.bind(own, format!("/dev/{name}"), true);
            return Ok(());
        }
    }
    spec.add_device(name, true);
    Ok(())
}

fn make_node(path: &Path, device: u64, owner: u32) -> std::io::Result<()> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let mode = Mode::from_raw_mode(0o600);
    mknodat(CWD, path, FileType::CharacterDevice, mode, device)?;
    chown(path, Some(owner), Some(owner))?;
    // A file system mounted without devices would only fail inside.
    std::fs::OpenOptions::new().read(true).write(true).open(path).map(drop)
}

/// `/bin/sh`, which the C library's `system` calls: what the derivation itself names in
/// `sandboxShell` (firn's own attribute, set by the standard environment), so that nothing of the
/// machine is needed; else the one of the options. A sandbox path of that name, or of its folder,
/// takes precedence.
fn add_shell(spec: &mut SandboxSpec, from: &SandboxInputs<'_>) {
    let configured =
        sees_host(from) || from.options.sandbox_paths.iter().any(SandboxPath::shows_shell);
    if configured || from.drv.is_builtin() {
        return;
    }
    let target = match (&from.drv_options.shell, &from.options.shell) {
        (Some(shell), _) => shell.clone(),
        (None, Some(command)) => match command.find(from.store, from.reporter) {
            Some(shell) => {
                add_paths(spec, from, &shell.closure);
                shell.program.clone()
            }
            None => return,
        },
        (None, None) => return,
    };
    spec.tree.push(Entry::Symlink { path: "/bin/sh".into(), target: target.into() });
}

/// Shows store paths that are no inputs.
fn add_paths(spec: &mut SandboxSpec, from: &SandboxInputs<'_>, paths: &StorePathSet) {
    for path in paths.difference(from.inputs) {
        spec.bind(from.store.real_path(path), from.store.store_dir().display(path), false);
    }
}

fn add_sandbox_paths(spec: &mut SandboxSpec, from: &SandboxInputs<'_>) -> StoreResult<()> {
    let dir = from.store.store_dir();
    let mut needed = StorePathSet::new();
    for extra in &from.options.sandbox_paths {
        let mut source = extra.source.clone();
        if let Some(text) = extra.source.to_str()
            && let Ok((path, inner)) = dir.split(text)
        {
            needed.insert(path.clone());
            source = from.store.real_path(&path);
            source.as_mut_os_string().push(inner);
        }
        spec.tree.push(Entry::Bind {
            source: Text(source.as_os_str().as_bytes().to_vec()),
            path: extra.target.as_str().into(),
            writable: true,
            optional: extra.optional,
        });
    }
    add_paths(spec, from, &closure(from.store, &needed)?);
    Ok(())
}
