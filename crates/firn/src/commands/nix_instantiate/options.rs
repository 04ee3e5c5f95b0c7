//! The arguments of `nix-instantiate`, and those that `nix-build` shares with it.

use std::collections::VecDeque;

use firn_settings::Kind;

use crate::progress::Verbosity;

/// What the command line asks for.
#[derive(Clone, Default)]
pub struct Options {
    /// Evaluate and print instead of instantiating.
    pub eval: bool,
    /// Add what is evaluated to the store also with `--eval`.
    pub read_write: bool,
    /// Add nothing to the store.
    pub read_only: bool,
    /// The arguments are names in the search path.
    pub find_file: bool,
    /// Print the syntax tree.
    pub parse: bool,
    /// Evaluate what is inside sets and lists too.
    pub strict: bool,
    /// Print as JSON.
    pub json: bool,
    /// Print as XML.
    pub xml: bool,
    /// `--no-location`: XML does not say where attributes and functions are defined.
    pub no_location: bool,
    /// Print strings as they are.
    pub raw: bool,
    /// Show the whole trace of an error.
    pub show_trace: bool,
    /// The arguments are expressions.
    pub expressions: bool,
    /// Attribute paths to select.
    pub attrs: Vec<String>,
    /// Arguments for top-level functions: name, text, and whether it is a string.
    pub args: Vec<(String, String, bool)>,
    /// Search path entries, in front of the environment's.
    pub search: Vec<String>,
    /// Files, or expressions.
    pub inputs: Vec<String>,
    /// Experimental features.
    pub features: Vec<String>,
    /// `--option`, and others given as `--name value`.
    pub settings: Vec<(String, String)>,
    /// Where to make a link to what is instantiated.
    pub add_root: Option<String>,
    /// What is shown of the work.
    pub verbosity: Verbosity,
    /// Show nothing of what builds print.
    pub no_build_output: bool,
    /// Use no network.
    pub offline: bool,
}

impl Options {
    /// Reads the arguments of `nix-instantiate`, without the program's name.
    ///
    /// # Errors
    /// A sentence about an argument that is not understood.
    pub fn read(arguments: &[String]) -> Result<Options, String> {
        let mut options = Options::default();
        let mut rest = Rest::new(arguments);
        while let Some(argument) = rest.next_argument() {
            let known =
                options.take_own(&argument, &mut rest)? || options.take(&argument, &mut rest)?;
            if !known {
                return Err(format!("unrecognised flag '{argument}'"));
            }
        }
        options.default_input();
        Ok(options)
    }

    /// Takes the file that is meant when none is named.
    pub fn default_input(&mut self) {
        if self.inputs.is_empty() {
            self.inputs.push("./default.nix".into());
        }
    }

    /// Takes an argument that only `nix-instantiate` has.
    fn take_own(&mut self, argument: &str, rest: &mut Rest) -> Result<bool, String> {
        match argument {
            "--eval" | "--eval-only" => self.eval = true,
            "--parse" | "--parse-only" => self.parse = true,
            "--find-file" => self.find_file = true,
            "--strict" => self.strict = true,
            "--json" => self.json = true,
            "--xml" => self.xml = true,
            "--raw" => self.raw = true,
            "--add-root" => self.add_root = Some(value(argument, rest)?),
            "--read-write-mode" => self.read_write = true,
            "--readonly-mode" => self.read_only = true,
            "--no-location" => self.no_location = true,
            "--indirect" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes an argument that all programs with expressions have: what to evaluate, and settings.
    /// `rest` gives the values of flags. False when the argument is not known.
    ///
    /// # Errors
    /// A flag has too few values.
    pub fn take(&mut self, argument: &str, rest: &mut Rest) -> Result<bool, String> {
        match argument {
            "--show-trace" => self.show_trace = true,
            "--no-show-trace" => self.show_trace = false,
            "--expr" | "-E" => self.expressions = true,
            "--attr" | "-A" => self.attrs.push(value(argument, rest)?),
            "--arg" => self.args.push((value(argument, rest)?, value(argument, rest)?, false)),
            "--argstr" => self.args.push((value(argument, rest)?, value(argument, rest)?, true)),
            "-I" | "--include" => self.search.push(value(argument, rest)?),
            "--extra-experimental-features" | "--experimental-features" => {
                let features = value(argument, rest)?;
                self.features.extend(features.split_whitespace().map(str::to_owned));
            }
            "-v" | "--verbose" => self.verbosity.verbose = self.verbosity.verbose.saturating_add(1),
            "--debug" => self.verbosity.verbose = 5,
            "--quiet" => self.verbosity.quiet = true,
            "-L" | "--print-build-logs" => self.verbosity.build_logs = true,
            "--offline" => {
                self.offline = true;
                self.settings.push(("substitute".to_owned(), "false".to_owned()));
            }
            "--refresh" => self.settings.push(("tarball-ttl".to_owned(), "0".to_owned())),
            "--log-format" => self.verbosity.json = value(argument, rest)? == "internal-json",
            "-Q" | "--no-build-output" => self.no_build_output = true,
            "-" => self.inputs.push("-".into()),
            flag if flag.starts_with('-') => return self.take_setting(flag, rest),
            input => self.inputs.push(input.to_owned()),
        }
        Ok(true)
    }

    /// Takes a setting as a flag: `--NAME`, `--no-NAME`, `--NAME VALUE`, `--extra-NAME VALUE`.
    fn take_setting(&mut self, flag: &str, rest: &mut Rest) -> Result<bool, String> {
        let name = match flag {
            "-k" => "keep-going",
            "-K" => "keep-failed",
            "-j" => "max-jobs",
            "--option" => {
                self.settings.push((value(flag, rest)?, value(flag, rest)?));
                return Ok(true);
            }
            // These two contradict each other, and are one setting.
            "--impure" => "no-pure-eval",
            flag => flag.strip_prefix("--").unwrap_or(flag),
        };
        let find = |name: &str| firn_settings::DECLARED.iter().find(|s| s.name == name);
        let is_flag = |kind: Kind| matches!(kind, Kind::Flag | Kind::Sandbox);
        let negated = name.strip_prefix("no-").and_then(find).filter(|s| is_flag(s.kind));
        let setting = find(name).or_else(|| name.strip_prefix("extra-").and_then(find));
        let text = match (negated, setting) {
            (Some(negated), _) => {
                self.settings.push((negated.name.to_owned(), "false".to_owned()));
                return Ok(true);
            }
            (_, Some(setting)) if is_flag(setting.kind) => "true".to_owned(),
            (_, Some(_)) => value(flag, rest)?,
            _ => return Ok(false),
        };
        self.settings.push((name.to_owned(), text));
        Ok(true)
    }
}

/// The arguments that follow.
pub struct Rest {
    words: VecDeque<String>,
}

impl Rest {
    /// The arguments, without the program's name.
    pub fn new(arguments: &[String]) -> Self {
        Rest { words: arguments.iter().cloned().collect() }
    }

    /// The next flag, or what is none. Flags of one letter that were written together are taken apart:
    /// `-qaP` is `-q -a -P`; what follows a letter and is none, is that flag's value: `-j4` is `-j 4`.
    pub fn next_argument(&mut self) -> Option<String> {
        let argument = self.words.pop_front()?;
        let letter = argument.strip_prefix('-').and_then(|letters| letters.chars().next());
        if !letter.is_some_and(|letter| letter.is_ascii_alphabetic()) {
            return Some(argument);
        }
        let (flag, more) = argument.split_at(2);
        match more.chars().next() {
            Some(next) if next.is_ascii_alphabetic() => self.words.push_front(format!("-{more}")),
            Some(_) => self.words.push_front(more.to_owned()),
            None => {}
        }
        Some(flag.to_owned())
    }
}

/// The next argument as the value of a flag, as it stands.
pub fn value(flag: &str, rest: &mut Rest) -> Result<String, String> {
    rest.words.pop_front().ok_or_else(|| format!("flag '{flag}' requires more arguments"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_taken_apart_and_values_are_not() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let mut rest = Rest::new(&words("-qaP --drv-path -j4 - -E -xy"));
        let mut seen = Vec::new();
        while let Some(argument) = rest.next_argument() {
            let has_value = argument == "-E";
            seen.push(argument);
            if has_value {
                seen.extend(value("-E", &mut rest));
            }
        }
        assert_eq!(seen, words("-q -a -P --drv-path -j 4 - -E -xy"));
    }
}
