//! The text of `.drv` files.
//!
//! Source: manual, "Derivation ATerm file format".

use std::collections::{BTreeMap, BTreeSet};

use super::{Derivation, DerivationOutput, InputNode};
use crate::{ContentAddress, ContentAddressMethod, Hash, Result, StoreDir, StorePath, error::err};

/// The version word of derivations that need `dynamic-derivations`.
const DYNAMIC: &str = "xp-dyn-drv";

/// Deepest chain of derivations that are outputs of derivations.
const MAX_DYNAMIC_DEPTH: usize = 64;

/// Strings are looked through in blocks of this many bytes.
const BLOCK: usize = 16;

/// Which bytes of a block are escaped: bit *i* for byte *i*.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn specials(block: &[u8; BLOCK]) -> u32 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };
    let number = u128::from_le_bytes(*block);
    // SAFETY: SSE2 is part of every x86-64 processor.
    unsafe {
        let block = _mm_set_epi64x((number >> 64) as i64, number as i64);
        let is = |byte: u8| _mm_cmpeq_epi8(block, _mm_set1_epi8(byte as i8));
        let quotes = _mm_or_si128(is(b'"'), is(b'\\'));
        let ends = _mm_or_si128(is(b'\n'), is(b'\r'));
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, ends), is(b'\t'))) as u32
    }
}

/// Which bytes of a block are escaped: bit *i* for byte *i*.
#[cfg(not(target_arch = "x86_64"))]
fn specials(block: &[u8; BLOCK]) -> u32 {
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t');
    block.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(special(byte)))
}

/// Appends a string's text with its special characters escaped.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + BLOCK);
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for block in blocks {
        match specials(block) {
            0 => out.extend_from_slice(block),
            found => push_block(out, block, found),
        }
    }
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    push_block(out, rest, specials(&block));
}

/// Appends a block in which the bytes of these bits are to be escaped.
#[inline]
fn push_block(out: &mut Vec<u8>, block: &[u8], found: u32) {
    let (mut found, mut start) = (found, 0);
    while found != 0 {
        let at = found.trailing_zeros() as usize;
        let escape = match block[at] {
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            other => other,
        };
        out.extend_from_slice(&block[start..at]);
        out.extend_from_slice(&[b'\\', escape]);
        start = at + 1;
        found &= found - 1;
    }
    out.extend_from_slice(&block[start..]);
}

/// What stands for an input derivation: its path, or its hash when hashing modulo outputs.
pub(super) enum InputKey<'a> {
    Path(&'a StorePath),
    Hash(&'a Hash),
}

/// Writes the constructs of the format into one buffer.
pub(super) struct Printer<'a> {
    pub(super) out: Vec<u8>,
    dir: &'a StoreDir,
}

impl<'a> Printer<'a> {
    pub(super) fn new(dir: &'a StoreDir) -> Self {
        Self { out: Vec::with_capacity(4096), dir }
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn quoted(&mut self, text: &str) {
        self.raw("\"");
        self.raw(text);
        self.raw("\"");
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        push_escaped(&mut self.out, text);
        self.out.push(b'"');
    }

    fn path(&mut self, path: &StorePath) {
        self.raw("\"");
        self.raw(self.dir.as_str());
        self.raw("/");
        self.raw(path.as_str());
        self.raw("\"");
    }

    fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        self.raw("[");
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.raw(",");
            }
            each(self, item);
        }
        self.raw("]");
    }

    fn output(&mut self, drv: &Derivation, name: &str, output: &DerivationOutput) -> Result<()> {
        self.raw("(");
        self.quoted(name);
        self.raw(",");
        match output {
            DerivationOutput::InputAddressed(path) => {
                self.path(path);
                self.raw(",\"\",\"\"");
            }
            DerivationOutput::Fixed(ca) => {
                if let Some(path) = output.path(self.dir, &drv.name, name)? {
                    self.path(&path);
                }
                self.raw(",");
                self.quoted(&ca.method_and_algo());
                self.raw(",");
                self.quoted(&ca.hash.base16());
            }
            DerivationOutput::Floating { method, algo } => {
                self.raw("\"\",\"");
                self.raw(method.prefix());
                self.raw(algo.name());
                self.raw("\",\"\"");
            }
            DerivationOutput::Deferred => self.raw("\"\",\"\",\"\""),
            DerivationOutput::Impure { method, algo } => {
                self.raw("\"\",\"");
                self.raw(method.prefix());
                self.raw(algo.name());
                self.raw("\",\"impure\"");
            }
        }
        self.raw(")");
        Ok(())
    }

    /// Everything up to the list of inputs; `masked` leaves output paths empty.
    pub(super) fn head(&mut self, drv: &Derivation, masked: bool) -> Result<()> {
        if drv.has_dynamic_inputs() {
            self.raw("DrvWithVersion(");
            self.quoted(DYNAMIC);
            self.raw(",[");
        } else {
            self.raw("Derive([");
        }
        for (i, (name, output)) in drv.outputs.iter().enumerate() {
            if i > 0 {
                self.raw(",");
            }
            let output = if masked { &DerivationOutput::Deferred } else { output };
            self.output(drv, name, output)?;
        }
        self.raw("],[");
        Ok(())
    }

    /// One input; `first` tells whether a comma is needed.
    pub(super) fn input<'n>(
        &mut self,
        first: bool,
        key: InputKey<'_>,
        outputs: impl IntoIterator<Item = &'n String>,
        dynamic: &BTreeMap<String, InputNode>,
    ) {
        self.raw(if first { "(" } else { ",(" });
        match key {
            InputKey::Path(path) => self.path(path),
            InputKey::Hash(hash) => self.quoted(&hash.base16()),
        }
        self.node(outputs, dynamic);
        self.raw(")");
    }

    fn node<'n>(
        &mut self,
        outputs: impl IntoIterator<Item = &'n String>,
        dynamic: &BTreeMap<String, InputNode>,
    ) {
        if dynamic.is_empty() {
            self.raw(",");
            self.list(outputs, |p, name| p.quoted(name));
            return;
        }
        self.raw(",(");
        self.list(outputs, |p, name| p.quoted(name));
        self.raw(",");
        self.list(dynamic, |p, (name, node)| {
            p.raw("(");
            p.quoted(name);
            p.node(&node.outputs, &node.dynamic);
            p.raw(")");
        });
        self.raw(")");
    }

    /// Everything after the inputs; `masked` leaves variables named as outputs empty.
    pub(super) fn tail(&mut self, drv: &Derivation, masked: bool) {
        self.raw("],");
        self.list(&drv.input_srcs, Self::path);
        self.raw(",");
        self.quoted(&drv.platform);
        self.raw(",");
        self.string(&drv.builder);
        self.raw(",");
        self.list(&drv.args, |p, arg| p.string(arg));
        self.raw(",");
        self.list(&drv.env, |p, (name, value)| {
            let hide = masked
                && std::str::from_utf8(name).is_ok_and(|name| drv.outputs.contains_key(name));
            p.raw("(");
            p.string(name);
            p.raw(",");
            p.string(if hide { b"" } else { value });
            p.raw(")");
        });
        self.raw(")");
    }
}

impl Derivation {
    /// The text of the `.drv` file.
    ///
    /// # Errors
    /// A fixed output whose path can't be computed (a name too long, a hash of the wrong kind).
    pub fn to_aterm(&self, dir: &StoreDir) -> Result<Vec<u8>> {
        let mut printer = Printer::new(dir);
        printer.head(self, false)?;
        for (i, (path, node)) in self.input_drvs.iter().enumerate() {
            printer.input(i == 0, InputKey::Path(path), &node.outputs, &node.dynamic);
        }
        printer.tail(self, false);
        Ok(printer.out)
    }

    /// Parses the text of a `.drv` file; `name` is its name without `.drv`.
    ///
    /// # Errors
    /// Any departure from the format, with the byte offset where it shows.
    pub fn from_aterm(dir: &StoreDir, text: &[u8], name: &str) -> Result<Self> {
        let mut parser = Parser { dir, text, at: 0 };
        parser
            .derivation(name)
            .map_err(|e| err!("error parsing derivation '{name}' at byte {}: {e}", parser.at))
    }
}

struct Parser<'a> {
    dir: &'a StoreDir,
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn derivation(&mut self, name: &str) -> Result<Derivation> {
        let mut drv = Derivation { name: name.to_owned(), ..Derivation::default() };
        let dynamic = self.opening()?;
        self.list(|p| {
            let (output, value) = p.output(name)?;
            drv.outputs.insert(output, value);
            Ok(())
        })?;
        self.expect(",")?;
        self.list(|p| {
            p.expect("(")?;
            let path = p.path()?;
            p.expect(",")?;
            let node = p.node(dynamic, 0)?;
            p.expect(")")?;
            drv.input_drvs.insert(path, node);
            Ok(())
        })?;
        self.expect(",")?;
        self.list(|p| {
            drv.input_srcs.insert(p.path()?);
            Ok(())
        })?;
        self.expect(",")?;
        drv.platform = self.utf8()?;
        self.expect(",")?;
        drv.builder = self.string()?;
        self.expect(",")?;
        self.list(|p| {
            drv.args.push(p.string()?);
            Ok(())
        })?;
        self.expect(",")?;
        self.list(|p| {
            p.expect("(")?;
            let key = p.string()?;
            p.expect(",")?;
            let value = p.string()?;
            p.expect(")")?;
            drv.env.insert(key, value);
            Ok(())
        })?;
        self.expect(")")?;
        if self.at != self.text.len() {
            return Err(err!("text after the end"));
        }
        Ok(drv)
    }

    /// Reads the opening word; true when inputs may be dynamic.
    fn opening(&mut self) -> Result<bool> {
        if self.accept("Derive(") {
            return Ok(false);
        }
        if !self.accept("DrvWithVersion(") {
            return Err(err!("derivation does not start with 'Derive' or 'DrvWithVersion'"));
        }
        let version = self.utf8()?;
        if version != DYNAMIC {
            return Err(err!("unknown derivation ATerm format version '{version}'"));
        }
        self.expect(",")?;
        Ok(true)
    }

    fn output(&mut self, drv_name: &str) -> Result<(String, DerivationOutput)> {
        self.expect("(")?;
        let name = self.utf8()?;
        self.expect(",")?;
        let path = self.utf8()?;
        self.expect(",")?;
        let algo = self.utf8()?;
        self.expect(",")?;
        let hash = self.utf8()?;
        self.expect(")")?;
        let output =
            DerivationOutput::from_fields(self.dir, drv_name, &name, [&path, &algo, &hash])?;
        Ok((name, output))
    }

    fn node(&mut self, dynamic: bool, depth: usize) -> Result<InputNode> {
        let mut node = InputNode::default();
        if !dynamic || !self.accept("(") {
            node.outputs = self.names()?;
            return Ok(node);
        }
        if depth > MAX_DYNAMIC_DEPTH {
            return Err(err!("dynamic derivation inputs nest too deeply"));
        }
        node.outputs = self.names()?;
        self.expect(",")?;
        self.list(|p| {
            p.expect("(")?;
            let name = p.utf8()?;
            p.expect(",")?;
            let child = p.node(dynamic, depth + 1)?;
            p.expect(")")?;
            node.dynamic.insert(name, child);
            Ok(())
        })?;
        self.expect(")")?;
        Ok(node)
    }

    fn names(&mut self) -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        self.list(|p| {
            names.insert(p.utf8()?);
            Ok(())
        })?;
        Ok(names)
    }

    fn list(&mut self, mut each: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.expect("[")?;
        if self.accept("]") {
            return Ok(());
        }
        loop {
            each(self)?;
            if self.accept("]") {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    fn path(&mut self) -> Result<StorePath> {
        let text = self.utf8()?;
        self.dir.parse_canonical(&text)
    }

    fn utf8(&mut self) -> Result<String> {
        String::from_utf8(self.string()?).map_err(|_| err!("text is not valid UTF-8"))
    }

    fn string(&mut self) -> Result<Vec<u8>> {
        self.expect("\"")?;
        let mut out = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let len = memchr::memchr2(b'"', b'\\', rest)
                .ok_or_else(|| err!("unterminated string in derivation"))?;
            out.extend_from_slice(&rest[..len]);
            self.at += len + 1;
            if rest[len] == b'"' {
                return Ok(out);
            }
            let escaped =
                *rest.get(len + 1).ok_or_else(|| err!("unterminated string in derivation"))?;
            out.push(match escaped {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => other,
            });
            self.at += 1;
        }
    }

    fn accept(&mut self, text: &str) -> bool {
        let found = self.text[self.at..].starts_with(text.as_bytes());
        if found {
            self.at += text.len();
        }
        found
    }

    fn expect(&mut self, text: &str) -> Result<()> {
        if self.accept(text) { Ok(()) } else { Err(err!("expected string '{text}'")) }
    }
}

impl DerivationOutput {
    /// Reads the three texts that describe an output in ATerm and in the worker protocol: path,
    /// `[method]algo` and hash.
    ///
    /// # Errors
    /// Malformed parts, or a fixed output whose path is not the one its hash gives.
    pub fn from_fields(
        dir: &StoreDir,
        drv_name: &str,
        output: &str,
        [path, algo, hash]: [&str; 3],
    ) -> Result<Self> {
        if algo.is_empty() {
            return match path {
                "" => Ok(Self::Deferred),
                path => Ok(Self::InputAddressed(dir.parse_canonical(path)?)),
            };
        }
        let (method, algo) = ContentAddressMethod::parse_with_algo(algo)?;
        match hash {
            "impure" | "" if !path.is_empty() => Err(err!(
                "output '{output}' is addressed by content not known yet and can't have a path"
            )),
            "impure" => Ok(Self::Impure { method, algo }),
            "" => Ok(Self::Floating { method, algo }),
            hash => {
                let given = dir.parse_canonical(path)?;
                let fixed =
                    Self::Fixed(ContentAddress { method, hash: Hash::parse_bare(hash, algo)? });
                if fixed.path(dir, drv_name, output)?.as_ref() != Some(&given) {
                    return Err(err!(
                        "derivation output '{output}' has path '{path}', which does not match its content address"
                    ));
                }
                Ok(fixed)
            }
        }
    }
}
