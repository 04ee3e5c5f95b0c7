//! Shell code that sets a build environment up (Nix manual, "nix develop").

use std::path::{Path, PathBuf};

use super::environment::{BuildEnvironment, quoted};
use crate::exit::Failure;

/// Variables that belong to the user's session, not to the build.
const IGNORED: &[&str] = &[
    "BASHOPTS",
    "HOME",
    "NIX_BUILD_TOP",
    "NIX_ENFORCE_PURITY",
    "NIX_LOG_FD",
    "NIX_REMOTE",
    "PPID",
    "SHELLOPTS",
    "SSL_CERT_FILE",
    "TEMP",
    "TEMPDIR",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "UID",
];

/// Variables to whose values the build's are put in front.
const EXTENDED: &[&str] = &["PATH", "XDG_DATA_DIRS"];

/// A store path for which a folder that can be written stands.
pub struct Redirect {
    /// The store path, in full.
    pub from: String,
    /// The folder.
    pub to: PathBuf,
}

/// Shell code of a build environment. Outputs are placed below `outputs`, where that is given, and store
/// paths are replaced by the folders of `redirects`;
/// files of structured attributes are written to `scratch`.
///
/// # Errors
/// A file can't be written.
pub fn of(
    environment: &BuildEnvironment,
    outputs: Option<&Path>,
    redirects: &[Redirect],
    scratch: &Path,
) -> Result<String, Failure> {
    let mut code = String::from("unset shellHook\n");
    for name in EXTENDED {
        code += &format!("{name}=${{{name}:-}}\nnix_saved_{name}=\"${name}\"\n");
    }
    code += &environment.to_shell(IGNORED);
    for name in EXTENDED {
        code += &format!("{name}=\"${name}${{nix_saved_{name}:+:$nix_saved_{name}}}\"\n");
    }
    code += "export NIX_BUILD_TOP=\"$(mktemp -d -t nix-shell.XXXXXX)\"\n";
    for name in ["TMP", "TMPDIR", "TEMP", "TEMPDIR"] {
        code += &format!("export {name}=\"$NIX_BUILD_TOP\"\n");
    }
    code += "eval \"${shellHook:-}\"\n";
    if let Some(folder) = outputs {
        for (name, path) in environment.outputs() {
            code = code.replace(&path, &folder.join(name).to_string_lossy());
        }
    }
    for redirect in redirects {
        code = code.replace(&redirect.from, &redirect.to.to_string_lossy());
    }
    if let Some(structured) = &environment.structured {
        let files = [
            ("NIX_ATTRS_JSON_FILE", ".attrs.json", &structured.json),
            ("NIX_ATTRS_SH_FILE", ".attrs.sh", &structured.shell),
        ];
        for (variable, name, text) in files {
            let place = scratch.join(name);
            std::fs::write(&place, text)?;
            if let Some(path) = environment.text(variable) {
                code = code.replace(path, &place.to_string_lossy());
            }
        }
    }
    Ok(code)
}

/// Shell code that becomes a command.
pub fn command(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    format!("exec {}\n", words.join(" "))
}

/// Shell code that makes a shell pleasant for a person.
pub fn interactive(code: &str, prompt: &str) -> String {
    format!(
        "[ -n \"$PS1\" ] && [ -e ~/.bashrc ] && source ~/.bashrc\nshopt -u expand_aliases\n{code}\n\
         shopt -s expand_aliases\n{prompt}"
    )
}
