//! What nodes get from the driver's side: shared folders and credentials.

use crate::config::{NodeConfig, SharedDirectory};
use crate::node::Surroundings;
use firn_machine::container::Bind;
use firn_machine::qemu::{Companion, Share};
use std::path::{Path, PathBuf};

/// Where every node sees the folder that all share.
pub const SHARED_TARGET: &str = "/tmp/shared";

/// The folder that the driver and all nodes share.
pub fn shared_folder(folder: &Path) -> PathBuf {
    folder.join("shared")
}

/// A text with the names of folders in it: `$SHARED_DIR`, the one that all share, and `$TMPDIR`, the
/// node's own.
pub fn expand(text: &str, around: &Surroundings<'_>, folder: &Path) -> String {
    let shared = shared_folder(around.folder);
    [("SHARED_DIR", shared.as_path()), ("TMPDIR", folder)].iter().fold(
        text.to_string(),
        |text, (name, path)| {
            let path = path.to_string_lossy();
            text.replace(&format!("${{{name}}}"), &path).replace(&format!("${name}"), &path)
        },
    )
}

/// The folder that is shared; one below the test's own is made when it is missing.
fn source(
    share: &SharedDirectory,
    around: &Surroundings<'_>,
    folder: &Path,
) -> Result<PathBuf, String> {
    let source = PathBuf::from(expand(&share.source, around, folder));
    if source.starts_with(around.folder) {
        let _ = std::fs::create_dir_all(&source);
    }
    if source.exists() {
        return Ok(source);
    }
    Err(format!(
        "the shared folder {} (virtualisation.sharedDirectories.{}) is not there; a test sees nothing of \
         its host but store paths and its own folders, $SHARED_DIR and $TMPDIR",
        source.display(),
        share.tag
    ))
}

/// What a container sees of the driver's side.
pub fn binds(
    config: &NodeConfig,
    around: &Surroundings<'_>,
    folder: &Path,
) -> Result<Vec<Bind>, String> {
    let all =
        Bind { source: shared_folder(around.folder), target: SHARED_TARGET.into(), writable: true };
    let mut binds = vec![all];
    for share in &config.shared_directories {
        let source = source(share, around, folder)?;
        let writable = !source.starts_with("/nix/store");
        binds.push(Bind { source, target: share.target.clone(), writable });
    }
    Ok(binds)
}

/// The socket at which a shared folder is served.
pub fn socket(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("share{number}.sock"))
}

/// What a virtual machine sees of it, and the programs that serve it.
pub fn served(
    config: &NodeConfig,
    around: &Surroundings<'_>,
    folder: &Path,
) -> Result<(Vec<Share>, Vec<Companion>), String> {
    let (mut shares, mut companions) = (Vec::new(), Vec::new());
    for (number, share) in config.shared_directories.iter().enumerate() {
        let program = around.config.tools.virtiofsd.clone();
        let program = program.ok_or("the test's configuration has no virtiofsd")?;
        let socket = socket(folder, number);
        let source = source(share, around, folder)?;
        let arguments = [
            "--fd=3".into(),
            "-o".into(),
            format!("source={}", source.display()),
            "-o".into(),
            "sandbox=chroot,log_level=warn".into(),
        ];
        let arguments = arguments.to_vec();
        companions.push(Companion { program, arguments, socket: socket.clone(), inherits: true });
        // A machine with slots gets it plugged in when it is mounted.
        if config.vm.slots == 0 || !share.mount_late {
            shares.push(Share { tag: share.tag.clone(), socket });
        }
    }
    Ok((shares, companions))
}

/// The credentials of a node: name and contents.
pub fn credentials(config: &NodeConfig) -> Result<Vec<(String, Vec<u8>)>, String> {
    let read = |(name, credential): (&String, &crate::config::Credential)| {
        let content = match (&credential.text, &credential.source) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(path)) => std::fs::read(path).map_err(|error| {
                format!("cannot read the credential '{name}' from {}: {error}", path.display())
            })?,
            (None, None) => {
                return Err(format!("the credential '{name}' has neither `text` nor `source`"));
            }
        };
        Ok((name.clone(), content))
    };
    config.credentials.iter().map(read).collect()
}

/// Writes them into a folder, as containers get them.
pub fn write_credentials(config: &NodeConfig, folder: &Path) -> Result<PathBuf, String> {
    let target = folder.join("credentials");
    let failed = |error| format!("cannot write credentials to {}: {error}", target.display());
    std::fs::create_dir_all(&target).map_err(failed)?;
    for (name, content) in credentials(config)? {
        std::fs::write(target.join(name), content).map_err(failed)?;
    }
    Ok(target)
}
