//! Arguments of commands that evaluate.

use clap::Args;

/// How expressions are evaluated.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options that change evaluation")]
pub struct EvaluationArguments {
    /// Let evaluation read the environment, the clock and paths that are not locked
    #[arg(long)]
    pub impure: bool,
    /// Pass an expression as a function's argument
    #[arg(long = "arg", num_args = 2, value_names = ["NAME", "EXPR"], action = clap::ArgAction::Append)]
    pub args: Vec<String>,
    /// Pass a string as a function's argument
    #[arg(long = "argstr", num_args = 2, value_names = ["NAME", "STRING"], action = clap::ArgAction::Append)]
    pub argstrs: Vec<String>,
    /// Pass the content of a file as a function's argument
    #[arg(long, num_args = 2, value_names = ["NAME", "PATH"], action = clap::ArgAction::Append)]
    pub arg_from_file: Vec<String>,
    /// Pass what standard input holds as a function's argument
    #[arg(long, value_name = "NAME")]
    pub arg_from_stdin: Option<String>,
    /// Add a place where <NAME> is looked for
    #[arg(short = 'I', long = "include", value_name = "PATH")]
    pub includes: Vec<String>,
    /// Build again what is missing or damaged in the store
    #[arg(long)]
    pub repair: bool,
}
