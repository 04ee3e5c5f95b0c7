//! From the configuration of a node to its machine.

use crate::api::efi::variables_file;
use crate::config::{Config, EmptyDisk, FirmwareConfig, NodeConfig, VmConfig, parse_mac};
use crate::log::Log;
use crate::node::Surroundings;
use crate::shares;
use firn_machine::Machine;
use firn_machine::container::{Bind, Card, Container, ContainerOptions, Root};
use firn_machine::image::disk::{BootEntry, DiskContent, DiskPlan};
use firn_machine::net::{Switch, SwitchPort};
use firn_machine::qemu::{
    Accelerator, Boot, Companion, Drive, DriveBus, Firmware, Forward, NetCard, SavedBoot, Start,
    Tpm, UserNet, Vm, VmOptions, VmSpec, probe,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The hidden command that connects its standard streams to a host and port.
pub const CONNECT_COMMAND: &str = "__connect";

type Made = Result<Box<dyn Machine>, String>;

/// Kernel parameters for a quick boot under emulation; none changes what a test can observe but
/// side-channel mitigations, where programs lie in memory, and the audit log. `tsc=reliable` must not be among them: with it the clock of
/// guests on loaded hosts was seen to run four times too fast.
pub const QUICK_PARAMETERS: &[&str] = &[
    "mitigations=off",
    "nokaslr",
    // Code that lies at the same place in every process is translated less often.
    "norandmaps",
    "audit=0",
    "cryptomgr.notests",
    // A test of a function that nothing uses.
    "initcall_blacklist=crypto_kdf108_init",
    "init_on_alloc=0",
    "rcupdate.rcu_expedited=1",
    "transparent_hugepage=never",
    "nowatchdog",
    "psi=0",
    "net.ifnames=0",
];

/// Makes a container.
pub fn container(
    name: &str,
    config: &NodeConfig,
    around: &Surroundings<'_>,
    folder: PathBuf,
) -> Made {
    let mut cards = Vec::new();
    for interface in &config.interfaces {
        let card = Card { name: interface.name.clone(), mac: parse_mac(&interface.mac)? };
        cards.push((card, switch_of(interface.vlan, around)?));
    }
    let root = match &config.container.root {
        Some(lower) => Root::Over(lower.clone()),
        // Kept over restarts, as a disk would.
        None => Root::Folder(make_folder(folder.join("disk"))?),
    };
    let init = if config.container.init.is_empty() {
        vec![config.system.join("init").to_string_lossy().into_owned()]
    } else {
        config.container.init.clone()
    };
    let mut environment = Vec::new();
    let mut binds = shares::binds(config, around, &folder)?;
    if !config.credentials.is_empty() {
        let source = shares::write_credentials(config, &folder)?;
        // The place that systemd-nspawn uses as well.
        let target = PathBuf::from("/run/host/credentials");
        environment.push(("CREDENTIALS_DIRECTORY".into(), target.to_string_lossy().into_owned()));
        binds.push(Bind { source, target, writable: false });
    }
    let options = ContainerOptions {
        name: name.into(),
        folder,
        root,
        init,
        environment,
        binds,
        cards,
        program: around.program.to_path_buf(),
        console: sink(name, around.log),
    };
    Container::new(options)
        .map(|container| Box::new(container) as Box<dyn Machine>)
        .map_err(|error| error.message)
}

fn make_folder(path: PathBuf) -> Result<PathBuf, String> {
    std::fs::create_dir_all(&path)
        .map_err(|error| format!("cannot make {}: {error}", path.display()))?;
    Ok(path)
}

/// Makes a virtual machine.
pub fn vm(name: &str, config: &NodeConfig, around: &Surroundings<'_>, folder: PathBuf) -> Made {
    let tools = &around.config.tools;
    let hardware = &config.vm;
    let qemu = hardware.qemu.clone().or_else(|| tools.qemu.clone()).ok_or_else(|| {
        "the test's configuration has no QEMU; build the attribute `vm` of the test instead"
            .to_string()
    })?;
    let accelerator = probe::best_accelerator(around.program);
    if (tools.force_accel || hardware.force_accel) && accelerator != Accelerator::Kvm {
        return Err(
            "the test wants hardware acceleration (qemu.forceAccel), and KVM does not work \
                    here: /dev/kvm is missing, or a guest makes no progress"
                .into(),
        );
    }
    let (cards, ports) = network(name, config, around)?;
    let (drives, mut disks) = disks(config, around, &folder)?;
    let firmware = hardware.firmware.as_ref().map(|firmware| {
        let plan = firmware_variables(name, hardware, firmware, &folder);
        let variables = plan.file.clone();
        disks.push(plan);
        Firmware { code: firmware.code.clone(), variables, protected: firmware.protected }
    });
    let boot = match hardware.direct_boot {
        true => direct_boot(config, firmware.is_some())?,
        false => Boot::Disk,
    };
    let forwards = hardware.forward_ports.iter().map(|port| Forward {
        protocol: port.proto.clone(),
        host: port.host_port,
        guest: port.guest_port,
        host_address: port.host_address.clone(),
        guest_address: port.guest_address.clone(),
        from_guest: port.from_guest,
    });
    let (tpm, mut companions) = tpm(config, around, &folder)?;
    let (shared, servers) = shares::served(config, around, &folder)?;
    companions.extend(servers);
    let spec = VmSpec {
        name: name.into(),
        memory: hardware.memory_size,
        cores: hardware.cores,
        accelerator,
        boot,
        firmware,
        drives,
        store_image: config.store_image.clone().or_else(|| around.config.store_image.clone()),
        cards,
        shared_memory: hardware.shared_memory || !config.shared_directories.is_empty(),
        slots: hardware.slots,
        user_net: hardware.user_net.then(|| UserNet {
            forwards: forwards.collect(),
            restrict: hardware.restrict_network,
            // QEMU starts it, so that the file's name must mean the same there.
            connector: format!("/proc/{}/exe {CONNECT_COMMAND}", std::process::id()),
        }),
        graphics: hardware.graphics,
        resolution: hardware.resolution,
        tpm,
        credentials: shares::credentials(config)?,
        shares: shared,
        extra: extra_options(config, around, &folder)?,
        ..VmSpec::default()
    };
    let options = VmOptions {
        name: name.into(),
        start: Start::Program(qemu),
        folder,
        spec,
        disks,
        saved: config.saved_boot.clone().map(|folder| SavedBoot { folder }),
        companions,
        ports,
        console: sink(name, around.log),
    };
    Vm::new(options).map(|vm| Box::new(vm) as Box<dyn Machine>).map_err(|error| error.message)
}

/// The file of the machine's own variables, made before its first start.
fn firmware_variables(
    name: &str,
    hardware: &VmConfig,
    firmware: &FirmwareConfig,
    folder: &Path,
) -> DiskPlan {
    let entry = firmware.boot_entry.as_ref().zip(hardware.boot_loader.as_ref());
    let entry = entry.and_then(|(entry, loader)| {
        let boot = loader.partition.clone()?;
        Some(BootEntry { title: entry.title.clone(), file: entry.file.clone(), boot })
    });
    let content = DiskContent::Variables { template: firmware.variables.clone(), entry };
    DiskPlan { file: variables_file(folder, name), content }
}

/// Makes a virtual machine that a command of the script's starts.
pub fn command_vm(
    name: &str,
    command: &str,
    config: &Config,
    log: &Log,
    folder: PathBuf,
    shared: &Path,
) -> Made {
    let shell = config.tools.shell.clone().ok_or("the test's configuration has no shell")?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut environment = vec![
        ("TMPDIR".to_string(), text(&folder)),
        ("SHARED_DIR".into(), text(shared)),
        ("USE_TMPDIR".into(), "1".into()),
        ("NIX_EFI_VARS".into(), text(&variables_file(&folder, name))),
    ];
    // A command may name QEMU's programs without their folder.
    if let Some(programs) = config.tools.qemu.as_deref().and_then(Path::parent) {
        let path = std::env::var("PATH").unwrap_or_default();
        environment.push(("PATH".into(), format!("{}:{path}", text(programs))));
    }
    let options = VmOptions {
        name: name.into(),
        start: Start::Command { shell, text: command.into(), environment },
        folder,
        spec: VmSpec::default(),
        disks: Vec::new(),
        saved: None,
        companions: Vec::new(),
        ports: Vec::new(),
        console: sink(name, log),
    };
    Vm::new(options).map(|vm| Box::new(vm) as Box<dyn Machine>).map_err(|error| error.message)
}

/// A TPM and the program that emulates it; its state lasts as long as the test.
fn tpm(
    config: &NodeConfig,
    around: &Surroundings<'_>,
    folder: &Path,
) -> Result<(Option<Tpm>, Vec<Companion>), String> {
    let Some(model) = &config.vm.tpm else { return Ok((None, Vec::new())) };
    let program = around.config.tools.swtpm.clone();
    let program = program.ok_or("the test's configuration has no swtpm, which its TPM needs")?;
    let (state, socket) = (make_folder(folder.join("tpm"))?, folder.join("tpm.sock"));
    let words = ["socket", "--tpm2", "--terminate", "--tpmstate"].map(String::from);
    let mut arguments = Vec::from(words);
    arguments.push(format!("dir={}", state.display()));
    arguments.extend(["--ctrl".into(), format!("type=unixio,path={}", socket.display())]);
    let companion = Companion { program, arguments, socket: socket.clone(), inherits: false };
    Ok((Some(Tpm { socket, model: model.clone() }), vec![companion]))
}

/// What the test adds to QEMU's arguments.
fn extra_options(
    config: &NodeConfig,
    around: &Surroundings<'_>,
    folder: &Path,
) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for option in &config.vm.qemu_options {
        let given = split_words(&shares::expand(option, around, folder))
            .ok_or_else(|| format!("a quote is not closed in the QEMU option '{option}'"))?;
        words.extend(given);
    }
    Ok(words)
}

/// The words of a text, with the quotes that a shell knows; `None` when one is not closed.
fn split_words(text: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => word.push(chars.next()?),
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

fn network(
    name: &str,
    config: &NodeConfig,
    around: &Surroundings<'_>,
) -> Result<(Vec<NetCard>, Vec<SwitchPort>), String> {
    let mut cards = Vec::new();
    let mut ports = Vec::new();
    for interface in &config.interfaces {
        let switch = switch_of(interface.vlan, around)?;
        let label = format!("{}{}", config.number, interface.name);
        let (port, socket) = switch
            .socket_port(&label)
            .map_err(|error| format!("{name}: {}: {error}", interface.name))?;
        cards.push(NetCard { mac: parse_mac(&interface.mac)?, socket });
        ports.push(port);
    }
    Ok((cards, ports))
}

/// The root disk first, then the empty ones: tests know them as `/dev/vda`, `/dev/vdb`, ….
fn disks(
    config: &NodeConfig,
    around: &Surroundings<'_>,
    folder: &Path,
) -> Result<(Vec<Drive>, Vec<DiskPlan>), String> {
    let hardware = &config.vm;
    let bus = match hardware.disk_interface.as_str() {
        "scsi" => DriveBus::Scsi,
        "ide" => DriveBus::Ide,
        _ => DriveBus::Virtio,
    };
    let mut drives = Vec::new();
    let mut plans = Vec::new();
    let mut add = |name: String, disk: EmptyDisk, content: DiskContent| {
        let EmptyDisk { serial, drive_options, device_options, .. } = disk;
        let file = folder.join(name);
        let (drive_options, device_options) = (pairs(drive_options), pairs(device_options));
        drives.push(Drive { file: file.clone(), bus, serial, drive_options, device_options });
        plans.push(DiskPlan { file, content });
    };
    let root = root_disk(config, around.config.tools.mkfs.as_deref(), folder)?;
    // Where the root is in memory, its place in the order stays.
    let empty = (!hardware.empty_disks.is_empty()).then_some(DiskContent::Empty(1));
    if let Some(content) = root.or(empty) {
        let root = EmptyDisk { serial: Some("root".into()), ..EmptyDisk::default() };
        add("disk0".into(), root, content);
    }
    for (number, disk) in hardware.empty_disks.iter().enumerate() {
        let content = DiskContent::Empty(disk.size);
        add(format!("disk{}", number + 1), disk.clone(), content);
    }
    Ok((drives, plans))
}

fn pairs(options: BTreeMap<String, String>) -> Vec<(String, String)> {
    options.into_iter().collect()
}

/// What is on the root disk, if there is one.
fn root_disk(
    config: &NodeConfig,
    mkfs: Option<&Path>,
    folder: &Path,
) -> Result<Option<DiskContent>, String> {
    let (size, loader) = (config.vm.disk_size, &config.vm.boot_loader);
    if size == 0 && loader.is_none() {
        return Ok(None);
    }
    let mkfs = mkfs.ok_or("the test's configuration has no program that formats disks")?;
    let mkfs = mkfs.to_path_buf();
    let Some(loader) = loader else { return Ok(Some(DiskContent::FileSystem { size, mkfs })) };
    let root = folder.join("root");
    let failed = |error: std::io::Error| format!("cannot make {}: {error}", root.display());
    make_links(&root, &loader.root_links).map_err(failed)?;
    if let Some(files) = &loader.root_files {
        copy_folder(files, &root).map_err(failed)?;
    }
    let root = Some(root);
    Ok(Some(match (&loader.partition, &loader.grub) {
        (Some(boot), _) => DiskContent::Partitioned { size, boot: boot.clone(), mkfs, root },
        (None, Some(grub)) => {
            let [sector, core] = ["boot.img", "core.img"].map(|name| grub.join(name));
            DiskContent::Bios { size, sector, core, mkfs, root }
        }
        (None, None) => return Err("the test's configuration names no boot loader".into()),
    }))
}

/// Copies what is in a folder of the store, so that it can be changed.
fn copy_folder(source: &Path, target: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(target)?;
    for entry in std::fs::read_dir(source)? {
        let entry = entry?;
        let place = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &place)?;
        } else if !place.exists() {
            std::fs::copy(entry.path(), &place)?;
            std::fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        }
    }
    Ok(())
}

fn make_links(folder: &Path, links: &BTreeMap<String, PathBuf>) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (place, target) in links {
        let path = folder.join(place.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        if !path.is_symlink() {
            std::os::unix::fs::symlink(target, path)?;
        }
    }
    Ok(())
}

/// Starts the system's kernel; the uncompressed image, where the kernel has one, saves unpacking it under
/// emulation. UEFI starts only the other one; and what QEMU 7.2 says of a TPM keeps a kernel that is entered
/// this way (PVH) from all that the firmware says, such as how many processors there are.
fn direct_boot(config: &NodeConfig, uefi: bool) -> Result<Boot, String> {
    let system = &config.system;
    let link = system.join("kernel");
    let given = std::fs::canonicalize(&link)
        .map_err(|error| format!("{} has no kernel: {error}", system.display()))?;
    let packed = uefi || config.vm.tpm.is_some();
    let kernel = if packed { given } else { uncompressed(&link).unwrap_or(given) };
    let initrd = config.vm.initrd.clone().unwrap_or_else(|| system.join("initrd"));
    let initrd = Some(initrd).filter(|path| path.exists());
    let own = std::fs::read_to_string(system.join("kernel-params")).unwrap_or_default();
    let mut parameters: Vec<String> = config.vm.kernel_params.clone();
    if !parameters.iter().any(|parameter| parameter.starts_with("console=")) {
        parameters.push("console=ttyS0".into());
    }
    parameters.extend(QUICK_PARAMETERS.iter().map(|parameter| parameter.to_string()));
    parameters.extend(own.split_whitespace().map(String::from));
    parameters.push(format!("init={}", system.join("init").display()));
    Ok(Boot::Kernel { kernel, initrd, parameters })
}

/// The uncompressed image of a kernel: it lies beside the image that the system names, or beside one of the links
/// that lead there.
fn uncompressed(kernel: &Path) -> Option<PathBuf> {
    let mut place = kernel.to_owned();
    loop {
        let plain = place.with_file_name("vmlinux");
        if plain.exists() {
            return Some(plain);
        }
        let target = std::fs::read_link(&place).ok()?;
        place = place.parent()?.join(target);
    }
}

fn switch_of(vlan: u32, around: &Surroundings<'_>) -> Result<Arc<Switch>, String> {
    let switch = around.switches.get(&vlan);
    switch.cloned().ok_or_else(|| format!("the VLAN {vlan} is not in the test's list of VLANs"))
}

fn sink(name: &str, log: &Log) -> Arc<dyn Fn(&str) + Send + Sync> {
    let (name, log) = (name.to_string(), log.clone());
    Arc::new(move |line: &str| log.console(&name, line))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{split_words, uncompressed};
    use std::os::unix::fs::symlink;

    #[test]
    fn the_uncompressed_kernel_is_found_beside_the_links() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        for name in ["linux/boot", "system"] {
            std::fs::create_dir_all(place(name)).unwrap();
        }
        std::fs::write(place("linux/boot/vmlinuz-6.1"), "").unwrap();
        symlink("boot/vmlinuz-6.1", place("linux/bzImage")).unwrap();
        symlink(place("linux/bzImage"), place("system/kernel")).unwrap();
        assert_eq!(uncompressed(&place("system/kernel")), None);
        std::fs::write(place("linux/vmlinux"), "").unwrap();
        assert_eq!(uncompressed(&place("system/kernel")), Some(place("linux/vmlinux")));
    }

    #[test]
    fn words_as_a_shell_reads_them() {
        for (text, words) in [
            ("-device virtio-gpu-pci", Some(vec!["-device", "virtio-gpu-pci"])),
            (" -a  'b c' ", Some(vec!["-a", "b c"])),
            (r#"-x "a\"b" c\ d ''"#, Some(vec!["-x", "a\"b", "c d", ""])),
            ("'open", None),
        ] {
            let words = words.map(|words| words.into_iter().map(String::from).collect());
            assert_eq!(split_words(text), words, "{text}");
        }
    }
}
