//! `xtask bench side FIRN STORE`: ten tests of containers side by side, beside the processor time that each
//! takes alone.

use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How many tests there are.
const TESTS: usize = 10;
/// How often they run side by side; the median counts.
const RUNS: usize = 5;
/// The wall time may be this times the processor time, divided by the processors.
const AIM: f64 = 1.3;

/// Ten tests like the http example, each with machines of its own.
const FLAKE: &str = r#"{
  inputs.nixpkgs.url = "base";
  outputs = { nixpkgs, ... }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      test = number: let port = toString (8000 + number); in {
        name = "side-${toString number}";
        value = pkgs.nixosTest {
          name = "side-${toString number}";
          nodes.server = {
            networking.firewall.allowedTCPPorts = [ (8000 + number) ];
            systemd.services.http-server = {
              wantedBy = [ "multi-user.target" ];
              script = "${pkgs.python3}/bin/python3 -m http.server ${port}";
            };
          };
          nodes.client.environment.systemPackages = [ pkgs.curl ];
          testScript = ''
            start_all()
            server.wait_for_open_port(${port})
            client.succeed("curl --fail --silent http://server:${port}/ | grep 'Directory listing'")
          '';
        };
      };
    in { checks.x86_64-linux = builtins.listToAttrs (map test (builtins.genList (n: n) TESTS)); };
}"#;

/// Prints the row.
pub fn run(firn: &Path, store: &Path) -> Result<(), String> {
    let folder = Folder::new()?;
    let flake = format!("path:{}", folder.0.display());
    let check = |more: &[&str]| timed(firn, store, &[&["flake", "check", &flake], more].concat());
    // Everything is there before anything counts.
    check(&["--backend", "container"])?;
    let mut alone = 0.0;
    for number in 0..TESTS {
        let test = format!("{flake}#side-{number}");
        let words = ["test", "run", "--repeat", "1", "--backend", "container", &test];
        alone += timed(firn, store, &words)?.processor;
    }
    let mut walls = Vec::new();
    for _ in 0..RUNS {
        walls.push(check(&["--rebuild", "--backend", "container"])?.wall);
    }
    walls.sort_by(f64::total_cmp);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let least = alone / processors as f64;
    println!(
        "{TESTS} tests of containers: {alone:.2} s of processor time one by one, on {processors} processors \
         {:.2} s side by side (from {:.2} to {:.2}): {:.2} of what is possible, aim {AIM}",
        walls[RUNS / 2],
        walls[0],
        walls[RUNS - 1],
        walls[RUNS / 2] / least,
    );
    Ok(())
}

/// A folder with the flake; removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("firn-bench-side-{}", std::process::id()));
        let text = FLAKE.replace("TESTS", &TESTS.to_string());
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(folder.join("flake.nix"), text))
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Times {
    /// Seconds from start to end.
    wall: f64,
    /// Seconds of processors, of the program and all that it started and waited for.
    processor: f64,
}

fn timed(firn: &Path, store: &Path, words: &[&str]) -> Result<Times, String> {
    let (start, before) = (Instant::now(), children());
    let mut command = Command::new(firn);
    command.args(words).arg("--store").arg(store).stdout(Stdio::null());
    let output = command.output().map_err(|error| format!("{}: {error}", firn.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(Times { wall: start.elapsed().as_secs_f64(), processor: children() - before })
}

/// Seconds of processors that ended children have taken, with theirs.
fn children() -> f64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills the structure, for which all zeroes are valid, too.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
