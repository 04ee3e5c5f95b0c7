//! The shape of a machine's root: folders, `/usr` and the names that lead into it.

use super::Activation;
use crate::{Error, Result, files};
use std::fs;
use std::io::Read;
use std::path::Path;

/// Folders every machine has, with their modes.
const FOLDERS: [(&str, u32); 19] = [
    ("/etc", 0o755),
    ("/home", 0o755),
    ("/mnt", 0o755),
    ("/nix/var/nix/gcroots", 0o755),
    ("/nix/var/nix/profiles", 0o755),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/srv", 0o755),
    ("/tmp", 0o1777),
    ("/var", 0o755),
    ("/var/cache", 0o755),
    ("/var/db", 0o755),
    ("/var/empty", 0o555),
    ("/var/lib", 0o755),
    ("/var/lib/nixos", 0o755),
    ("/var/log", 0o755),
    ("/var/log/journal", 0o755),
    ("/var/spool", 0o755),
    ("/var/tmp", 0o1777),
];

/// Names at the root that lead into `/usr`.
const INTO_USR: [&str; 4] = ["bin", "sbin", "lib", "lib64"];

/// Makes the folders that are missing. Those that exist keep their mode, but for `/tmp`'s kind,
/// where a wrong one would be dangerous.
pub fn folders(activation: &Activation) -> Result<()> {
    for (place, mode) in FOLDERS {
        let path = activation.at(place);
        if !path.is_dir() || mode == 0o1777 {
            files::make_folder_mode(&path, mode)?;
        }
    }
    files::link(Path::new("/run"), &activation.at("/var/run"))?;
    machine_id(activation)
}

/// Leads `/usr` and what belongs to it to the system's merged tree.
pub fn usr(activation: &Activation) -> Result<()> {
    files::link(&activation.plan.usr, &activation.at("/usr"))?;
    for name in INTO_USR {
        files::link(&Path::new("usr").join(name), &activation.at(name))?;
    }
    Ok(())
}

/// Gives the running kernel the machine's name; systemd does so itself at boot.
pub fn host_name(activation: &Activation) -> Result<()> {
    let name = &activation.plan.host_name;
    if activation.action != super::Action::Switch || name.is_empty() {
        return Ok(());
    }
    rustix::system::sethostname(name.as_bytes())
        .map_err(|err| Error::new(format!("cannot set the host name to '{name}': {err}")))
}

/// Tells the kernel which program loads modules.
pub fn modprobe(activation: &Activation) -> Result<()> {
    let setting = activation.at("/proc/sys/kernel/modprobe");
    let program = activation.at("/usr/sbin/modprobe");
    if activation.plan.container || !setting.exists() || !program.exists() {
        return Ok(());
    }
    fs::write(&setting, "/usr/sbin/modprobe").map_err(|err| Error::io("write", &setting, &err))
}

/// The machine's identity, made once.
fn machine_id(activation: &Activation) -> Result<()> {
    let path = activation.at("/etc/machine-id");
    let known = files::read_text_if_there(&path)?.is_some_and(|text| text.trim().len() == 32);
    if known {
        return Ok(());
    }
    let mut bytes = [0u8; 16];
    let source = Path::new("/dev/urandom");
    fs::File::open(source)
        .and_then(|mut random| random.read_exact(&mut bytes))
        .map_err(|err| Error::io("read", source, &err))?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    files::write_atomic(&path, format!("{text}\n").as_bytes(), 0o444)
}
