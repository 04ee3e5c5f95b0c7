//! Containers whose process 1 is this very test program, on a network of two: no system is needed, only the
//! rights to make namespaces and the host's bash.
#![allow(clippy::unwrap_used, missing_docs)]

use firn_machine::agent::message::Probe;
use firn_machine::agent::{AGENT_COMMAND, run_agent};
use firn_machine::container::{
    Bind, Card, Container, ContainerOptions, HELPER_COMMAND, Root, check_possible, run_helper,
};
use firn_machine::net::Switch;
use firn_machine::{ErrorKind, Machine, StartOptions, State};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const BOOT_LIMIT: Duration = Duration::from_secs(30);

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some(HELPER_COMMAND) => std::process::exit(run_helper()),
        Some(AGENT_COMMAND) => {
            println!("process 1 speaks");
            let_go_of_the_console();
            run_agent("/bin/bash".into(), true).unwrap();
        }
        _ => run_tests(),
    }
}

/// As systemd does, so that at times nobody in the container holds the console open.
fn let_go_of_the_console() {
    use std::os::fd::AsRawFd;
    let nothing = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
    for target in 0..3 {
        // SAFETY: plain system call on descriptors that are open.
        assert!(unsafe { libc::dup2(nothing.as_raw_fd(), target) } >= 0);
    }
}

type Case = (&'static str, fn(&Pair));

fn run_tests() {
    if let Err(why) = check_possible() {
        let required = std::env::var("FIRN_REQUIRE_E2E").is_ok_and(|value| value == "1");
        assert!(!required, "containers are impossible here: {why}");
        eprintln!("containers are impossible here, nothing tested: {why}");
        return;
    }
    let tests: [Case; 7] = [
        ("commands", commands),
        ("background_output", background_output),
        ("files", files),
        ("isolation", isolation),
        ("network", network),
        ("restart", restart),
        ("death_is_told", death_is_told),
    ];
    for (name, test) in tests {
        test(&Pair::start());
        println!("test {name} ... ok");
    }
}

/// Two containers on one switch, with addresses set.
struct Pair {
    one: Container,
    two: Container,
    talk: Arc<Talk>,
    _folder: tempfile::TempDir,
}

impl Pair {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let switch = Arc::new(Switch::start(1, folder.path()).unwrap());
        let talk = Arc::new(Talk::default());
        let one = container(folder.path(), "one", 1, &switch, &talk);
        let two = container(folder.path(), "two", 2, &switch, &talk);
        for (machine, number) in [(&one, 1), (&two, 2)] {
            machine.start(StartOptions::default()).unwrap();
            machine.agent().wait_connected(BOOT_LIMIT).unwrap();
            let setup = format!(
                "ip link set lo up; ip addr add 192.168.1.{number}/24 dev eth1; ip link set eth1 up"
            );
            assert_eq!(run(machine, &setup).0, 0);
        }
        Self { one, two, talk, _folder: folder }
    }
}

/// What machines write to their consoles and to standard error, which arrives when it arrives.
#[derive(Default)]
struct Talk {
    lines: Mutex<Vec<String>>,
    changed: Condvar,
}

impl Talk {
    fn push(&self, line: &str) {
        self.lines.lock().unwrap().push(line.into());
        self.changed.notify_all();
    }

    /// Waits until a line with this text was said.
    fn wait_for(&self, text: &str) {
        let lines = self.lines.lock().unwrap();
        let missing = |lines: &mut Vec<String>| !lines.iter().any(|line| line.contains(text));
        let (lines, limit) =
            self.changed.wait_timeout_while(lines, Duration::from_secs(60), missing).unwrap();
        assert!(!limit.timed_out(), "'{text}' is not in {lines:?}");
    }
}

fn container(
    folder: &Path,
    name: &str,
    number: u8,
    switch: &Arc<Switch>,
    talk: &Arc<Talk>,
) -> Container {
    let shown = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc"].map(|path| Bind {
        source: std::fs::canonicalize(path).unwrap(),
        target: path.into(),
        writable: false,
    });
    let program = std::env::current_exe().unwrap();
    let itself = Bind { source: program.clone(), target: "/program".into(), writable: false };
    let talk = talk.clone();
    Container::new(ContainerOptions {
        name: name.into(),
        folder: folder.join(name),
        root: Root::Empty,
        init: vec!["/program".into(), AGENT_COMMAND.into()],
        environment: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())],
        binds: shown.into_iter().chain([itself]).collect(),
        cards: vec![(
            Card { name: "eth1".into(), mac: [82, 84, 0, 18, 1, number] },
            switch.clone(),
        )],
        program,
        console: Arc::new(move |line| talk.push(line)),
    })
    .unwrap()
}

fn run(machine: &Container, command: &str) -> (i32, String) {
    let output = machine.agent().exec(command, Some(Duration::from_secs(30))).unwrap();
    (output.status, String::from_utf8(output.output).unwrap())
}

fn commands(pair: &Pair) {
    assert_eq!(run(&pair.one, "echo hello; exit 3"), (3, "hello\n".into()));
    assert_eq!(run(&pair.one, "false | true; echo no").0, 1, "pipefail and errexit");
    assert_eq!(run(&pair.one, "kill -9 $$").0, 137);
    run(&pair.one, "echo told >&2");
    pair.talk.wait_for("told");
    let output =
        pair.one.agent().exec("echo a; sleep 60", Some(Duration::from_millis(300))).unwrap();
    assert_eq!((output.status, output.timed_out, &*output.output), (124, true, &b"a\n"[..]));
    let big = run(&pair.one, "head -c 3000000 /dev/zero | tr '\\0' x").1;
    assert_eq!(big.len(), 3_000_000);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| run(&pair.one, "read x < <(sleep 1; echo y); echo $x"));
        assert_eq!(run(&pair.one, "echo quick").1, "quick\n");
        assert_eq!(slow.join().unwrap().1, "y\n");
    });
}

fn background_output(pair: &Pair) {
    let limit = Some(Duration::from_secs(4));
    let output = pair.one.agent().exec("sleep 100 & echo started", limit).unwrap();
    assert_eq!(output.status, 124);
    let error = output.error.unwrap();
    assert!(error.contains("(sleep)") && error.contains("status 0"), "{error}");
    pair.talk.wait_for("still held open by process");
    assert_eq!(run(&pair.one, "sleep 100 >/dev/null 2>&1 & echo free").1, "free\n");
    assert_eq!(
        run(&pair.one, "yes >&2 & yes=$!; { sleep 1; kill $yes; } >/dev/null 2>&1 & echo loud").1,
        "loud\n"
    );
}

fn files(pair: &Pair) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("tree");
    std::fs::create_dir_all(source.join("a")).unwrap();
    std::fs::write(source.join("a/file"), "content").unwrap();
    let agent = pair.one.agent();
    agent.put(&source, "/tmp/deep/tree").unwrap();
    assert_eq!(run(&pair.one, "cat /tmp/deep/tree/a/file").1, "content");
    agent.get("/tmp/deep", folder.path().join("back")).unwrap();
    assert_eq!(std::fs::read(folder.path().join("back/tree/a/file")).unwrap(), b"content");
    let missing = agent.get("/tmp/none", folder.path().join("none")).unwrap_err();
    assert_eq!(missing.kind, ErrorKind::Failed);
}

fn isolation(pair: &Pair) {
    assert_eq!(run(&pair.one, "hostname").1, "one\n");
    assert_eq!(run(&pair.one, "echo $$ > /dev/null; ls /proc | grep -c '^1$'").1, "1\n");
    assert_ne!(
        run(&pair.one, "echo 1 > /proc/sys/kernel/sysrq").0,
        0,
        "host settings are read-only"
    );
    assert_eq!(run(&pair.one, "cat /proc/sys/net/ipv4/ip_forward > /dev/null").0, 0);
    assert_ne!(run(&pair.one, "mknod /tmp/mem c 1 1").0, 0, "no devices");
    assert_eq!(run(&pair.one, "ls -A /home /root 2>/dev/null || true").1, "");
    for word in ["process 1 speaks", "late", "later"] {
        let limit = Some(Instant::now() + BOOT_LIMIT);
        assert_eq!(run(&pair.one, &format!("echo {word} > /dev/console")).0, 0);
        assert!(pair.one.console().wait_for(limit, &mut |text| text.contains(word)), "{word}");
    }
}

fn network(pair: &Pair) {
    let listen = "nohup python3 -m http.server 8080 --directory /tmp >/dev/null 2>&1 & echo";
    run(&pair.one, "echo found > /tmp/page; head -c 5000000 /dev/urandom > /tmp/big");
    run(&pair.one, listen);
    let port = |host: &str| Probe::Tcp { host: host.into(), port: 8080 };
    assert!(pair.one.agent().wait_probe(port("localhost"), true, BOOT_LIMIT).unwrap());
    assert!(pair.two.agent().wait_probe(port("192.168.1.1"), true, BOOT_LIMIT).unwrap());
    assert_eq!(run(&pair.two, "curl -sf http://192.168.1.1:8080/page"), (0, "found\n".into()));
    let there = run(&pair.two, "curl -sf http://192.168.1.1:8080/big | md5sum").1;
    assert_eq!(there, run(&pair.one, "md5sum < /tmp/big").1);
    pair.one.set_link(false);
    assert_ne!(run(&pair.two, "curl -sf -m 1 http://192.168.1.1:8080/page").0, 0);
    pair.one.set_link(true);
    assert!(pair.two.agent().wait_probe(port("192.168.1.1"), true, BOOT_LIMIT).unwrap());
    let never = pair.one.agent().wait_probe(port("localhost"), false, Duration::from_millis(50));
    assert!(!never.unwrap());
}

fn restart(pair: &Pair) {
    assert_eq!(pair.one.state(), State::Up);
    run(&pair.one, "echo kept > /tmp/memory");
    pair.one.kill().unwrap();
    assert_eq!(pair.one.state(), State::Off);
    pair.one.start(StartOptions::default()).unwrap();
    pair.one.agent().wait_connected(BOOT_LIMIT).unwrap();
    assert_ne!(run(&pair.one, "cat /tmp/memory").0, 0, "memory is new");
}

fn death_is_told(pair: &Pair) {
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| pair.one.agent().exec("sleep 1000", None));
        run(&pair.one, "true");
        pair.one.kill().unwrap();
        assert_eq!(waiting.join().unwrap().unwrap_err().kind, ErrorKind::Gone);
    });
    let before = Instant::now();
    assert!(pair.one.agent().exec("true", None).is_err());
    assert!(before.elapsed() < BOOT_LIMIT);
    assert!(pair.one.hardware().is_err_and(|error| error.message.contains("--backend vm")));
}
