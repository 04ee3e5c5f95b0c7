//! Arguments of commands that print JSON.

use std::io::IsTerminal;

use clap::Args;
use serde_json::Value;

/// How JSON is written: with line breaks for people, in one line for programs.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct PrettyArguments {
    /// Write JSON with line breaks, wherever it goes
    #[arg(long, overrides_with = "no_pretty")]
    pretty: bool,
    /// Write JSON in one line, also to a terminal
    #[arg(long)]
    no_pretty: bool,
}

impl PrettyArguments {
    /// Writes to standard output.
    pub fn print(self, json: &Value) {
        if self.pretty || (!self.no_pretty && std::io::stdout().is_terminal()) {
            println!("{json:#}");
        } else {
            println!("{json}");
        }
    }
}

/// Whether what a command finds is printed as JSON, and how.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct JsonArguments {
    /// Print as JSON
    #[arg(id = "json", long = "json")]
    pub wanted: bool,
    #[command(flatten)]
    pretty: PrettyArguments,
}

impl JsonArguments {
    /// Writes to standard output.
    pub fn print(self, json: &Value) {
        self.pretty.print(json);
    }
}
