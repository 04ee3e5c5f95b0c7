//! `firn develop`: a shell, a command or a phase in the build environment of a package.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::arguments::{EnvironmentArguments, GlobalArguments};
use crate::context::Context;
use crate::dev_shell::{self, DevShell, script};
use crate::enter::{self, Program};
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup, SourceArguments};

/// Which package, and what to do in its environment.
#[derive(Args)]
#[command(after_help = "\
Examples:
  firn develop                         # the flake's devShells.SYSTEM.default, or its default package
  firn develop base#hello --command make
  firn develop .#site --phase build")]
pub struct Arguments {
    /// The package, or a development shell of a flake
    #[arg(default_value = ".")]
    installable: String,
    /// Start this instead of a shell; everything that follows belongs to it
    #[arg(short, long, num_args = 1.., allow_hyphen_values = true, value_names = ["COMMAND", "ARGUMENTS"])]
    command: Vec<String>,
    #[command(flatten)]
    phases: Phases,
    #[command(flatten)]
    environment: EnvironmentArguments,
    #[command(flatten)]
    source: SourceArguments,
}

/// A phase of the build to run.
#[derive(Args)]
#[group(multiple = false, conflicts_with = "command")]
struct Phases {
    /// Run this phase, such as build or configure
    #[arg(long, value_name = "PHASE")]
    phase: Option<String>,
    /// Run the unpack phase
    #[arg(long)]
    unpack: bool,
    /// Run the configure phase
    #[arg(long)]
    configure: bool,
    /// Run the build phase
    #[arg(long)]
    build: bool,
    /// Run the check phase
    #[arg(long)]
    check: bool,
    /// Run the install phase
    #[arg(long)]
    install: bool,
    /// Run the installCheck phase
    #[arg(long)]
    installcheck: bool,
}

impl Phases {
    fn chosen(&self) -> Option<&str> {
        let flags = [
            (self.unpack, "unpack"),
            (self.configure, "configure"),
            (self.build, "build"),
            (self.check, "check"),
            (self.install, "install"),
            (self.installcheck, "installCheck"),
        ];
        let flag = flags.iter().find(|(given, _)| *given).map(|(_, name)| *name);
        self.phase.as_deref().or(flag)
    }
}

/// Starts.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let environment = arguments.environment.environment()?;
    let shell = shell_of(&context, &arguments.source, &arguments.installable)?;
    let scratch = scratch("nix-develop")?;
    let outputs = context.current_folder()?.join("outputs");
    let mut code = script::of(&shell.environment, Some(&outputs), &scratch)?;
    let start = match (arguments.phases.chosen(), arguments.command.as_slice()) {
        (Some(phase), _) => Start::Script(phase_code(phase)),
        (None, []) => Start::Person(settings_prompt(&context)),
        (None, words) => Start::Script(script::command(words)),
    };
    code += &format!("SHELL={}\n", shell.shell);
    Err(start_shell(&context, &shell, &scratch, code, start, environment.into_iter().collect()))
}

/// Who works in the shell.
pub enum Start {
    /// A script, which is this code.
    Script(String),
    /// A person, with a prompt that this code sets.
    Person(String),
}

/// The build environment of an installable.
///
/// # Errors
/// It is no package, or its environment can't be built.
pub fn shell_of(
    context: &Context,
    source: &SourceArguments,
    installable: &str,
) -> Result<DevShell, Failure> {
    let mut evaluation = Evaluation::new(context, source)?;
    let found = evaluation.find(installable, &lookup(context.settings.text("system")))?;
    let drv = evaluation.derived_path(&found)?.base().clone();
    dev_shell::obtain(context, &drv)
}

fn lookup(system: &str) -> Lookup {
    let packages = Lookup::packages(system);
    let before = |new: &[String], old: Vec<String>| new.iter().cloned().chain(old).collect();
    Lookup {
        prefixes: before(&[format!("devShells.{system}")], packages.prefixes),
        defaults: before(
            &[format!("devShells.{system}.default"), format!("devShell.{system}")],
            packages.defaults,
        ),
    }
}

/// A folder for the shell's own files, which its script removes.
pub fn scratch(name: &str) -> Result<PathBuf, Failure> {
    let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    Ok(folder)
}

/// Becomes the shell; comes back only with an error.
pub fn start_shell(
    context: &Context,
    shell: &DevShell,
    scratch: &Path,
    code: String,
    start: Start,
    mut environment: Vec<(OsString, OsString)>,
) -> Failure {
    let script = scratch.join("rc");
    // Structured attributes stay: the shell reads them as long as it lives.
    let clean = match shell.environment.structured {
        Some(_) => format!("command rm -f '{}'\n", script.display()),
        None => format!("command rm -rf '{}'\n", scratch.display()),
    };
    let (code, arguments): (_, Vec<OsString>) = match start {
        Start::Script(last) => (clean + &code + &last, vec![script.clone().into()]),
        Start::Person(prompt) => (
            clean + &script::interactive(&code, &prompt),
            vec!["--rcfile".into(), script.clone().into()],
        ),
    };
    if let Err(error) = std::fs::write(&script, code) {
        return Failure::new(format!("error: cannot write '{}': {error}", script.display()));
    }
    // Programs that collect garbage see that the environment is in use.
    if let Ok(store) = context.store() {
        environment.push(("NIX_GCROOT".into(), store.store_dir().display(&shell.path).into()));
    }
    environment.push(("SHELL".into(), shell.shell.clone().into()));
    let program = std::env::var_os("NIX_BUILD_SHELL").unwrap_or_else(|| shell.shell.clone().into());
    enter::exec(
        context,
        Program { path: program, name: Some("bash".into()), arguments, environment },
    )
}

fn phase_code(phase: &str) -> String {
    format!(
        "foundMakefile=1\nif declare -f runPhase >/dev/null; then\n  runPhase {phase}Phase\nelse\n  \
         runHook {phase}Phase\nfi\n"
    )
}

/// Shell code that sets the prompt as settings want it.
fn settings_prompt(context: &Context) -> String {
    let setting = |name: &str| crate::dev_shell::environment::quoted(context.settings.text(name));
    let mut code = String::new();
    if !context.settings.text("bash-prompt").is_empty() {
        code += &format!("[ -n \"$PS1\" ] && PS1={};\n", setting("bash-prompt"));
    }
    if !context.settings.text("bash-prompt-prefix").is_empty() {
        code += &format!("[ -n \"$PS1\" ] && PS1={}\"$PS1\";\n", setting("bash-prompt-prefix"));
    }
    if !context.settings.text("bash-prompt-suffix").is_empty() {
        code += &format!("[ -n \"$PS1\" ] && PS1+={};\n", setting("bash-prompt-suffix"));
    }
    code
}
