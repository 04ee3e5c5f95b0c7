//! Arguments that every command takes: verbosity, and every setting as a flag.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use firn_settings::{DECLARED, Kind, Origin, Setting, SettingError, Settings};

use crate::exit::Failure;
use crate::progress::Verbosity;

/// The arguments' values.
#[derive(Clone, Debug, Default)]
pub struct GlobalArguments {
    /// What is shown.
    pub verbosity: Verbosity,
    /// Use no network (`--offline`).
    pub offline: bool,
    /// Open a prompt where evaluation fails (`--debugger`).
    pub debugger: bool,
    /// Settings by name, in no order that matters.
    settings: Vec<(String, String)>,
}

const HEADING: &str = "Common options";

impl GlobalArguments {
    /// Arguments that set these settings, for programs that read their own command line.
    pub fn with_settings(settings: Vec<(String, String)>) -> Self {
        GlobalArguments { settings, ..Self::default() }
    }

    /// The same without a debugger.
    pub fn without_debugger(&self) -> Self {
        GlobalArguments { debugger: false, ..self.clone() }
    }

    /// Whether a setting, or additions to it, are among the arguments.
    pub fn sets(&self, name: &str) -> bool {
        let mut names = self.settings.iter().map(|(given, _)| given);
        names.any(|given| given == name || given.strip_prefix("extra-") == Some(name))
    }

    /// Applies the settings.
    ///
    /// # Errors
    /// A value that does not fit. Of a setting that is not known `warn` hears.
    pub fn apply(&self, settings: &mut Settings, warn: impl Fn(&str)) -> Result<(), Failure> {
        for (name, value) in &self.settings {
            match settings.set(name, value, Origin::CommandLine) {
                Ok(()) => {}
                Err(error @ SettingError::Unknown { .. }) => warn(&error.to_string()),
                Err(error) => return Err(Failure::new(format!("error: {error}"))),
            }
        }
        Ok(())
    }
}

/// Gives a command the flags. Where the words of the command line are known, of the settings' flags only
/// those that are among them: there are hundreds, and each sub-command has its copy.
pub fn flags_of(command: Command, words: Option<&[OsString]>) -> Command {
    let command = command.args(shown()).next_help_heading(None::<&str>);
    let is_given = |setting: &&Setting| match words {
        None => true,
        Some(words) => words.iter().any(|word| could_set(word.as_encoded_bytes(), setting)),
    };
    command.args(DECLARED.iter().filter(is_given).flat_map(setting_flags))
}

/// Whether a word could be a flag of a setting.
fn could_set(word: &[u8], setting: &Setting) -> bool {
    let is_short = word.starts_with(b"-") && !word.starts_with(b"--");
    let Some(flag) = word.strip_prefix(b"--") else {
        return is_short && setting.name == "max-jobs";
    };
    let flag = flag.split(|byte| *byte == b'=').next().unwrap_or_default();
    let negated = flag.strip_prefix(b"no-").or_else(|| flag.strip_prefix(b"extra-"));
    let mut names = setting.aliases.iter().chain([&setting.name]).map(|name| name.as_bytes());
    names.any(|name| flag == name || negated == Some(name))
}

impl Args for GlobalArguments {
    fn augment_args(command: Command) -> Command {
        flags_of(command, None)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Ways to show work: for programs, or with or without builds' own lines.
pub const LOG_FORMATS: [&str; 6] =
    ["raw", "internal-json", "bar", "bar-with-logs", "multiline", "multiline-with-logs"];

/// The arguments that help texts show.
fn shown() -> [Arg; 9] {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).help(help).global(true).help_heading(HEADING)
    };
    [
        flag("verbose", "Say more; can be repeated").short('v').action(ArgAction::Count),
        flag("quiet", "Show errors only").action(ArgAction::SetTrue),
        flag("print-build-logs", "Show what builds print").short('L').action(ArgAction::SetTrue),
        flag("offline", "Use no network").action(ArgAction::SetTrue),
        flag("refresh", "Ask the network again for what may have changed")
            .action(ArgAction::SetTrue),
        flag("log-format", "How work is shown")
            .value_name("FORMAT")
            .value_parser(LOG_FORMATS.to_vec())
            .action(ArgAction::Set),
        flag("option", "Set a setting of nix.conf")
            .num_args(2)
            .value_names(["NAME", "VALUE"])
            .action(ArgAction::Append),
        flag("debugger", "Open a prompt where evaluation fails or meets builtins.break")
            .action(ArgAction::SetTrue),
        flag("debug", "Say everything").action(ArgAction::SetTrue).hide(true),
    ]
}

/// The flags of a setting: `--name VALUE`, `--extra-name VALUE` for lists, `--name` and `--no-name`
/// for truth values.
fn setting_flags(setting: &'static Setting) -> Vec<Arg> {
    let arg = |name: String| Arg::new(name.clone()).long(name).global(true).hide(true);
    let mut plain = arg(setting.name.to_owned()).aliases(setting.aliases);
    if setting.name == "max-jobs" {
        plain = plain.short('j');
    }
    match setting.kind {
        Kind::Flag | Kind::Sandbox => vec![
            plain.action(ArgAction::SetTrue),
            arg(format!("no-{}", setting.name)).action(ArgAction::SetTrue),
        ],
        Kind::List => vec![
            plain.action(ArgAction::Append).value_name("VALUE"),
            arg(format!("extra-{}", setting.name)).action(ArgAction::Append).value_name("VALUE"),
        ],
        _ => vec![plain.action(ArgAction::Set).value_name("VALUE").overrides_with(setting.name)],
    }
}

impl FromArgMatches for GlobalArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut arguments = GlobalArguments::default();
        arguments.update_from_arg_matches(matches)?;
        Ok(arguments)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let verbose = matches.get_count("verbose");
        let debug = matches.get_flag("debug");
        let format = matches.get_one::<String>("log-format").map_or("", String::as_str);
        self.verbosity = Verbosity {
            build_logs: matches.get_flag("print-build-logs") || format.ends_with("-with-logs"),
            json: format == "internal-json",
            raw_logs: false,
            quiet: matches.get_flag("quiet"),
            verbose: if debug { 5 } else { verbose },
        };
        self.offline = matches.get_flag("offline");
        self.debugger = matches.get_flag("debugger");
        for pair in matches.get_occurrences::<String>("option").into_iter().flatten() {
            let pair: Vec<&String> = pair.collect();
            if let [name, value] = pair.as_slice() {
                self.settings.push(((*name).clone(), (*value).clone()));
            }
        }
        for setting in DECLARED {
            self.take_setting(setting, matches);
        }
        if matches.get_flag("refresh") {
            self.settings.push(("tarball-ttl".to_owned(), "0".to_owned()));
        }
        if self.offline {
            self.settings.push(("substitute".to_owned(), "false".to_owned()));
        }
        Ok(())
    }
}

impl GlobalArguments {
    fn take_setting(&mut self, setting: &Setting, matches: &ArgMatches) {
        let mut push =
            |name: &str, value: &str| self.settings.push((name.to_owned(), value.to_owned()));
        // Flags that were not given need not be known.
        let is_set = |name: &str| matches!(matches.try_get_one::<bool>(name), Ok(Some(true)));
        match setting.kind {
            Kind::Flag | Kind::Sandbox => {
                if is_set(setting.name) {
                    push(setting.name, "true");
                }
                if is_set(&format!("no-{}", setting.name)) {
                    push(setting.name, "false");
                }
            }
            Kind::List => {
                for name in [setting.name.to_owned(), format!("extra-{}", setting.name)] {
                    let values = matches.try_get_many::<String>(&name).ok().flatten();
                    values.into_iter().flatten().for_each(|value| push(&name, value));
                }
            }
            _ => {
                if let Ok(Some(value)) = matches.try_get_one::<String>(setting.name) {
                    push(setting.name, value);
                }
            }
        }
    }
}
