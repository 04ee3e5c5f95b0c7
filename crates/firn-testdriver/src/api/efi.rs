//! The variables of UEFI firmware, while the machine is off.

use super::{Context, Method};
use crate::failure::{Failure, Outcome};
use crate::node::Node;
use firn_machine::State;
use firn_machine::image::efivars::{self, Variable};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(super) const METHODS: &[Method] = &[
    Method { name: "create_efi_vars", signature: "", run: create_efi_vars },
    Method { name: "read_efi_vars", signature: "", run: read_efi_vars },
    Method { name: "write_efi_vars", signature: "add: any", run: write_efi_vars },
    Method { name: "dump_efi_vars", signature: "", run: dump_efi_vars },
];

/// A variable on its way to the script or from it. Bytes are hexadecimal digits.
#[derive(Serialize, Deserialize)]
struct Told {
    vendor: String,
    name: String,
    data: String,
    state: u8,
    attributes: u32,
    count: u64,
    time: String,
    key: u32,
}

/// The file that holds a machine's variables, in its folder.
pub fn variables_file(folder: &Path, node: &str) -> PathBuf {
    folder.join(format!("{node}-efi-vars.fd"))
}

/// Makes a store without variables.
fn create_efi_vars(context: &mut Context<'_>) -> Outcome<Value> {
    let file = file_of_stopped(context)?;
    if file.exists() {
        return Err(Failure::assertion(format!(
            "{}: it has UEFI variables already; create_efi_vars() comes before its first start",
            context.name()
        )));
    }
    write(context.node()?, &file, &[])
}

fn read_efi_vars(context: &mut Context<'_>) -> Outcome<Value> {
    let file = file_of_stopped(context)?;
    Ok(json!(read(&file)?.into_iter().map(told).collect::<Vec<_>>()))
}

/// Adds variables, or replaces those of the same vendor and name.
fn write_efi_vars(context: &mut Context<'_>) -> Outcome<Value> {
    let file = file_of_stopped(context)?;
    let wrong = |why: String| Failure::arguments(format!("write_efi_vars(): {why}"));
    let given: Vec<Told> = serde_json::from_value(context.args.value("add").clone())
        .map_err(|error| wrong(format!("no list of EfiVariable: {error}")))?;
    let mut variables = read(&file)?;
    for variable in given {
        let name = variable.name.clone();
        let variable = heard(variable);
        let variable = variable.ok_or_else(|| wrong(format!("{name} is no EfiVariable")))?;
        efivars::put(&mut variables, variable);
    }
    write(context.node()?, &file, &variables)
}

/// Tells the log all variables.
fn dump_efi_vars(context: &mut Context<'_>) -> Outcome<Value> {
    let file = file_of_stopped(context)?;
    let variables = read(&file)?;
    if variables.is_empty() {
        context.log("there are no UEFI variables");
    }
    for variable in variables {
        let text = format!(
            "{} ({}), attributes {:#x}, {} bytes: {}",
            variable.name,
            guid(&variable.vendor),
            variable.attributes,
            variable.data.len(),
            hex(&variable.data)
        );
        context.log(&text);
    }
    Ok(Value::Null)
}

/// The file of a machine that is off. While it runs the firmware writes to it.
fn file_of_stopped(context: &Context<'_>) -> Outcome<PathBuf> {
    let node = context.node()?;
    node.machine.hardware()?;
    let by_command = node.config.system.as_os_str().is_empty();
    if node.config.vm.firmware.is_none() && !by_command {
        return Err(Failure::machine(format!(
            "{}: it has a BIOS and no UEFI variables; set `virtualisation.useEFIBoot = true`",
            node.name
        )));
    }
    if node.machine.state() != State::Off {
        return Err(Failure::assertion(format!(
            "{}: UEFI variables can be read and written only while the machine is off; \
             `shutdown()` or `crash()` ends it",
            node.name
        )));
    }
    Ok(variables_file(&node.folder, &node.name))
}

/// The variables; none before the first start.
fn read(file: &Path) -> Outcome<Vec<Variable>> {
    match std::fs::read(file) {
        Ok(image) => Ok(efivars::read(&image)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn write(node: &Node, file: &Path, variables: &[Variable]) -> Outcome<Value> {
    // Without a template, as for a machine that a command starts, its own image is the pattern.
    let template = node.config.vm.firmware.as_ref().map_or(file, |firmware| &firmware.variables);
    let failed = |error| {
        Failure::machine(format!("{}: cannot read {}: {error}", node.name, template.display()))
    };
    let image = efivars::write(&std::fs::read(template).map_err(failed)?, variables)?;
    std::fs::write(file, image)?;
    Ok(Value::Null)
}

fn told(variable: Variable) -> Told {
    let Variable { vendor, name, data, attributes, state, count, time, key } = variable;
    let (vendor, data, time) = (hex(&vendor), hex(&data), hex(&time));
    Told { vendor, name, data, state, attributes, count, time, key }
}

fn heard(told: Told) -> Option<Variable> {
    let Told { vendor, name, data, attributes, state, count, time, key } = told;
    let vendor = unhex(&vendor)?.try_into().ok()?;
    let time = unhex(&time)?.try_into().ok()?;
    Some(Variable { vendor, name, data: unhex(&data)?, attributes, state, count, time, key })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// As the specification writes it: the first three groups are numbers, lowest byte first.
fn guid(bytes: &[u8; 16]) -> String {
    let groups: [&[usize]; 5] =
        [&[3, 2, 1, 0], &[5, 4], &[7, 6], &[8, 9], &[10, 11, 12, 13, 14, 15]];
    let words: Vec<String> = groups
        .iter()
        .map(|group| group.iter().map(|at| format!("{:02x}", bytes[*at])).collect())
        .collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_as_the_specification_writes_them() {
        assert_eq!(guid(&efivars::GLOBAL), "8be4df61-93ca-11d2-aa0d-00e098032b8c");
    }

    #[test]
    fn bytes_as_digits() {
        assert_eq!(unhex(&hex(&[0, 171, 255])), Some(vec![0, 171, 255]));
        assert_eq!(unhex("0g"), None);
    }
}
