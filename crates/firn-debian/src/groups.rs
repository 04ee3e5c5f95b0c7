//! Groups: the packages that share one store path, because they are written to find each other
//! beside themselves or because they need each other in a cycle.

use crate::scc;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Packages of one store path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name, unique among groups.
    pub name: String,
    /// Packages; the one that names and versions the group first.
    pub members: Vec<String>,
    /// Groups needed directly, sorted.
    pub needs: Vec<String>,
}

/// Contracts a closure into groups, dependencies first.
///
/// `explicit` lists groups by name; every other package is a group of its own name; cycles
/// among groups are merged, under the name of the explicit group in the cycle or else of the
/// first member.
///
/// # Errors
/// When a cycle joins two explicit groups.
pub fn contract(
    needs: &BTreeMap<String, Vec<String>>,
    explicit: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<Group>> {
    let first = assign(needs, explicit);
    let (names, edges) = graph(needs, &first);
    let mut merged: HashMap<String, String> = HashMap::new();
    let mut order = Vec::new();
    for component in scc::components(&edges) {
        let parts: Vec<&str> = component.iter().map(|&i| names[i].as_str()).collect();
        let name = component_name(&parts, explicit)?;
        merged.extend(parts.iter().map(|part| ((*part).to_owned(), name.clone())));
        order.push(name);
    }
    let owner: HashMap<&str, &str> =
        first.iter().map(|(package, group)| (package.as_str(), merged[group].as_str())).collect();
    Ok(order.iter().map(|name| build(name, needs, &owner, explicit)).collect())
}

fn assign(
    needs: &BTreeMap<String, Vec<String>>,
    explicit: &BTreeMap<String, Vec<String>>,
) -> HashMap<String, String> {
    let mut owner: HashMap<String, String> =
        needs.keys().map(|package| (package.clone(), package.clone())).collect();
    for (group, members) in explicit {
        for member in members.iter().filter(|m| needs.contains_key(*m)) {
            owner.insert(member.clone(), group.clone());
        }
    }
    owner
}

fn graph(
    needs: &BTreeMap<String, Vec<String>>,
    owner: &HashMap<String, String>,
) -> (Vec<String>, Vec<Vec<usize>>) {
    let names: Vec<String> = owner.values().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let number: HashMap<&str, usize> =
        names.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let mut edges = vec![BTreeSet::new(); names.len()];
    for (package, targets) in needs {
        let from = number[owner[package].as_str()];
        let to = targets.iter().filter_map(|t| owner.get(t)).map(|g| number[g.as_str()]);
        edges[from].extend(to.filter(|&t| t != from));
    }
    let edges = edges.into_iter().map(|set| set.into_iter().collect()).collect();
    (names, edges)
}

fn component_name(parts: &[&str], explicit: &BTreeMap<String, Vec<String>>) -> Result<String> {
    let named: Vec<&str> = parts.iter().copied().filter(|p| explicit.contains_key(*p)).collect();
    match named[..] {
        [] => Ok(parts[0].to_owned()),
        [name] => Ok(name.to_owned()),
        [one, two, ..] => Err(Error::new(format!(
            "the groups '{one}' and '{two}' need each other (the cycle: {})",
            parts.join(", ")
        ))
        .with_help("join them into one group, or drop the dependency which closes the cycle")),
    }
}

fn build(
    name: &str,
    needs: &BTreeMap<String, Vec<String>>,
    owner: &HashMap<&str, &str>,
    explicit: &BTreeMap<String, Vec<String>>,
) -> Group {
    let own = |package: &&String| owner[package.as_str()] == name;
    let listed = explicit.get(name).into_iter().flatten().filter(|m| needs.contains_key(*m));
    let mut members: Vec<String> = listed.cloned().collect();
    let others: Vec<String> =
        needs.keys().filter(own).filter(|p| !members.contains(p)).cloned().collect();
    members.extend(others);
    // The first one listed gives the group its version; without a list the one of its name.
    if let Some(at) =
        members.iter().position(|m| m == name).filter(|_| !explicit.contains_key(name))
    {
        let main = members.remove(at);
        members.insert(0, main);
    }
    let targets = members.iter().flat_map(|m| &needs[m]).filter_map(|t| owner.get(t.as_str()));
    let needs: BTreeSet<&str> = targets.copied().filter(|g| *g != name).collect();
    Group { name: name.to_owned(), members, needs: needs.into_iter().map(str::to_owned).collect() }
}
