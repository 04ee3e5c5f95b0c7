//! Choosing packages by name.

use firn_eval::{ErrorKind, Machine, Pos, R};

use super::packages::{DrvName, Package};

/// Names to suggest, at most.
const SUGGESTED: usize = 3;

/// The packages that names select, in the order of the names; all when there are none. A name is a
/// POSIX extended expression for the whole name of a package, perhaps followed by a version.
///
/// # Errors
/// A name selects nothing, or is no regular expression.
pub fn filter(m: &mut Machine, all: &[Package], names: &[String]) -> R<Vec<Package>> {
    let all_names = ["*".to_owned()];
    let names = if names.is_empty() { &all_names[..] } else { names };
    let mut chosen = Vec::new();
    let mut taken = vec![false; all.len()];
    for selector in names {
        let mut hits = 0;
        for (index, package) in all.iter().enumerate() {
            if !matches(m, selector, &package.name)? {
                continue;
            }
            hits += 1;
            if !std::mem::replace(&mut taken[index], true) {
                chosen.push(package.clone());
            }
        }
        if hits == 0 && selector != "*" {
            let text = nothing(all, selector);
            return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
        }
    }
    Ok(chosen)
}

fn matches(m: &mut Machine, selector: &str, package: &str) -> R<bool> {
    let (selector, package) = (DrvName::new(selector), DrvName::new(package));
    if !selector.version.is_empty() && selector.version != package.version {
        return Ok(false);
    }
    if selector.name == "*" || selector.name == package.name {
        return Ok(true);
    }
    let function = m.builtin("match")?;
    let arguments = [m.string(selector.name.as_bytes()), m.string(package.name.as_bytes())];
    let found = m.call(function, &arguments, Pos::NONE)?;
    Ok(!found.is_null())
}

fn nothing(all: &[Package], selector: &str) -> String {
    let wanted = DrvName::new(selector).name;
    let mut near: Vec<&str> = Vec::new();
    for package in all {
        let name = DrvName::new(&package.name).name;
        if name.starts_with(wanted) && !near.contains(&name) && near.len() < SUGGESTED {
            near.push(name);
        }
    }
    near.sort_unstable();
    let mut text = format!("selector '{selector}' matches no derivations");
    if !near.is_empty() {
        text += ", maybe you meant:";
        near.iter().for_each(|name| text += &format!("\n{name}"));
    }
    text
}
