//! From what an installable names to what is built: derivations, paths, and strings that name store
//! paths. Nix manual, "nix", "Derivation output selection".

use std::sync::{Arc, LazyLock};

use firn_eval::print::{PrintOptions, show_type};
use firn_eval::{Attrs, ErrorKind, Machine, Pos, R, Symbol, Value, sym};
use firn_flake::eval_cache::Answer;
use firn_formats::{
    ContentAddressMethod, ContextElement, DerivedPath, HashAlgo, OutputsSpec, SingleDerivedPath,
    StoreDir, StorePath, StorePathSet,
};
use firn_instantiate::context::to_store;
use firn_store::{Content, Store};

use crate::commands::nix_instantiate::derivations;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Found, Lookup, SourceArguments};
use crate::store_paths;

/// What installables are to be built as; the flake here when none are named.
///
/// # Errors
/// One of them is nothing that can be built.
pub fn wanted<'c>(
    context: &'c Context,
    source: &'c SourceArguments,
    installables: &[String],
) -> Result<Vec<DerivedPath>, Failure> {
    let by_path = |text: &str| store_path(context, source, text);
    each(context, source, installables, by_path, Evaluation::derived_paths)
}

/// The path of a derivation, as far as it is known: one that is itself built may not be there yet.
///
/// # Errors
/// A derivation can't be read.
pub fn known_path(
    store: &dyn Store,
    path: &SingleDerivedPath,
) -> Result<Option<StorePath>, Failure> {
    let SingleDerivedPath::Built { drv, output } = path else {
        return Ok(Some(path.base().clone()));
    };
    let Some(drv) = known_path(store, drv)? else { return Ok(None) };
    Ok(match store.is_valid(&drv)? {
        true => store.derivation_outputs(&drv)?.remove(output).flatten(),
        false => None,
    })
}

/// The store paths that installables name: paths, and outputs of derivations, or those themselves where
/// `derivations` are asked for. Nothing is built.
///
/// # Errors
/// As [`wanted`]; an output whose path is not known before it is built.
pub fn paths(
    context: &Context,
    source: &SourceArguments,
    installables: &[String],
    derivations: bool,
) -> Result<StorePathSet, Failure> {
    let store = context.store()?;
    let mut paths = StorePathSet::new();
    for wanted in wanted(context, source, installables)? {
        match &wanted {
            DerivedPath::Opaque(path) => {
                paths.insert(path.clone());
            }
            DerivedPath::Built { drv, outputs } => {
                let unknown = |what: String| {
                    let text =
                        format!("error: the path of '{what}' is not known before it is built");
                    Failure::new(text)
                };
                let shown = drv.display(store.store_dir());
                let drv = known_path(&*store, drv)?.ok_or_else(|| unknown(shown.clone()))?;
                if derivations {
                    paths.insert(drv);
                    continue;
                }
                for (name, path) in store.derivation_outputs(&drv)? {
                    if outputs.contains(&name) {
                        paths.insert(path.ok_or_else(|| unknown(format!("{shown}^{name}")))?);
                    }
                }
            }
        }
    }
    Ok(paths)
}

/// The installables, or the flake here when none are named.
pub fn or_here(installables: &[String]) -> &[String] {
    static HERE: LazyLock<[String; 1]> = LazyLock::new(|| [".".to_owned()]);
    if installables.is_empty() { &*HERE } else { installables }
}

/// What installables, or the flake here, are: `by_path` is asked first, and what it does not know is
/// evaluated.
///
/// # Errors
/// Those of the two questions and of the evaluation.
pub fn each<'c, T>(
    context: &'c Context,
    source: &'c SourceArguments,
    installables: &[String],
    by_path: impl Fn(&str) -> Result<Option<T>, Failure>,
    by_value: impl Fn(&mut Evaluation<'c>, &Found) -> Result<Vec<T>, Failure>,
) -> Result<Vec<T>, Failure> {
    let lookup = Lookup::packages(context.settings.text("system"));
    let mut evaluation = None;
    let mut all = Vec::new();
    let more = match source.stdin {
        true => std::io::read_to_string(std::io::stdin())?,
        false => String::new(),
    };
    let named = if source.stdin { installables } else { or_here(installables) };
    for text in named.iter().map(String::as_str).chain(more.split_whitespace()) {
        if let Some(one) = by_path(text)? {
            all.push(one);
            continue;
        }
        let evaluation = match &mut evaluation {
            Some(evaluation) => evaluation,
            none => none.insert(Evaluation::new(context, source)?),
        };
        let found = evaluation.find(text, &lookup)?;
        all.extend(by_value(evaluation, &found)?);
    }
    Ok(all)
}

/// A store path with its outputs, or a link that leads to one.
///
/// # Errors
/// The store can't be opened, or the outputs can't be read.
pub fn store_path(
    context: &Context,
    source: &SourceArguments,
    text: &str,
) -> Result<Option<DerivedPath>, Failure> {
    let store = context.store()?;
    let dir = store.store_dir();
    if !source.is_flake() || !text.contains('/') {
        return Ok(None);
    }
    // What is an output may itself have outputs: `x.drv^out^out`.
    let path = text.split('^').next().unwrap_or(text);
    let Ok(path_in_store) = store_paths::of(dir, path) else { return Ok(None) };
    // A folder below a store path is a flake, if anything.
    let whole = text.replacen(path, &dir.display(&path_in_store), 1);
    Ok(Some(DerivedPath::parse(dir, &whole)?))
}

impl Evaluation<'_> {
    /// What a found value is to be built as: a derivation, a path, a string that names one; of files
    /// and expressions also all derivations in a set or list.
    ///
    /// # Errors
    /// It is something else.
    pub fn derived_paths(&mut self, found: &Found) -> Result<Vec<DerivedPath>, Failure> {
        if let Some(known) = self.known_package(found)? {
            return Ok(vec![known]);
        }
        let value = self.value(found)?;
        if let Some(path) = self.source_path(value)? {
            return Ok(vec![path]);
        }
        if self.is_flake() {
            return self.derived_path(found).map(|path| vec![path]);
        }
        let arguments = self.arguments()?;
        let packages = self.run(|m| {
            let mut values = Vec::new();
            derivations::collect_values(m, value, arguments, &mut values)?;
            values.into_iter().map(|value| package(m, value, true)).collect::<R<Vec<_>>>()
        })?;
        packages.into_iter().map(|package| self.built(package, found)).collect()
    }

    /// What a found value is to be built as, which has to be a derivation.
    ///
    /// # Errors
    /// It is something else.
    pub fn derived_path(&mut self, found: &Found) -> Result<DerivedPath, Failure> {
        if let Some(known) = self.known_package(found)? {
            return Ok(known);
        }
        let (value, path) = (self.value(found)?, found.path.clone());
        let package = self.run(|m| {
            let value = m.force(value)?;
            if m.is_derivation(value)? {
                return package(m, value, false);
            }
            let shown = m.print_value(value, PrintOptions::MESSAGE)?;
            let text = format!(
                "expected flake output attribute '{path}' to be a derivation or path but found {}: {shown}",
                show_type(value)
            );
            Err(m.fail(ErrorKind::Type, Pos::NONE, text))
        })?;
        self.built(package, found)
    }

    fn built(&self, package: Package, found: &Found) -> Result<DerivedPath, Failure> {
        let store = self.context().store()?;
        let drv = store.store_dir().parse(&package.drv)?;
        let outputs = OutputsSpec::Names(package.outputs.into_iter().collect());
        let context = vec![ContextElement::Opaque(drv.clone())];
        let path = DerivedPath::Built { drv: Arc::new(SingleDerivedPath::Opaque(drv)), outputs };
        found.keep(PACKAGE, Answer { text: path.display(store.store_dir()), context });
        Ok(with_outputs(path, found))
    }

    /// What a flake's package is to be built as, if that is known without evaluating.
    fn known_package(&self, found: &Found) -> Result<Option<DerivedPath>, Failure> {
        let Some(known) = self.answer(found, PACKAGE)? else { return Ok(None) };
        let store = self.context().store()?;
        let path = DerivedPath::parse(store.store_dir(), &known.text)?;
        Ok(Some(with_outputs(path, found)))
    }

    /// What a path or string names; nothing for other values.
    fn source_path(&mut self, value: Value) -> Result<Option<DerivedPath>, Failure> {
        let store = self.context().store()?;
        let value = self.run(|m| m.force(value))?;
        if let Some(path) = value.as_path() {
            let path = path.to_text().into_owned();
            let added = self.run(|m| {
                let host = m.host();
                let Some(host) = host.as_any().downcast_ref::<firn_instantiate::StoreHost>() else {
                    return Err(m.fail(ErrorKind::Outside, Pos::NONE, "there is no store"));
                };
                let allowed = host.access.check(&path).map_err(firn_eval::HostError::restricted);
                m.hosted(allowed, Pos::NONE)?;
                let real = host.real_path(&path).into_owned();
                let (method, none) = (ContentAddressMethod::Nar, StorePathSet::new());
                let content = Content::Tree(&real);
                let added = host.add("source", content, method, HashAlgo::Sha256, &none);
                m.hosted(added, Pos::NONE)
            })?;
            return Ok(Some(DerivedPath::Opaque(added)));
        }
        let Some(text) = value.as_str() else { return Ok(None) };
        let (text, context) = (text.to_text().into_owned(), text.ctx());
        let elements = self.run(|m| Ok(m.context_elems(context)))?;
        let found = match elements.as_slice() {
            [one] => to_store(store.store_dir(), one).map_err(|error| error.to_string()),
            _ => Err(format!(
                "string '{text}' has {} entries in its context. It should only have exactly one entry",
                elements.len()
            )),
        };
        let failed = |text: String| Failure::new(format!("error: {text}"));
        of_context(store.store_dir(), &text, found.map_err(failed)?).map(Some).map_err(failed)
    }
}

/// What the only element of a string's context says that the string is.
fn of_context(dir: &StoreDir, text: &str, element: ContextElement) -> Result<DerivedPath, String> {
    match element {
        ContextElement::Opaque(path) if dir.display(&path) == text => Ok(DerivedPath::Opaque(path)),
        ContextElement::Opaque(path) => Err(format!(
            "path string '{text}' has context with the different path '{}'",
            dir.display(&path)
        )),
        ContextElement::Built { drv, output } => {
            Ok(DerivedPath::Built { drv, outputs: OutputsSpec::one(output) })
        }
        ContextElement::DrvDeep(_) => Err(format!(
            "string '{text}' has a context which refers to a complete source and binary closure. \
             This is not supported at this time"
        )),
    }
}

/// The question what a package is built as, answered by its derivation and the outputs that are meant
/// when none are named.
const PACKAGE: &str = "package";

/// A derivation's outputs, those that were asked for if any were.
fn with_outputs(path: DerivedPath, found: &Found) -> DerivedPath {
    match (path, &found.outputs) {
        (DerivedPath::Built { drv, .. }, Some(outputs)) => {
            DerivedPath::Built { drv, outputs: outputs.clone() }
        }
        (path, _) => path,
    }
}

/// A derivation, and the outputs that are meant when none are named.
struct Package {
    drv: String,
    outputs: Vec<String>,
}

fn package(m: &mut Machine, value: Value, all: bool) -> R<Package> {
    let attrs = m.force_attrs(value, Pos::NONE, "while evaluating a derivation")?;
    let drv = derivations::drv_path(m, attrs)?;
    Ok(Package { drv, outputs: default_outputs(m, attrs, all)? })
}

/// The one output that `outputSpecified` says is meant, else `meta.outputsToInstall`, else all, or
/// `out`; a derivation without that has its first.
fn default_outputs(m: &mut Machine, attrs: Attrs, all: bool) -> R<Vec<String>> {
    let specified = match m.attr(attrs, Symbol::of("outputSpecified"))? {
        Some(flag) => m.force_bool(flag, Pos::NONE, "while evaluating 'outputSpecified'")?,
        None => false,
    };
    let name = match m.attr(attrs, sym::OUTPUT_NAME)? {
        Some(name) => m.force_string(name, Pos::NONE, "")?.to_text().into_owned(),
        None => "out".to_owned(),
    };
    if specified {
        return Ok(vec![name]);
    }
    if let Some(meta) = m.attr(attrs, sym::META)?.and_then(|meta| meta.as_attrs())
        && let Some(list) = names(m, meta, "outputsToInstall")?
    {
        return Ok(if list.is_empty() { vec!["out".to_owned()] } else { list });
    }
    let known = names(m, attrs, "outputs")?.unwrap_or_else(|| vec![name.clone()]);
    match (all, known.iter().any(|output| output == "out")) {
        (true, _) => Ok(known),
        (false, true) => Ok(vec!["out".to_owned()]),
        (false, false) => Ok(vec![name]),
    }
}

fn names(m: &mut Machine, attrs: Attrs, name: &str) -> R<Option<Vec<String>>> {
    let list = m.attr(attrs, Symbol::of(name))?.and_then(|list| list.as_list());
    let names = list.map(|list| {
        list.iter()
            .map(|name| Ok(m.force_string(name, Pos::NONE, "")?.to_text().into_owned()))
            .collect()
    });
    names.transpose()
}
