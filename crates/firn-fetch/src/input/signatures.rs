//! Signed commits of Git repositories: `verifyCommit`, `publicKey`, `publicKeys`, `keytype`. Nix manual,
//! "fetchGit".

use std::fs;
use std::path::Path;
use std::process::Command;

use firn_formats::{Hash, base64};
use serde_json::Value;

use super::fetch::Fetcher;
use super::{Attrs, InputError};

/// The kind of key that is meant when none is named.
const DEFAULT_KIND: &str = "ssh-ed25519";

/// Kinds of keys as inputs and as OpenSSH name them.
const KINDS: &[(&str, &str)] = &[
    ("ssh-dsa", "ssh-dsa"),
    ("ssh-ecdsa", "ssh-ecdsa"),
    ("ssh-ecdsa-sk", "sk-ecdsa-sha2-nistp256@openssh.com"),
    ("ssh-ed25519", "ssh-ed25519"),
    ("ssh-ed25519-sk", "sk-ssh-ed25519@openssh.com"),
    ("ssh-rsa", "ssh-rsa"),
];

/// A key that commits may be signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its kind, as inputs name it.
    pub kind: String,
    /// The key in base 64.
    pub key: String,
}

/// The keys that an input names.
///
/// # Errors
/// `publicKeys` is no list of sets with `key` and, if wanted, `type`.
pub fn public_keys(attrs: &Attrs) -> Result<Vec<PublicKey>, InputError> {
    let mut keys = Vec::new();
    if let Some(text) = attrs.text("publicKeys")? {
        let bad = |why: &str| InputError::new(format!("'publicKeys' of a Git input: {why}"));
        let json: Value = serde_json::from_str(text).map_err(|error| bad(&error.to_string()))?;
        let list = json.as_array().ok_or_else(|| bad("it is not a list"))?;
        for entry in list {
            let field = |name: &str| entry.get(name).and_then(Value::as_str);
            let key = field("key").ok_or_else(|| bad("an entry has no text 'key'"))?;
            let kind = field("type").unwrap_or(DEFAULT_KIND);
            keys.push(PublicKey { kind: kind.to_owned(), key: key.to_owned() });
        }
    }
    if let Some(key) = attrs.text("publicKey")? {
        let kind = attrs.text("keytype")?.unwrap_or(DEFAULT_KIND);
        keys.push(PublicKey { kind: kind.to_owned(), key: key.to_owned() });
    }
    Ok(keys)
}

/// The keys as a URL has them.
pub fn to_query(attrs: &Attrs) -> Result<Vec<(&'static str, String)>, InputError> {
    let keys = public_keys(attrs)?;
    Ok(match keys.as_slice() {
        [] => Vec::new(),
        [key] => vec![("keytype", key.kind.clone()), ("publicKey", key.key.clone())],
        keys => {
            let keys: Vec<Value> = keys
                .iter()
                .map(|key| serde_json::json!({ "key": key.key, "type": key.kind }))
                .collect();
            vec![("publicKeys", Value::from(keys).to_string())]
        }
    })
}

impl Fetcher {
    /// Checks the signature of a commit, if the input asks for that. A work tree with changes has no
    /// commit, and is refused.
    ///
    /// # Errors
    /// The commit is not signed with one of the keys.
    pub(super) fn verify_commit(
        &self,
        attrs: &Attrs,
        repository: &Path,
        commit: Option<&str>,
    ) -> Result<(), InputError> {
        let keys = public_keys(attrs)?;
        let wanted = match attrs.get("verifyCommit") {
            Some(_) => attrs.flag("verifyCommit")?,
            None => !keys.is_empty(),
        };
        if !wanted {
            return Ok(());
        }
        let Some(commit) = commit else {
            return Err(InputError::new(format!(
                "commit verification is required for Git repository '{}', but it's dirty",
                repository.display()
            )));
        };
        if keys.is_empty() {
            return Err(InputError::new(format!(
                "commit verification is required for Git repository '{}', but no key is given; \
                 'publicKey' or 'publicKeys' name them",
                repository.display()
            )));
        }
        self.verify_with(&keys, repository, commit)
    }

    fn verify_with(
        &self,
        keys: &[PublicKey],
        repository: &Path,
        commit: &str,
    ) -> Result<(), InputError> {
        let scratch = self.scratch()?;
        let signers = scratch.path().join("allowed-signers");
        let lines = keys.iter().map(signer_line).collect::<Result<String, _>>()?;
        fs::write(&signers, lines).map_err(|error| {
            InputError::new(format!("cannot write '{}': {error}", signers.display()))
        })?;
        let output = Command::new(&self.git.0)
            .arg("-c")
            .arg(format!("gpg.ssh.allowedSignersFile={}", signers.display()))
            .arg("-C")
            .arg(repository)
            .args(["verify-commit", commit])
            .env("LC_ALL", "C")
            .output()
            .map_err(|error| {
                InputError::new(format!("cannot run '{}': {error}", self.git.0.display()))
            })?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        // Git is also content with a signature by a key of this user's own.
        let allowed: Vec<String> = keys.iter().map(fingerprint).collect::<Result<_, _>>()?;
        if output.status.success() && is_good(&said, &allowed) {
            return Ok(());
        }
        Err(InputError::new(format!(
            "Commit signature verification on commit {commit} failed: {}",
            said.trim()
        )))
    }
}

/// Whether Git names a good signature by one of the keys with these fingerprints.
fn is_good(said: &str, allowed: &[String]) -> bool {
    let good = said.lines().filter(|line| line.starts_with("Good \"git\" signature for "));
    let mut signed = good.filter_map(|line| line.rsplit_once(" key SHA256:"));
    signed.any(|(_, key)| allowed.iter().any(|allowed| allowed == key.trim()))
}

/// A line of a file of allowed signers. ssh-keygen(1), "ALLOWED SIGNERS".
fn signer_line(key: &PublicKey) -> Result<String, InputError> {
    let known = KINDS.iter().find(|(name, _)| *name == key.kind);
    let (_, kind) = known.ok_or_else(|| {
        let names: String = KINDS.iter().map(|(name, _)| format!("  {name}\n")).collect();
        InputError::new(format!(
            "Invalid SSH key type '{}' in publicKeys.\nPlease use one of:\n{names}",
            key.kind
        ))
    })?;
    // A key with white space in it would be a line of its own making.
    decoded(key)?;
    Ok(format!("* {kind} {}\n", key.key))
}

/// The fingerprint of a key as OpenSSH prints it: its SHA-256 in base 64, without padding.
fn fingerprint(key: &PublicKey) -> Result<String, InputError> {
    let sum = base64::encode(Hash::sha256(decoded(key)?).bytes());
    Ok(sum.trim_end_matches('=').to_owned())
}

fn decoded(key: &PublicKey) -> Result<Vec<u8>, InputError> {
    let plain = !key.key.chars().any(char::is_whitespace);
    let decoded = base64::decode(&key.key).ok().filter(|_| plain);
    decoded.ok_or_else(|| InputError::new(format!("'{}' is not a public key in base 64", key.key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_keys_are_good() {
        let said =
            |key: &str| format!("Good \"git\" signature for * with ED25519 key SHA256:{key}\n");
        let allowed = ["abc".to_owned(), "d+f".to_owned()];
        assert!(is_good(&said("abc"), &allowed));
        assert!(is_good(&said("d+f"), &allowed));
        assert!(!is_good(&said("ab"), &allowed));
        assert!(!is_good("Good signature from \"abc\"\n", &allowed));
        assert!(!is_good("Bad \"git\" signature with key SHA256:abc\n", &allowed));
    }
}
