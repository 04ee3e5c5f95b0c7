//! `derivationStrict`: from a set of attributes to a derivation in the store.
//!
//! The attributes are read in alphabetical order ([`super::attributes`]); what they depend on
//! becomes the derivation's inputs; output paths are computed ([`super::outputs`]); the text is
//! added to the store. Nix manual, "Derivations" and "Advanced Attributes".

use std::cell::RefCell;
use std::collections::BTreeSet;

use firn_eval::{
    ContextElem, Ctx, ErrorKind, Machine, Pos, PrimOp, R, SinglePath, Symbol, Value, sym,
};
use firn_formats::derivation::{Draft, DraftBuffers, Finished, InputNode};
use firn_formats::{
    ContextElement, Derivation, HashModulo, ModuloMemo, SingleDerivedPath, StorePath, StorePathSet,
};
use firn_store::{StoreError, add_text};

use super::attributes::{self, Attributes};
use super::made::{Element, Made};
use super::{HostHandle, failed, host, outputs};
use crate::context::to_store;

pub(super) const TABLE: &[PrimOp] = &[PrimOp::new(
    "derivationStrict",
    &["attrs"],
    derivation_strict,
    "Makes a derivation of the set *attrs* and adds it to the store. The result has `drvPath` and an \
     attribute for each output. Expressions call `derivation`, which does this when somebody asks.",
)
.strict(1)];

fn derivation_strict(m: &mut Machine, args: &[Value], pos: Pos) -> R<Value> {
    let attrs = m.force_attrs(
        args[0],
        Pos::NONE,
        "while evaluating the argument passed to builtins.derivationStrict",
    )?;
    let what = "in the attrset passed as argument to builtins.derivationStrict";
    m.required_attr(attrs, sym::NAME, what)?;
    let Some(entry) = attrs.entry(sym::NAME) else { unreachable!("the attribute is there") };
    let what = "while evaluating the `name` attribute passed to builtins.derivationStrict";
    let name = match m.string_without_context(entry.value(), Pos::NONE, what) {
        Ok(name) => name.to_text(),
        Err(raised) => {
            return Err(m.frame(
                raised,
                entry.pos,
                "while evaluating the derivation attribute 'name'",
            ));
        }
    };
    make(m, &name, attrs, pos).map_err(|raised| {
        let place = m.show_pos(entry.pos);
        let text = format!(
            "while evaluating derivation '{name}'\n  whose name attribute is located at {place}"
        );
        m.frame_always(raised, Pos::NONE, text)
    })
}

fn make(m: &mut Machine, name: &str, attrs: firn_eval::Attrs, pos: Pos) -> R<Value> {
    check_name(m, name)?;
    let host = host(m, pos)?;
    let read = attributes::read(m, name, attrs)?;
    let memo = m.extension(Memo::default);
    let usual = !read.specification.floating && !read.specification.impure;
    if usual {
        let mut made = memo.made.borrow_mut();
        let mut find = |path: &StorePath| memo.read_hash(&host, path);
        if made.resolve(m, host.store_dir(), read.context, &mut find) {
            return make_usual(m, &host, &memo, &mut made, name, &read);
        }
    }
    make_any(m, &host, &memo, name, read)
}

/// Fails unless there are a builder and a platform.
fn check_required(m: &mut Machine, builder: &[u8], platform: &str) -> R<()> {
    if builder.is_empty() {
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, "required attribute 'builder' missing"));
    }
    if platform.is_empty() {
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, "required attribute 'system' missing"));
    }
    Ok(())
}

/// A derivation of a usual kind, whose inputs are resolved.
fn make_usual(
    m: &mut Machine,
    host: &HostHandle,
    memo: &Memo,
    made: &mut Made,
    name: &str,
    read: &Attributes,
) -> R<Value> {
    check_required(m, read.builder, &read.platform)?;
    let spec = &read.specification;
    outputs::check_name(m, name, spec)?;
    let fixed = match &spec.hash {
        Some(hash) => Some(outputs::fixed_address(m, spec, hash)?),
        None => None,
    };
    let (inputs, sources) = made.inputs(m, read.context);
    let draft = Draft {
        name,
        outputs: spec.names.iter().map(String::as_str).collect(),
        fixed,
        inputs,
        sources,
        platform: &read.platform,
        builder: read.builder,
        args: read.args.clone(),
        env: read.env.iter().map(|(name, value)| (*name, &**value)).collect(),
    };
    let finished = finish(host, memo, &draft);
    let finished = failed(m, Pos::NONE, finished)?;
    drop(draft);
    Ok(usual_result(m, host, made, &spec.names, finished))
}

/// Computes what follows from a draft, or recalls it, and sees to it that it is in the store.
fn finish(host: &HostHandle, memo: &Memo, draft: &Draft<'_>) -> Result<Finished, StoreError> {
    let (dir, mut buffers) = (host.store_dir(), memo.buffers.borrow_mut());
    let key = host.known_drafts().map(|table| (table, draft.key(dir, &mut buffers)));
    let known = key.as_ref().and_then(|(table, key)| draft.recall(&table.get(key)?));
    let is_new = known.is_none();
    if let Some(finished) = known
        && host.has(&finished.path)?
    {
        return Ok(finished);
    }
    let finished = draft.finish(dir, &mut buffers, !host.read_only)?;
    if let Some(text) = &finished.text {
        let inputs = draft.inputs.iter().map(|input| input.path);
        let references = inputs.chain(draft.sources.iter().copied()).cloned().collect();
        add_text(&*host.store, &format!("{}.drv", draft.name), text, &references)?;
    }
    if let Some(((table, key), record)) = key.zip(finished.record()).filter(|_| is_new) {
        table.put(key, record);
    }
    Ok(finished)
}

fn usual_result(
    m: &mut Machine,
    host: &HostHandle,
    made: &mut Made,
    names: &BTreeSet<String>,
    finished: Finished,
) -> Value {
    let dir = host.store_dir();
    let drv_path = dir.display(&finished.path);
    let drv = made.add(finished.path, finished.hash);
    let context = m.make_context([ContextElem::DrvDeep(drv_path.clone())]);
    let mut entries = Vec::with_capacity(names.len() + 1);
    entries.push((sym::DRV_PATH, m.string_ctx(drv_path.as_bytes(), context)));
    for (name, path) in names.iter().zip(finished.outputs) {
        let single = SinglePath::Path(drv_path.clone());
        let context = m.make_context([ContextElem::Output { drv: single, output: name.clone() }]);
        for (number, _) in m.context_parts(context) {
            made.set_element(number, Element::Output { drv, output: name.as_str().into() });
        }
        let text = dir.display(&path);
        entries.push((Symbol::of(name), m.string_ctx(text.as_bytes(), context)));
    }
    m.attrs_of(&entries)
}

/// A derivation of any kind, with any inputs.
fn make_any(
    m: &mut Machine,
    host: &HostHandle,
    memo: &Memo,
    name: &str,
    read: Attributes,
) -> R<Value> {
    let mut drv = Derivation { name: name.to_owned(), ..Derivation::default() };
    add_inputs(m, host, &mut drv, read.context)?;
    let Attributes { env, args, builder, platform, specification, .. } = read;
    drv.env = env.into_iter().map(|(name, value)| (name.to_vec(), value.into_owned())).collect();
    drv.args = args.into_iter().map(<[u8]>::to_vec).collect();
    (drv.builder, drv.platform) = (builder.to_vec(), platform.into_owned());
    check_required(m, &drv.builder, &drv.platform)?;
    outputs::declare(m, &mut drv, &specification, host)?;
    let filled = drv.fill_outputs(host.store_dir(), &mut |path| memo.hash(host, path));
    failed(m, Pos::NONE, filled.map_err(|error: StoreError| error))?;
    let path = write(m, host, &drv)?;
    let hash = drv.hash_modulo(host.store_dir(), &mut |path| memo.hash(host, path));
    let hash = failed(m, Pos::NONE, hash.map_err(|error: StoreError| error))?;
    memo.known.borrow_mut().insert(path.clone(), hash);
    result(m, host, &drv, &path)
}

fn check_name(m: &mut Machine, name: &str) -> R<()> {
    match firn_formats::check_store_path_name(name) {
        Ok(()) => Ok(()),
        Err(error) => {
            let text = format!("invalid derivation name: {error}. Please pass a different 'name'.");
            Err(m.fail(ErrorKind::Eval, Pos::NONE, text))
        }
    }
}

/// Hashes of derivations seen in this evaluation.
#[derive(Default)]
struct Memo {
    known: RefCell<ModuloMemo>,
    made: RefCell<Made>,
    buffers: RefCell<DraftBuffers>,
}

impl Memo {
    /// The hash of any derivation.
    fn hash(&self, host: &HostHandle, path: &StorePath) -> Result<HashModulo, StoreError> {
        let made = self.made.borrow().hash(path);
        made.map_or_else(|| self.read_hash(host, path), Ok)
    }

    /// The hash of a derivation that is in the store.
    fn read_hash(&self, host: &HostHandle, path: &StorePath) -> Result<HashModulo, StoreError> {
        self.known
            .borrow_mut()
            .of(host.store_dir(), path, &mut |path| host.store.read_derivation(path))
    }
}

/// Everything that the attributes' strings refer to becomes an input.
fn add_inputs(m: &mut Machine, host: &HostHandle, drv: &mut Derivation, context: Ctx) -> R<()> {
    for elem in m.context_elems(context) {
        let element = to_store(host.store_dir(), &elem);
        match failed(m, Pos::NONE, element)? {
            ContextElement::Opaque(path) => {
                drv.input_srcs.insert(path);
            }
            ContextElement::Built { drv: input, output } => add_output(drv, &input, output),
            ContextElement::DrvDeep(path) => {
                let added = add_closure(host, drv, &path);
                failed(m, Pos::NONE, added)?;
            }
        }
    }
    Ok(())
}

fn add_output(drv: &mut Derivation, input: &SingleDerivedPath, output: String) {
    node(drv, input).outputs.insert(output);
}

/// The place of a derived path among the inputs.
fn node<'d>(drv: &'d mut Derivation, path: &SingleDerivedPath) -> &'d mut InputNode {
    match path {
        SingleDerivedPath::Opaque(path) => drv.input_drvs.entry(path.clone()).or_default(),
        SingleDerivedPath::Built { drv: inner, output } => {
            node(drv, inner).dynamic.entry(output.clone()).or_default()
        }
    }
}

/// A derivation with all that it is built from, outputs included.
fn add_closure(
    host: &HostHandle,
    drv: &mut Derivation,
    path: &StorePath,
) -> Result<(), StoreError> {
    let closure = firn_store::closure(&*host.store, &StorePathSet::from([path.clone()]))?;
    for path in closure {
        if path.is_derivation() {
            let outputs = host.store.read_derivation(&path)?.outputs;
            let input = drv.input_drvs.entry(path.clone()).or_default();
            input.outputs.extend(outputs.into_keys());
        }
        drv.input_srcs.insert(path);
    }
    Ok(())
}

fn write(m: &mut Machine, host: &HostHandle, drv: &Derivation) -> R<StorePath> {
    let made = drv.to_store(host.store_dir());
    let (path, text) = failed(m, Pos::NONE, made)?;
    if host.read_only {
        return Ok(path);
    }
    let references: StorePathSet = drv.references();
    let added = add_text(&*host.store, &format!("{}.drv", drv.name), &text, &references);
    failed(m, Pos::NONE, added)
}

fn result(m: &mut Machine, host: &HostHandle, drv: &Derivation, path: &StorePath) -> R<Value> {
    let drv_path = host.store_dir().display(path);
    let context = m.make_context([ContextElem::DrvDeep(drv_path.clone())]);
    let mut entries = vec![(sym::DRV_PATH, m.string_ctx(drv_path.as_bytes(), context))];
    for (name, output) in &drv.outputs {
        let text = outputs::text(m, host.store_dir(), drv, path, name, output)?;
        let single = firn_eval::SinglePath::Path(drv_path.clone());
        let context = m.make_context([ContextElem::Output { drv: single, output: name.clone() }]);
        entries.push((Symbol::of(name), m.string_ctx(text.as_bytes(), context)));
    }
    Ok(m.attrs_of(&entries))
}
