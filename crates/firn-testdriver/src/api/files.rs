//! Copying files between the driver and machines.

use super::{Context, Method, quote};
use crate::failure::{Failure, Outcome};
use serde_json::Value;
use std::path::{Component, Path};

pub(super) const METHODS: &[Method] = &[
    Method { name: "copy_from_host", signature: "source: str, target: str", run: copy_from_host },
    Method {
        name: "copy_from_host_via_shell",
        signature: "source: str, target: str",
        run: copy_from_host,
    },
    Method {
        name: "copy_from_machine",
        signature: "source: str, target_dir: str = \"\"",
        run: copy_from_machine,
    },
    Method {
        name: "copy_from_vm",
        signature: "source: str, target_dir: str = \"\"",
        run: copy_from_machine,
    },
];

/// A place in a machine: relative ones begin where its commands run.
fn in_machine(place: &str) -> String {
    if place.starts_with('/') { place.to_string() } else { format!("/tmp/{place}") }
}

/// Copies a file or folder to exactly `target`; when that is a folder already, into it, as `cp -r` does.
fn copy_from_host(context: &mut Context<'_>) -> Outcome<Value> {
    let source = context.args.text("source").to_string();
    let target = context.args.text("target").to_string();
    context.step(&format!("copying {source} to {target}"), |context| {
        let target = in_machine(&target);
        let is_folder = context.exec(&format!("test -d {}", quote(&target)), None)?.status == 0;
        let name = Path::new(&source).file_name().map(|name| name.to_string_lossy());
        let target = match name {
            Some(name) if is_folder || target.ends_with('/') => {
                format!("{}/{name}", target.trim_end_matches('/'))
            }
            _ => target,
        };
        // The script's working folder is the output folder.
        let source = context.driver.out_dir.join(&source);
        context.node()?.machine.agent().put(&source, &target)?;
        Ok(Value::Null)
    })
}

/// Copies to `OUT/target_dir/NAME`.
fn copy_from_machine(context: &mut Context<'_>) -> Outcome<Value> {
    let source = context.args.text("source").to_string();
    let folder = Path::new(context.args.text("target_dir"));
    if folder.components().any(|part| matches!(part, Component::ParentDir)) {
        return Err(Failure::arguments("copy_from_machine(): 'target_dir' must not contain '..'"));
    }
    let folder = context.driver.out_dir.join(folder);
    let no_name = || Failure::arguments(format!("copy_from_machine(): '{source}' has no name"));
    let target = folder.join(Path::new(&source).file_name().ok_or_else(no_name)?);
    if target.is_dir() {
        let message = format!("{} exists already", target.display());
        return Err(Failure { class: "FileExistsError", message });
    }
    context.step(&format!("copying {source} from the machine"), |context| {
        std::fs::create_dir_all(&folder)?;
        context.check_conditions()?;
        context.node()?.connect()?;
        context.node()?.machine.agent().get(&in_machine(&source), target)?;
        Ok(Value::Null)
    })
}
