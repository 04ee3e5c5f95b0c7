//! `firn build`: build what installables name, and link the results.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use firn_formats::{DerivedPath, SingleDerivedPath, StorePath};
use firn_store::{BuildMode, Realised, Store};
use serde_json::{Map, Value, json};

use crate::arguments::{GlobalArguments, JsonArguments, ProfileArguments};
use crate::context::Context;
use crate::derived;
use crate::exit::Failure;
use crate::installable::SourceArguments;

/// What to build.
#[derive(Args)]
pub struct Arguments {
    /// What to build, such as `nixpkgs#hello`
    installables: Vec<String>,
    /// Name of the links to the results
    #[arg(short, long, value_name = "PATH", default_value = "result", conflicts_with = "no_link")]
    out_link: PathBuf,
    /// Make no links
    #[arg(long)]
    no_link: bool,
    /// Print the results' paths
    #[arg(long)]
    print_out_paths: bool,
    #[command(flatten)]
    json: JsonArguments,
    /// Say what would be built, and build nothing
    #[arg(long)]
    dry_run: bool,
    /// Build again what is there, and compare
    #[arg(long)]
    rebuild: bool,
    #[command(flatten)]
    profile: ProfileArguments,
    #[command(flatten)]
    source: SourceArguments,
}

/// Builds.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let wanted = derived::wanted(&context, &arguments.source, &arguments.installables)?;
    if arguments.dry_run {
        crate::building::print_missing(&context, &wanted)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mode = if arguments.rebuild { BuildMode::Check } else { arguments.source.mode() };
    let built = context.realise(&wanted, mode)?;
    context.display.finish();
    let store = context.store()?;
    if !arguments.no_link {
        link(&*store, &built, &arguments.out_link)?;
    }
    print(&*store, &built, &arguments)?;
    arguments.profile.update_with(&context, &built)?;
    Ok(ExitCode::SUCCESS)
}

/// Outputs in the order in which links are numbered, each with the suffix of its link.
fn outputs(built: &[Realised]) -> impl Iterator<Item = (usize, &String, &StorePath)> {
    built
        .iter()
        .enumerate()
        .flat_map(|(index, one)| one.outputs.iter().map(move |(name, path)| (index, name, path)))
}

/// Makes links to results: BASE, BASE-1, …, with the names of outputs.
///
/// # Errors
/// A link can't be made.
pub fn link(store: &dyn Store, built: &[Realised], base: &Path) -> Result<(), Failure> {
    for (index, output, path) in outputs(built) {
        let mut name = base.as_os_str().to_owned();
        if index > 0 {
            name.push(format!("-{index}"));
        }
        if !output.is_empty() && output != "out" {
            name.push(format!("-{output}"));
        }
        store.add_perm_root(path, &std::path::absolute(PathBuf::from(name))?)?;
    }
    Ok(())
}

fn print(store: &dyn Store, built: &[Realised], arguments: &Arguments) -> Result<(), Failure> {
    let dir = store.store_dir();
    if arguments.json.wanted {
        let json: Vec<_> = built.iter().map(|one| as_json(store, one)).collect::<Result<_, _>>()?;
        arguments.json.print(&Value::from(json));
    } else if arguments.print_out_paths {
        for (_, _, path) in outputs(built) {
            println!("{}", dir.display(path));
        }
    }
    Ok(())
}

fn as_json(store: &dyn Store, built: &Realised) -> Result<Value, Failure> {
    let dir = store.store_dir();
    let DerivedPath::Built { drv, .. } = &built.wanted else {
        return Ok(dir.display(built.wanted.base()).into());
    };
    let outputs = built.outputs.iter().map(|(name, path)| (name.clone(), dir.display(path).into()));
    let drv = derivation_json(store, drv)?;
    Ok(json!({ "drvPath": drv, "outputs": outputs.collect::<Map<_, _>>() }))
}

/// A derivation's path; of one that was itself built, what it was built from too.
fn derivation_json(store: &dyn Store, drv: &SingleDerivedPath) -> Result<Value, Failure> {
    let dir = store.store_dir();
    let SingleDerivedPath::Built { drv: producer, output } = drv else {
        return Ok(drv.display(dir).into());
    };
    let path = derived::known_path(store, drv)?.map(|path| dir.display(&path));
    Ok(json!({
        "drvPath": derivation_json(store, producer)?,
        "output": output,
        "outputPath": path,
    }))
}
