//! `nix-store --query` and `--print-env`.

use std::io::Write;
use std::process::ExitCode;

use firn_formats::{DerivedPath, OutputsSpec, StorePath, StorePathSet};
use firn_store::{BuildMode, Store, closure_with, topological};

use super::arguments::Arguments;
use super::tree;
use crate::context::Context;
use crate::exit::Failure;

/// Asks; the question that is given, or for outputs.
pub fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let (store, paths) = arguments.store_and_paths(context)?;
    let ask = Ask { arguments, context, store: &*store };
    let query = &arguments.query;
    if let Some(name) = &query.binding {
        ask.binding(&paths, name)?;
        return Ok(ExitCode::SUCCESS);
    }
    let questions: [(bool, Question<'_>); 13] = [
        (query.requisites, Ask::sorted),
        (query.references, Ask::sorted),
        (query.referrers, Ask::sorted),
        (query.referrers_closure, Ask::sorted),
        (query.deriver, Ask::deriver),
        (query.valid_derivers, Ask::valid_derivers),
        (query.hash, Ask::hash),
        (query.size, Ask::size),
        (query.tree, Ask::tree),
        (query.graph, Ask::graph),
        (query.graphml, Ask::graphml),
        (query.resolve, Ask::resolve),
        (query.roots, Ask::roots),
    ];
    let asked = questions.iter().find(|(asked, _)| *asked).map(|(_, question)| *question);
    asked.unwrap_or(Ask::outputs)(&ask, &paths)?;
    Ok(ExitCode::SUCCESS)
}

type Question<'a> = fn(&Ask<'a>, &[StorePath]) -> Result<(), Failure>;

struct Ask<'a> {
    arguments: &'a Arguments,
    context: &'a Context,
    store: &'a dyn Store,
}

impl Ask<'_> {
    fn show(&self, path: &StorePath) {
        println!("{}", self.store.store_dir().display(path));
    }

    /// Outputs of a derivation, built first if that is asked for.
    fn outputs_of(&self, drv: &StorePath) -> Result<Vec<StorePath>, Failure> {
        if self.arguments.query.force_realise {
            let wanted = DerivedPath::built(drv.clone(), OutputsSpec::All);
            self.context.realiser()?.realise(&[wanted], BuildMode::Normal)?;
        }
        let outputs = self.store.derivation_outputs(drv)?;
        outputs
            .into_iter()
            .map(|(name, path)| {
                path.ok_or_else(|| {
                    Failure::new(format!(
                        "error: output '{name}' of '{drv}' has no path before it is built"
                    ))
                })
            })
            .collect()
    }

    /// The paths to ask about: with --use-output outputs instead of derivations.
    fn used(&self, paths: &[StorePath]) -> Result<Vec<StorePath>, Failure> {
        let mut used = Vec::new();
        for path in paths {
            if self.arguments.query.use_output && path.is_derivation() {
                used.extend(self.outputs_of(path)?);
            } else {
                used.push(path.clone());
            }
        }
        Ok(used)
    }

    fn outputs(&self, paths: &[StorePath]) -> Result<(), Failure> {
        for path in paths {
            match path.is_derivation() {
                true => self.outputs_of(path)?.iter().for_each(|output| self.show(output)),
                false => self.show(path),
            }
        }
        Ok(())
    }

    /// Questions whose answer is a set, printed with what is needed first.
    fn sorted(&self, paths: &[StorePath]) -> Result<(), Failure> {
        let start: StorePathSet = self.used(paths)?.into_iter().collect();
        let query = &self.arguments.query;
        let found = if query.requisites {
            closure_with(&start, |path| self.needs(path))?
        } else if query.referrers_closure {
            closure_with(&start, |path| self.store.referrers(path))?
        } else {
            let mut found = StorePathSet::new();
            for path in &start {
                found.extend(match query.references {
                    true => self.store.require_path_info(path)?.references.clone(),
                    false => self.store.referrers(path)?,
                });
            }
            found
        };
        topological(self.store, &found)?.iter().for_each(|path| self.show(path));
        Ok(())
    }

    fn needs(&self, path: &StorePath) -> Result<StorePathSet, Failure> {
        let mut needs = self.store.require_path_info(path)?.references.clone();
        if self.arguments.query.include_outputs && path.is_derivation() {
            for output in self.store.derivation_outputs(path)?.into_values().flatten() {
                if self.store.is_valid(&output)? {
                    needs.insert(output);
                }
            }
        }
        Ok(needs)
    }

    fn deriver(&self, paths: &[StorePath]) -> Result<(), Failure> {
        for path in paths {
            match &self.store.require_path_info(path)?.deriver {
                Some(deriver) => self.show(deriver),
                None => println!("unknown-deriver"),
            }
        }
        Ok(())
    }

    fn valid_derivers(&self, paths: &[StorePath]) -> Result<(), Failure> {
        for path in paths {
            self.store.valid_derivers(path)?.iter().for_each(|deriver| self.show(deriver));
        }
        Ok(())
    }

    fn binding(&self, paths: &[StorePath], name: &str) -> Result<(), Failure> {
        for path in paths {
            let derivation = self.store.read_derivation(path)?;
            let Some(value) = derivation.env(name) else {
                let path = self.store.store_dir().display(path);
                return Err(Failure::new(format!(
                    "error: derivation '{path}' has no environment binding named '{name}'"
                )));
            };
            let mut out = std::io::stdout().lock();
            out.write_all(value)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn hash(&self, paths: &[StorePath]) -> Result<(), Failure> {
        for path in self.used(paths)? {
            println!("{}", self.store.require_path_info(&path)?.nar_hash);
        }
        Ok(())
    }

    fn size(&self, paths: &[StorePath]) -> Result<(), Failure> {
        for path in self.used(paths)? {
            println!("{}", self.store.require_path_info(&path)?.nar_size);
        }
        Ok(())
    }

    fn tree(&self, paths: &[StorePath]) -> Result<(), Failure> {
        tree::print_tree(self.store, paths)
    }

    fn graph(&self, paths: &[StorePath]) -> Result<(), Failure> {
        tree::print_graph(self.store, &self.used(paths)?)
    }

    fn graphml(&self, paths: &[StorePath]) -> Result<(), Failure> {
        tree::print_graphml(self.store, &self.used(paths)?)
    }

    fn resolve(&self, paths: &[StorePath]) -> Result<(), Failure> {
        paths.iter().for_each(|path| self.show(path));
        Ok(())
    }

    fn roots(&self, paths: &[StorePath]) -> Result<(), Failure> {
        let start: StorePathSet = self.used(paths)?.into_iter().collect();
        let settings = &self.context.settings;
        let (outputs, derivers) =
            (settings.flag("keep-outputs"), settings.flag("keep-derivations"));
        let keeping = closure_with(&start, |path| {
            let mut next = self.store.referrers(path)?;
            if outputs {
                next.extend(self.store.valid_derivers(path)?);
            }
            if derivers && path.is_derivation() {
                for output in self.store.derivation_outputs(path)?.into_values().flatten() {
                    let info = self.store.path_info(&output)?;
                    if info.is_some_and(|info| info.deriver.as_ref() == Some(path)) {
                        next.insert(output);
                    }
                }
            }
            Ok::<_, Failure>(next)
        })?;
        for (target, links) in self.context.local_store()?.roots()? {
            if keeping.contains(&target) {
                let target = self.store.store_dir().display(&target);
                links.iter().for_each(|link| println!("{link} -> {target}"));
            }
        }
        Ok(())
    }
}

/// Prints what builds wrote: those of derivations, or of what they made.
pub fn read_log(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let (store, paths) = arguments.store_and_paths(context)?;
    for path in paths {
        let drv = match path.is_derivation() {
            true => path,
            false => {
                let shown = store.store_dir().display(&path);
                crate::store_paths::deriver(&*store, &path, &shown)?
            }
        };
        crate::commands::log::show(context, &drv)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the environment of a derivation so that a shell can read it.
pub fn print_env(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let [path] = arguments.exactly("one derivation")?;
    let store = context.store()?;
    let path = crate::store_paths::of(store.store_dir(), path)?;
    let derivation = store.read_derivation(&path)?;
    let mut out = Vec::new();
    for (name, value) in &derivation.env {
        for part in [b"export ", name.as_slice(), b"; ", name, b"="] {
            out.extend_from_slice(part);
        }
        quote(value, &mut out);
        out.extend_from_slice(b"\n\n");
    }
    out.extend_from_slice(b"export _args; _args='");
    for (i, argument) in derivation.args.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(argument);
    }
    out.extend_from_slice(b"'\n");
    std::io::stdout().write_all(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// Quotes text for a shell, always.
fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    for &byte in text {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            byte => out.push(byte),
        }
    }
    out.push(b'\'');
}
