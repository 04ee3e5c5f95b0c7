//! Kernel packages: the names that systems use, the uncompressed image and the module index.

use crate::closure::Closure;
use crate::{Error, Result, lz4};
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// Gives a kernel's store path its usual names: `bzImage`, `System.map`, `config`, and
/// `vmlinux`, the uncompressed image, which machines without firmware start directly. Indexes
/// its modules. Does nothing for other packages.
///
/// # Errors
/// When the image is damaged, or depmod fails.
pub fn finish(out: &Path, closure: &Closure<'_>, run_programs: bool) -> Result<()> {
    let image = closure.tree().iter().find_map(|(place, _)| {
        let version = place.strip_prefix("boot/vmlinuz-")?;
        Some((place.to_owned(), version.to_owned()))
    });
    let Some((image, version)) = image else { return Ok(()) };
    for (name, target) in [
        ("bzImage", image.clone()),
        ("System.map", format!("boot/System.map-{version}")),
        ("config", format!("boot/config-{version}")),
    ] {
        let path = out.join(name);
        symlink(target, &path).map_err(|err| Error::io("create the link", &path, &err))?;
    }
    let path = out.join(&image);
    let bytes = fs::read(&path).map_err(|err| Error::io("read", &path, &err))?;
    let vmlinux = extract(&bytes).map_err(|err| err.within(format!("'{image}'")))?;
    let path = out.join("vmlinux");
    fs::write(&path, vmlinux).map_err(|err| Error::io("write", &path, &err))?;
    if run_programs { depmod(out, closure, &version) } else { Ok(()) }
}

fn depmod(out: &Path, closure: &Closure<'_>, version: &str) -> Result<()> {
    let Some(holder) = closure.holder("bin/depmod") else { return Ok(()) };
    let depmod = holder.dir.join("bin/depmod");
    let status = Command::new(&depmod)
        .arg("-b")
        .arg(out)
        .args(["-F"])
        .arg(out.join("System.map"))
        .arg(version)
        .env_clear()
        .status()
        .map_err(|err| Error::io("run", &depmod, &err))?;
    match status.success() {
        true => Ok(()),
        false => {
            Err(Error::new(format!("depmod could not index the modules of {version}: {status}")))
        }
    }
}

/// The ELF image inside a bzImage (the kernel's `Documentation/arch/x86/boot.rst`: the payload's
/// offset and length stand in the setup header).
///
/// # Errors
/// When there is no such header, or the payload's compression is unknown.
pub fn extract(image: &[u8]) -> Result<Vec<u8>> {
    let wrong = |what: &str| Error::new(format!("it is no kernel image that firn knows: {what}"));
    if image.get(0x202..0x206) != Some(b"HdrS") {
        return Err(wrong("it has no setup header"));
    }
    let word = |at: usize| {
        let bytes = image.get(at..at + 4).and_then(|b| b.try_into().ok());
        bytes.map_or(0, u32::from_le_bytes) as usize
    };
    let setup = match image[0x1f1] {
        0 => 4,
        n => usize::from(n),
    };
    let start = (setup + 1) * 512 + word(0x248);
    let payload = start.checked_add(word(0x24c)).and_then(|end| image.get(start..end));
    let payload = payload.ok_or_else(|| wrong("its payload lies outside the file"))?;
    let image = match payload {
        [0x02, 0x21, 0x4c, 0x18, rest @ ..] => lz4::legacy(rest)?,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let mut out = Vec::new();
            liblzma::read::XzDecoder::new(payload)
                .read_to_end(&mut out)
                .map_err(|err| wrong(&err.to_string()))?;
            out
        }
        [0x1f, 0x8b, ..] => {
            let mut out = Vec::new();
            flate2::read::GzDecoder::new(payload)
                .read_to_end(&mut out)
                .map_err(|err| wrong(&err.to_string()))?;
            out
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            zstd::stream::decode_all(payload).map_err(|err| wrong(&err.to_string()))?
        }
        _ => return Err(wrong("its compression is unknown")),
    };
    if image.starts_with(b"\x7fELF") { Ok(image) } else { Err(wrong("its payload is no ELF file")) }
}
