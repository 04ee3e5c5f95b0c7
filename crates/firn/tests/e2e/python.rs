//! Python of the distribution: its modules come compiled, by their hashes.

use crate::program::Program;

/// A compiled module begins with four bytes of its format's number and four of flags; 1: it is valid for a source with a
/// hash, and nobody compares (PEP 552).
const LOOK: &str = r#"
with import <nixpkgs> { };
runCommand "compiled" { nativeBuildInputs = [ python3 ]; } ''
  python3 - << END
  import pathlib, re
  modules = list(pathlib.Path(re.__file__).parent.parent.rglob("*.pyc"))
  stale = [str(each) for each in modules if each.read_bytes()[4:8] != b"\1\0\0\0"]
  assert len(modules) > 500 and not stale, (len(modules), stale)
  END
  touch $out
''
"#;

#[test]
fn modules_are_compiled_and_never_stale() {
    let Some(program) = Program::new() else { return };
    let said = program.run(&["build", "--no-link", "--impure", "--expr", LOOK]);
    said.assert_success(&[]);
}
