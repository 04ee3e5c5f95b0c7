//! `nix-instantiate`: evaluate, parse or instantiate expressions.

pub mod derivations;
pub mod options;
mod run;

use std::ffi::OsString;
use std::process::ExitCode;

use derivations::Instantiated;
use options::Options;
use run::Outcome;
pub use run::automatic_arguments;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::evaluation::{self, Mode};
use crate::exit::Failure;
use crate::interrupt;
use crate::progress::Verbosity;

const HELP: &str = "\
Evaluate, parse or instantiate expressions

Usage: nix-instantiate [OPTIONS] [FILES…]

  FILES…                  Files or expressions, '-' for standard input; ./default.nix when none is named
  -A, --attr PATH         Take the attribute at this path
  -E, --expr              FILES are expressions
      --arg NAME EXPR     Pass an expression as a function's argument
      --argstr NAME TEXT  Pass a string as a function's argument
  -I PATH                 Add a place where <NAME> is looked for
      --add-root PATH     Make links to the derivations that keep them from being collected
      --eval              Print values instead of writing derivations
      --strict            With --eval: evaluate what is inside sets and lists too
      --json, --xml       With --eval: print as JSON or XML
      --raw               With --eval: print a string as it is
      --read-write-mode   With --eval: write to the store what evaluation needs there
      --parse             Print the syntax tree
      --find-file         FILES are names in the search path: print where they are
      --show-trace        Show errors with all of their trace
      --option NAME VALUE, --NAME VALUE
                          Set a setting of nix.conf
";

/// Runs `nix-instantiate` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments = texts(&arguments);
    if arguments.iter().any(|argument| argument == "--help") {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options::read(&arguments)
        .map_err(|e| Failure::new(format!("error: {e}\nTry 'nix-instantiate --help'.")))?;
    firn_eval::stack::run(|| start(&options))?
}

/// Arguments as texts, without the program's name.
pub fn texts(arguments: &[OsString]) -> Vec<String> {
    arguments.iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect()
}

/// Environment and settings as the options ask.
///
/// # Errors
/// A setting is unknown, or its value does not fit.
pub fn context(options: &Options) -> Result<Context, Failure> {
    let mut settings = options.settings.clone();
    settings.push(("extra-experimental-features".to_owned(), options.features.join(" ")));
    let mut global = GlobalArguments::with_settings(settings);
    global.verbosity = Verbosity { raw_logs: !options.no_build_output, ..options.verbosity };
    global.offline = options.offline;
    Context::new(&global)
}

fn start(options: &Options) -> Result<ExitCode, Failure> {
    let context = context(options)?;
    match evaluate(&context, options)? {
        Outcome::Printed => context.display.finish(),
        Outcome::Derivations(found) => print(&context, options, &found)?,
        Outcome::Failed(text) => return Err(failed(&context, &text)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Evaluates, and writes the derivations that the options name to the store.
///
/// # Errors
/// Evaluation fails.
pub fn instantiate(context: &Context, options: &Options) -> Result<Vec<Instantiated>, Failure> {
    match evaluate(context, options)? {
        Outcome::Printed => Ok(Vec::new()),
        Outcome::Derivations(found) => Ok(found),
        Outcome::Failed(text) => Err(failed(context, &text)),
    }
}

fn evaluate(context: &Context, options: &Options) -> Result<Outcome, Failure> {
    let flakes = context.flakes()?;
    let mode = Mode {
        pure: context.settings.flag("pure-eval"),
        read_only: options.read_only || (options.eval && !options.read_write),
        includes: options.search.clone(),
    };
    let parsing = evaluation::parse_options(&context.settings, mode.pure);
    let _deadline = interrupt::deadline();
    run::run(options, &parsing, || evaluation::machine(context, &flakes, &mode))
}

fn failed(context: &Context, text: &str) -> Failure {
    context.display.finish();
    Failure::new(text)
}

/// Prints the derivations' paths, or the links to them.
fn print(context: &Context, options: &Options, found: &[Instantiated]) -> Result<(), Failure> {
    let store = context.store()?;
    context.display.finish();
    if options.add_root.is_none() {
        context.warn(
            "you did not specify '--add-root'; the result might be removed by the garbage collector",
        );
    }
    for (index, one) in found.iter().enumerate() {
        let mut path = one.drv.clone();
        if let Some(root) = &options.add_root {
            let name = if index == 0 { root.clone() } else { format!("{root}-{}", index + 1) };
            let link = std::path::absolute(name)?;
            let drv = store.store_dir().parse(&one.drv)?;
            path = store.add_perm_root(&drv, &link)?.display().to_string();
        }
        let output = if one.output == "out" { "" } else { &format!("!{}", one.output) };
        println!("{path}{output}");
    }
    Ok(())
}
