//! Which modules take part: as `nix/lib/modules/collect.nix` has it, for modules without
//! `disabledModules`.

use std::collections::VecDeque;

use firn_syntax::{Symbol, sym};
use rustc_hash::FxHashSet;

use super::{field, helper, helper_of, set_of};
use crate::attrs::{Attrs, Key};
use crate::builtins::sets::of_sorted;
use crate::code::Formals;
use crate::error::R;
use crate::layouts::MODULE;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{Kind, Value};

/// `collect helpers class args modules`: the modules that take part in their full form, nearest to
/// the root first; or null when the library has to find them.
pub(super) static COLLECT: PrimOp = PrimOp::new(
    "__moduleCollect",
    &["helpers", "class", "args", "modules"],
    collect,
    "Loads modules and what they import, for `lib.evalModules`.",
)
.without_frame();

/// A module in its full form, and what it imports.
struct Node {
    key: Value,
    module: Value,
    imports: Vec<Node>,
}

/// What loading needs.
struct Loader {
    helpers: Value,
    class: Value,
    args: Value,
}

fn collect(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let [helpers, class, given, modules] = *args else { return Ok(Value::NULL) };
    let (class, given) = (m.force(class)?, m.force(given)?);
    let loader = Loader { helpers, class, args: given };
    let unknown = helper(m, helpers, "unknownModule")?;
    let root = m.empty_string();
    match loader.load_all(m, unknown, root, modules)? {
        Some(tree) => {
            let modules = in_order(m, &tree)?;
            Ok(m.list(&modules))
        }
        None => Ok(Value::NULL),
    }
}

/// Each module once, level by level.
fn in_order(m: &mut Machine, tree: &[Node]) -> R<Vec<Value>> {
    let mut seen: FxHashSet<&'static [u8]> = FxHashSet::default();
    let mut modules = Vec::new();
    let mut queue: VecDeque<&Node> = tree.iter().collect();
    while let Some(node) = queue.pop_front() {
        let key = m.force_string(node.key, Pos::NONE, "while evaluating the key of a module")?;
        if seen.insert(key.bytes()) {
            modules.push(node.module);
            queue.extend(&node.imports);
        }
    }
    Ok(modules)
}

impl Loader {
    /// Loads a list of modules and all they import; nothing when the library has to.
    fn load_all(
        &self,
        m: &mut Machine,
        file: Value,
        key: Value,
        modules: Value,
    ) -> R<Option<Vec<Node>>> {
        let modules = m.force(modules)?;
        let Some(modules) = modules.as_list() else { return Ok(None) };
        let mut nodes = Vec::with_capacity(modules.len());
        for (at, item) in modules.iter().enumerate() {
            m.check_stack()?;
            match self.load(m, file, key, at + 1, item)? {
                Some(node) => nodes.push(node),
                None => return Ok(None),
            }
        }
        Ok(Some(nodes))
    }

    fn load(
        &self,
        m: &mut Machine,
        file: Value,
        parent: Value,
        at: usize,
        item: Value,
    ) -> R<Option<Node>> {
        let module = self.full_form(m, file, parent, at, item)?;
        let set = set_of(m, module)?;
        if !self.is_usual(m, set)? {
            return Ok(None);
        }
        let key = field(m, set, sym::KEY)?;
        let imports = field(m, set, sym::IMPORTS)?;
        let imports = m.force(imports)?;
        if imports.as_list().is_some_and(|list| list.is_empty()) {
            return Ok(Some(Node { key, module, imports: Vec::new() }));
        }
        let (file, key) = (field(m, set, sym::FILE_ATTR)?, m.force(key)?);
        let imports = self.load_all(m, file, key, imports)?;
        Ok(imports.map(|imports| Node { key, module, imports }))
    }

    /// Whether a module is of the right class and disables none.
    fn is_usual(&self, m: &mut Machine, module: Attrs) -> R<bool> {
        let disabled = field(m, module, sym::DISABLED_MODULES)?;
        if !m.force(disabled)?.as_list().is_some_and(|list| list.is_empty()) {
            return Ok(false);
        }
        if self.class.is_null() {
            return Ok(true);
        }
        let class = field(m, module, sym::CLASS_ATTR)?;
        let class = m.force(class)?;
        Ok(class.is_null()
            || matches!((class.as_str(), self.class.as_str()), (Some(a), Some(b)) if a.bytes() == b.bytes()))
    }

    /// A module in its full form. `at` is its number among those its parent imports.
    fn full_form(
        &self,
        m: &mut Machine,
        file: Value,
        parent: Value,
        at: usize,
        item: Value,
    ) -> R<Value> {
        let item = m.force(item)?;
        let (file, key, module) = if item.as_path().is_some() {
            let module = self.import(m, file, item)?;
            let to_string = helper(m, self.helpers, "toString")?;
            let name = m.call(to_string, &[item], Pos::NONE)?;
            if module.as_attrs().is_none() && module.as_function().is_none() {
                let unify = helper(m, self.helpers, "unify")?;
                return m.call(unify, &[name, name, module], Pos::NONE);
            }
            (name, name, module)
        } else {
            let above = m.force_string(parent, Pos::NONE, "")?;
            let key = [above.bytes(), format!(":anon-{at}").as_bytes()].concat();
            (file, m.string_ctx(&key, above.ctx()), item)
        };
        if let Some(set) = module.as_attrs()
            && let Some(full) = self.unify(m, file, key, set)?
        {
            return Ok(full);
        }
        if let Some(result) = self.apply(m, key, module)?
            && let Some(set) = result.as_attrs()
        {
            return match self.unify_any(m, file, key, set)? {
                Some(full) => Ok(full),
                None => {
                    let unify = helper(m, self.helpers, "unify")?;
                    m.call(unify, &[file, key, result], Pos::NONE)
                }
            };
        }
        let load = helper(m, self.helpers, "load")?;
        m.call(load, &[self.class, self.args, file, key, module], Pos::NONE)
    }

    /// What a file holds.
    fn import(&self, m: &mut Machine, parent: Value, path: Value) -> R<Value> {
        let import = helper(m, self.helpers, "importFile")?;
        m.call(import, &[parent, path], Pos::NONE).or_else(|raised| {
            let error = m.set_aside();
            let depth = m.depth;
            let explain = helper(m, self.helpers, "importFailed")?;
            m.call(explain, &[parent, path], Pos::NONE)?;
            m.depth = depth;
            m.error = error;
            Err(raised)
        })
    }

    /// A function that takes no more arguments than it names is an error: there are always more.
    fn check_pattern(&self, m: &mut Machine, key: Value, formals: &Formals) -> R<()> {
        if formals.ellipsis {
            return Ok(());
        }
        let given = set_of(m, self.args)?;
        let mut unexpected = m.sorted(given).map(|entry| entry.sym).filter(|name| {
            !name.bytes().starts_with(b"_") && formals.list.iter().all(|formal| formal.sym != *name)
        });
        let Some(unexpected) = unexpected.next() else { return Ok(()) };
        let mut named: Vec<_> = formals.list.iter().collect();
        named.sort_by_key(|formal| formal.pos.0);
        let names: Vec<Value> = named.iter().map(|formal| m.symbol_string(formal.sym)).collect();
        let (names, unexpected) = (m.list(&names), m.symbol_string(unexpected));
        let explain = helper(m, self.helpers, "closedPattern")?;
        m.call(explain, &[key, names, unexpected], Pos::NONE).map(|_| ())
    }

    /// The result of a module that is a function with a pattern, given its arguments.
    fn apply(&self, m: &mut Machine, key: Value, module: Value) -> R<Option<Value>> {
        let Some(function) = module.as_function() else { return Ok(None) };
        let formals = function.runs_next().and_then(|lambda| lambda.formals.as_ref());
        let Some(formals) = formals else { return Ok(None) };
        self.check_pattern(m, key, formals)?;
        let given = set_of(m, self.args)?;
        let mut missing = crate::attrs::AttrsBuilder::default();
        for formal in formals.list.iter().filter(|formal| given.get(formal.sym).is_none()) {
            let look_up = helper_of(m, self.helpers, sym::LOOK_UP)?;
            let name = m.symbol_string(formal.sym);
            let has_default = Value::bool(formal.default.is_some());
            let found = m.lazy_call(look_up, &[self.args, key, name, has_default]);
            missing.insert(formal.sym, found);
        }
        let args = if missing.is_empty() {
            given
        } else {
            let missing = m.attrs(missing);
            let missing = set_of(m, missing)?;
            m.update(given, missing)
        };
        m.call(module, &[args.value()], Pos::NONE).map(Some)
    }

    /// The full form of a module that is a set and nothing special.
    fn unify(&self, m: &mut Machine, file: Value, key: Value, set: Attrs) -> R<Option<Value>> {
        if set.get(sym::FUNCTOR).is_some() {
            return Ok(None);
        }
        if let Some(slot) = set.get(sym::TYPE_ATTR)
            && m.force_slot(slot)?.as_str().is_none_or(|s| s.bytes() != b"module")
        {
            return Ok(None);
        }
        self.unify_any(m, file, key, set)
    }

    fn unify_any(&self, m: &mut Machine, file: Value, key: Value, set: Attrs) -> R<Option<Value>> {
        let explicit = set.get(sym::CONFIG).is_some() || set.get(sym::OPTIONS).is_some();
        let flat = m.flat(set);
        if set.get(sym::FREEFORM_TYPE).is_some() {
            return Ok(None);
        }
        let config = if explicit {
            if !flat.iter().all(|entry| is_beside_config(entry.sym)) {
                return Ok(None);
            }
            set.get(sym::CONFIG).map_or_else(|| m.empty_attrs().value(), |slot| slot.get())
        } else if set.get(sym::REQUIRE).is_some() {
            return Ok(None);
        } else {
            definitions(m, set)
        };
        let of = |m: &mut Machine, name: Symbol, default: Value| {
            let Some(slot) = set.get(name) else { return Ok(default) };
            self.text(m, slot.get())
        };
        let (file, key) = (of(m, sym::FILE_ATTR, file)?, of(m, sym::KEY, key)?);
        let or = |name: Symbol, default: Value| set.get(name).map_or(default, |slot| slot.get());
        let (none, nothing) = (m.empty_list(), m.empty_attrs().value());
        let layout = m.interner.module;
        Ok(Some(m.of_layout(
            layout,
            [
                (sym::FILE_ATTR, file),
                (sym::CLASS_ATTR, or(sym::CLASS_ATTR, Value::NULL)),
                (sym::KEY, key),
                (sym::DISABLED_MODULES, or(sym::DISABLED_MODULES, none)),
                (sym::IMPORTS, or(sym::IMPORTS, none)),
                (sym::OPTIONS, if explicit { or(sym::OPTIONS, nothing) } else { nothing }),
                (sym::CONFIG, config),
            ],
        )))
    }

    /// `toString value`, lazily unless it is a string already.
    fn text(&self, m: &mut Machine, value: Value) -> R<Value> {
        if matches!(value.known().kind(), Kind::String(_)) {
            return Ok(value.known());
        }
        let to_string = helper(m, self.helpers, "toString")?;
        Ok(m.lazy_call(to_string, &[value]))
    }
}

/// What of a module without `config` and `options` are definitions.
fn definitions(m: &mut Machine, set: Attrs) -> Value {
    let flat = m.flat(set);
    if !flat.iter().any(|entry| is_header(entry.sym)) {
        return set.value();
    }
    let kept = flat.iter().filter(|entry| !is_header(entry.sym));
    let (keys, values): (Vec<Key>, Vec<Value>) =
        kept.map(|entry| (Key { sym: entry.sym, pos: entry.pos }, entry.value())).unzip();
    of_sorted(m, &keys, &values)
}

/// Whether a name may stand beside `config` or `options`, as in `collect.nix`; `freeformType`, `meta`
/// and `require` are not among them: modules with these are left to the library.
fn is_beside_config(name: Symbol) -> bool {
    MODULE.contains(&name)
}

/// Whether a name in a module without `config` and `options` is no definition.
fn is_header(name: Symbol) -> bool {
    is_beside_config(name) && name != sym::CONFIG && name != sym::OPTIONS
}
