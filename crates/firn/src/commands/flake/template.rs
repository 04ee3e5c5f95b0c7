//! `firn flake init` and `firn flake new`: start a flake from a template.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;
use firn_eval::{Machine, Pos, R, Symbol, Value};

use crate::arguments::{EvaluationArguments, GlobalArguments, LockingArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup, SourceArguments};

/// Which template.
#[derive(Args)]
pub struct Arguments {
    /// The template, such as base#http-test
    #[arg(short, long, value_name = "TEMPLATE", default_value = "base")]
    template: String,
    #[command(flatten)]
    locking: LockingArguments,
    #[command(flatten)]
    evaluation: EvaluationArguments,
}

/// Which template, and where it goes.
#[derive(Args)]
pub struct NewArguments {
    /// The folder that is made
    folder: PathBuf,
    #[command(flatten)]
    template: Arguments,
}

/// `firn flake init`: into the current folder.
pub fn init(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    start(arguments, Path::new("."), global)
}

/// `firn flake new`: into a folder.
pub fn new(arguments: NewArguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    start(arguments.template, &arguments.folder, global)
}

fn start(
    arguments: Arguments,
    folder: &Path,
    global: &GlobalArguments,
) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let source = SourceArguments::of_flakes(arguments.evaluation, arguments.locking);
    let mut evaluation = Evaluation::new(&context, &source)?;
    let lookup = Lookup {
        prefixes: vec!["templates".to_owned()],
        defaults: vec!["templates.default".to_owned(), "defaultTemplate".to_owned()],
    };
    let found = evaluation.find(&arguments.template, &lookup)?;
    let value = evaluation.value(&found)?;
    let (path, welcome) = evaluation.run(|m| read(m, value))?;
    context.display.finish();
    let mut copy = Copy::default();
    copy.folder(&real_path(&context, &path)?, &std::path::absolute(folder)?)?;
    tell_git(folder, &copy.written);
    if let Some(text) = welcome {
        eprintln!("\n{}", text.trim_end());
    }
    match copy.conflicts {
        0 => Ok(ExitCode::SUCCESS),
        count => Err(Failure::new(format!("error: encountered {count} conflicts - see above"))),
    }
}

/// The folder and the welcome text of a template.
fn read(m: &mut Machine, template: Value) -> R<(String, Option<String>)> {
    let what = "while evaluating a template";
    let attrs = m.force_attrs(template, Pos::NONE, what)?;
    let path = m.required_attr(attrs, Symbol::of("path"), what)?.get();
    let (path, _) = m.coerce_path(path, Pos::NONE, what)?;
    let welcome = match m.attr(attrs, Symbol::of("welcomeText"))? {
        Some(text) => Some(m.force_string(text, Pos::NONE, what)?.to_text().into_owned()),
        None => None,
    };
    Ok((String::from_utf8_lossy(&path).into_owned(), welcome))
}

/// Where a path of the language is on disk.
fn real_path(context: &Context, path: &str) -> Result<PathBuf, Failure> {
    let store = context.store()?;
    if !store.store_dir().contains(path) {
        return Ok(PathBuf::from(path));
    }
    let (tree, inner) = store.store_dir().split(path)?;
    let place = store.to_real_path(&tree).ok_or_else(|| {
        Failure::new(format!("error: the template '{path}' is not on this machine"))
    })?;
    Ok(place.join(inner.trim_start_matches('/')))
}

/// Copies a tree of the store; leaves alone what is there.
#[derive(Default)]
pub struct Copy {
    written: Vec<PathBuf>,
    conflicts: usize,
    quiet: bool,
}

impl Copy {
    /// Does not tell what is written.
    pub fn quietly(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Copies a folder.
    ///
    /// # Errors
    /// Something can't be read or written.
    pub fn folder(&mut self, from: &Path, to: &Path) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(format!("error: cannot copy '{}': {error}", from.display()))
        };
        fs::create_dir_all(to).map_err(failed)?;
        let mut names: Vec<_> = fs::read_dir(from)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect())
            .map_err(failed)?;
        names.sort();
        for name in names {
            let (from, to) = (from.join(&name), to.join(&name));
            if fs::symlink_metadata(&from).map_err(failed)?.is_dir() {
                self.folder(&from, &to)?;
            } else {
                self.file(&from, &to).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path) -> std::io::Result<()> {
        let is_link = fs::symlink_metadata(from)?.is_symlink();
        if fs::symlink_metadata(to).is_ok() {
            let same = if is_link {
                fs::read_link(to).ok() == Some(fs::read_link(from)?)
            } else {
                fs::read(to).ok() == Some(fs::read(from)?)
            };
            if same {
                eprintln!("skipping identical file: {}", to.display());
            } else {
                self.conflicts += 1;
                eprintln!(
                    "refusing to overwrite existing file '{}'\n please merge it manually with '{}'",
                    to.display(),
                    from.display()
                );
            }
            return Ok(());
        }
        if is_link {
            std::os::unix::fs::symlink(fs::read_link(from)?, to)?;
        } else {
            // Files of the store can't be written to; the user's can.
            fs::write(to, fs::read(from)?)?;
            let mode =
                if fs::metadata(from)?.permissions().mode() & 0o100 == 0 { 0 } else { 0o111 };
            let own = fs::metadata(to)?.permissions().mode();
            fs::set_permissions(to, fs::Permissions::from_mode(own | mode & (own >> 2)))?;
        }
        if !self.quiet {
            eprintln!("wrote: '{}'", to.display());
        }
        self.written.push(to.to_owned());
        Ok(())
    }
}

/// Flakes in a repository consist of the files that git knows.
fn tell_git(folder: &Path, files: &[PathBuf]) {
    if files.is_empty() || !folder.join(".git").exists() {
        return;
    }
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["add", "--intent-to-add", "--force", "--"]).args(files);
    if !command.status().is_ok_and(|status| status.success()) {
        eprintln!("warning: 'git add --intent-to-add' failed; flakes see only files git knows");
    }
}
