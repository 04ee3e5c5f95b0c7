//! `firn develop`: a shell, a command or a phase in the build environment of a package.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use firn_flake::lock::{Edge, LockFile};
use firn_flake::reference::FlakeRef;
use firn_formats::DerivedPath;
use firn_store::BuildMode;

use crate::arguments::{EnvironmentArguments, GlobalArguments, ProfileArguments};
use crate::context::Context;
use crate::derived;
use crate::dev_shell::environment::BuildEnvironment;
use crate::dev_shell::script::{self, Redirect};
use crate::dev_shell::{self, DevShell};
use crate::enter::{self, Program};
use crate::exit::Failure;
use crate::flake_config;
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
    shell: ShellArguments,
    #[command(flatten)]
    source: SourceArguments,
}

/// What is done with the build environment.
#[derive(Args)]
pub struct ShellArguments {
    /// Let a folder stand for the outputs of a package, such as `--redirect base#zlib ./outputs`
    #[arg(long, num_args = 2, value_names = ["PACKAGE", "FOLDER"], action = clap::ArgAction::Append)]
    redirect: Vec<String>,
    #[command(flatten)]
    profile: ProfileArguments,
}

impl ShellArguments {
    /// The build environment of an installable, kept by the profile.
    ///
    /// # Errors
    /// As [`shell_of`]; a link can't be made.
    pub fn shell_of(
        &self,
        context: &Context,
        source: &SourceArguments,
        installable: &str,
    ) -> Result<DevShell, Failure> {
        let shell = shell_of(context, source, installable)?;
        self.profile.update(context, &shell.path)?;
        Ok(shell)
    }

    /// Shell code of a build environment.
    ///
    /// # Errors
    /// A package of a redirection can't be evaluated; a file can't be written.
    pub fn code(
        &self,
        context: &Context,
        source: &SourceArguments,
        environment: &BuildEnvironment,
        scratch: &Path,
    ) -> Result<String, Failure> {
        let outputs = context.current_folder()?.join("outputs");
        let redirects = self.redirects(context, source)?;
        let code = script::of(environment, Some(&outputs), &redirects, scratch)?;
        if !redirects.is_empty() {
            let plain = script::of(environment, None, &[], scratch)?;
            for unused in redirects.iter().filter(|redirect| !plain.contains(&redirect.from)) {
                context.warn(&format!("'{}' is not used by this build environment", unused.from));
            }
        }
        Ok(code)
    }

    fn redirects(
        &self,
        context: &Context,
        source: &SourceArguments,
    ) -> Result<Vec<Redirect>, Failure> {
        let store = context.store()?;
        let mut redirects = Vec::new();
        for pair in self.redirect.chunks_exact(2) {
            let to = std::path::absolute(&pair[1])?;
            for path in derived::paths(context, source, &pair[..1], false)? {
                let from = store.store_dir().display(&path);
                redirects.push(Redirect { from, to: to.clone() });
            }
        }
        Ok(redirects)
    }
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
    let (source, installable) = (&arguments.source, arguments.installable.as_str());
    let mut shell = arguments.shell.shell_of(&context, source, installable)?;
    let scratch = scratch("nix-develop")?;
    let mut code = arguments.shell.code(&context, source, &shell.environment, &scratch)?;
    if arguments.phases.chosen().is_some()
        && let Some(folder) = folder_of(&context, source, installable)
    {
        // Phases work on the sources of the flake.
        std::env::set_current_dir(folder)?;
    }
    let start = match (arguments.phases.chosen(), arguments.command.as_slice()) {
        (Some(phase), _) => Start::Script(phase_code(phase)),
        (None, []) => Start::Person(settings_prompt(&context)),
        (None, words) => Start::Script(script::command(words)),
    };
    match interactive_bash(&context, source, installable) {
        Ok(bash) => {
            let folder = bash.strip_suffix("/bash").unwrap_or_default();
            code += &format!("SHELL=\"{bash}\"\nPATH=\"{folder}${{PATH:+:$PATH}}\"\n");
            shell.shell = bash;
        }
        Err(failure) => {
            if matches!(start, Start::Person(_)) {
                context.warn(&format!("this is the shell that builds the package: {failure}"));
            }
            code += &format!("SHELL=\"{}\"\n", shell.shell);
        }
    }
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
    if let Some(path) = derived::store_path(context, source, installable)? {
        if matches!(&path, DerivedPath::Opaque(path) if path.name().ends_with("-env")) {
            return dev_shell::kept(context, path.base());
        }
        let drvs = super::derivation::derivations(context, &[installable.to_owned()], source)?;
        if let [drv] = drvs.as_slice() {
            return dev_shell::obtain(context, drv);
        }
    }
    let mut evaluation = Evaluation::new(context, source)?;
    let found = evaluation.find(installable, &lookup(context.settings.text("system")))?;
    let drv = evaluation.derived_path(&found)?.base().clone();
    dev_shell::obtain(context, &drv)
}

/// The folder that holds the sources of an installable's flake, if they are on this machine.
fn folder_of(context: &Context, source: &SourceArguments, installable: &str) -> Option<PathBuf> {
    if !source.is_flake() {
        return None;
    }
    let (reference, _) = context.flake_reference(installable).ok()?;
    reference.input.source_path()
}

/// The bash with line editing of the nixpkgs that the installable's flake uses.
///
/// # Errors
/// It has none, or it can't be built.
fn interactive_bash(
    context: &Context,
    source: &SourceArguments,
    installable: &str,
) -> Result<String, Failure> {
    let nixpkgs = nixpkgs_of(context, source, installable)?;
    let source = source.without_overrides();
    let mut evaluation = Evaluation::new(context, &source)?;
    let flake = evaluation.outputs(&nixpkgs)?;
    let system = context.settings.text("system");
    let lookup =
        Lookup { prefixes: vec![format!("legacyPackages.{system}")], defaults: Vec::new() };
    let found = evaluation.find_in(&flake, "bashInteractive", &lookup)?;
    let wanted = evaluation.derived_path(&found)?;
    let built = context.realise(&[wanted], BuildMode::Normal)?;
    dev_shell::bash_of(&*context.store()?, &built).ok_or_else(|| {
        Failure::new("error: package 'nixpkgs#bashInteractive' does not provide a 'bin/bash'")
    })
}

/// The nixpkgs of a flake as it is locked, else that of the registry.
fn nixpkgs_of(
    context: &Context,
    source: &SourceArguments,
    installable: &str,
) -> Result<FlakeRef, Failure> {
    let default = FlakeRef::indirect("nixpkgs");
    if !source.is_flake() || derived::store_path(context, source, installable)?.is_some() {
        return Ok(default);
    }
    let flakes = source.locking.flakes(context)?;
    let (reference, _) = context.flake_reference(installable)?;
    let request = source.locking.request(context)?;
    let locked = flake_config::lock_flake(context, &flakes, &reference, &request)?;
    let lock = locked.locking.lock;
    let input = lock.nodes[LockFile::ROOT].inputs.get("nixpkgs");
    let Some(Edge::Node(node)) = input else { return Ok(default) };
    Ok(lock.nodes[*node].locked.as_ref().map_or(default, |input| input.locked.clone()))
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
