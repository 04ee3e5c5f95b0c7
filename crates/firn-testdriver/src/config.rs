//! The driver's configuration: the JSON file that a test derivation names in `driverConfig`.

use crate::log::Level;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One test.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Name of the test.
    pub name: String,
    /// File with the Python script; a saved boot has none.
    #[serde(default)]
    pub test_script: PathBuf,
    /// CPython, the program itself.
    #[serde(default)]
    pub python: PathBuf,
    /// Folders with further Python packages.
    #[serde(default)]
    pub python_path: Vec<PathBuf>,
    /// Nodes by name. Their order by name is the order of `machines`.
    pub nodes: BTreeMap<String, NodeConfig>,
    /// Numbers of the virtual LANs.
    #[serde(default)]
    pub vlans: Vec<u32>,
    /// Limit for the whole test in seconds.
    #[serde(default = "default_timeout")]
    pub global_timeout: u64,
    /// A script that has failed stands still, for somebody to look at it.
    #[serde(default)]
    pub debug_hook: bool,
    /// The driver's own lines below this level are left out.
    #[serde(default)]
    pub log_level: Level,
    /// Run every node this way, whatever it says.
    #[serde(default)]
    pub backend: Option<BackendChoice>,
    /// Programs of the host side.
    #[serde(default)]
    pub tools: Tools,
    /// An erofs image with the store paths of all nodes, for virtual machines.
    #[serde(default)]
    pub store_image: Option<PathBuf>,
    /// An erofs image with the store paths that only the script names, for machines with a store of their own.
    #[serde(default)]
    pub named_image: Option<PathBuf>,
}

fn default_timeout() -> u64 {
    3600
}

/// Programs of the host side; those of virtual machines are only needed by them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tools {
    /// The QEMU program.
    #[serde(default)]
    pub qemu: Option<PathBuf>,
    /// The `mkfs.ext4` program, for root disks.
    #[serde(default)]
    pub mkfs: Option<PathBuf>,
    /// The shell that runs the commands which start machines (`create_machine`).
    #[serde(default)]
    pub shell: Option<PathBuf>,
    /// Fail where hardware acceleration does not work.
    #[serde(default)]
    pub force_accel: bool,
    /// The tesseract program, for reading text from screens.
    #[serde(default)]
    pub tesseract: Option<PathBuf>,
    /// The swtpm program, for machines with a TPM.
    #[serde(default)]
    pub swtpm: Option<PathBuf>,
    /// The virtiofsd program, for folders that machines share with the driver.
    #[serde(default)]
    pub virtiofsd: Option<PathBuf>,
}

/// How a node shall be run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendChoice {
    /// A container, unless the node needs a machine or containers are impossible here.
    #[default]
    Auto,
    /// A virtual machine.
    Vm,
    /// A container.
    Container,
}

/// One node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeConfig {
    /// Position in the order of names, from 1; part of addresses.
    pub number: u32,
    /// How to run it.
    #[serde(default)]
    pub backend: BackendChoice,
    /// Why it needs a virtual machine; empty when a container does.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The system closure (`config.system.build.toplevel`).
    pub system: PathBuf,
    /// Network cards.
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// Folders of the driver's side that the node sees.
    #[serde(default)]
    pub shared_directories: Vec<SharedDirectory>,
    /// Credentials that the node's systemd gets, by name.
    #[serde(default)]
    pub credentials: BTreeMap<String, Credential>,
    /// Virtual hardware.
    #[serde(default)]
    pub vm: VmConfig,
    /// A saved boot of this node, from which its first start goes on.
    #[serde(default)]
    pub saved_boot: Option<PathBuf>,
    /// Why the node boots although the test asks for saved boots.
    #[serde(default)]
    pub not_saved: Vec<String>,
    /// An erofs image with the node's own store paths, instead of the test's.
    #[serde(default)]
    pub store_image: Option<PathBuf>,
    /// For systems that are no closure: a folder to use as root, and process 1.
    #[serde(default)]
    pub container: ContainerConfig,
}

impl NodeConfig {
    /// Of a virtual machine that the configuration of the test does not know.
    pub fn named_by_nothing(number: u32) -> Self {
        Self {
            number,
            backend: BackendChoice::Vm,
            needs: Vec::new(),
            system: PathBuf::new(),
            interfaces: Vec::new(),
            shared_directories: Vec::new(),
            credentials: BTreeMap::new(),
            vm: VmConfig::default(),
            saved_boot: None,
            not_saved: Vec::new(),
            store_image: None,
            container: ContainerConfig::default(),
        }
    }
}

/// A folder of the driver's side that a node sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharedDirectory {
    /// Name under which a virtual machine mounts it.
    pub tag: String,
    /// Path on the driver's side; `$SHARED_DIR` and `$TMPDIR` stand for the folder that all machines share
    /// and the one of the machine.
    pub source: String,
    /// Path in the node.
    pub target: PathBuf,
    /// The node's system does not mount it: the driver does, once the node is up.
    #[serde(default)]
    pub mount_late: bool,
}

/// A credential for systemd: a text, or a file's contents.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Credential {
    /// Its text.
    pub text: Option<String>,
    /// The file that holds it.
    pub source: Option<PathBuf>,
}

/// A network card on a virtual LAN.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    /// Name in the node.
    pub name: String,
    /// Number of the LAN.
    pub vlan: u32,
    /// Hardware address, six bytes in hexadecimal with colons.
    pub mac: String,
}

/// What a container node may say beyond its system.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerConfig {
    /// A folder that is the root, with changes kept in memory; else the root is empty.
    #[serde(default)]
    pub root: Option<PathBuf>,
    /// Program and arguments of process 1; else `SYSTEM/init`.
    #[serde(default)]
    pub init: Vec<String>,
}

/// Virtual hardware.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VmConfig {
    /// MiB.
    pub memory_size: u32,
    /// Processors.
    pub cores: u32,
    /// MiB of the root disk, 0 for none (the root is in memory).
    pub disk_size: u32,
    /// Further empty disks.
    pub empty_disks: Vec<EmptyDisk>,
    /// Interface of the disks: `virtio`, `scsi` or `ide`.
    pub disk_interface: String,
    /// Further arguments of QEMU, each any number of words with quotes as a shell has them.
    pub qemu_options: Vec<String>,
    /// Further kernel parameters.
    pub kernel_params: Vec<String>,
    /// Boot with the system's own boot loader from the disk image.
    pub boot_loader: Option<BootImage>,
    /// UEFI firmware; without it a machine has a BIOS.
    pub firmware: Option<FirmwareConfig>,
    /// Ports of the host that lead into the machine.
    pub forward_ports: Vec<ForwardPort>,
    /// No network but the virtual LANs.
    pub restrict_network: bool,
    /// Whether there is a screen.
    pub graphics: bool,
    /// Width and height that the screen announces, unless QEMU chooses.
    pub resolution: Option<(u32, u32)>,
    /// Whether there is a TPM, and the model of its device.
    pub tpm: Option<String>,
    /// Slots in which devices can be plugged while the machine runs.
    pub slots: u32,
    /// Another QEMU than the test's.
    pub qemu: Option<PathBuf>,
    /// Fail where hardware acceleration does not work.
    pub force_accel: bool,
    /// Other processes reach the memory.
    pub shared_memory: bool,
    /// Whether there is a card to the host.
    pub user_net: bool,
    /// QEMU starts the system's kernel. Else the firmware starts what it finds.
    pub direct_boot: bool,
    /// Another initial file system than the system's.
    pub initrd: Option<PathBuf>,
}

impl Default for VmConfig {
    fn default() -> Self {
        Self {
            memory_size: 1024,
            cores: 1,
            disk_size: 0,
            empty_disks: Vec::new(),
            disk_interface: "virtio".into(),
            qemu_options: Vec::new(),
            kernel_params: Vec::new(),
            boot_loader: None,
            firmware: None,
            forward_ports: Vec::new(),
            restrict_network: false,
            graphics: false,
            resolution: None,
            tpm: None,
            slots: 0,
            qemu: None,
            force_accel: false,
            shared_memory: false,
            user_net: true,
            direct_boot: true,
            initrd: None,
        }
    }
}

/// An empty disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmptyDisk {
    /// MiB.
    pub size: u32,
    /// Serial number, by which `/dev/disk/by-id` names it.
    #[serde(default)]
    pub serial: Option<String>,
    /// Further options of QEMU's `-drive`.
    #[serde(default)]
    pub drive_options: BTreeMap<String, String>,
    /// Further options of QEMU's `-device`.
    #[serde(default)]
    pub device_options: BTreeMap<String, String>,
}

/// What is on the first disk of a machine that boots from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BootImage {
    /// Image of the EFI system partition; the machine writes to a copy. Without it BIOS starts the disk.
    #[serde(default)]
    pub partition: Option<PathBuf>,
    /// Folder with GRUB's `boot.img` and `core.img`, for BIOS.
    #[serde(default)]
    pub grub: Option<PathBuf>,
    /// Folder that is copied to the root partition.
    #[serde(default)]
    pub root_files: Option<PathBuf>,
    /// Links on the root partition at first, by path.
    #[serde(default)]
    pub root_links: BTreeMap<String, PathBuf>,
}

/// UEFI firmware.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirmwareConfig {
    /// Its code.
    pub code: PathBuf,
    /// Template of its variables; the machine writes to a copy, which outlives restarts.
    pub variables: PathBuf,
    /// The program on the EFI system partition that the variables name from the first start on.
    #[serde(default)]
    pub boot_entry: Option<BootEntryConfig>,
    /// It writes variables in system management mode only, so that nobody else can.
    #[serde(default)]
    pub protected: bool,
}

/// An entry of the firmware's boot menu.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BootEntryConfig {
    /// What the menu shows.
    pub title: String,
    /// The program on the EFI system partition, with backslashes.
    pub file: String,
}

/// A port of the host that leads into a machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForwardPort {
    /// `tcp` or `udp`.
    pub proto: String,
    /// Port on the host.
    pub host_port: u16,
    /// Port in the machine.
    pub guest_port: u16,
    /// Address on the host; empty for all.
    #[serde(default)]
    pub host_address: String,
    /// Address in the machine; empty for its first.
    #[serde(default)]
    pub guest_address: String,
    /// The other way round: connections of the machine to the guest's address and port lead to the host's.
    #[serde(default)]
    pub from_guest: bool,
}

impl ForwardPort {
    /// A TCP port of all addresses of the host that leads into the machine.
    pub fn tcp(host_port: u16, guest_port: u16) -> Self {
        let empty = String::new;
        let (host_address, guest_address, proto) = (empty(), empty(), "tcp".into());
        Self { proto, host_port, guest_port, host_address, guest_address, from_guest: false }
    }
}

impl Config {
    /// Reads a configuration.
    ///
    /// Errors: a sentence with the path, and the place in it that is wrong.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            format!("cannot read the driver configuration {}: {error}", path.display())
        })?;
        serde_json::from_str(&text)
            .map_err(|error| format!("bad driver configuration {}: {error}", path.display()))
    }
}

/// The Python name of a node: what is no letter, digit or underscore becomes an underscore, and so does a
/// digit at the beginning.
pub fn variable_name(node: &str) -> String {
    node.char_indices()
        .map(|(at, c)| {
            let fits = c == '_' || c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit());
            if fits { c } else { '_' }
        })
        .collect()
}

/// Reads `52:54:00:12:01:02`.
pub fn parse_mac(text: &str) -> Result<[u8; 6], String> {
    let bytes: Vec<u8> =
        text.split(':').map_while(|part| u8::from_str_radix(part, 16).ok()).collect();
    bytes.try_into().map_err(|_| format!("'{text}' is no hardware address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nodes() {
        for (node, variable) in
            [("server", "server"), ("a-b.c", "a_b_c"), ("1st", "_st"), ("é", "_")]
        {
            assert_eq!(variable_name(node), variable);
        }
    }

    #[test]
    fn hardware_addresses() {
        assert_eq!(parse_mac("52:54:00:12:01:fe"), Ok([82, 84, 0, 18, 1, 254]));
        for bad in ["", "52:54:00:12:01", "52:54:00:12:01:02:03", "52:54:00:12:01:xx"] {
            assert!(parse_mac(bad).is_err(), "{bad}");
        }
    }
}
