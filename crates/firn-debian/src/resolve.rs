//! The resolver: from wanted packages to everything they need, one package for every relation.

use crate::control::Relation;
use crate::index::{Index, Package};
use std::collections::{BTreeMap, HashSet, VecDeque};

/// What steers the resolver besides the index.
#[derive(Debug, Default, Clone)]
pub struct Policy {
    /// Packages that never enter a closure: only maintainer scripts need them.
    pub drop: HashSet<String>,
    /// Needs that the index doesn't declare: package → further packages.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// Every chosen package with the packages it needs, directly.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// Package → direct needs, sorted by name of the package; needs in the order of the fields.
    pub needs: BTreeMap<String, Vec<String>>,
    /// Relations that nothing in the index satisfies, as (package, relation).
    pub unsatisfied: Vec<(String, String)>,
}

/// Resolves the closure of `roots`. For each relation, a package that was chosen before wins;
/// else the first alternative that exists; for a virtual name the provider of highest
/// priority, then the first by name. Deterministic for an index and an order of roots.
pub fn resolve(index: &Index<'_>, roots: &[String], policy: &Policy) -> Closure {
    let mut closure = Closure::default();
    let mut chosen: HashSet<String> = roots.iter().cloned().collect();
    let mut queue: VecDeque<String> = roots.iter().cloned().collect();
    while let Some(name) = queue.pop_front() {
        if closure.needs.contains_key(&name) {
            continue;
        }
        let mut needs = Vec::new();
        match index.get(&name) {
            None => closure.unsatisfied.push((name.clone(), name.clone())),
            Some(package) => {
                for alternatives in package.requirements() {
                    match choose(index, &alternatives, &chosen, policy) {
                        Choice::Package(picked) => needs.push(picked.to_owned()),
                        Choice::Dropped => {}
                        Choice::None => {
                            let text = alternatives.iter().map(|a| a.name).collect::<Vec<_>>();
                            closure.unsatisfied.push((name.clone(), text.join(" | ")));
                        }
                    }
                    chosen.extend(needs.last().cloned());
                }
            }
        }
        needs.extend(policy.extra.get(&name).into_iter().flatten().cloned());
        let mut seen = HashSet::new();
        needs.retain(|need| *need != name && seen.insert(need.clone()));
        chosen.extend(needs.iter().cloned());
        queue.extend(needs.iter().cloned());
        closure.needs.insert(name, needs);
    }
    closure
}

enum Choice<'a> {
    Package(&'a str),
    /// Only dropped packages would do.
    Dropped,
    None,
}

fn choose<'a>(
    index: &'a Index<'_>,
    alternatives: &[Relation<'_>],
    chosen: &HashSet<String>,
    policy: &Policy,
) -> Choice<'a> {
    let all: Vec<Vec<&Package<'_>>> = alternatives.iter().map(|a| index.candidates(a)).collect();
    // A dropped package satisfies the relation where it is the first choice: its users want it
    // in maintainer scripts only, so no alternative to it is wanted either.
    if let Some(first) = all.iter().find(|c| !c.is_empty())
        && policy.drop.contains(first[0].name)
    {
        return Choice::Dropped;
    }
    let kept = |p: &&&Package<'_>| !policy.drop.contains(p.name);
    if let Some(package) = all.iter().flatten().filter(kept).find(|p| chosen.contains(p.name)) {
        return Choice::Package(package.name);
    }
    for (alternative, candidates) in alternatives.iter().zip(&all) {
        let best = candidates
            .iter()
            .filter(kept)
            .min_by_key(|p| (p.name != alternative.name, p.rank(), p.name));
        if let Some(package) = best {
            return Choice::Package(package.name);
        }
    }
    match all.iter().any(|c| !c.is_empty()) {
        true => Choice::Dropped,
        false => Choice::None,
    }
}
