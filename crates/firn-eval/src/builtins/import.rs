//! `import` and `scopedImport`.

use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "import",
        &["path"],
        import,
        "Loads, parses and evaluates the Nix file *path* and returns its value. If *path* is a \
         directory, the file `default.nix` in it is used. A file is evaluated once, however often it \
         is imported. A string that refers to outputs of derivations has them built first.",
    ),
    PrimOp::new(
        "scopedImport",
        &["scope", "path"],
        scoped_import,
        "Like `import`, but the attributes of *scope* are variables of the file, also in place of \
         builtins. The result is not remembered.",
    ),
];

/// Evaluates a file whose name was resolved; behind every entry of the import cache.
pub(crate) static LOAD: PrimOp = PrimOp::new("__load", &["path"], load, "").without_frame();

fn load(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let path = m.force_string(args[0], pos, "")?.to_text();
    m.load_import(&path, pos)
}

/// The path to import, with what its context names made real.
fn import_path(m: &mut Machine, v: Value, pos: Pos) -> R<Vec<u8>> {
    let (path, ctx) = m.coerce_path(v, pos, "while realising the context of a path")?;
    m.realise_path(path, ctx, pos)
}

fn import(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let path = import_path(m, args[0], pos)?;
    m.eval_file(&path, pos)
}

fn scoped_import(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let scope = m.force_attrs(
        args[0],
        pos,
        "while evaluating the first argument passed to builtins.scopedImport",
    )?;
    let path = import_path(m, args[1], pos)?;
    let resolved = m.resolve_import(&path, pos)?;
    m.load_file(&resolved, Some(scope), pos)
}
