//! A builtin builder at the user's terminal, instead of in a build: the same sandbox, with the whole store,
//! the host's network and the terminal.

use crate::goals::Builder;
use crate::ids::{SLOT, UserSlot};
use crate::sandbox::host_ids;
use firn_sandbox::{
    Ending, Entry, Identity, Network, Privileges, Program, SandboxSpec, Stdio, Text,
};
use firn_store::{BuiltinJob, Store, StoreError, StoreResult};
use std::os::fd::AsFd;
use std::os::unix::fs::chown;
use std::path::Path;

/// Where the folder of the user's is seen inside.
pub const INTERACTIVE_FOLDER: &str = "/build";

impl Builder {
    /// Runs a builtin builder with this process's standard streams and gives its exit status. `folder` is
    /// seen inside as [`INTERACTIVE_FOLDER`] and can be written there.
    ///
    /// # Errors
    /// The sandbox can't be made.
    pub fn run_interactive(&self, job: &BuiltinJob, folder: &Path) -> StoreResult<i32> {
        let slot = self.slot_for_interaction()?;
        let (uid, gid) = host_ids(slot.as_ref());
        if slot.is_some() {
            chown(folder, Some(uid), Some(gid)).map_err(StoreError::io("give away", folder))?;
        }
        let spec = self.interactive_spec(job, folder, slot.as_ref())?;
        let duplicate = |fd: &dyn Fn() -> std::io::Result<std::os::fd::OwnedFd>| {
            fd().map_err(|error| StoreError::other(format!("using the terminal: {error}")))
        };
        let stdio = Stdio {
            stdin: duplicate(&|| std::io::stdin().as_fd().try_clone_to_owned())?,
            stdout: duplicate(&|| std::io::stdout().as_fd().try_clone_to_owned())?,
            stderr: duplicate(&|| std::io::stderr().as_fd().try_clone_to_owned())?,
        };
        // Ctrl-C is for the program inside, and what it starts inherits that the others let it pass.
        // SAFETY: the disposition of a signal is set to a constant.
        unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
        let running = self.launcher.start(&spec, stdio).map_err(sandbox)?;
        Ok(match running.wait().map_err(sandbox)?.0 {
            Ending::Exited(status) => status,
            Ending::Signaled(signal) => 128 + signal,
            Ending::Lost => 1,
        })
    }

    fn slot_for_interaction(&self) -> StoreResult<Option<UserSlot>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let state = &self.store.layout().state;
        let slot = UserSlot::take(state, self.options.start_id, self.options.id_count)?;
        slot.map(Some).ok_or_else(|| StoreError::other("all user ids for builds are in use"))
    }

    fn interactive_spec(
        &self,
        job: &BuiltinJob,
        folder: &Path,
        slot: Option<&UserSlot>,
    ) -> StoreResult<SandboxSpec> {
        let input = serde_json::to_value(job)
            .map_err(|error| StoreError::other(format!("describing the work: {error}")))?;
        let program = Program::Builtin { name: job.builder.clone(), input };
        let (uid, gid) = host_ids(slot);
        let identity = match slot {
            Some(slot) => Identity::range(slot.first, SLOT),
            None => Identity::single(0, 0, uid, gid),
        };
        let mut spec = SandboxSpec::new(program, identity);
        spec.network = Network::Host;
        spec.privileges = Privileges::Nested;
        spec.root_writable = true;
        spec.terminal = true;
        spec.cgroup = true;
        spec.cwd = INTERACTIVE_FOLDER.into();
        let term = std::env::var("TERM").unwrap_or_else(|_| "dumb".into());
        spec.env = [("HOME", INTERACTIVE_FOLDER), ("TERM", &term), ("PATH", "/no-such-path")]
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec();
        spec.bind(folder, INTERACTIVE_FOLDER, true);
        spec.tree.push(Entry::Tmpfs { path: "/tmp".into(), mode: 0o1777, size: None });
        // After /tmp, since it may lie there.
        spec.bind(&self.store.layout().real_store, self.store.store_dir().as_str(), false);
        let passwd = format!("root:x:0:0::{INTERACTIVE_FOLDER}:/noshell\n");
        for (path, contents) in [("/etc/passwd", passwd), ("/etc/group", "root:x:0:\n".into())] {
            let contents = Text::from(contents);
            spec.tree.push(Entry::File { path: path.into(), contents, mode: 0o644 });
        }
        for path in ["/etc/resolv.conf", "/etc/hosts"] {
            if let Ok(source) = std::fs::canonicalize(path) {
                spec.bind(source, path, false);
            }
        }
        spec.add_dev_and_proc(&self.options.sandbox_dev_shm_size);
        spec.add_device("kvm", true);
        spec.tree.push(Entry::Cgroup2 { path: "/sys/fs/cgroup".into() });
        Ok(spec)
    }
}

fn sandbox(error: firn_sandbox::SandboxError) -> StoreError {
    StoreError::other(error.to_string())
}
