//! Puts the folder `nix/` into the program, as a table of paths, contents and modes, with a digest of all,
//! and has it linked for a fixed address.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn main() {
    link_for_fixed_address();
    let Some(manifest) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else { return };
    let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from) else { return };
    let root = manifest.join("../../nix");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut table = String::from("&[\n");
    let mut digest = Digest::default();
    collect(&root, Path::new(""), &mut table, &mut digest);
    table.push_str("]\n");
    let written = fs::write(out.join("base.rs"), table)
        .and_then(|()| fs::write(out.join("digest.rs"), format!("\"{:032x}\"\n", digest.0)));
    if let Err(error) = written {
        println!("cargo::error=cannot write the table of nix/: {error}");
    }
}

/// A program that may lie anywhere corrects 40,000 addresses in itself whenever it starts, which was a third of
/// the instructions of a short evaluation and made 170 pages its own. The stack, the heap and what is
/// mapped lie at random addresses all the same.
fn link_for_fixed_address() {
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let is_static = target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if is_static && target("OS") == "linux" && target("ENV") == "gnu" {
        // They come after the compiler's `-static-pie`, which they revoke.
        println!("cargo::rustc-link-arg-bins=-no-pie");
        println!("cargo::rustc-link-arg-bins=-static");
    }
}

/// FNV-1a with 128 bits: it tells two versions of the folder apart, and nobody who means ill chooses them.
struct Digest(u128);

impl Default for Digest {
    fn default() -> Self {
        Digest(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Digest {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul((1 << 88) + 0x13b);
        }
    }
}

fn collect(root: &Path, relative: &Path, table: &mut String, digest: &mut Digest) {
    let folder = root.join(relative);
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("cargo::error=cannot read {}", folder.display());
        return;
    };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let relative = relative.join(&name);
        let path = root.join(&relative);
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            collect(root, &relative, table, digest);
        } else if metadata.is_file() {
            let executable = metadata.permissions().mode() & 0o100 != 0;
            let path = fs::canonicalize(&path).unwrap_or(path);
            let content = fs::read(&path).unwrap_or_default();
            digest.add(relative.as_os_str().as_encoded_bytes());
            digest.add(&[0, u8::from(executable)]);
            digest.add(&content.len().to_le_bytes());
            digest.add(&content);
            let _ = writeln!(table, "    ({relative:?}, include_bytes!({path:?}), {executable}),");
        }
    }
}
