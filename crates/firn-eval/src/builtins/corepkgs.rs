//! The files of `<nix/…>`, which are part of the program.

use firn_source::Origin;

use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

/// Where these files seem to lie. Nothing is read there: importing one finds it already imported.
const FOLDER: &str = "/nix-internal";

const FETCHURL: &str = include_str!("fetchurl.nix");

static COMPILE: PrimOp = PrimOp::new("__fetchurlNix", &["unit"], compile, "").without_frame();

fn compile(m: &mut Machine, _: &[Value], _: Pos) -> R<Value> {
    m.eval_text(Origin::Builtin("nix/fetchurl.nix"), FETCHURL.as_bytes(), "/")
}

/// The path of a file of `<nix/…>`, by its name in the search path.
pub(crate) fn find(m: &mut Machine, wanted: &str) -> Option<Value> {
    if wanted != "nix/fetchurl.nix" {
        return None;
    }
    let path = format!("{FOLDER}/fetchurl.nix");
    if !m.imports.contains_key(&path) {
        let function = m.lazy_native(&COMPILE, &[Value::NULL]);
        m.imports.insert(path.clone(), function);
    }
    Some(m.path(path.as_bytes()))
}

/// The text of a file of `<nix/…>` by its path; nothing for other paths.
pub fn internal_file(path: &str) -> Option<&'static str> {
    (path == format!("{FOLDER}/fetchurl.nix")).then_some(FETCHURL)
}
