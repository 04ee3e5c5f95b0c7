//! The derivations in a value: itself, or those in a set or a list.

use firn_eval::{Attrs, ErrorKind, Machine, Pos, R, Symbol, Value, sym};

/// A derivation in the store, and the output that was meant.
pub struct Instantiated {
    /// The path of the derivation.
    pub drv: String,
    /// The output's name.
    pub output: String,
}

/// Appends the derivations in a value, functions called with the arguments given. Sets are walked in
/// the order of names; sets in sets only where `recurseForDerivations` is true.
///
/// # Errors
/// The value is something else, or evaluation fails.
pub fn collect(m: &mut Machine, value: Value, args: Attrs, found: &mut Vec<Instantiated>) -> R<()> {
    let mut values = Vec::new();
    collect_values(m, value, args, &mut values)?;
    values.into_iter().try_for_each(|value| one(m, value, found))
}

/// As [`collect`], the derivations as values.
///
/// # Errors
/// Those of [`collect`].
pub fn collect_values(m: &mut Machine, value: Value, args: Attrs, found: &mut Vec<Value>) -> R<()> {
    let value = m.call_auto(value, args)?;
    let value = m.force(value)?;
    if m.is_derivation(value)? {
        found.push(value);
        return Ok(());
    }
    if let Some(attrs) = value.as_attrs() {
        for entry in m.sorted(attrs).collect::<Vec<_>>() {
            if is_plain(&entry.sym.text()) {
                inner(m, entry.value(), args, found)?;
            }
        }
        return Ok(());
    }
    if let Some(list) = value.as_list() {
        for item in list.iter() {
            inner(m, item, args, found)?;
        }
        return Ok(());
    }
    let text = "expression does not evaluate to a derivation (or a set or list of those)";
    Err(m.fail(ErrorKind::Type, Pos::NONE, text))
}

fn inner(m: &mut Machine, value: Value, args: Attrs, found: &mut Vec<Value>) -> R<()> {
    m.check_stack()?;
    let value = m.force(value)?;
    if m.is_derivation(value)? {
        found.push(value);
        return Ok(());
    }
    let recurse = match value.as_attrs() {
        Some(attrs) => match m.attr(attrs, Symbol::of("recurseForDerivations"))? {
            Some(flag) => m.force_bool(
                flag,
                Pos::NONE,
                "while evaluating the attribute `recurseForDerivations`",
            )?,
            None => false,
        },
        None => value.as_list().is_some(),
    };
    if recurse { collect_values(m, value, args, found) } else { Ok(()) }
}

/// The path of a derivation.
///
/// # Errors
/// It has none, or evaluating it fails.
pub fn drv_path(m: &mut Machine, attrs: Attrs) -> R<String> {
    let what = "while evaluating the 'drvPath' attribute of a derivation";
    let drv = m.required_attr(attrs, sym::DRV_PATH, what)?.get();
    Ok(m.force_string(drv, Pos::NONE, what)?.to_text().into_owned())
}

fn one(m: &mut Machine, value: Value, found: &mut Vec<Instantiated>) -> R<()> {
    let attrs = m.force_attrs(value, Pos::NONE, "")?;
    let drv = drv_path(m, attrs)?;
    if !drv.ends_with(".drv") {
        let name = drv.rsplit('/').next().unwrap_or(&drv);
        let text = format!("store path '{name}' is not a valid derivation path");
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    let what = "while evaluating the output name of a derivation";
    let output = match m.attr(attrs, sym::OUTPUT_NAME)? {
        Some(name) => m.force_string(name, Pos::NONE, what)?.to_text().into_owned(),
        None => {
            let text = format!("derivation '{drv}' lacks an 'outputName' attribute");
            return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
        }
    };
    found.push(Instantiated { drv, output });
    Ok(())
}

/// Whether a name can be written on a command line: `[A-Za-z_][A-Za-z0-9-_+]*`.
fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || "-_+".contains(c))
}
