//! `firn debian lock`: resolves `wanted.toml` against the index that it pins and writes
//! `lock.json` and `more.json` beside it.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use firn_debian::index::{self, Index};
use firn_debian::lock::{self, Generated};
use firn_debian::wanted::Wanted;
use firn_events::{Activity, Null, Reporter};
use firn_fetch::{FetchOptions, Fetcher, mirrors};
use firn_formats::Hash;

use crate::exit::Failure;

/// What to lock.
#[derive(Args)]
pub struct Arguments {
    /// The folder with wanted.toml
    #[arg(default_value = "nix/pkgs/debian")]
    folder: PathBuf,
    /// Only say whether the lock files are what would be written
    #[arg(long)]
    check: bool,
    /// A file to take for the index, instead of fetching it by its hash
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
}

/// Writes the lock file, or compares it.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let wanted = Wanted::parse(&read(&arguments.folder.join("wanted.toml"))?)?;
    let bytes = match &arguments.index {
        Some(file) => std::fs::read(file).map_err(|err| cannot("read", file, &err))?,
        None => fetch(&wanted)?,
    };
    let text = index::decompress(&bytes)?;
    let made = lock::generate(&wanted, &Index::parse(&text))?;
    report(&made);
    for (name, lock) in [("lock.json", &made.lock), ("more.json", &made.more)] {
        let (file, text) = (arguments.folder.join(name), lock.to_text());
        if !arguments.check {
            std::fs::write(&file, text).map_err(|err| cannot("write", &file, &err))?;
        } else if read(&file)? != text {
            return Err(Failure::new(format!(
                "error: '{}' is not what wanted.toml resolves to\nhelp: run `firn debian lock`",
                file.display()
            )));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The index by its hash, from the machine's mirror.
fn fetch(wanted: &Wanted) -> Result<Vec<u8>, Failure> {
    let options = FetchOptions {
        debian_mirrors: mirrors::bases(&[], Path::new("/etc/apt")),
        ..FetchOptions::default()
    };
    let mut file: File = rustix::fs::open(
        std::env::temp_dir(),
        rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::from(0o600),
    )?
    .into();
    let url = format!("mirror://debian/{}", wanted.index_path());
    let reporter = Reporter::new(Arc::new(Null));
    let activity = Activity::Fetch { url: url.clone(), name: "Packages.xz".to_owned() };
    let span = reporter.start(activity);
    Fetcher::new(options).fetch(&url, &mut file, &span)?;
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    let found = Hash::sha256(&bytes).base16();
    if found == wanted.index {
        return Ok(bytes);
    }
    Err(Failure::new(format!(
        "error: the package index of {} has another hash\n  wanted {}\n  got    {found}\n\
         help: try another mirror (`debian-mirrors`)",
        wanted.suite, wanted.index
    )))
}

fn report(made: &Generated) {
    for (package, relation) in &made.unsatisfied {
        eprintln!("warning: {package} needs {relation}, which the index doesn't have");
    }
    for (what, lock) in [("", &made.lock), ("more: ", &made.more)] {
        let megabytes = lock.download_size() / 1_000_000;
        eprintln!("{what}{} store paths, {megabytes} MB of packages", lock.groups.len());
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|err| cannot("read", file, &err))
}

fn cannot(action: &str, file: &Path, err: &std::io::Error) -> Failure {
    Failure::new(format!("error: cannot {action} '{}': {err}", file.display()))
}
