//! What a command says, kept so that it can be said again without knowing why.

use firn_events::Level;
use serde::{Deserialize, Serialize};

use crate::arguments::JsonArguments;
use crate::context::Context;

/// A part of what is said.
#[derive(Serialize, Deserialize)]
pub(super) enum Part {
    /// A line of the result.
    Line(String),
    /// A warning.
    Warning(String),
    /// The result as JSON.
    Json(serde_json::Value),
}

/// Says things and keeps them.
pub(super) struct Said<'a> {
    context: &'a Context,
    json: &'a JsonArguments,
    parts: Vec<Part>,
}

impl<'a> Said<'a> {
    /// Nothing said yet. `json` says how JSON is printed.
    pub(super) fn new(context: &'a Context, json: &'a JsonArguments) -> Self {
        Said { context, json, parts: Vec::new() }
    }

    /// Says something.
    pub(super) fn say(&mut self, part: Part) {
        match &part {
            Part::Line(text) => println!("{text}"),
            Part::Warning(text) => self.context.reporter.message(Level::Warning, text.clone()),
            Part::Json(json) => self.json.print(json),
        }
        self.parts.push(part);
    }

    /// Says again what was kept as a text; nothing if it can't be read.
    pub(super) fn say_again(&mut self, text: &str) -> Option<()> {
        let parts: Vec<Part> = serde_json::from_str(text).ok()?;
        parts.into_iter().for_each(|part| self.say(part));
        Some(())
    }

    /// All that was said, as a text.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(&self.parts).unwrap_or_default()
    }
}
