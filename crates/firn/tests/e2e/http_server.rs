//! The first example: two machines, one service, one test; in containers and in virtual machines.

use crate::program::{Program, example};

#[test]
fn passes_in_containers_and_is_remembered() {
    let Some(program) = Program::new() else { return };
    let flake = program.flake("http-server", &example("http-server"));
    let first = program.run(&["flake", "check", "--rebuild", "--backend", "container", &flake]);
    first.assert_success(&["server booted (container", "test http-server passed"]);
    program.assert_nothing_left();
    let second = program.run(&["flake", "check", "--backend", "container", &flake]);
    second.assert_success(&[]);
    assert!(!second.text.contains("running test"), "it ran again:\n{}", second.text);
}

#[test]
fn passes_in_virtual_machines() {
    let Some(program) = Program::new() else { return };
    let flake = program.flake("http-server", &example("http-server"));
    let said = program.run(&["flake", "check", "--backend", "vm", &flake]);
    said.assert_success(&[]);
    program.assert_nothing_left();
    let again = program.run(&["flake", "check", "--rebuild", "--backend", "vm", &flake]);
    again.assert_success(&["server booted (vm", "test http-server passed"]);
}

#[test]
fn the_firewall_keeps_others_from_ports_that_are_not_opened() {
    let Some(program) = Program::new() else { return };
    let script = "start_all()
          server.wait_for_unit(\"http-server\")
          server.succeed(\"systemd-run ${pkgs.python3}/bin/python3 -m http.server 8081\")
          server.wait_for_open_port(8081)
          client.fail(\"curl --fail --silent --max-time 2 http://server:8081/\")
          client.succeed(\"ping -c 1 server\")";
    let text = example("http-server").replace("start_all()", script);
    let flake = program.flake("closed", &text);
    let said = program.run(&["flake", "check", "--rebuild", "--backend", "container", &flake]);
    said.assert_success(&["test http-server passed"]);
}
