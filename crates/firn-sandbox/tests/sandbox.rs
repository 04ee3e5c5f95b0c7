//! What is and what is not possible inside a sandbox, for root and for an ordinary user.
//!
//! Programs are the host's own shell and tools, shown read-only inside.
#![allow(clippy::unwrap_used)]

use firn_sandbox::{Entry, Identity, Network, Privileges, Program, SandboxSpec};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PROBE: &str = env!("CARGO_BIN_EXE_firn-sandbox-probe");
const NOBODY: u32 = 65534;
const FIRST_ID: u32 = 900_000_000;

fn am_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The users as which a case is tried: oneself, and nobody where one can become nobody.
fn users() -> Vec<u32> {
    let own = rustix::process::geteuid().as_raw();
    if own == 0 { vec![0, NOBODY] } else { vec![own] }
}

/// An identity that `user` may give a build: root gives one of nobody's own ids.
fn identity(user: u32) -> Identity {
    let host = if user == 0 { FIRST_ID } else { user };
    Identity::single(1000, 100, host, host)
}

fn root_identity(user: u32) -> Identity {
    if user == 0 { Identity::range(FIRST_ID, 65536) } else { Identity::single(0, 0, user, user) }
}

fn spec(user: u32, script: &str) -> SandboxSpec {
    let argv = vec!["sh".into(), "-euc".into(), script.into()];
    let program = Program::Exec { path: "/bin/sh".into(), argv };
    let mut spec = SandboxSpec::new(program, identity(user));
    add_tools(&mut spec);
    spec
}

fn add_tools(spec: &mut SandboxSpec) {
    for dir in ["/usr", "/bin", "/sbin", "/lib", "/lib64"] {
        let path = dir.into();
        let source = dir.into();
        spec.tree.push(Entry::Bind { source, path, writable: false, optional: true });
    }
    spec.add_dev_and_proc("50%");
    spec.tree.push(Entry::Tmpfs { path: "/tmp".into(), mode: 0o1777, size: None });
    spec.env.push(("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into()));
}

/// A copy of the probe that every user can run, wherever the build folder is.
fn probe() -> &'static Path {
    static COPY: std::sync::OnceLock<(tempfile::TempDir, std::path::PathBuf)> =
        std::sync::OnceLock::new();
    let (_, path) = COPY.get_or_init(|| {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(dir.path(), mode).unwrap();
        let path = dir.path().join("probe");
        std::fs::copy(PROBE, &path).unwrap();
        (dir, path)
    });
    path
}

fn start(user: u32, spec: &SandboxSpec) -> Child {
    let mut child = Command::new(probe())
        .args(["run", &user.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let json = serde_json::to_vec(spec).unwrap();
    child.stdin.take().unwrap().write_all(&json).unwrap();
    child
}

/// The log, and what the helper reported.
fn run(user: u32, spec: &SandboxSpec) -> (String, String) {
    let output = start(user, spec).wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn expect(user: u32, spec: &SandboxSpec, log: &str) {
    assert_eq!(run(user, spec), (log.to_owned(), "Exited(0)\n".to_owned()), "as user {user}");
}

#[test]
fn sees_only_what_it_was_given() {
    for user in users() {
        let mut spec = spec(
            user,
            "id -u; id -g; hostname; pwd; ls /; ls /dev; echo $FOO; cat /etc/x; \
             test $$ -lt 10; ls /proc | grep -c '^[0-9]'; ls /proc/self/fd | wc -l",
        );
        spec.env.push(("FOO".into(), "bar".into()));
        spec.cwd = "/build".into();
        spec.tree.push(Entry::Dir { path: "/build".into(), mode: 0o700 });
        let (path, contents) = ("/etc/x".into(), "hello\n".into());
        spec.tree.push(Entry::File { path, contents, mode: 0o444 });
        // Its own shell, ls, and process 1; ls has 0, 1, 2 and the folder it reads.
        let log = "1000\n100\nlocalhost\n/build\nbin\nbuild\ndev\netc\nlib\nlib64\nproc\nsbin\n\
                   tmp\nusr\nfd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\n\
                   urandom\nzero\nbar\nhello\n4\n4\n";
        expect(user, &spec, log);
    }
}

#[test]
fn root_and_read_only_binds_cannot_be_written() {
    for user in users() {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        let owner = if user == 0 { FIRST_ID } else { user };
        std::fs::write(dir.path().join("f"), "old").unwrap();
        if am_root() {
            for path in [dir.path().to_owned(), dir.path().join("f")] {
                std::os::unix::fs::chown(path, Some(owner), Some(owner)).unwrap();
            }
        }
        let mut spec = spec(
            user,
            "! echo x 2>/dev/null >/f; ! echo x 2>/dev/null >/in/f; ! chmod 777 /in/f 2>/dev/null; \
             ! mkdir /x 2>/dev/null; echo new >/out/f; cat /in/f",
        );
        spec.bind(dir.path(), "/in", false);
        spec.bind(dir.path(), "/out", true);
        expect(user, &spec, "new\n");
        assert_eq!(std::fs::read_to_string(dir.path().join("f")).unwrap(), "new\n");
    }
}

#[test]
fn the_network_is_its_own_unless_asked() {
    for user in users() {
        let mut isolated = spec(user, "grep -c : /proc/net/dev; cat /sys/class/net 2>&1 | wc -l");
        expect(user, &isolated, "1\n1\n");
        isolated = spec(user, "readlink /proc/self/ns/net");
        let host = std::fs::read_link("/proc/self/ns/net").unwrap();
        let (log, _) = run(user, &isolated);
        assert_ne!(log.trim(), host.to_str().unwrap());
        isolated.network = Network::Host;
        let (log, _) = run(user, &isolated);
        assert_eq!(log.trim(), host.to_str().unwrap());
    }
}

#[test]
fn no_set_id_files_no_attributes_no_privileges() {
    let script = "touch /tmp/f; ! chmod u+s /tmp/f 2>/dev/null; ! chmod g+s /tmp/f 2>/dev/null; \
        ! mknod -m 4755 /tmp/p p 2>/dev/null || ! test -u /tmp/p; \
        ! python3 -c 'import os; os.open(\"/tmp/g\", os.O_CREAT|os.O_WRONLY, 0o4755)' 2>/dev/null; \
        ! setfattr -n user.x -v y /tmp/f 2>/dev/null; \
        grep -E 'CapEff|CapPrm|CapAmb|NoNewPrivs|Seccomp:' /proc/self/status; \
        ! mount -t tmpfs x /tmp 2>/dev/null; ! hostname other 2>/dev/null";
    let log = "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n\
               NoNewPrivs:\t1\nSeccomp:\t2\n";
    for user in users() {
        expect(user, &spec(user, script), log);
    }
}

#[test]
fn the_supervisor_cannot_be_touched() {
    // Process 1 has the same user: neither its memory nor its files nor its life are the program's.
    let script = "! cat /proc/1/environ 2>/dev/null; ! ls /proc/1/fd 2>/dev/null >&2; \
        ! ls -l /proc/1/root 2>/dev/null >&2; kill -9 1 2>/dev/null || true; \
        kill -TERM 1 2>/dev/null || true; sleep 0.1; echo alive";
    for user in users() {
        expect(user, &spec(user, script), "alive\n");
    }
}

#[test]
fn endings_are_told_apart() {
    let cases = [
        ("exit 3", "Exited(3)"),
        ("kill -9 $$", "Signaled(9)"),
        ("kill -TERM $$", "Signaled(15)"),
        ("sleep 1000 & exit 0", "Exited(0)"),
        ("(sleep 1000 >/dev/null 2>&1 &) ; exit 4", "Exited(4)"),
    ];
    for user in users() {
        for (script, ending) in cases {
            let (log, report) = run(user, &spec(user, script));
            assert_eq!((log.as_str(), report.trim()), ("", ending), "{script} as {user}");
        }
    }
}

#[test]
fn a_missing_program_is_the_programs_failure() {
    let mut spec = spec(users()[0], "");
    spec.program = Program::Exec { path: "/nowhere/sh".into(), argv: vec!["sh".into()] };
    let (log, report) = run(users()[0], &spec);
    assert_eq!(log, "error: executing '/nowhere/sh': No such file or directory\n");
    assert_eq!(report, "Exited(1)\n");
}

#[test]
fn builtins_run_inside() {
    for user in users() {
        let mut spec = spec(user, "");
        let input = serde_json::json!({"a": 1});
        spec.program = Program::Builtin { name: "echo".into(), input };
        let (log, report) = run(user, &spec);
        assert_eq!(log, "{\"a\":1}\nown files: true\n");
        assert_eq!(report, "Exited(7)\n");
        spec.program = Program::Builtin { name: "other".into(), input: serde_json::Value::Null };
        let (log, _) = run(user, &spec);
        assert_eq!(log, "error: unsupported builtin builder 'other'\n");
    }
}

#[test]
fn a_failed_set_up_says_what() {
    let user = users()[0];
    let mut missing = spec(user, "");
    missing.bind("/no/such/path", "/x", false);
    let (_, report) = run(user, &missing);
    let text = "opening '/no/such/path' for the sandbox: No such file or directory\n";
    assert_eq!(report, text);
    let mut escaping = spec(user, "");
    escaping.bind("/tmp", "/../x", false);
    let (_, report) = run(user, &escaping);
    assert_eq!(report, "sandbox path '/../x' contains '..'\n");
}

#[test]
fn sources_that_are_links_stay_links() {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    std::os::unix::fs::symlink("/etc/shadow", dir.path().join("l")).unwrap();
    let user = users()[0];
    let mut linked = spec(user, "readlink /l; ! cat /l 2>/dev/null");
    linked.bind(dir.path().join("l"), "/l", false);
    expect(user, &linked, "/etc/shadow\n");
    // A link inside a writable folder does not lead a later entry out of the sandbox.
    let mut through = spec(user, "true");
    through.bind(dir.path(), "/d", true);
    through.tree.push(Entry::Dir { path: "/d/l/evil".into(), mode: 0o755 });
    let (_, report) = run(user, &through);
    assert!(report.starts_with("making the folder '/d/l/evil' in the sandbox"), "{report}");
}

/// Reads until every process that holds the log is gone.
fn drain(child: &mut Child) {
    let mut rest = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut rest).unwrap();
}

#[test]
fn everything_ends_with_the_caller() {
    for user in users() {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGKILL] {
            // Ignoring signals, in the background, and with the death signal taken off.
            let script = "trap '' INT TERM HUP; (trap '' INT TERM HUP; setsid sleep 1000) & \
                          setpriv --pdeathsig clear sleep 1000 & echo up; wait";
            let mut child = start(user, &spec(user, script));
            let mut up = [0; 3];
            child.stdout.as_mut().unwrap().read_exact(&mut up).unwrap();
            // SAFETY: only numbers; the child was not waited for.
            unsafe { libc::kill(i32::try_from(child.id()).unwrap(), signal) };
            // Would wait forever if one were left.
            drain(&mut child);
            child.wait().unwrap();
        }
    }
}

#[test]
fn nothing_stays_mounted() {
    let mounts = || std::fs::read_to_string("/proc/self/mounts").unwrap();
    let before = mounts();
    for user in users() {
        expect(user, &spec(user, "true"), "");
    }
    assert_eq!(mounts(), before);
}

#[test]
fn root_inside_has_a_range_of_ids() {
    if !am_root() {
        return;
    }
    let mut ranged = spec(
        0,
        "id -u; touch /tmp/f; chown 5:7 /tmp/f; stat -c %u:%g /tmp/f; \
        mount -t tmpfs x /tmp; ! chmod u+s /tmp 2>/dev/null; \
        cat /proc/self/cgroup | grep ^0; ls -d /sys/class/net/lo",
    );
    ranged.identity = root_identity(0);
    ranged.privileges = Privileges::NamespaceRoot;
    ranged.root_writable = true;
    ranged.cgroup = true;
    ranged.tree.push(Entry::Sys { path: "/sys".into() });
    ranged.tree.push(Entry::Cgroup2 { path: "/sys/fs/cgroup".into() });
    expect(0, &ranged, "0\n5:7\n0::/\n/sys/class/net/lo\n");
}

/// What a container manager inside needs: namespaces, overlays, virtual networks, raw sockets.
fn nested(user: u32, script: &str) -> SandboxSpec {
    let mut spec = spec(user, script);
    spec.identity = root_identity(user);
    spec.privileges = Privileges::Nested;
    spec.root_writable = true;
    spec.cgroup = true;
    spec.tree.push(Entry::Sys { path: "/sys".into() });
    spec.tree.push(Entry::Cgroup2 { path: "/sys/fs/cgroup".into() });
    spec
}

/// A device node that the build user may open, whatever the host's node permits.
fn own_tun_node(dir: &Path) -> std::path::PathBuf {
    use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
    let path = dir.join("tun");
    mknodat(CWD, &path, FileType::CharacterDevice, Mode::from_raw_mode(0o600), makedev(10, 200))
        .unwrap();
    std::os::unix::fs::chown(&path, Some(FIRST_ID), Some(FIRST_ID)).unwrap();
    path
}

#[test]
fn containers_nest() {
    let script = "
        mkdir -p /tmp/low /tmp/up /tmp/work /tmp/root
        echo low >/tmp/low/f
        mount -t overlay -o lowerdir=/tmp/low,upperdir=/tmp/up,workdir=/tmp/work x /tmp/root
        echo up >/tmp/root/f; cat /tmp/low/f /tmp/up/f
        ip link add br0 type bridge; ip link add v0 type veth peer name v1
        ip link set v0 master br0; ip link set br0 up; ip link set v0 up
        if test -e /dev/net/tun; then ip tuntap add dev tap0 mode tap; fi
        python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3).bind((\"br0\", 0))'
        unshare --mount --uts --ipc --net --pid --cgroup --fork --mount-proc sh -euc '
            hostname inner; hostname; echo pid $$; mount -t tmpfs x /tmp; mount -t sysfs x /sys
            ip link set lo up; ip -o link | wc -l'
        unshare --user --map-root-user --mount --pid --fork --mount-proc sh -euc 'echo user $(id -u)'
        hostname; chmod u+s /tmp/low/f; test -u /tmp/low/f; grep NoNewPrivs /proc/self/status
        ";
    for user in users() {
        let log = "low\nup\ninner\npid 1\n1\nuser 0\nlocalhost\nNoNewPrivs:\t0\n";
        let mut spec = nested(user, script);
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        if user == 0 {
            spec.bind(own_tun_node(dir.path()), "/dev/net/tun", true);
        }
        expect(user, &spec, log);
    }
}

#[test]
fn the_control_group_is_delegated_to_root_inside() {
    let script = "mkdir /sys/fs/cgroup/payload; echo 0 >/sys/fs/cgroup/payload/cgroup.procs; \
                  grep ^0: /proc/self/cgroup; sleep 1000 & exit 0";
    if am_root() && Path::new("/proc/self/cgroup").exists() && has_cgroup2() {
        expect(0, &nested(0, script), "0::/payload\n");
    }
}

fn has_cgroup2() -> bool {
    std::fs::read_to_string("/proc/self/mountinfo").unwrap().contains(" - cgroup2 ")
}

#[test]
fn without_user_namespaces_the_error_names_the_sysctl() {
    // In a user namespace of its own the limit can be set without changing the machine.
    let script =
        format!("echo 0 >/proc/sys/user/max_user_namespaces && exec {} run 0", probe().display());
    let mut child = Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut spec = spec(users()[0], "true");
    spec.identity = Identity::single(1000, 100, 0, 0);
    let json = serde_json::to_vec(&spec).unwrap();
    child.stdin.take().unwrap().write_all(&json).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(text.starts_with("making the namespaces of the sandbox: "), "{text}");
    assert!(text.contains("as root: sysctl -w user.max_user_namespaces="), "{text}");
}
