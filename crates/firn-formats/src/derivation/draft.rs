//! Making a derivation: its output paths, its own path and its hash, from parts in the order of the
//! text, in one pass over them.
//!
//! An evaluator makes thousands of derivations, and each is hashed three times: with its outputs
//! masked (which gives their paths), with its inputs' paths (which gives its own) and with its
//! inputs' hashes (which stands for it in others). Here the parts are escaped once, into a text with
//! gaps where output paths go, and the three are hashed in pieces. [`super::Derivation`] gives the
//! same, for every kind of derivation; this is for the usual two.
//!
//! Source: manual, "Derivation ATerm file format" and "Complete store path calculation".

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::aterm::push_escaped;
use crate::sha256_pair::sha256_pair;
use crate::{ContentAddress, DerivationOutput, Hash, HashAlgo, Result, StoreDir, StorePath};

/// A SHA-256 hash as the digits that stand for it in texts.
pub type HashDigits = [u8; 64];

/// What stands for an input derivation in the hash of those that depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputHash {
    /// An input-addressed derivation.
    Drv(HashDigits),
    /// A fixed output, which is called `out`.
    Fixed(HashDigits),
}

/// An input derivation and the outputs wanted of it.
#[derive(Debug, Clone)]
pub struct DraftInput<'a> {
    /// Its path.
    pub path: &'a StorePath,
    /// What stands for it.
    pub hash: InputHash,
    /// The outputs wanted, sorted, each once.
    pub outputs: Vec<&'a str>,
}

/// A derivation whose outputs are addressed by its inputs, or that has one output of known content.
#[derive(Debug, Clone, Default)]
pub struct Draft<'a> {
    /// The name.
    pub name: &'a str,
    /// Names of the outputs, sorted, each once. With [`Draft::fixed`]: `out` alone.
    pub outputs: Vec<&'a str>,
    /// The content of the only output, if it is known.
    pub fixed: Option<ContentAddress>,
    /// Input derivations, sorted by path, each once.
    pub inputs: Vec<DraftInput<'a>>,
    /// Store paths that the build needs, sorted, each once.
    pub sources: Vec<&'a StorePath>,
    /// System type that the builder runs on.
    pub platform: &'a str,
    /// The program.
    pub builder: &'a [u8],
    /// Its arguments.
    pub args: Vec<&'a [u8]>,
    /// Its environment, sorted by name, each once. The variables named as outputs are left to
    /// [`Draft::finish`].
    pub env: Vec<(&'a [u8], &'a [u8])>,
}

/// What follows from a [`Draft`].
#[derive(Debug)]
pub struct Finished {
    /// The derivation's path.
    pub path: StorePath,
    /// What stands for it in others.
    pub hash: InputHash,
    /// The paths of the outputs, in the order of their names.
    pub outputs: Vec<StorePath>,
    /// The text of the `.drv` file, if it was asked for.
    pub text: Option<Vec<u8>>,
}

/// Buffers to use again for the next derivation.
#[derive(Debug, Default)]
pub struct DraftBuffers {
    head: Vec<u8>,
    inputs: Vec<u8>,
    tail: Vec<u8>,
    /// Where in `tail` the path of which output belongs.
    gaps: Vec<(usize, usize)>,
    /// The text with its inputs' hashes, and with their paths.
    texts: (Vec<u8>, Vec<u8>),
}

impl DraftBuffers {
    /// An empty buffer for a whole text.
    pub(super) fn take_text(&mut self) -> Vec<u8> {
        let mut text = std::mem::take(&mut self.texts.1);
        text.clear();
        text
    }

    /// Gives it back.
    pub(super) fn put_text(&mut self, text: Vec<u8>) {
        self.texts.1 = text;
    }
}

impl Draft<'_> {
    /// Computes everything; `want_text` tells whether the text itself is needed.
    ///
    /// # Errors
    /// A name too long, a fixed output's hash of the wrong kind.
    pub fn finish(
        &self,
        dir: &StoreDir,
        buffers: &mut DraftBuffers,
        want_text: bool,
    ) -> Result<Finished> {
        self.write_tail(dir, buffers);
        let outputs = match &self.fixed {
            Some(ca) => vec![fixed_path(dir, ca, self.name)?],
            None => {
                self.write_head(dir, &mut buffers.head, &[]);
                self.write_hashed_inputs(&mut buffers.inputs);
                let masked = Hash::sha256_of(&[&buffers.head, &buffers.inputs, &buffers.tail]);
                let path = |name| dir.make_output_path(name, &masked, self.name);
                self.outputs.iter().map(|name| path(name)).collect::<Result<_>>()?
            }
        };
        self.write_head(dir, &mut buffers.head, &outputs);
        let (mut hashed, mut text) = std::mem::take(&mut buffers.texts);
        if self.fixed.is_none() {
            write_text(&mut hashed, dir, buffers, &outputs);
        }
        self.write_inputs(dir, &mut buffers.inputs);
        write_text(&mut text, dir, buffers, &outputs);
        let (hash, own) = match &self.fixed {
            Some(ca) => {
                let hash = digits(&fixed_hash(dir, ca, &outputs));
                (InputHash::Fixed(hash), Hash::sha256_of(&[&text]))
            }
            None => {
                let [hash, own] = sha256_pair(&hashed, &text).map(|h| Hash::from_sha256(&h));
                (InputHash::Drv(digits(&hash)), own)
            }
        };
        let path = self.path(dir, &own)?;
        let wanted = want_text.then(|| text.clone());
        buffers.texts = (hashed, text);
        Ok(Finished { path, hash, outputs, text: wanted })
    }

    /// The parts of the text with its outputs masked.
    pub(super) fn write_masked<'b>(
        &self,
        dir: &StoreDir,
        buffers: &'b mut DraftBuffers,
    ) -> [&'b [u8]; 3] {
        self.write_tail(dir, buffers);
        self.write_head(dir, &mut buffers.head, &[]);
        self.write_inputs(dir, &mut buffers.inputs);
        [&buffers.head, &buffers.inputs, &buffers.tail]
    }

    /// The path of the `.drv` file whose text has this hash.
    fn path(&self, dir: &StoreDir, text: &Hash) -> Result<StorePath> {
        let mut hasher = Sha256::new();
        hasher.update(b"text");
        // References are sorted: those that are derivations and the others, merged.
        let (mut drvs, mut sources) =
            (self.inputs.iter().peekable(), self.sources.iter().peekable());
        loop {
            let next = match (drvs.peek(), sources.peek()) {
                (Some(drv), Some(source)) if drv.path == **source => {
                    drvs.next();
                    continue;
                }
                (Some(drv), Some(source)) if drv.path < **source => drvs.next().map(|d| d.path),
                (Some(_), None) => drvs.next().map(|drv| drv.path),
                (_, Some(_)) => sources.next().copied(),
                (None, None) => break,
            };
            if let Some(path) = next {
                hasher.update(b":");
                hasher.update(dir.as_str());
                hasher.update(b"/");
                hasher.update(path.as_str());
            }
        }
        hasher.update(b":sha256:");
        hasher.update(digits(text));
        hasher.update(b":");
        hasher.update(dir.as_str());
        hasher.update(b":");
        hasher.update(self.name);
        hasher.update(b".drv");
        let hash = Hash::from_digest(HashAlgo::Sha256, &hasher.finalize())?;
        StorePath::from_parts(&hash.compress(20), &format!("{}.drv", self.name))
    }

    /// Everything up to the inputs; without paths, outputs are masked.
    fn write_head(&self, dir: &StoreDir, out: &mut Vec<u8>, paths: &[StorePath]) {
        out.clear();
        out.extend_from_slice(b"Derive([");
        for (i, name) in self.outputs.iter().enumerate() {
            out.extend_from_slice(if i == 0 { b"(" } else { b",(" });
            quoted(out, name);
            out.extend_from_slice(b",\"");
            if let Some(path) = paths.get(i) {
                push_path(out, dir, path);
            }
            out.extend_from_slice(b"\",");
            match &self.fixed {
                Some(ca) => {
                    quoted(out, &ca.method_and_algo());
                    out.push(b',');
                    quoted(out, &ca.hash.base16());
                }
                None => out.extend_from_slice(b"\"\",\"\""),
            }
            out.push(b')');
        }
        out.extend_from_slice(b"],[");
    }

    fn write_inputs(&self, dir: &StoreDir, out: &mut Vec<u8>) {
        out.clear();
        for input in &self.inputs {
            separate(out);
            out.push(b'(');
            quoted_path(out, dir, input.path);
            out.push(b',');
            names(out, &input.outputs);
            out.push(b')');
        }
    }

    /// The inputs by their hashes, in the order of these; those with one hash are one.
    fn write_hashed_inputs(&self, out: &mut Vec<u8>) {
        out.clear();
        let mut order: Vec<(&HashDigits, &[&str])> = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            order.push(match &input.hash {
                InputHash::Drv(hash) => (hash, &input.outputs),
                InputHash::Fixed(hash) => (hash, &["out"]),
            });
        }
        order.sort_unstable_by_key(|(hash, _)| *hash);
        for same in order.chunk_by(|a, b| a.0 == b.0) {
            separate(out);
            out.extend_from_slice(b"(\"");
            out.extend_from_slice(same[0].0);
            out.extend_from_slice(b"\",");
            if let [(_, outputs)] = same {
                names(out, outputs);
            } else {
                let mut all: Vec<&str> = same.iter().flat_map(|s| s.1.iter().copied()).collect();
                all.sort_unstable();
                all.dedup();
                names(out, &all);
            }
            out.push(b')');
        }
    }

    /// Everything after the inputs, with gaps for the paths of outputs.
    fn write_tail(&self, dir: &StoreDir, buffers: &mut DraftBuffers) {
        let (out, gaps) = (&mut buffers.tail, &mut buffers.gaps);
        out.clear();
        gaps.clear();
        out.extend_from_slice(b"],[");
        for (i, path) in self.sources.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            quoted_path(out, dir, path);
        }
        out.extend_from_slice(b"],");
        quoted(out, self.platform);
        out.push(b',');
        string(out, self.builder);
        out.extend_from_slice(b",[");
        for (i, arg) in self.args.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            string(out, arg);
        }
        out.extend_from_slice(b"],[");
        let mut env = self.env.iter().peekable();
        let mut outputs = self.outputs.iter().enumerate().peekable();
        let mut first = true;
        loop {
            let output = match (env.peek(), outputs.peek()) {
                (None, None) => break,
                (Some((name, _)), Some((_, output))) if *name < output.as_bytes() => None,
                (_, None) => None,
                _ => outputs.next(),
            };
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            out.push(b'(');
            if let Some((i, output)) = output {
                // What the environment says of it does not count.
                env.next_if(|(name, _)| *name == output.as_bytes());
                quoted(out, output);
                out.extend_from_slice(b",\"");
                gaps.push((out.len(), i));
                out.push(b'"');
            } else if let Some((name, value)) = env.next() {
                string(out, name);
                out.push(b',');
                string(out, value);
            }
            out.push(b')');
        }
        out.extend_from_slice(b"])");
    }
}

/// The whole text, with the outputs' paths in their gaps.
fn write_text(text: &mut Vec<u8>, dir: &StoreDir, buffers: &DraftBuffers, outputs: &[StorePath]) {
    text.clear();
    text.extend_from_slice(&buffers.head);
    text.extend_from_slice(&buffers.inputs);
    let mut from = 0;
    for &(at, output) in &buffers.gaps {
        text.extend_from_slice(&buffers.tail[from..at]);
        push_path(text, dir, &outputs[output]);
        from = at;
    }
    text.extend_from_slice(&buffers.tail[from..]);
}

fn fixed_path(dir: &StoreDir, ca: &ContentAddress, name: &str) -> Result<StorePath> {
    match DerivationOutput::Fixed(*ca).path(dir, name, "out")? {
        Some(path) => Ok(path),
        None => unreachable!("the path of known content is known"),
    }
}

fn fixed_hash(dir: &StoreDir, ca: &ContentAddress, outputs: &[StorePath]) -> Hash {
    let (method, hash) = (ca.method_and_algo(), ca.hash.base16());
    Hash::sha256_of(&[
        b"fixed:out:",
        method.as_bytes(),
        b":",
        hash.as_bytes(),
        b":",
        dir.as_str().as_bytes(),
        b"/",
        outputs[0].as_str().as_bytes(),
    ])
}

/// The digits of a SHA-256 hash.
fn digits(hash: &Hash) -> HashDigits {
    let mut digits = [0; 64];
    HEXLOWER.encode_mut(hash.bytes(), &mut digits);
    digits
}

impl InputHash {
    /// What stands for an input-addressed derivation with this hash, or for a fixed output.
    pub fn new(hash: &Hash, fixed: bool) -> InputHash {
        if fixed { InputHash::Fixed(digits(hash)) } else { InputHash::Drv(digits(hash)) }
    }

    /// The hash itself.
    pub fn hash(&self) -> Hash {
        let (InputHash::Drv(digits) | InputHash::Fixed(digits)) = self;
        let mut bytes = [0; 32];
        match HEXLOWER.decode_mut(digits, &mut bytes) {
            Ok(_) => Hash::from_sha256(&bytes),
            Err(_) => unreachable!("made of digits by `digits`"),
        }
    }
}

/// A comma, unless this is the first of a list.
fn separate(out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b',');
    }
}

/// A text that needs no escapes.
fn quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn push_path(out: &mut Vec<u8>, dir: &StoreDir, path: &StorePath) {
    out.extend_from_slice(dir.as_str().as_bytes());
    out.push(b'/');
    out.extend_from_slice(path.as_str().as_bytes());
}

fn quoted_path(out: &mut Vec<u8>, dir: &StoreDir, path: &StorePath) {
    out.push(b'"');
    push_path(out, dir, path);
    out.push(b'"');
}

fn names(out: &mut Vec<u8>, names: &[&str]) {
    out.push(b'[');
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        quoted(out, name);
    }
    out.push(b']');
}

fn string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
