//! `firn edit`: the source of a package in the user's editor.

use std::process::ExitCode;

use clap::Args;
use firn_eval::{Machine, R, Symbol, Value, sym};

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::editor;
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup, SourceArguments};

/// Whose source.
#[derive(Args)]
pub struct Arguments {
    /// The package, such as base#hello
    #[arg(default_value = ".")]
    installable: String,
    #[command(flatten)]
    source: SourceArguments,
}

/// Opens the editor.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut evaluation = Evaluation::reading(&context, &arguments.source)?;
    let lookup = Lookup::packages(context.settings.text("system"));
    let found = evaluation.find(&arguments.installable, &lookup)?;
    let value = evaluation.value(&found)?;
    let place = evaluation.run(|m| place_of(m, value))?;
    context.display.finish();
    let Some((file, line)) = place else {
        return Err(Failure::new(format!(
            "error: cannot find position information for '{}': it has no 'meta.position'",
            arguments.installable
        )));
    };
    editor::open(&file, line)?;
    Ok(ExitCode::SUCCESS)
}

/// File and line of a package's definition; the user's own file where the store holds a copy.
fn place_of(m: &mut Machine, value: Value) -> R<Option<(String, u32)>> {
    let value = m.force(value)?;
    let meta = match value.as_attrs() {
        Some(attrs) => m.attr(attrs, sym::META)?,
        None => None,
    };
    let Some(meta) = meta else { return Ok(None) };
    let Some(attrs) = m.force(meta)?.as_attrs() else { return Ok(None) };
    let Some(position) = m.attr(attrs, Symbol::of("position"))? else { return Ok(None) };
    let text = m.force_string(position, firn_eval::Pos::NONE, "")?.to_text().into_owned();
    let Some((file, line)) = text.rsplit_once(':') else { return Ok(None) };
    let host = m.host();
    let shown = host.shown_path(file);
    let real = match host.as_any().downcast_ref::<firn_instantiate::StoreHost>() {
        _ if shown.starts_with('/') && shown != file => shown.into_owned(),
        Some(store) => store.real_path(file).to_string_lossy().into_owned(),
        None => file.to_owned(),
    };
    Ok(Some((real, line.parse().unwrap_or(0))))
}
