//! `nix-shell`: a shell in the build environment of an expression, or with packages.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use firn_formats::{DerivedPath, OutputsSpec};
use firn_store::BuildMode;

use super::develop::{Start, scratch, start_shell};
use super::nix_instantiate::options::{Options, Rest, value};
use super::nix_instantiate::{context, texts};
use crate::context::Context;
use crate::dev_shell::environment::quoted;
use crate::dev_shell::{self, script};
use crate::exit::Failure;

const HELP: &str = "\
Start a shell in the build environment of an expression, or with packages

Usage: nix-shell [OPTIONS] [FILE]
       nix-shell [OPTIONS] -p PACKAGES…

  FILE                    File or expression; ./shell.nix or ./default.nix when none is named
  -p, --packages          Arguments are packages of <nixpkgs>, or expressions of such
  -A, --attr PATH         Take the attribute at this path
  -E, --expr              FILE is an expression
      --run CODE          Run shell code instead of waiting for a person
      --command CODE      The same, in an interactive shell
      --pure              Keep little of the environment
      --keep NAME         Keep a variable in spite of --pure
  -i INTERPRETER          In a script's '#! nix-shell' line: what runs the script
      --arg NAME EXPR     Pass an expression as a function's argument
      --argstr NAME TEXT  Pass a string as a function's argument
  -I PATH                 Add a place where <NAME> is looked for
      --option NAME VALUE, --NAME VALUE
                          Set a setting of nix.conf
";

/// Variables that a pure shell keeps.
const KEPT: &[&str] = &[
    "DISPLAY",
    "HOME",
    "IN_NIX_SHELL",
    "LOGNAME",
    "NIX_BUILD_SHELL",
    "NIX_SHELL_PRESERVE_PROMPT",
    "PAGER",
    "PATH",
    "SHLVL",
    "TERM",
    "TZ",
    "USER",
    "WAYLAND_DISPLAY",
    "WAYLAND_SOCKET",
    "XDG_RUNTIME_DIR",
    "all_proxy",
    "ftp_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

const PROMPT: &str = r#"[ -n "$PS1" ] && [ -z "$NIX_SHELL_PRESERVE_PROMPT" ] && PS1='\n\[\033[1;32m\][nix-shell:\w]\$\[\033[0m\] '
"#;

/// What the command line asks for.
#[derive(Default)]
struct Request {
    options: Options,
    packages: bool,
    pure: bool,
    keep: Vec<String>,
    /// Shell code to run, and whether in an interactive shell.
    code: Option<(String, bool)>,
    help: bool,
    /// The script whose first lines say what is wanted.
    script: Option<PathBuf>,
}

/// Runs `nix-shell` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let request = Request::read(&texts(&arguments))
        .map_err(|e| Failure::new(format!("error: {e}\nTry 'nix-shell --help'.")))?;
    if request.help {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    firn_eval::stack::run(|| start(request))?
}

impl Request {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut request = Request::default();
        let mut arguments = arguments.to_vec();
        let mut rest_of_script = Vec::new();
        if let Some(words) = arguments.first().and_then(|path| shebang(Path::new(path))) {
            request.script = Some(PathBuf::from(&arguments[0]));
            rest_of_script = arguments[1..].to_vec();
            arguments = words?;
        }
        let mut rest = Rest::new(&arguments);
        while let Some(argument) = rest.next_argument() {
            match argument.as_str() {
                "--help" => request.help = true,
                "-p" | "--packages" => request.packages = true,
                "--pure" => request.pure = true,
                "--impure" => request.pure = false,
                "--keep" => request.keep.push(value(&argument, &mut rest)?),
                "--run" => request.code = Some((value(&argument, &mut rest)?, false)),
                "--command" => request.code = Some((value(&argument, &mut rest)?, true)),
                "--run-env" | "--add-drv-link" | "--indirect" => {}
                "-i" if request.script.is_some() => {
                    let interpreter = value(&argument, &mut rest)?;
                    request.code =
                        Some((request.interpreted(&interpreter, &rest_of_script), false));
                }
                argument => {
                    if !request.options.take(argument, &mut rest)? {
                        return Err(format!("unrecognised flag '{argument}'"));
                    }
                }
            }
        }
        request.finish()
    }

    /// Shell code that runs the script by an interpreter.
    fn interpreted(&self, interpreter: &str, arguments: &[String]) -> String {
        let script = self.script.as_deref().unwrap_or(Path::new(""));
        let words: String = arguments.iter().map(|word| format!(" {}", quoted(word))).collect();
        let script = quoted(&script.to_string_lossy());
        // Perl and Ruby read a script's first line themselves, and would start this again.
        if interpreter.contains("ruby") {
            format!("exec {interpreter} -e 'load(ARGV.shift)' -- {script}{words}")
        } else if interpreter.contains("perl") {
            format!("exec -a PERL {interpreter} {script}{words}")
        } else {
            format!("exec {interpreter} {script}{words}")
        }
    }

    fn finish(mut self) -> Result<Self, String> {
        let options = &mut self.options;
        if self.packages {
            if options.expressions {
                return Err("'-p' and '-E' are mutually exclusive".to_owned());
            }
            let packages: String =
                options.inputs.iter().map(|package| format!("({package}) ")).collect();
            options.inputs = vec![format!(
                "{{ ... }}@args: with import <nixpkgs> args; \
                 (pkgs.runCommandCC or pkgs.runCommand) \"shell\" {{ buildInputs = [ {packages}]; }} \"\""
            )];
            options.expressions = true;
            return Ok(self);
        }
        if !self.help && !options.expressions {
            let folder = self.script.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            let input = options.inputs.first().map_or(".", String::as_str);
            if !input.starts_with('<') && !crate::evaluation::is_url(input) {
                // A script may move on before its expression is read.
                let path = if self.script.is_some() {
                    std::path::absolute(folder.join(input)).map_err(|error| error.to_string())?
                } else {
                    folder.join(input)
                };
                options.inputs = vec![file_of(&path)?];
            }
        }
        let asked = ("inNixShell".to_owned(), "true".to_owned(), false);
        options.args.push(asked);
        Ok(self)
    }
}

/// The words of the lines `#! nix-shell …` of a script; nothing if the file is no script.
fn shebang(path: &Path) -> Option<Result<Vec<String>, String>> {
    let text = std::fs::read(path).ok()?;
    if !text.starts_with(b"#!") {
        return None;
    }
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().skip(1).filter_map(|line| {
        let rest = line.trim_end().strip_prefix("#!")?.trim_start();
        rest.strip_prefix("nix-shell")?.strip_prefix(char::is_whitespace)
    });
    Some(lines.map(words).collect::<Result<Vec<_>, _>>().map(|lines| lines.concat()))
}

/// Splits at spaces, but not within quotes.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some('"') | None, '\\') => word.get_or_insert_default().extend(characters.next()),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        None => Ok(words),
        Some(_) => Err(format!("a quote is not closed in '#! nix-shell {line}'")),
    }
}

/// The file that a path means: in a folder `shell.nix`, else `default.nix`.
fn file_of(path: &Path) -> Result<String, String> {
    if !path.is_dir() {
        return Ok(path.to_string_lossy().into_owned());
    }
    let candidates = ["shell.nix", "default.nix"].map(|name| path.join(name));
    let found = candidates.iter().find(|candidate| candidate.exists());
    let found = found.map(|found| found.to_string_lossy().into_owned());
    found.ok_or_else(|| {
        format!("neither 'shell.nix' nor 'default.nix' found in '{}'", path.display())
    })
}

fn start(mut request: Request) -> Result<ExitCode, Failure> {
    let context = context(&request.options)?;
    if let Some(script) = &request.script
        && context.settings.flag("nix-shell-shebang-arguments-relative-to-script")
    {
        crate::shebang::interprets(script)?;
    }
    let store = context.store()?;
    let found = super::nix_build::find(&context, &*store, &mut request.options)?;
    let [one] = found.as_slice() else {
        return Err(Failure::new("error: nix-shell requires a single derivation"));
    };
    let drv = store.store_dir().parse(&one.drv)?;
    let mut shell = dev_shell::obtain(&context, &drv)?;
    if std::env::var_os("NIX_BUILD_SHELL").is_none() {
        match interactive_bash(&context, &request.options) {
            Ok(bash) => shell.shell = bash,
            Err(failure) => context.warn(&format!("this is the shell that builds it: {failure}")),
        }
    }
    let scratch = scratch("nix-shell")?;
    let mut code = script::of(&shell.environment, None, &[], &scratch)?;
    let word = if request.pure { "pure" } else { "impure" };
    // Also a pure shell has its own files where the user keeps such files.
    let temporary = quoted(&std::env::temp_dir().to_string_lossy());
    code = format!("export TMPDIR={temporary}\n{code}export IN_NIX_SHELL={word}\n");
    let interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let start = match request.code.take() {
        Some((last, true)) if interactive => Start::Person(format!("{last}\nexit\n")),
        Some((last, _)) => Start::Script(format!("{last}\n")),
        None if interactive => Start::Person(PROMPT.to_owned()),
        // Somebody else's standard input is what to run.
        None => Start::Script("source /dev/stdin\n".to_owned()),
    };
    Err(start_shell(&context, &shell, &scratch, code, start, environment(&request)))
}

/// The bash with line editing of `<nixpkgs>`.
fn interactive_bash(context: &Context, asked: &Options) -> Result<String, Failure> {
    let options = Options {
        expressions: true,
        inputs: vec!["(import <nixpkgs> {}).bashInteractive".to_owned()],
        attrs: Vec::new(),
        args: Vec::new(),
        ..asked.clone()
    };
    let store = context.store()?;
    let mut wanted = Vec::new();
    for found in super::nix_instantiate::instantiate(context, &options)? {
        let drv = store.store_dir().parse(&found.drv)?;
        wanted.push(DerivedPath::built(drv, OutputsSpec::one("out".to_owned())));
    }
    let built = context.realise(&wanted, BuildMode::Normal)?;
    dev_shell::bash_of(&*store, &built).ok_or_else(|| {
        Failure::new("error: the 'bashInteractive' of <nixpkgs> does not provide a 'bin/bash'")
    })
}

fn environment(request: &Request) -> Vec<(OsString, OsString)> {
    let kept = |name: &OsString| {
        KEPT.iter().any(|kept| *kept == name)
            || request.keep.iter().any(|kept| kept.as_str() == name)
    };
    let mut environment: Vec<_> =
        std::env::vars_os().filter(|(name, _)| !request.pure || kept(name)).collect();
    if request.pure {
        environment.push(("__ETC_PROFILE_SOURCED".into(), "1".into()));
        // A pure shell finds the programs of its packages alone.
        environment.retain(|(name, _)| name != "PATH");
    }
    environment
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_of_a_first_line() {
        let line = r#"-i bash -p "hello world" 'a b' c\ d"#;
        assert_eq!(words(line).unwrap(), ["-i", "bash", "-p", "hello world", "a b", "c d"]);
        assert!(words("'open").is_err());
        assert!(words("").unwrap().is_empty());
    }
}
