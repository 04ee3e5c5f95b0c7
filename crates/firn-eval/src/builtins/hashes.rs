//! Hashes.

use firn_formats::{Hash, HashAlgo, HashFormat};
use firn_syntax::Symbol;

use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__hashString",
        &["type", "s"],
        hash_string,
        "Returns the hash of the string *s* in base 16. *type* is `\"md5\"`, `\"sha1\"`, \
         `\"sha256\"`, `\"sha512\"` or, with the experimental feature `blake3-hashes`, `\"blake3\"`.",
    )
    .strict(2),
    PrimOp::new(
        "__hashFile",
        &["type", "p"],
        hash_file,
        "Returns the hash of the content of the file *p* in base 16; *type* as for `hashString`.",
    )
    .strict(1),
    PrimOp::new(
        "__convertHash",
        &["args"],
        convert_hash,
        "Writes the hash `hash` (with its algorithm in `hashAlgo` if the text does not name it) in \
         the format `toHashFormat`: `\"base16\"`, `\"nix32\"`, `\"base64\"` or `\"sri\"`.",
    )
    .strict(1),
];

fn algorithm(m: &mut Machine, v: Value, what: &'static str) -> R<HashAlgo> {
    let name = m.string_without_context(v, Pos::NONE, what)?.to_text();
    if name == "blake3" && !m.settings.features.iter().any(|feature| feature == "blake3-hashes") {
        let text = "experimental Nix feature 'blake3-hashes' is disabled; add '--extra-experimental-features blake3-hashes' to enable it";
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    name.parse()
        .map_err(|_| m.fail(ErrorKind::Eval, Pos::NONE, format!("unknown hash algorithm '{name}', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'")))
}

fn hash_string(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.hashString";
    let algo = algorithm(m, args[0], what)?;
    let what = "while evaluating the second argument passed to builtins.hashString";
    let text = m.force_string(args[1], Pos::NONE, what)?;
    let hash = Hash::of(algo, text.bytes()).base16();
    Ok(m.string(hash.as_bytes()))
}

fn hash_file(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.hashFile";
    let algo = algorithm(m, args[0], what)?;
    let path = super::files::path_argument(m, args[1], Pos::NONE)?;
    let content = m.host().read_file(&path);
    let content = m.hosted(content, Pos::NONE)?;
    let hash = Hash::of(algo, content).base16();
    Ok(m.string(hash.as_bytes()))
}

fn convert_hash(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.convertHash";
    let attrs = m.force_attrs(args[0], Pos::NONE, what)?;
    let slot = m.required_attr(attrs, Symbol::of("hash"), "while locating the attribute 'hash'")?;
    let what = "while evaluating the attribute 'hash'";
    let text = m.string_without_context(slot.get(), Pos::NONE, what)?.to_text();
    let algo = match attrs.get(Symbol::of("hashAlgo")) {
        Some(slot) => {
            let what = "while evaluating the attribute 'hashAlgo'";
            Some(algorithm(m, slot.get(), what)?)
        }
        None => None,
    };
    let what = "while locating the attribute 'toHashFormat'";
    let slot = m.required_attr(attrs, Symbol::of("toHashFormat"), what)?;
    let what = "while evaluating the attribute 'toHashFormat'";
    let format = m.string_without_context(slot.get(), Pos::NONE, what)?.to_text();
    if &*format == "base32" {
        m.host().warn("\"base32\" is a deprecated alias for hash format \"nix32\".");
    }
    let format: HashFormat = match format.parse() {
        Ok(format) => format,
        Err(error) => return Err(m.fail(ErrorKind::Eval, Pos::NONE, format!("{error}"))),
    };
    match Hash::parse_any(&text, algo) {
        Ok(hash) if format == HashFormat::Sri => Ok(m.string(hash.sri().as_bytes())),
        Ok(hash) => Ok(m.string(hash.encode(format).as_bytes())),
        Err(error) => Err(m.fail(ErrorKind::Eval, Pos::NONE, format!("{error}"))),
    }
}
