//! Commands of the prompt that build, and that start other programs with what was built.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use firn_eval::{Pos, Symbol, Value, sym};
use firn_formats::{DerivedPath, OutputsSpec, StorePath};
use firn_store::{BuildMode, Realised};

use super::Next;
use super::session::{Done, Session};
use crate::exit::Failure;

/// `:b`
pub fn build(session: &mut Session, text: &str) -> Done<Next> {
    let built = built(session, text)?;
    let store = session.context.store()?;
    println!("\nThis derivation produced the following outputs:");
    for (name, path) in built.iter().flat_map(|one| &one.outputs) {
        println!("  {name} -> {}", store.store_dir().display(path));
    }
    Ok(Next::Prompt)
}

/// `:bl`
pub fn build_and_link(session: &mut Session, text: &str) -> Done<Next> {
    let built = built(session, text)?;
    let store = session.context.store()?;
    println!("\nThis derivation produced the following outputs:");
    for (name, path) in built.iter().flat_map(|one| &one.outputs) {
        let link = format!("repl-result-{name}");
        store.add_perm_root(path, &std::path::absolute(&link)?)?;
        println!("  ./{link} -> {}", store.store_dir().display(path));
    }
    Ok(Next::Prompt)
}

/// `:log`
pub fn log(session: &mut Session, text: &str) -> Done<Next> {
    let drv = derivation(session, text)?;
    crate::commands::log::show(&session.context, &drv)?;
    Ok(Next::Prompt)
}

/// `:i`
pub fn install(session: &mut Session, text: &str) -> Done<Next> {
    let drv = shown_derivation(session, text)?;
    start(session, "nix-env", &["-i", &drv])
}

/// `:sh`
pub fn shell(session: &mut Session, text: &str) -> Done<Next> {
    let drv = shown_derivation(session, text)?;
    start(session, "nix-shell", &[&drv])
}

/// `:u`
pub fn shell_with(session: &mut Session, text: &str) -> Done<Next> {
    let value = session.evaluate(text)?;
    let function = session.evaluate(
        "drv: (import <nixpkgs> { }).runCommand \"shell\" { buildInputs = [ drv ]; } \"\"",
    )?;
    let value = session.run(|m| m.call(function, &[value], Pos::NONE))?;
    let drv = derivation_of(session, value)?;
    let drv = session.context.store()?.store_dir().display(&drv);
    start(session, "nix-shell", &[&drv])
}

fn built(session: &mut Session, text: &str) -> Done<Vec<Realised>> {
    let drv = derivation(session, text)?;
    let wanted = [DerivedPath::built(drv, OutputsSpec::All)];
    let realiser = session.context.realiser()?;
    let built = realiser.realise(&wanted, BuildMode::Normal);
    session.context.display.finish();
    Ok(built.map_err(crate::building::failure)?)
}

fn shown_derivation(session: &mut Session, text: &str) -> Done<String> {
    let drv = derivation(session, text)?;
    Ok(session.context.store()?.store_dir().display(&drv))
}

fn derivation(session: &mut Session, text: &str) -> Done<StorePath> {
    let value = session.evaluate(text)?;
    derivation_of(session, value)
}

fn derivation_of(session: &mut Session, value: Value) -> Done<StorePath> {
    let found = session.run(|m| {
        let value = m.force(value)?;
        if !m.is_derivation(value)? {
            return Ok(None);
        }
        let Some(attrs) = value.as_attrs() else { return Ok(None) };
        let what = "while evaluating the 'drvPath' attribute of a derivation";
        let path = attrs.get(sym::DRV_PATH).map(|slot| m.force_string(slot.get(), Pos::NONE, what));
        Ok(Some(path.transpose()?.map(|path| path.to_text().into_owned())))
    })?;
    let failed = |text: &str| Failure::new(format!("error: {text}"));
    let path = found
        .ok_or_else(|| failed("expression does not evaluate to a derivation, so I can't build it"))?
        .ok_or_else(|| {
            failed("expression did not evaluate to a valid derivation (no 'drvPath' attribute)")
        })?;
    let store = session.context.store()?;
    let drv = store.store_dir().parse(&path)?;
    if !store.is_valid(&drv)? {
        return Err(failed(&format!("expression evaluated to invalid derivation '{path}'")).into());
    }
    Ok(drv)
}

/// Starts this program under another name, and waits for it.
fn start(session: &mut Session, name: &str, arguments: &[&str]) -> Done<Next> {
    session.context.display.finish();
    Command::new(Path::new("/proc/self/exe")).arg0(name).args(arguments).status()?;
    Ok(Next::Prompt)
}

/// The place of a derivation's definition, `FILE:LINE`, as its `meta.position` says.
pub fn position(session: &mut Session, value: Value) -> Result<Option<String>, Failure> {
    session.run(|m| {
        let Some(attrs) = value.as_attrs() else { return Ok(None) };
        let Some(meta) = m.attr(attrs, sym::META)?.and_then(Value::as_attrs) else {
            return Ok(None);
        };
        let position = m.attr(meta, Symbol::of("position"))?;
        Ok(position.and_then(Value::as_str).map(|text| text.to_text().into_owned()))
    })
}
