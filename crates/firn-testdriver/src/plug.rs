//! What is plugged into a running machine: machines with a saved boot have the hardware that was saved, and what
//! depends on the test comes later.

use crate::config::SharedDirectory;
use crate::failure::{Failure, Outcome};
use crate::node::Node;
use crate::shares;
use firn_machine::Hardware;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Name of the image with the store paths that the script names.
const NAMED: &str = "named";
const LIMIT: Duration = Duration::from_secs(120);
/// Mounts it as soon as the kernel has found the disk, and shows its paths in the store.
const MOUNT_NAMED: &str = r#"
tries=0
until disk=$(grep -lx named /sys/block/*/serial 2>/dev/null); do
  tries=$((tries + 1)); [ $tries -lt 600 ] || { echo "the disk does not appear" >&2; exit 1; }
  sleep 0.05
done
disk=${disk%/serial}
mkdir -p /nix/.named
mount -t erofs -o ro "/dev/${disk##*/}" /nix/.named
for path in /nix/.named/*; do
  place=/nix/store/${path##*/}
  if [ -e "$place" ] || [ -L "$place" ]; then continue; fi
  if [ -L "$path" ]; then cp -P "$path" "$place"; continue; fi
  if [ -d "$path" ]; then mkdir "$place"; else touch "$place"; fi
  mount --bind "$path" "$place"
done
"#;

/// Plugs the image with what the script names into the machine and shows its paths in the machine's store.
pub fn named_image(node: &Node, image: &Path) -> Outcome<()> {
    let hardware = node.machine.hardware()?;
    if !is_plugged(hardware, NAMED)? {
        let file = json!({"driver": "file", "filename": image});
        let block = json!({"driver": "raw", "node-name": NAMED, "read-only": true, "file": file});
        hardware.qmp("blockdev-add", block)?;
        let device = json!({"driver": "virtio-blk-pci", "id": NAMED, "drive": NAMED, "serial": NAMED, "bus": "slot0"});
        hardware.qmp("device_add", device)?;
    }
    let command = format!("mountpoint -q /nix/.named || {{ {MOUNT_NAMED} }}");
    let output = node.machine.agent().exec(&command, Some(LIMIT))?;
    if output.status == 0 {
        return Ok(());
    }
    Err(Failure::machine(format!(
        "{}: cannot show the store paths that the script names; see the lines above",
        node.name
    )))
}

/// Plugs in a folder that is mounted late.
pub fn share(node: &Node, number: usize, share: &SharedDirectory) -> Outcome<()> {
    let hardware = node.machine.hardware()?;
    let id = format!("share{number}");
    if is_plugged(hardware, &id)? {
        return Ok(());
    }
    let path = shares::socket(&node.folder, number);
    let address = json!({"type": "unix", "data": {"path": path}});
    let backend = json!({"type": "socket", "data": {"addr": address, "server": false}});
    let line = format!("line-{id}");
    hardware.qmp("chardev-add", json!({"id": line, "backend": backend}))?;
    let device = json!({"driver": "vhost-user-fs-pci", "id": id, "chardev": line, "tag": share.tag, "bus": "slot1"});
    hardware.qmp("device_add", device)?;
    Ok(())
}

/// Whether a device is there already: a reset leaves it.
fn is_plugged(hardware: &dyn Hardware, id: &str) -> Outcome<bool> {
    let list = hardware.qmp("qom-list", json!({"path": "/machine/peripheral"}))?;
    let devices = list.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(devices.iter().any(|device| device.get("name").and_then(Value::as_str) == Some(id)))
}
