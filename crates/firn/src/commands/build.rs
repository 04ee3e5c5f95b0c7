//! `firn build`: build what installables name, and link the results.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use firn_formats::{DerivedPath, StoreDir, StorePath};
use firn_store::{BuildMode, Realised, Store};
use serde_json::{Map, Value, json};

use crate::arguments::GlobalArguments;
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
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Say what would be built, and build nothing
    #[arg(long)]
    dry_run: bool,
    /// Build again what is there, and compare
    #[arg(long)]
    rebuild: bool,
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
    let mode = if arguments.rebuild { BuildMode::Check } else { BuildMode::Normal };
    let built = context.realise(&wanted, mode)?;
    context.display.finish();
    let store = context.store()?;
    if !arguments.no_link {
        link(&*store, &built, &arguments.out_link)?;
    }
    print(&*store, &built, &arguments)?;
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
    if arguments.json {
        let json: Vec<_> = built.iter().map(|one| as_json(dir, one)).collect();
        println!("{}", Value::from(json));
    } else if arguments.print_out_paths {
        for (_, _, path) in outputs(built) {
            println!("{}", dir.display(path));
        }
    }
    Ok(())
}

fn as_json(dir: &StoreDir, built: &Realised) -> Value {
    let DerivedPath::Built { drv, .. } = &built.wanted else {
        return dir.display(built.wanted.base()).into();
    };
    let outputs = built.outputs.iter().map(|(name, path)| (name.clone(), dir.display(path).into()));
    json!({ "drvPath": drv.display(dir), "outputs": outputs.collect::<Map<_, _>>() })
}
