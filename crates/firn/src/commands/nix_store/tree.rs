//! Closures as trees and as graphs.

use firn_formats::{StorePath, StorePathSet};
use firn_store::{Store, topological};

use crate::exit::Failure;

/// Prints what each path needs, indented below it; what was shown before is only named.
pub fn print_tree(store: &dyn Store, paths: &[StorePath]) -> Result<(), Failure> {
    let mut shown = StorePathSet::new();
    for path in paths {
        let mut pending = vec![(path.clone(), String::new(), String::new())];
        while let Some((path, first, rest)) = pending.pop() {
            let text = store.store_dir().display(&path);
            if !shown.insert(path.clone()) {
                println!("{first}{text} [...]");
                continue;
            }
            println!("{first}{text}");
            let references = &store.require_path_info(&path)?.references;
            // What others among them need comes first, which keeps the tree flat.
            let children = topological(store, references)?;
            let last = children.len().saturating_sub(1);
            for (i, child) in children.into_iter().enumerate().rev() {
                let (branch, below) =
                    if i == last { ("└───", "    ") } else { ("├───", "│   ") };
                pending.push((child, format!("{rest}{branch}"), format!("{rest}{below}")));
            }
        }
    }
    Ok(())
}

/// Prints the closure of paths in the language of `dot`.
pub fn print_graph(store: &dyn Store, paths: &[StorePath]) -> Result<(), Failure> {
    const COLORS: [&str; 6] = ["black", "red", "green", "blue", "magenta", "burlywood"];
    let mut pending: StorePathSet = paths.iter().cloned().collect();
    let mut done = StorePathSet::new();
    let mut edges = 0;
    println!("digraph G {{");
    while let Some(path) = pending.pop_first() {
        if !done.insert(path.clone()) {
            continue;
        }
        println!(
            "\"{path}\" [label = \"{}\", shape = box, style = filled, fillcolor = \"#ff0000\"];",
            path.name()
        );
        for reference in store.require_path_info(&path)?.references.iter().filter(|r| **r != path) {
            println!("\"{reference}\" -> \"{path}\" [color = \"{}\"];", COLORS[edges % 6]);
            edges += 1;
            pending.insert(reference.clone());
        }
    }
    println!("}}");
    Ok(())
}
