//! Listing trees, as `firn store ls` and `firn nar ls` do.

use clap::Args;
use firn_formats::nar::NarNode;
use serde_json::{Map, Value, json};

use crate::arguments::JsonArguments;
use crate::exit::Failure;

/// How a tree is listed.
#[derive(Args)]
pub struct ListOptions {
    /// Show the entries of folders in folders too
    #[arg(short = 'R', long)]
    recursive: bool,
    /// Show permissions and sizes
    #[arg(short, long)]
    long: bool,
    /// Show a folder itself, not its entries
    #[arg(short, long)]
    directory: bool,
    #[command(flatten)]
    json: JsonArguments,
}

/// Prints a node. `offsets` tells whether JSON says where contents lie in an archive.
pub fn print(
    node: &NarNode,
    path: &str,
    options: &ListOptions,
    offsets: bool,
) -> Result<(), Failure> {
    if options.json.wanted {
        options.json.print(&to_json(node, options.recursive, !options.directory, offsets));
        return Ok(());
    }
    match node {
        NarNode::Directory { .. } if !options.directory => {
            entries(node, ".", options);
        }
        NarNode::Directory { .. } => {
            line(node, ".", options);
            if options.recursive {
                entries(node, ".", options);
            }
        }
        _ => line(node, path.rsplit('/').next().unwrap_or(path), options),
    }
    Ok(())
}

fn entries(node: &NarNode, prefix: &str, options: &ListOptions) {
    let NarNode::Directory { entries: children } = node else { return };
    for (name, child) in children {
        let path = format!("{prefix}/{}", String::from_utf8_lossy(name));
        line(child, &path, options);
        if options.recursive {
            entries(child, &path, options);
        }
    }
}

fn line(node: &NarNode, path: &str, options: &ListOptions) {
    if !options.long {
        println!("{path}");
        return;
    }
    match node {
        NarNode::File { executable, size, .. } => {
            let mode = if *executable { "-r-xr-xr-x" } else { "-r--r--r--" };
            println!("{mode} {size:>20} {path}");
        }
        NarNode::Symlink { target } => {
            println!("lrwxrwxrwx {:>20} {path} -> {}", 0, String::from_utf8_lossy(target));
        }
        NarNode::Directory { .. } => println!("dr-xr-xr-x {:>20} {path}", 0),
    }
}

fn to_json(node: &NarNode, recursive: bool, inside: bool, offsets: bool) -> Value {
    let NarNode::Directory { entries } = node else {
        let mut value = node.to_json();
        if let (false, Some(object)) = (offsets, value.as_object_mut()) {
            object.shift_remove("narOffset");
        }
        return value;
    };
    let mut out = Map::new();
    if inside {
        let children = entries.iter().map(|(name, child)| {
            let name = String::from_utf8_lossy(name).into_owned();
            let value = if recursive { to_json(child, true, true, offsets) } else { json!({}) };
            (name, value)
        });
        out.insert("entries".into(), children.collect::<Map<_, _>>().into());
    }
    out.insert("type".into(), "directory".into());
    Value::Object(out)
}
