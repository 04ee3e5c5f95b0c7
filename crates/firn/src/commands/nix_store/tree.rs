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

const GRAPHML: &str = "\
<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns='http://graphml.graphdrawing.org/xmlns'>
<key id='narSize' for='node' attr.name='narSize' attr.type='long'/>
<key id='name' for='node' attr.name='name' attr.type='string'/>
<key id='type' for='node' attr.name='type' attr.type='string'/>
<graph id='G' edgedefault='directed'>
";

/// Prints the closure of paths as GraphML, with the size, name and kind of each.
pub fn print_graphml(store: &dyn Store, paths: &[StorePath]) -> Result<(), Failure> {
    let start: StorePathSet = paths.iter().cloned().collect();
    print!("{GRAPHML}");
    // Nothing in a store path has a meaning in XML.
    for path in firn_store::closure(store, &start)? {
        let info = store.require_path_info(&path)?;
        let kind = if path.is_derivation() { "derivation" } else { "output-path" };
        println!("  <node id=\"{path}\">");
        println!("    <data key=\"narSize\">{}</data>", info.nar_size);
        println!("    <data key=\"name\">{}</data>", path.name());
        println!("    <data key=\"type\">{kind}</data>\n  </node>");
        for reference in info.references.iter().filter(|reference| **reference != path) {
            println!("  <edge source=\"{path}\" target=\"{reference}\"/>");
        }
    }
    println!("</graph>\n</graphml>");
    Ok(())
}
