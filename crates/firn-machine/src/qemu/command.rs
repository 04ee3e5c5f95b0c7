//! QEMU's command line from a description of the hardware.
//!
//! The choices are measured ones for software emulation: the kernel's uncompressed image (PVH entry), a plain
//! 64-bit processor with hardware random numbers and AES, few devices, no option ROMs.

use std::path::PathBuf;

/// Everything about one virtual machine.
#[derive(Clone, Debug, Default)]
pub struct VmSpec {
    /// Name, for lists of processes.
    pub name: String,
    /// MiB.
    pub memory: u32,
    /// Processors.
    pub cores: u32,
    /// How instructions are run.
    pub accelerator: Accelerator,
    /// What starts.
    pub boot: Boot,
    /// UEFI firmware.
    pub firmware: Option<Firmware>,
    /// Disks, in the order of their names in the machine.
    pub drives: Vec<Drive>,
    /// Read-only image attached as `/dev/disk/by-id/virtio-store`, in the last slot, so that its name
    /// comes after those of all other disks. (Not as NVMe: QEMU 7.2 loses a request now and then, which
    /// stops the machine for a minute.)
    pub store_image: Option<PathBuf>,
    /// Cards on virtual LANs.
    pub cards: Vec<NetCard>,
    /// The card to the host, first of all.
    pub user_net: Option<UserNet>,
    /// Whether there is a screen.
    pub graphics: bool,
    /// What the screen says it can show best: width and height.
    pub resolution: Option<(u32, u32)>,
    /// A TPM.
    pub tpm: Option<Tpm>,
    /// Credentials for systemd: name and contents.
    pub credentials: Vec<(String, Vec<u8>)>,
    /// Folders shared with the machine.
    pub shares: Vec<Share>,
    /// Whether a reset restarts the machine instead of ending it.
    pub allow_reboot: bool,
    /// Whether programs that serve devices, also such as are plugged in later, reach the memory.
    pub shared_memory: bool,
    /// Slots in which devices can be plugged while the machine runs: `slot0`, ….
    pub slots: u32,
    /// The file descriptor from which the state of a saved machine is read; it then stands still.
    pub incoming: Option<i32>,
    /// Further arguments.
    pub extra: Vec<String>,
    /// Unix sockets on which the driver listens.
    pub sockets: Sockets,
}

/// Sockets on which the driver listens and QEMU connects, but for the last one.
#[derive(Clone, Debug, Default)]
pub struct Sockets {
    /// The control protocol.
    pub qmp: PathBuf,
    /// The serial console.
    pub console: PathBuf,
    /// The guest agent's port.
    pub agent: PathBuf,
    /// For debuggers: here QEMU listens.
    pub debugger: PathBuf,
}

/// A TPM that a program outside of QEMU emulates.
#[derive(Clone, Debug)]
pub struct Tpm {
    /// The socket of that program.
    pub socket: PathBuf,
    /// QEMU's name of the device, such as `tpm-tis`.
    pub model: String,
}

/// A folder shared with the machine, by virtiofs.
#[derive(Clone, Debug)]
pub struct Share {
    /// The name under which the machine mounts it.
    pub tag: String,
    /// The socket of the program that serves it.
    pub socket: PathBuf,
}

/// How instructions are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accelerator {
    /// Hardware acceleration by the kernel.
    Kvm,
    /// Emulation.
    #[default]
    Tcg,
}

/// What starts.
#[derive(Clone, Debug, Default)]
pub enum Boot {
    /// What the firmware finds on the first disk.
    #[default]
    Disk,
    /// A kernel.
    Kernel {
        /// Its image.
        kernel: PathBuf,
        /// The initial file system.
        initrd: Option<PathBuf>,
        /// Its parameters.
        parameters: Vec<String>,
    },
}

/// UEFI firmware; without it a machine has a BIOS.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// Its code.
    pub code: PathBuf,
    /// The machine's own copy of the variables, written to.
    pub variables: PathBuf,
    /// Whether only system management mode may write them, which firmware with secure boot insists on.
    pub protected: bool,
}

/// A disk.
#[derive(Clone, Debug)]
pub struct Drive {
    /// Raw image.
    pub file: PathBuf,
    /// How it is attached.
    pub bus: DriveBus,
    /// Serial number.
    pub serial: Option<String>,
    /// Further options of `-drive`.
    pub drive_options: Vec<(String, String)>,
    /// Further options of `-device`.
    pub device_options: Vec<(String, String)>,
}

/// How disks are attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriveBus {
    /// `/dev/vda`, …
    #[default]
    Virtio,
    /// `/dev/sda`, …, by a virtio SCSI controller.
    Scsi,
    /// `/dev/sda`, …, by SATA.
    Ide,
}

/// A card on a virtual LAN.
#[derive(Clone, Debug)]
pub struct NetCard {
    /// Hardware address.
    pub mac: [u8; 6],
    /// The switch's socket.
    pub socket: PathBuf,
}

/// The network through QEMU's own address translation.
#[derive(Clone, Debug, Default)]
pub struct UserNet {
    /// Ports that lead into the machine.
    pub forwards: Vec<Forward>,
    /// No way out.
    pub restrict: bool,
    /// A program that connects its standard streams to the host and port of its arguments.
    pub connector: String,
}

/// A port of the host that leads into the machine.
#[derive(Clone, Debug, Default)]
pub struct Forward {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Address on the host, empty for all.
    pub host_address: String,
    /// Port on the host.
    pub host: u16,
    /// Address in the machine, empty for its first.
    pub guest_address: String,
    /// Port in the machine.
    pub guest: u16,
    /// Connections come from the machine, to the guest's address and port.
    pub from_guest: bool,
}

impl Forward {
    /// The option of QEMU's network for users.
    fn option(&self, connector: &str) -> String {
        let Self { protocol, host_address, host, guest_address, guest, .. } = self;
        if self.from_guest {
            let to = if host_address.is_empty() { "127.0.0.1" } else { host_address };
            format!(",guestfwd={protocol}:{guest_address}:{guest}-cmd:{connector} {to} {host}")
        } else {
            format!(",hostfwd={protocol}:{host_address}:{host}-{guest_address}:{guest}")
        }
    }
}

impl VmSpec {
    /// The arguments, without the program.
    pub fn arguments(&self) -> Vec<String> {
        let mut args = Arguments::default();
        args.flags(&["-nodefaults", "-no-user-config", "-display", "none"]);
        args.pair("-name", &self.name);
        self.processor(&mut args);
        self.channels(&mut args);
        self.starts(&mut args);
        self.disks(&mut args);
        self.networks(&mut args);
        match self.resolution {
            Some((x, y)) if self.graphics => {
                args.pair("-device", &format!("VGA,edid=on,xres={x},yres={y}"));
            }
            _ if self.graphics => args.flags(&["-vga", "std"]),
            _ => {}
        }
        self.extras(&mut args);
        for number in 0..self.slots {
            let chassis = number + 1;
            args.pair("-device", &format!("pcie-root-port,id=slot{number},chassis={chassis}"));
        }
        if !self.allow_reboot {
            args.flags(&["-no-reboot"]);
        } else if self.serves_debugger() {
            let path = comma(&self.sockets.debugger);
            args.pair("-gdb", &format!("unix:{path},server=on,wait=off"));
        }
        if let Some(descriptor) = self.incoming {
            args.flags(&["-S", "-incoming", &format!("fd:{descriptor}")]);
        }
        args.0.extend(self.extra.iter().cloned());
        args.0
    }

    /// Whether translations are to be forgotten after resets: the machine is emulated, and its debugger is not
    /// the user's.
    pub fn serves_debugger(&self) -> bool {
        let taken = self.extra.iter().any(|word| ["-gdb", "-s"].contains(&word.as_str()));
        self.allow_reboot && self.accelerator == Accelerator::Tcg && !taken
    }

    /// What the driver needs of a machine that a command of the user's starts: channels and no window.
    pub fn driver_arguments(&self) -> Vec<String> {
        let mut args = Arguments::default();
        args.flags(&["-display", "none"]);
        self.channels(&mut args);
        if !self.allow_reboot {
            args.flags(&["-no-reboot"]);
        }
        args.0
    }

    fn extras(&self, args: &mut Arguments) {
        if let Some(Tpm { socket, model }) = &self.tpm {
            args.pair("-chardev", &format!("socket,id=tpm,path={}", comma(socket)));
            args.pair("-tpmdev", "emulator,id=tpm0,chardev=tpm");
            args.pair("-device", &format!("{model},tpmdev=tpm0"));
        }
        for (name, content) in &self.credentials {
            let content = data_encoding::BASE64.encode(content);
            let value = format!("io.systemd.credential.binary:{name}={content}").replace(',', ",,");
            args.pair("-smbios", &format!("type=11,value={value}"));
        }
        for (number, Share { tag, socket }) in self.shares.iter().enumerate() {
            args.pair("-chardev", &format!("socket,id=share{number},path={}", comma(socket)));
            let device = format!("vhost-user-fs-pci,chardev=share{number},tag={tag}");
            args.pair("-device", &device);
        }
        // What serves folders, also one plugged in later, reads and writes the machine's memory. Private memory
        // is quicker: pages of zeros that a saved machine brings cost nothing. Saved with one, a machine goes on
        // with the other, because the object has the same name.
        let kind = match self.shared_memory || !self.shares.is_empty() {
            true => "memfd,share=on",
            false if self.slots > 0 => "ram",
            false => return,
        };
        let memory = format!("memory-backend-{kind},id=memory,size={}M", self.memory);
        args.pair("-object", &memory);
        args.pair("-machine", "memory-backend=memory");
    }

    fn processor(&self, args: &mut Arguments) {
        match self.accelerator {
            Accelerator::Kvm => args.flags(&["-M", "q35,accel=kvm", "-cpu", "max"]),
            Accelerator::Tcg => {
                args.flags(&["-M", "q35", "-accel", "tcg,thread=multi", "-cpu"]);
                args.flags(&[TCG_PROCESSOR]);
            }
        }
        args.pair("-m", &self.memory.to_string());
        args.pair("-smp", &self.cores.to_string());
    }

    fn channels(&self, args: &mut Arguments) {
        let Sockets { qmp, console, agent, .. } = &self.sockets;
        for (id, path) in [("qmp", qmp), ("console", console), ("agent", agent)] {
            args.pair("-chardev", &format!("socket,id={id},path={}", comma(path)));
        }
        args.flags(&["-mon", "chardev=qmp,mode=control", "-serial", "chardev:console"]);
        args.flags(&["-device", "virtio-serial-pci", "-device"]);
        args.flags(&["virtserialport,chardev=agent,name=firn.agent"]);
        args.flags(&["-device", "virtio-rng-pci"]);
    }

    fn starts(&self, args: &mut Arguments) {
        if let Some(Firmware { code, variables, protected }) = &self.firmware {
            if *protected {
                args.flags(&["-machine", "smm=on", "-global"]);
                args.flags(&["driver=cfi.pflash01,property=secure,value=on"]);
            }
            let code = comma(code);
            args.pair("-drive", &format!("if=pflash,format=raw,unit=0,readonly=on,file={code}"));
            let variables = comma(variables);
            args.pair("-drive", &format!("if=pflash,format=raw,unit=1,file={variables}"));
        }
        if let Boot::Kernel { kernel, initrd, parameters } = &self.boot {
            args.pair("-kernel", &kernel.to_string_lossy());
            if let Some(initrd) = initrd {
                args.pair("-initrd", &initrd.to_string_lossy());
            }
            args.pair("-append", &parameters.join(" "));
        }
    }

    fn disks(&self, args: &mut Arguments) {
        if self.drives.iter().any(|drive| drive.bus == DriveBus::Scsi) {
            args.flags(&["-device", "virtio-scsi-pci,id=scsi"]);
        }
        for (number, drive) in self.drives.iter().enumerate() {
            let file = comma(&drive.file);
            let cache = "cache=unsafe,discard=unmap";
            let further = joined(&drive.drive_options);
            args.pair(
                "-drive",
                &format!("if=none,id=d{number},format=raw,{cache},file={file}{further}"),
            );
            let model = match drive.bus {
                DriveBus::Virtio => format!("virtio-blk-pci,drive=d{number}"),
                DriveBus::Scsi => format!("scsi-hd,bus=scsi.0,drive=d{number}"),
                DriveBus::Ide => format!("ide-hd,bus=ide.{number},drive=d{number}"),
            };
            let serial = drive.serial.iter().map(|serial| format!(",serial={serial}"));
            let first = if number == 0 { ",bootindex=1" } else { "" };
            let further = joined(&drive.device_options);
            args.pair("-device", &format!("{model}{}{first}{further}", serial.collect::<String>()));
        }
        if let Some(image) = &self.store_image {
            let file = comma(image);
            args.pair("-drive", &format!("if=none,id=store,format=raw,readonly=on,file={file}"));
            args.pair("-device", STORE_DISK);
        }
    }

    fn networks(&self, args: &mut Arguments) {
        if let Some(net) = &self.user_net {
            let restrict = if net.restrict { ",restrict=on" } else { "" };
            let forwards = net.forwards.iter().map(|forward| forward.option(&net.connector));
            let forwards = forwards.collect::<String>();
            args.pair("-netdev", &format!("user,id=user0{restrict}{forwards}"));
            args.pair("-device", "virtio-net-pci,netdev=user0,romfile=");
        }
        for (number, card) in self.cards.iter().enumerate() {
            let path = comma(&card.socket);
            let netdev =
                format!("stream,id=lan{number},server=off,addr.type=unix,addr.path={path}");
            args.pair("-netdev", &netdev);
            let mac: Vec<_> = card.mac.iter().map(|byte| format!("{byte:02x}")).collect();
            let mac = mac.join(":");
            args.pair("-device", &format!("virtio-net-pci,netdev=lan{number},mac={mac},romfile="));
        }
    }
}

/// A processor that is quick to emulate: what programs ask for at start (random numbers) and what disks are
/// encrypted with.
pub const TCG_PROCESSOR: &str =
    "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+aes,+pclmulqdq,+rdrand,-svm";

const STORE_DISK: &str = "virtio-blk-pci,drive=store,serial=store,addr=0x1e";

#[derive(Default)]
struct Arguments(Vec<String>);

impl Arguments {
    fn flags(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(|word| word.to_string()));
    }

    fn pair(&mut self, flag: &str, value: &str) {
        self.flags(&[flag, value]);
    }
}

/// Options behind others; what comes last counts.
fn joined(options: &[(String, String)]) -> String {
    options.iter().map(|(name, value)| format!(",{name}={}", value.replace(',', ",,"))).collect()
}

/// A path inside an option: commas are doubled.
fn comma(path: &std::path::Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_machine() {
        let spec = VmSpec {
            name: "server".into(),
            memory: 512,
            cores: 2,
            boot: Boot::Kernel {
                kernel: "/k/vmlinux".into(),
                initrd: Some("/i".into()),
                parameters: vec!["console=ttyS0".into(), "init=/x/init".into()],
            },
            drives: vec![Drive {
                file: "/a,b".into(),
                bus: DriveBus::Virtio,
                serial: Some("root".into()),
                drive_options: vec![("werror".into(), "report".into())],
                device_options: vec![("logical_block_size".into(), "4096".into())],
            }],
            store_image: Some("/store".into()),
            cards: vec![NetCard { mac: [0x52, 0x54, 0, 0x12, 1, 2], socket: "/s".into() }],
            user_net: Some(UserNet {
                forwards: vec![
                    Forward { protocol: "tcp".into(), host: 8000, guest: 80, ..Forward::default() },
                    Forward {
                        protocol: "tcp".into(),
                        host: 9000,
                        guest_address: "10.0.2.10".into(),
                        guest: 90,
                        from_guest: true,
                        ..Forward::default()
                    },
                ],
                restrict: true,
                connector: "connect".into(),
            }),
            ..VmSpec::default()
        };
        let line = spec.arguments().join(" ");
        for part in [
            "-append console=ttyS0 init=/x/init",
            "-drive if=none,id=d0,format=raw,cache=unsafe,discard=unmap,file=/a,,b,werror=report",
            "-device virtio-blk-pci,drive=d0,serial=root,bootindex=1,logical_block_size=4096",
            "-device virtio-blk-pci,drive=store,serial=store,addr=0x1e",
            "user,id=user0,restrict=on,hostfwd=tcp::8000-:80,guestfwd=tcp:10.0.2.10:90-cmd:connect 127.0.0.1 9000",
            "stream,id=lan0,server=off,addr.type=unix,addr.path=/s",
            "mac=52:54:00:12:01:02",
            "-accel tcg,thread=multi",
            "-no-reboot",
        ] {
            assert!(line.contains(part), "{part} in {line}");
        }
        assert!(!line.contains("-vga"));
    }

    #[test]
    fn who_serves_debuggers() {
        let line = |spec: VmSpec| spec.arguments().join(" ");
        let reboots = VmSpec { allow_reboot: true, ..VmSpec::default() };
        assert!(line(reboots.clone()).contains("-gdb unix:,server=on,wait=off"));
        let user = VmSpec { extra: vec!["-s".into()], ..reboots.clone() };
        let kvm = VmSpec { accelerator: Accelerator::Kvm, ..reboots };
        for other in [user, kvm, VmSpec::default()] {
            assert!(!line(other).contains("-gdb"));
        }
    }
}
