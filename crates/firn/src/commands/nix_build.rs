//! `nix-build`: build what expressions evaluate to, and link the results.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::ExitCode;

use firn_formats::{DerivedPath, OutputsSpec, StorePath};
use firn_store::{BuildMode, Realised, Store};

use super::nix_instantiate::derivations::Instantiated;
use super::nix_instantiate::options::{Options, Rest, value};
use super::nix_instantiate::{context, instantiate, texts};
use crate::context::Context;
use crate::exit::Failure;
use crate::store_paths;

const HELP: &str = "\
Build what expressions evaluate to, and link the results

Usage: nix-build [OPTIONS] [FILES…]

  FILES…                  Files or expressions; ./default.nix when none is named
  -A, --attr PATH         Build the attribute at this path
  -E, --expr              FILES are expressions
      --arg NAME EXPR     Pass an expression as a function's argument
      --argstr NAME TEXT  Pass a string as a function's argument
  -I PATH                 Add a place where <NAME> is looked for
  -o, --out-link NAME     Name of the links to the results (default: result)
      --no-out-link       Make no links
      --dry-run           Say what would be built, and build nothing
      --check             Build again what is there, and compare
      --repair            Mend what is damaged
  -Q, --no-build-output   Don't show what builds print
  -k, --keep-going        Build on where something failed
  -K, --keep-failed       Keep the folders of failed builds
  -j, --max-jobs N        Builds at a time
      --option NAME VALUE, --NAME VALUE
                          Set a setting of nix.conf
";

/// What the command line asks for.
struct Request {
    options: Options,
    /// The name of links; none are made when it is absent.
    link: Option<String>,
    dry_run: bool,
    mode: BuildMode,
    help: bool,
}

/// Runs `nix-build` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let request = Request::read(&texts(&arguments))
        .map_err(|e| Failure::new(format!("error: {e}\nTry 'nix-build --help'.")))?;
    if request.help {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    firn_eval::stack::run(|| build(request))?
}

impl Request {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut request = Request {
            options: Options::default(),
            link: Some("result".to_owned()),
            dry_run: false,
            mode: BuildMode::Normal,
            help: false,
        };
        let mut rest = Rest::new(arguments);
        while let Some(argument) = rest.next_argument() {
            match argument.as_str() {
                "--help" => request.help = true,
                "--out-link" | "-o" => request.link = Some(value(&argument, &mut rest)?),
                "--no-out-link" | "--no-link" => request.link = None,
                "--dry-run" => request.dry_run = true,
                "--check" => request.mode = BuildMode::Check,
                "--repair" => request.mode = BuildMode::Repair,
                "--add-drv-link" | "--indirect" => {}
                "--drv-link" => request.options.add_root = Some(value(&argument, &mut rest)?),
                argument => {
                    if !request.options.take(argument, &mut rest)? {
                        return Err(format!("unrecognised flag '{argument}'"));
                    }
                }
            }
        }
        request.options.default_input();
        Ok(request)
    }
}

fn build(mut request: Request) -> Result<ExitCode, Failure> {
    let context = context(&request.options)?;
    let store = context.store()?;
    let found = find(&context, &*store, &mut request.options)?;
    let wanted = wanted(&*store, &found)?;
    if request.dry_run {
        crate::building::print_missing(&context, &wanted)?;
        return Ok(ExitCode::SUCCESS);
    }
    let built = context.realise(&wanted, request.mode)?;
    context.display.finish();
    for (name, path) in links(&built) {
        if let Some(base) = &request.link {
            store.add_perm_root(path, &std::path::absolute(format!("{base}{name}"))?)?;
        }
        println!("{}", store.store_dir().display(path));
    }
    Ok(ExitCode::SUCCESS)
}

/// Derivations that are named by their paths, then those that evaluation gives.
///
/// # Errors
/// Evaluation fails.
pub fn find(
    context: &Context,
    store: &dyn Store,
    options: &mut Options,
) -> Result<Vec<Instantiated>, Failure> {
    let is_derivation = |text: &String| {
        text.starts_with(store.store_dir().as_str())
            && text.split('!').next().is_some_and(|path| path.ends_with(".drv"))
    };
    for input in &mut options.inputs {
        // A link to a derivation, such as '--add-root' makes.
        if std::fs::symlink_metadata(&*input).is_ok_and(|file| file.is_symlink())
            && let Ok(path) = store_paths::of(store.store_dir(), input)
            && path.is_derivation()
        {
            *input = store.store_dir().display(&path);
        }
    }
    let paths: Vec<_> = options.inputs.extract_if(.., |input| is_derivation(input)).collect();
    let mut found: Vec<_> = paths
        .iter()
        .map(|path| {
            let (drv, output) = path.split_once('!').unwrap_or((path, "*"));
            Instantiated { drv: drv.to_owned(), output: output.to_owned() }
        })
        .collect();
    if !options.inputs.is_empty() {
        found.extend(instantiate(context, options)?);
    }
    Ok(found)
}

fn wanted(store: &dyn Store, found: &[Instantiated]) -> Result<Vec<DerivedPath>, Failure> {
    let mut seen = BTreeSet::new();
    found
        .iter()
        .filter(|one| seen.insert((&one.drv, &one.output)))
        .map(|one| {
            let outputs = match one.output.as_str() {
                "*" => OutputsSpec::All,
                name => OutputsSpec::Names([name.to_owned()].into()),
            };
            Ok(DerivedPath::built(store.store_dir().parse(&one.drv)?, outputs))
        })
        .collect()
}

/// The results, each with what follows the name of its link: a number for the second derivation and
/// on, and the output unless it is `out`.
fn links(built: &[Realised]) -> Vec<(String, &StorePath)> {
    let mut derivations: Vec<&StorePath> = Vec::new();
    let mut links = Vec::new();
    for one in built {
        let drv = one.wanted.base();
        let known = derivations.iter().position(|other| *other == drv);
        let index = known.unwrap_or_else(|| {
            derivations.push(drv);
            derivations.len() - 1
        });
        let number = if index == 0 { String::new() } else { format!("-{}", index + 1) };
        for (output, path) in &one.outputs {
            let output = if output == "out" { String::new() } else { format!("-{output}") };
            links.push((format!("{number}{output}"), path));
        }
    }
    links
}
