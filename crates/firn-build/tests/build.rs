//! Builds from end to end, as the user that runs the tests and, where that is root, as nobody.
#![allow(clippy::unwrap_used)]

mod common;

use common::World;
use firn_build::{BuildFailures, FailureKind, PostBuildHook, SandboxMode, log_path};
use firn_events::{Activity, Event, Outcome, Sink};
use firn_formats::{ContentAddressMethod, DerivedPath, Hash, HashAlgo, OutputsSpec};
use firn_store::{BuildMode, Store};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

fn text(failures: &BuildFailures) -> String {
    failures.to_string()
}

#[test]
fn again_as_nobody() {
    common::again_as_nobody();
}

#[test]
fn builds_registers_and_logs() {
    let w = World::new();
    let dep = w.drv("dep", &["write", "${out}", "dep"]).add();
    let dep_out = w.store.derivation_outputs(&dep).unwrap()["out"].clone().unwrap();
    let drv = w
        .drv(
            "top",
            &[
                "print",
                "hello",
                "append",
                "/dev/stderr",
                "from stderr\n",
                "mkdir",
                "${out}/bin",
                "write",
                "${out}/bin/x",
                "${dep} ${out}",
                "mode",
                "755",
                "${out}/bin/x",
            ],
        )
        .env("dep", &w.show(&dep_out))
        .input(&dep, "out")
        .add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    assert_eq!(w.read(&out, "/bin/x"), format!("{} {}", w.show(&dep_out), w.show(&out)));
    let info = w.store.require_path_info(&out).unwrap();
    assert_eq!(info.references, [dep_out, out.clone()].into());
    assert_eq!(info.deriver, Some(drv.clone()));
    assert!(info.ultimate && info.ca.is_none());
    let log = std::fs::File::open(log_path(&w.store.layout().log, &drv, true)).unwrap();
    let mut kept = String::new();
    bzip2::read::BzDecoder::new(log).read_to_string(&mut kept).unwrap();
    assert_eq!(kept, "hello\nfrom stderr\n");
    let events = w.sink.take();
    let started = |name: &str| {
        let is = |e: &Event| matches!(e, Event::Start { activity: Activity::Build { name: n, .. }, .. } if n == name);
        events.iter().position(is).unwrap()
    };
    assert!(started("dep") < started("top"));
    assert_eq!(events[0], Event::Expect { builds: 2, fetches: 0, fetch_bytes: 0 });
    // What is valid is not built again.
    w.build(&drv).unwrap();
    assert_eq!(w.sink.take(), []);
    use std::os::unix::fs::MetadataExt;
    let file = w.store.real_path(&out).join("bin/x").metadata().unwrap();
    assert_eq!((file.mode() & 0o7777, file.mtime()), (0o555, 1));
    assert_eq!(file.uid(), rustix::process::geteuid().as_raw());
}

#[test]
fn the_environment_is_the_references() {
    let w = World::new();
    let drv = w.drv("e", &["env", "${out}"]).env("FOO", "bar").env("HOME", "/mine").add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    let cores = w.options.processors;
    let own = w.show(&out);
    let expected = format!(
        "FOO=bar\nHOME=/mine\nNIX_BUILD_CORES={cores}\nNIX_BUILD_TOP=/build\nNIX_LOG_FD=2\n\
         NIX_STORE=/nix/store\nPATH=/path-not-set\nPWD=/build\nTEMP=/build\nTEMPDIR=/build\n\
         TERM=xterm-256color\nTMP=/build\nTMPDIR=/build\nout={own}\n"
    );
    assert_eq!(w.read(&out, ""), expected);
}

#[test]
fn sees_its_inputs_and_nothing_else() {
    let w = World::new();
    let other = w.drv("other", &["write", "${out}", "x"]).add();
    w.build(&other).unwrap();
    let drv = w
        .drv(
            "s",
            &[
                "mkdir",
                "${out}",
                "list",
                "${out}/store",
                "/nix/store",
                "list",
                "${out}/root",
                "/",
                "list",
                "${out}/etc",
                "/etc",
                "list",
                "${out}/build",
                "/build",
                "copy",
                "/etc/passwd",
                "${out}/passwd",
                "write",
                "/tmp/x",
                "y",
            ],
        )
        .add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    assert_eq!(w.read(&out, "/store"), {
        let mut both = [out.to_string(), w.probe.to_string()];
        both.sort();
        both.join("\n")
    });
    assert_eq!(w.read(&out, "/root"), "build\ndev\netc\nnix\nproc\ntmp");
    assert_eq!(w.read(&out, "/etc"), "group\nhosts\npasswd");
    assert_eq!(w.read(&out, "/build"), "");
    assert!(w.read(&out, "/passwd").contains("nixbld:x:1000:100:Nix build user:/build:/noshell\n"));
}

#[test]
fn several_outputs() {
    let w = World::new();
    let statements = ["mkdir", "${out}", "write", "${out}/f", "${dev}", "write", "${dev}", "x"];
    let drv = w.drv("m", &statements).outputs(&["out", "dev"]).add();
    let built = w.build(&drv).unwrap();
    let info = w.store.require_path_info(&built["out"]).unwrap();
    assert_eq!(info.references, [built["dev"].clone()].into());
    assert_eq!(built["dev"].name(), "m-dev");
    let around = ["write", "${out}", "${dev}", "write", "${dev}", "${out}"];
    let drv = w.drv("c", &around).outputs(&["out", "dev"]).add();
    let failures = w.build(&drv).unwrap_err();
    assert!(text(&failures).contains("cycle detected in build of"), "{failures}");
    let drv = w.drv("l", &["write", "${out}", "x"]).outputs(&["out", "dev"]).add();
    let failures = w.build(&drv).unwrap_err();
    assert!(text(&failures).contains("failed to produce output path for output 'dev'"));
}

#[test]
fn fixed_outputs_are_checked() {
    let w = World::new();
    let right = Hash::sha256("data");
    let method = ContentAddressMethod::Flat;
    let drv = w.drv("f", &["write", "${out}", "data"]).fixed(method, right).add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    assert!(w.store.require_path_info(&out).unwrap().ca.is_some());

    let wrong = Hash::sha256("other");
    let drv = w.drv("f", &["write", "${out}", "else"]).fixed(method, wrong).add();
    let failures = w.build(&drv).unwrap_err();
    let expected = format!(
        "hash mismatch in fixed-output derivation '{}':\n  specified: {}\n     got:    {}",
        w.show(&drv),
        wrong.sri(),
        Hash::sha256("else").sri()
    );
    assert_eq!((text(&failures), failures.exit_status()), (expected, 102));
    // Correcting the hash needs no second build.
    let drv = w.drv("f", &["exit", "1"]).fixed(method, Hash::sha256("else")).add();
    w.build(&drv).unwrap();

    let drv = w
        .drv("r", &["write", "${out}", "${probe}"])
        .env("probe", &w.show(&w.probe))
        .fixed(method, Hash::sha256(w.show(&w.probe)))
        .add();
    let failures = w.build(&drv).unwrap_err();
    assert!(text(&failures).contains("is not allowed to refer to other store paths"), "{failures}");
    let tree = ["mkdir", "${out}"];
    let drv = w.drv("d", &tree).fixed(method, Hash::sha256("")).add();
    let failures = w.build(&drv).unwrap_err();
    assert!(text(&failures).contains("should be a non-executable regular file"), "{failures}");
}

#[test]
fn structured_attributes_and_files() {
    let w = World::new();
    let graph = w.show(&w.probe);
    let json = format!(
        r#"{{"b":[1,2],"a":"x y","exportReferencesGraph":{{"g":["{graph}"]}},"n":{{"k":true}}}}"#
    );
    let statements = [
        "mkdir",
        "${out}",
        "copy",
        "${NIX_ATTRS_JSON_FILE}",
        "${out}/json",
        "copy",
        "${NIX_ATTRS_SH_FILE}",
        "${out}/sh",
        "env",
        "${out}/env",
    ];
    // Without outputs in the environment the path is in the JSON only.
    let mut drv = w.drv("s", &[]).env("__json", &json);
    let placeholder = firn_formats::hash_placeholder("out");
    drv.drv.args =
        statements.iter().map(|s| s.replace("${out}", &placeholder).into_bytes()).collect();
    let drv = drv.add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    let own = w.show(&out);
    let sh = w.read(&out, "/sh");
    assert!(sh.starts_with("declare a='x y'\ndeclare -a b=(1 2 )\n"), "{sh}");
    assert!(sh.contains(&format!("declare -A outputs=(['out']='{own}' )\n")), "{sh}");
    let json = w.read(&out, "/json");
    assert!(json.starts_with(r#"{"a":"x y","b":[1,2],"exportReferencesGraph":"#), "{json}");
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["outputs"]["out"], own);
    assert_eq!(value["g"][0]["path"], graph);
    assert_eq!(value["g"][0]["closureSize"], value["g"][0]["narSize"]);
    assert!(!w.read(&out, "/env").contains("__json"));

    let statements =
        ["mkdir", "${out}", "copy", "${bigPath}", "${out}/big", "copy", "graph", "${out}/graph"];
    let drv = w
        .drv("p", &statements)
        .env("big", "large")
        .env("passAsFile", "big")
        .env("exportReferencesGraph", &format!("graph {graph}"))
        .add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    assert_eq!(w.read(&out, "/big"), "large");
    assert_eq!(w.read(&out, "/graph"), format!("{graph}\n\n0\n"));
}

#[test]
fn output_checks() {
    let w = World::new();
    let probe = w.show(&w.probe);
    let cases = [
        ("allowedReferences", "", true),
        ("allowedReferences", &*format!("out {probe}"), false),
        ("allowedReferences", "out", true),
        ("disallowedReferences", "out", false),
        ("disallowedReferences", &probe, true),
        ("disallowedRequisites", &probe, true),
        ("allowedRequisites", &probe, false),
    ];
    for (number, (name, value, fails)) in cases.into_iter().enumerate() {
        let drv = w
            .drv(&format!("c{number}"), &["write", "${out}", "${probe}"])
            .env("probe", &probe)
            .env(name, value)
            .add();
        let result = w.build(&drv);
        assert_eq!(result.is_err(), fails, "{name} {value}");
        if let Err(failures) = result {
            assert!(text(&failures).contains("is not allowed to refer to"), "{failures}");
            assert_eq!(failures.exit_status(), 100);
        }
    }
    let json = r#"{"outputChecks":{"out":{"maxSize":10}}}"#;
    let mut drv = w.drv("big", &[]).env("__json", json);
    drv.drv.args = ["write", &firn_formats::hash_placeholder("out"), "x"]
        .map(|s| s.as_bytes().to_vec())
        .into();
    let failures = w.build(&drv.add()).unwrap_err();
    assert!(text(&failures).contains("is too large at"), "{failures}");
}

#[test]
fn failures_show_the_log_and_reach_dependents() {
    let mut w = World::new();
    w.options.log_lines = 2;
    let bad = w.drv("bad", &["print", "1", "print", "2", "eprint", "3", "exit", "7"]).add();
    let good = w.drv("good", &["write", "${out}", "x"]).add();
    let top = w.drv("top", &["write", "${out}", "x"]).input(&bad, "out").add();
    let failures = w.build(&top).unwrap_err();
    let known = |drv| w.show(w.store.derivation_outputs(drv).unwrap()["out"].as_ref().unwrap());
    let cause = format!(
        "Cannot build '{0}'.\nReason: builder failed with exit code 7.\nOutput paths:\n  {1}\n\
         Last 2 log lines:\n> 2\n> 3\nFor full logs, run:\n  nix log {0}",
        w.show(&bad),
        known(&bad),
    );
    let consequence = format!(
        "Cannot build '{}'.\nReason: 1 dependency failed.\nOutput paths:\n  {}",
        w.show(&top),
        known(&top)
    );
    let expected = format!("{consequence}\nerror: {cause}");
    assert_eq!((text(&failures), failures.exit_status()), (expected, 100));
    w.options.keep_going = true;
    let expected = format!("{cause}\nerror: {consequence}");
    assert_eq!(text(&w.build(&top).unwrap_err()), expected);
    let wanted = [&top, &good].map(|drv| DerivedPath::built(drv.clone(), OutputsSpec::All));
    let failures = w.builder().build(&wanted, BuildMode::Normal).unwrap_err();
    assert_eq!(failures.0.len(), 2);
    let good_out = w.store.derivation_outputs(&good).unwrap()["out"].clone().unwrap();
    assert!(w.store.is_valid(&good_out).unwrap());
}

#[test]
fn refuses_what_it_cannot_build() {
    let w = World::new();
    let mut foreign = w.drv("p", &[]);
    foreign.drv.platform = "sparc-solaris".into();
    let cases = [
        (foreign.add(), "platform mismatch"),
        (w.drv("f", &[]).env("requiredSystemFeatures", "quantum").add(), "missing system features"),
        (w.drv("n", &[]).env("__noChroot", "1").add(), "'__noChroot' set"),
        (w.drv("h", &[]).env("__impureHostDeps", "/usr").add(), "requested impure path"),
        (w.drv("g", &[]).env("exportReferencesGraph", "one").add(), "odd number of tokens"),
        (w.drv("b", &[]).builtin("nothing").add(), "unsupported builtin builder 'nothing'"),
    ];
    for (drv, message) in cases {
        let failures = w.build(&drv).unwrap_err();
        assert!(text(&failures).contains(message), "{failures}");
    }
}

#[test]
fn hostile_outputs_are_refused() {
    let w = World::new();
    let cases: [(&[&str], &str); 4] = [
        (&["write", "${out}", "x", "mode", "666", "${out}"], "suspicious ownership or permission"),
        (&["fifo", "${out}"], "unsupported type"),
        (&["mkdir", "${out}", "fifo", "${out}/p"], "unsupported type"),
        (&["write", "${out}", "x", "mode", "4755", "${out}"], "mode: Operation not permitted"),
    ];
    for (number, (statements, message)) in cases.into_iter().enumerate() {
        let drv = w.drv(&format!("h{number}"), statements).add();
        let failures = w.build(&drv).unwrap_err();
        assert!(text(&failures).contains(message), "{failures}");
    }
    // A link to a host file is just a link.
    let drv = w.drv("l", &["link", "/etc/shadow", "${out}"]).add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    let link = std::fs::read_link(w.store.real_path(&out)).unwrap();
    assert_eq!(link, std::path::Path::new("/etc/shadow"));
}

#[test]
fn checking_builds_again_and_compares() {
    let mut w = World::new();
    let same = w.drv("same", &["write", "${out}", "x"]).add();
    let failures = w.build_mode(&same, BuildMode::Check).unwrap_err();
    assert!(text(&failures).contains("checking is not possible"), "{failures}");
    w.build(&same).unwrap();
    w.sink.take();
    w.build_mode(&same, BuildMode::Check).unwrap();
    let checked =
        |e: &Event| matches!(e, Event::Start { activity: Activity::Build { check: true, .. }, .. });
    assert!(w.sink.take().iter().any(checked));
    let random = w.drv("random", &["random", "${out}"]).add();
    let out = w.build(&random).unwrap().remove("out").unwrap();
    let before = w.read(&out, "");
    w.options.keep_failed = true;
    let failures = w.build_mode(&random, BuildMode::Check).unwrap_err();
    assert_eq!(failures.exit_status(), 104);
    assert!(text(&failures).contains("may not be deterministic"), "{failures}");
    assert_eq!(w.read(&out, ""), before);
    let kept = w.store.layout().real_store.join(format!("{out}.check"));
    assert_ne!(std::fs::read_to_string(kept).unwrap(), before);
}

#[test]
fn repair_replaces_what_was_damaged() {
    use std::os::unix::fs::PermissionsExt;
    let w = World::new();
    let drv = w.drv("r", &["mkdir", "${out}", "write", "${out}/f", "good"]).add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    let file = w.store.real_path(&out).join("f");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(&file, "bad").unwrap();
    w.build_mode(&drv, BuildMode::Repair).unwrap();
    assert_eq!(w.read(&out, "/f"), "good");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o444);
}

#[test]
fn limits_end_a_build() {
    let mut w = World::new();
    w.options.max_silent_time = 1;
    let drv = w.drv("silent", &["hang"]).add();
    let failures = w.build(&drv).unwrap_err();
    assert!(text(&failures).contains("timed out after 1 seconds of silence"), "{failures}");
    assert_eq!(failures.exit_status(), 101);
    w.options.max_silent_time = 0;
    w.options.timeout = 1;
    let failures = w.build(&drv).unwrap_err();
    assert!(text(&failures).contains("timed out after 1 seconds"), "{failures}");
    w.options.timeout = 0;
    w.options.max_log_size = 5;
    let drv = w.drv("loud", &["print", "123456", "hang"]).add();
    let failures = w.build(&drv).unwrap_err();
    assert!(text(&failures).contains("killed after writing more than 5 bytes"), "{failures}");
}

/// Throws the switch as soon as a build says something.
struct CancelAtFirstLine(firn_build::Cancel, Arc<firn_events::Collect>);

impl Sink for CancelAtFirstLine {
    fn emit(&self, event: Event) {
        if matches!(event, Event::Log { .. }) {
            self.0.cancel();
        }
        self.1.emit(event);
    }
}

#[test]
fn an_interrupt_ends_everything() {
    let w = World::new();
    let hang = w.drv("hang", &["print", "here", "hang"]).add();
    let after = w.drv("after", &["write", "${out}", "x"]).input(&hang, "out").add();
    let mut builder = w.builder();
    let sink = CancelAtFirstLine(w.cancel.clone(), w.sink.clone());
    builder.reporter = firn_events::Reporter::new(Arc::new(sink));
    let wanted = [DerivedPath::built(after, OutputsSpec::All)];
    let failures = builder.build(&wanted, BuildMode::Normal).unwrap_err();
    assert!(
        failures
            .0
            .iter()
            .all(|f| f.kind == FailureKind::Cancelled || f.kind == FailureKind::Dependency),
        "{failures:?}"
    );
    assert_eq!(w.leftovers(), Vec::<String>::new());
    let stopped = |e: &Event| matches!(e, Event::Stop { outcome: Outcome::Cancelled, .. });
    assert!(w.sink.take().iter().any(stopped));
}

#[test]
fn a_failed_build_can_keep_its_folder() {
    let mut w = World::new();
    w.options.keep_failed = true;
    let drv = w.drv("bad", &["write", "left", "behind", "exit", "1"]).add();
    w.build(&drv).unwrap_err();
    let kept = w.store.layout().state.join("builds/nix-build-bad.drv-0/build");
    assert_eq!(std::fs::read_to_string(kept.join("left")).unwrap(), "behind");
    assert_eq!(w.messages(), [format!("note: keeping build directory '{}'", kept.display())]);
}

#[test]
fn content_addressed_outputs() {
    let w = World::new();
    let statements = ["mkdir", "${out}", "write", "${out}/self", "${out}"];
    let one = w.drv("ca", &statements).floating().add();
    let two = w.drv("ca", &statements).env("different", "1").floating().add();
    let (a, b) = (w.build(&one).unwrap(), w.build(&two).unwrap());
    assert_eq!(a, b, "the same content has the same path");
    let out = &a["out"];
    assert_eq!(w.read(out, "/self"), w.show(out));
    let info = w.store.require_path_info(out).unwrap();
    assert!(info.is_content_addressed(w.store.store_dir()).unwrap());

    let placeholder = firn_formats::Placeholder::unknown_output(&one, "out").unwrap().render();
    let user = w
        .drv("user", &["write", "${out}", "${dep}"])
        .env("dep", &placeholder)
        .input(&one, "out")
        .add();
    let built = w.build(&user).unwrap();
    assert_eq!(w.read(&built["out"], ""), w.show(out));
    let again = w.build(&user).unwrap();
    assert_eq!(again, built);
}

#[test]
fn impure_variables_reach_only_fixed_outputs() {
    let mut w = World::new();
    w.options.impure_env.insert("http_proxy".into(), "http://p".into());
    let statements = ["write", "${out}", "${http_proxy}|${NIX_OUTPUT_CHECKED}"];
    let drv = w
        .drv("f", &statements)
        .env("impureEnvVars", "http_proxy other")
        .fixed(ContentAddressMethod::Flat, Hash::sha256("http://p|1"))
        .add();
    w.build(&drv).unwrap();
    let drv = w.drv("i", &statements).env("impureEnvVars", "http_proxy").add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    assert_eq!(w.read(&out, ""), "${http_proxy}|${NIX_OUTPUT_CHECKED}");
}

/// Serves the same bytes for every request until the test ends.
fn serve(body: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let head = format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
        }
    });
    base
}

#[test]
fn builtin_builders_run_in_the_sandbox() {
    let mut w = World::new();
    let base = serve("payload");
    w.options.fetch.debian_mirrors = vec![format!("{base}/debian")];
    w.options.fetch.attempts = 1;
    let fetch = w
        .drv("x.deb", &[])
        .builtin("fetchurl")
        .env("url", "mirror://debian/pool/x.deb")
        .fixed(ContentAddressMethod::Flat, Hash::sha256("payload"))
        .add();
    let out = w.build(&fetch).unwrap().remove("out").unwrap();
    assert_eq!(w.read(&out, ""), "payload");
    let events = w.sink.take();
    assert_eq!(events[0], Event::Expect { builds: 0, fetches: 1, fetch_bytes: 0 });
    let bytes = |e: &Event| matches!(e, Event::Progress { done: 7, expected: 7, .. });
    assert!(events.iter().any(bytes), "{events:?}");

    w.options.fetch.debian_mirrors = vec!["http://nowhere.invalid/debian".into()];
    let missing = w
        .drv("y.deb", &[])
        .builtin("fetchurl")
        .env("url", "mirror://debian/pool/y.deb")
        .fixed(ContentAddressMethod::Flat, Hash::sha256("y"))
        .add();
    let failures = w.build(&missing).unwrap_err();
    assert!(text(&failures).contains("host 'nowhere.invalid'"), "{failures}");
    assert!(text(&failures).contains("debian-mirrors"), "{failures}");

    let tree = w.drv("t", &["mkdir", "${out}/bin", "write", "${out}/bin/x", "x"]).add();
    let tree_out = w.build(&tree).unwrap().remove("out").unwrap();
    let env = w
        .drv("env", &[])
        .builtin("buildenv")
        .env("derivations", &format!("true 5 1 {}", w.show(&tree_out)))
        .env("manifest", &w.show(&w.probe))
        .source(&tree_out)
        .add();
    let out = w.build(&env).unwrap().remove("out").unwrap();
    let link = std::fs::read_link(w.store.real_path(&out).join("bin")).unwrap();
    assert_eq!(link, std::path::PathBuf::from(format!("{}/bin", w.show(&tree_out))));
}

#[test]
fn folders_of_killed_builds_are_removed() {
    let w = World::new();
    let drv = w.drv("d", &["write", "${out}", "x"]).add();
    let layout = w.store.layout();
    let stale = [
        layout.real_store.join(format!("{drv}.chroot/store/x")),
        layout.state.join("builds/nix-999999999-0/build"),
    ];
    for path in &stale {
        std::fs::create_dir_all(path).unwrap();
    }
    let out = w.store.derivation_outputs(&drv).unwrap()["out"].clone().unwrap();
    std::fs::create_dir_all(w.store.real_path(&out).join("half")).unwrap();
    w.build(&drv).unwrap();
    assert_eq!(w.read(&out, ""), "x");
}

#[test]
fn two_builders_build_once() {
    let w = World::new();
    let drv = w.drv("once", &["random", "${out}"]).add();
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let build = || {
            w.builder()
                .build(&[DerivedPath::built(drv.clone(), OutputsSpec::All)], BuildMode::Normal)
        };
        let all = [scope.spawn(build), scope.spawn(build)];
        all.map(|t| t.join().unwrap().unwrap().remove(0).outputs).into()
    });
    assert_eq!(outputs[0], outputs[1]);
    let builds = w
        .sink
        .take()
        .into_iter()
        .filter(|e| matches!(e, Event::Start { activity: Activity::Build { .. }, .. }));
    assert_eq!(builds.count(), 1);
}

#[test]
fn a_range_of_user_ids() {
    let w = World::new();
    let statements = [
        "mkdir",
        "${out}",
        "copy",
        "/proc/self/uid_map",
        "${out}/map",
        "list",
        "${out}/sys",
        "/sys",
        "mode",
        "700",
        "/",
        "copy",
        "/etc/passwd",
        "/etc/copy",
        "eprint",
        "uid-range done",
    ];
    let drv = w.drv("range", &statements).env("requiredSystemFeatures", "uid-range").add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    let map = w.read(&out, "/map");
    let fields: Vec<u32> = map.split_whitespace().map(|f| f.parse().unwrap()).collect();
    match rustix::process::geteuid().as_raw() {
        0 => assert_eq!((fields[0], fields[1] >= 0x3400_0000, fields[2]), (0, true, 65536)),
        own => assert_eq!(fields, [0, own, 1]),
    }
    assert!(w.read(&out, "/sys").contains("class"));
}

/// A small disk of its own for the calling thread and the threads it starts; needs root.
fn mount_small_disk(at: &std::path::Path) {
    use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
    // SAFETY: only this thread's view of the mounts changes.
    assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNS) }, 0);
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).unwrap();
    let options = c"size=96m";
    mount("small", at, "tmpfs", MountFlags::empty(), options).unwrap();
}

#[test]
fn a_full_disk_is_named_and_leaves_the_store_intact() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    mount_small_disk(dir.path());
    let w = World::below(dir.path());
    let full = w.drv("full", &["mkdir", "${out}", "fill", "${out}/f", "200"]).add();
    let failures = w.build(&full).unwrap_err();
    let message = text(&failures);
    assert!(message.contains("fill: No space left on device"), "{message}");
    let help = format!("help: the disk is full that holds '{}", dir.path().display());
    assert!(message.contains(&help) && message.contains(" of 96.0 MiB are free)"), "{message}");
    let after = w.drv("after", &["write", "${out}", "x"]).add();
    w.build(&after).unwrap();
    assert_eq!(w.store.all_valid().unwrap().len(), 4);
}

#[test]
fn unused_hash_algorithms_are_named() {
    let w = World::new();
    let drv = w.drv("f", &["write", "${out}", "data"]);
    let drv = drv.fixed(ContentAddressMethod::Nar, Hash::zero(HashAlgo::Sha512)).add();
    let failures = w.build(&drv).unwrap_err();
    assert!(text(&failures).contains("got:    sha512-"), "{failures}");
}

/// The sandbox's own /tmp would hide a store that lies below it if it were mounted last.
#[test]
fn a_store_below_tmp_is_visible() {
    let w = World::in_place(Path::new("/tmp"));
    let drv = w.drv("t", &["write", "${out}", "there"]).add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    assert_eq!(w.read(&out, ""), "there");
}

/// With `sandbox = false` a build reads this machine's files; `relaxed` asks the derivation.
#[test]
fn the_sandbox_can_be_left_out() {
    let mut w = World::in_place(Path::new("/tmp"));
    let file = w.dir.path().join("of-the-host");
    std::fs::write(&file, "host").unwrap();
    let file = file.to_string_lossy().into_owned();
    let statements = ["copy", file.as_str(), "${out}"];
    let closed = w.drv("closed", &statements).add();
    let asking = w.drv("asking", &statements).env("__noChroot", "1").add();
    assert!(text(&w.build(&asking).unwrap_err()).contains("'sandbox' is 'true'"));
    w.build(&closed).unwrap_err();
    w.options.sandbox = SandboxMode::Relaxed;
    w.build(&closed).unwrap_err();
    w.build(&asking).unwrap();
    w.options.sandbox = SandboxMode::Never;
    let out = w.build(&closed).unwrap().remove("out").unwrap();
    assert_eq!(w.read(&out, ""), "host");
}

#[test]
fn the_hook_runs_after_a_build() {
    let mut w = World::new();
    let told = w.dir.path().join("told");
    let hook = w.dir.path().join("hook");
    let script = format!("#!/bin/sh\necho \"$DRV_PATH $OUT_PATHS\" > {}\n", told.display());
    std::fs::write(&hook, script).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    w.options.post_build_hook =
        Some(PostBuildHook { program: hook.clone(), environment: Default::default() });
    let drv = w.drv("t", &["write", "${out}", "x"]).add();
    let out = w.build(&drv).unwrap().remove("out").unwrap();
    let expected = format!("{} {}\n", w.show(&drv), w.show(&out));
    assert_eq!(std::fs::read_to_string(&told).unwrap(), expected);
    std::fs::write(&hook, "#!/bin/sh\nexit 3\n").unwrap();
    let drv = w.drv("u", &["write", "${out}", "x"]).add();
    let failure = text(&w.build(&drv).unwrap_err());
    assert!(failure.contains("exit status: 3"), "{failure}");
}
