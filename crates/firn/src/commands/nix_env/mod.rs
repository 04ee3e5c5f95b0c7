//! `nix-env`: queries of package sets and of what a profile holds, and the generations of profiles.
//!
//! Nix manual, "nix-env". One operation per run, one file per operation; the rest of the arguments
//! are the operation's own.

mod generations;
mod output;
mod packages;
mod query;
mod selectors;
mod source;
mod xml;

pub use generations::add as add_generation;
pub use packages::DrvName;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use firn_eval::{Attrs, Machine, R};

use super::nix_instantiate::options::{Options, Rest, value};
use super::nix_instantiate::{automatic_arguments, context, texts};
use crate::context::Context;
use crate::evaluation::{self, Mode};
use crate::exit::Failure;

const HELP: &str = "\
Query packages, and go from one generation of a profile to another

Usage: nix-env --query [OPTIONS] [NAMES…]
       nix-env --set PATH                     Make a path of the store the newest generation
       nix-env --rollback                     Go back to the generation before the current one
       nix-env --switch-generation, -G NUMBER Go to a generation
       nix-env --list-generations             Show generations
       nix-env --delete-generations WHICH…    Remove generations: numbers, old, +NUMBER, DAYSd

  NAMES…                  Names of packages: regular expressions, perhaps with '-VERSION'; '*' is all
  -f, --file FILE         Take packages of this file, folder, URL or <NAME>
                          (default: ~/.nix-defexpr; without that, <nixpkgs>)
  -p, --profile PATH      The profile that is meant
      --system-filter S   Only packages for the system S ('*': for all systems, the default)
      --arg NAME EXPR     Pass an expression as a function's argument
      --argstr NAME TEXT  Pass a string as a function's argument
  -I PATH                 Add a place where <NAME> is looked for
      --option NAME VALUE, --NAME VALUE
                          Set a setting of nix.conf

Options of --query (-q):
  -a, --available         Packages of FILE instead of those in the profile
      --installed         Packages in the profile (the default)
  -A, --attr PATH         Packages at this attribute path only
  -P, --attr-path         Show attribute paths
  -s, --status            Show what is installed (I), present (P), substitutable (S)
  -c, --compare-versions  Compare versions with those of the other side
      --no-name           Show no names
      --system            Show systems
      --drv-path          Show derivations
      --out-path          Show outputs
      --description       Show descriptions
      --meta              Show all of 'meta' (with --json or --xml)
  -b, --prebuilt-only     Only packages that need no build
      --json, --xml       Print as JSON or XML
";

/// What an operation works with.
pub struct Globals {
    context: Context,
    /// Arguments as `nix-instantiate` has them: `--arg`, `-I`, settings.
    options: Options,
    /// Where packages come from (`--file`).
    file: Option<String>,
    /// The profile asked for (`--profile`).
    profile: Option<PathBuf>,
    /// The system that packages must be for; `*` for any.
    system_filter: String,
    prebuilt_only: bool,
}

/// An operation: flags that the general reader did not take, with their values, then names.
type Operation = fn(&Globals, &[String], &[String]) -> Result<ExitCode, Failure>;

/// Operations by their flags. One line each.
const OPERATIONS: &[(&[&str], Operation)] = &[
    (&["--query", "-q"], query::run),
    (&["--set"], generations::set),
    (&["--rollback"], generations::rollback),
    (&["--switch-generation", "-G"], generations::switch),
    (&["--list-generations"], generations::list),
    (&["--delete-generations"], generations::delete),
];

/// Flags of operations that exist in the reference and not here.
const MISSING: &[&str] = &[
    "--install",
    "-i",
    "--uninstall",
    "-e",
    "--upgrade",
    "-u",
    "--set-flag",
    "--switch-profile",
    "-S",
];

/// What the command line asks for.
struct Request {
    operation: Operation,
    options: Options,
    file: Option<String>,
    profile: Option<PathBuf>,
    system_filter: String,
    prebuilt_only: bool,
    flags: Vec<String>,
}

/// Runs `nix-env` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments = texts(&arguments);
    if arguments.iter().any(|argument| argument == "--help") {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let request = Request::read(&arguments)
        .map_err(|e| Failure::new(format!("error: {e}\nTry 'nix-env --help'.")))?;
    firn_eval::stack::run(|| start(request))?
}

fn start(request: Request) -> Result<ExitCode, Failure> {
    let names = request.options.inputs.clone();
    let globals = Globals {
        context: context(&request.options)?,
        options: request.options,
        file: request.file,
        profile: request.profile,
        system_filter: request.system_filter,
        prebuilt_only: request.prebuilt_only,
    };
    (request.operation)(&globals, &request.flags, &names)
}

impl Request {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut operation: Option<Operation> = None;
        let mut request = Request {
            operation: query::run,
            options: Options::default(),
            file: None,
            profile: None,
            system_filter: "*".to_owned(),
            prebuilt_only: false,
            flags: Vec::new(),
        };
        let mut rest = Rest::new(arguments);
        while let Some(argument) = rest.next_argument() {
            let found = OPERATIONS.iter().find(|(flags, _)| flags.contains(&argument.as_str()));
            if let Some((_, found)) = found {
                if operation.replace(*found).is_some() {
                    return Err("only one operation may be specified".to_owned());
                }
                continue;
            }
            match argument.as_str() {
                flag if MISSING.contains(&flag) => {
                    return Err(format!("'{flag}' is not supported yet"));
                }
                "--file" | "-f" => request.file = Some(value(&argument, &mut rest)?),
                "--profile" | "-p" => request.profile = Some(value(&argument, &mut rest)?.into()),
                "--system-filter" => request.system_filter = value(&argument, &mut rest)?,
                "--prebuilt-only" | "-b" => request.prebuilt_only = true,
                "--attr" | "-A" if operation.is_some() => {
                    request.flags.push(argument.clone());
                    request.flags.push(value(&argument, &mut rest)?);
                }
                flag if query::FLAGS.contains(&flag) => request.flags.push(argument.clone()),
                argument => {
                    if !request.options.take(argument, &mut rest)? {
                        return Err(format!("unknown flag '{argument}'"));
                    }
                }
            }
        }
        request.operation = operation.ok_or("no operation specified")?;
        Ok(request)
    }
}

impl Globals {
    /// A machine that adds nothing to the store.
    fn machine(&self) -> Result<Machine, Failure> {
        let mode = Mode {
            pure: self.context.settings.flag("pure-eval"),
            read_only: true,
            includes: self.options.search.clone(),
        };
        evaluation::machine(&self.context, &self.context.flakes()?, &mode)
    }

    /// `--arg` and `--argstr` as a set.
    fn arguments(&self, m: &mut Machine) -> R<Attrs> {
        automatic_arguments(m, &self.options)
    }

    /// The profile that is meant: `--profile`, `NIX_PROFILE`, else the user's own.
    fn profile(&self) -> PathBuf {
        let from_environment =
            || std::env::var_os("NIX_PROFILE").filter(|path| !path.is_empty()).map(PathBuf::from);
        let own = || self.context.environment.home.join(".nix-profile");
        self.profile.clone().or_else(from_environment).unwrap_or_else(own)
    }
}
