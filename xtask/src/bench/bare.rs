//! Booting the systems of the http example without firn, to compare with: QEMU, or a handful of mounts and
//! `unshare`, and nothing that talks to the machines.

use firn_testdriver::{BackendChoice, Config, NodeConfig};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const SCRIPT: &str = include_str!("bare.sh");
/// What a system's console says last.
const READY: &str = "Reached target multi-user.target";

/// Boots all nodes of a test at once; seconds until the last is at `multi-user.target`.
///
/// `store` is the folder of the store that holds the test, `config` the path of the driver's configuration in
/// it. Needs root, and `unshare` and `script` of util-linux.
pub fn boot(store: &Path, config: &str) -> Result<f64, String> {
    let text = std::fs::read(inside(store, config)).map_err(|e| format!("{config}: {e}"))?;
    let config: Config = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    let start = Instant::now();
    let nodes: Vec<Node> = config
        .nodes
        .values()
        .map(|node| Node::start(store, &config, node))
        .collect::<Result<_, _>>()?;
    nodes.into_iter().try_for_each(Node::wait)?;
    Ok(start.elapsed().as_secs_f64())
}

/// A path of the store, where it is seen from here.
fn inside(store: &Path, path: &str) -> PathBuf {
    store.join(path.trim_start_matches('/'))
}

/// A running system; dropping it ends it.
struct Node {
    child: Child,
    group: PathBuf,
}

impl Node {
    fn start(store: &Path, config: &Config, node: &NodeConfig) -> Result<Self, String> {
        let system = node.system.to_string_lossy();
        let vm = node.backend == BackendChoice::Vm;
        let words = if vm { machine(store, config, node)? } else { vec![format!("{system}/init")] };
        let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        let namespaces = if vm { "" } else { "--net --uts --ipc --cgroup" };
        let line = format!(
            "unshare --mount {namespaces} --pid --fork --kill-child sh -c '{}' bare {} {}",
            SCRIPT.replace('\'', r"'\''"),
            store.display(),
            quoted.join(" ")
        );
        let group = control_group(node.number)?;
        let kind = match &config.tools.mkfs {
            Some(mkfs) if vm => format!("MKFS={} SIZE={}M", mkfs.display(), node.vm.disk_size),
            _ => "CONTAINER=1".into(),
        };
        let enter = format!("echo $$ > {}/cgroup.procs; {kind} ", group.display());
        let child = Command::new("script")
            .args(["-qfc", &format!("{enter}{line}"), "/dev/null"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("script: {error}"))?;
        Ok(Self { child, group })
    }

    fn wait(mut self) -> Result<(), String> {
        let mut output = self.child.stdout.take().ok_or("no output")?;
        let mut text = String::new();
        let mut buffer = [0; 4096];
        while !text.contains(READY) {
            match output.read(&mut buffer) {
                Ok(count) if count > 0 => text += &String::from_utf8_lossy(&buffer[..count]),
                _ => return Err(format!("a system did not come up:\n{text}")),
            }
        }
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::write(self.group.join("cgroup.kill"), "1");
        while self.group.exists() {
            firn_machine::container::remove_groups(&self.group);
            std::thread::yield_now();
        }
    }
}

fn control_group(number: u32) -> Result<PathBuf, String> {
    let parent =
        firn_machine::container::cgroup_parent().ok_or("no cgroup2 file system is mounted")?;
    let group = parent.join(format!("bare-{}-{number}", std::process::id()));
    std::fs::create_dir(&group).map_err(|error| format!("{}: {error}", group.display()))?;
    Ok(group)
}

/// QEMU with the system's kernel, its store image and one card that leads nowhere.
fn machine(store: &Path, config: &Config, node: &NodeConfig) -> Result<Vec<String>, String> {
    let qemu = config.tools.qemu.as_ref().ok_or("the test has no QEMU")?.display().to_string();
    let image =
        config.store_image.as_ref().ok_or("the test has no store image")?.display().to_string();
    let system = node.system.display();
    let kernel = std::fs::read_link(inside(store, &format!("{system}/kernel")))
        .map_err(|error| format!("{system}/kernel: {error}"))?;
    let plain = kernel.with_file_name("vmlinux");
    let kernel = if inside(store, &plain.to_string_lossy()).exists() { plain } else { kernel };
    let own = std::fs::read_to_string(inside(store, &format!("{system}/kernel-params")));
    let parameters = format!(
        "{} {} {} init={system}/init",
        node.vm.kernel_params.join(" "),
        firn_testdriver::QUICK_PARAMETERS.join(" "),
        own.unwrap_or_default().trim(),
    );
    let words = format!(
        "{qemu} -nodefaults -no-user-config -display none -no-reboot -M q35 -accel tcg,thread=multi \
         -cpu {} -m {} -smp {} -kernel {} -initrd {system}/initrd -serial stdio \
         -device virtio-rng-pci -drive if=none,id=root,format=raw,cache=unsafe,file=/tmp/disk \
         -device virtio-blk-pci,drive=root,serial=root -drive if=none,id=store,format=raw,readonly=on,file={image} \
         -device virtio-blk-pci,drive=store,serial=store,addr=0x1e",
        firn_machine::qemu::TCG_PROCESSOR,
        node.vm.memory_size,
        node.vm.cores,
        kernel.display(),
    );
    let mut words: Vec<String> = words.split_whitespace().map(String::from).collect();
    for (number, interface) in node.interfaces.iter().enumerate() {
        words.extend(["-netdev".into(), format!("hubport,id=n{number},hubid={number}")]);
        let mac = &interface.mac;
        words.extend([
            "-device".into(),
            format!("virtio-net-pci,netdev=n{number},mac={mac},romfile="),
        ]);
    }
    words.extend(["-append".into(), parameters]);
    Ok(words)
}
