//! `firn bundle`: make of a package what works without the store, by a bundler of a flake.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use firn_eval::{ErrorKind, Pos, sym};
use firn_formats::{DerivedPath, OutputsSpec};
use firn_store::BuildMode;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Found, Lookup, SourceArguments};

/// What to bundle and how.
#[derive(Args)]
pub struct Arguments {
    /// The package or app
    #[arg(default_value = ".")]
    installable: String,
    /// The bundler
    #[arg(long, value_name = "FLAKE", default_value = "github:NixOS/bundlers")]
    bundler: String,
    /// Name of the link to the result; by default that of the result
    #[arg(short, long, value_name = "PATH")]
    out_link: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArguments,
}

/// Bundles.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let system = context.settings.text("system");
    let mut evaluation = Evaluation::new(&context, &arguments.source)?;
    let what = evaluation.find(&arguments.installable, &super::run::lookup(system))?;
    let what = evaluation.value(&what)?;
    let what = evaluation.auto_call(what)?;
    let bundler = bundler(&mut evaluation, &arguments.bundler, system)?;
    let bundler = evaluation.value(&bundler)?;
    let (drv, name) = evaluation.run(|m| {
        let bundle = m.call(bundler, &[what], Pos::NONE)?;
        let bundle = m.force(bundle)?;
        if !m.is_derivation(bundle)? {
            let text = format!("the bundler '{}' does not produce a derivation", arguments.bundler);
            return Err(m.fail(ErrorKind::Type, Pos::NONE, text));
        }
        let text = "while evaluating the result of a bundler";
        let attrs = m.force_attrs(bundle, Pos::NONE, text)?;
        let drv = m.required_attr(attrs, sym::DRV_PATH, text)?.get();
        let drv = m.force_string(drv, Pos::NONE, text)?.to_text().into_owned();
        let name = m.required_attr(attrs, sym::NAME, text)?.get();
        Ok((drv, m.force_string(name, Pos::NONE, text)?.to_text().into_owned()))
    })?;
    let store = context.store()?;
    let wanted = DerivedPath::built(store.store_dir().parse(&drv)?, OutputsSpec::All);
    let built = context.realise(&[wanted], BuildMode::Normal)?;
    context.display.finish();
    let link = arguments.out_link.unwrap_or_else(|| name.into());
    super::build::link(&*store, &built, &link)?;
    Ok(ExitCode::SUCCESS)
}

/// The bundler, which is an output of a flake also where the package is none.
fn bundler(evaluation: &mut Evaluation<'_>, text: &str, system: &str) -> Result<Found, Failure> {
    let lookup = Lookup {
        prefixes: vec![format!("bundlers.{system}")],
        defaults: vec![format!("bundlers.{system}.default"), format!("defaultBundler.{system}")],
    };
    evaluation.find_in_flake(text, &lookup)
}
