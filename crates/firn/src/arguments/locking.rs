//! Arguments of commands that use a flake's lock file.

use std::path::PathBuf;
use std::rc::Rc;

use clap::Args;
use firn_flake::flakes::Flakes;
use firn_flake::lock::{InputPath, LockFile};
use firn_flake::locked::{LockRequest, Write, lock_flake};
use firn_flake::locking::LockOptions;
use firn_flake::reference::{Base, FlakeRef};
use firn_flake::registry::Entry;

use crate::context::Context;
use crate::exit::Failure;

/// What may happen to the lock file.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of flakes and their lock files")]
pub struct LockingArguments {
    /// Take an input from another flake, such as `--override-input nixpkgs base`
    #[arg(long, num_args = 2, value_names = ["INPUT", "FLAKE"], action = clap::ArgAction::Append)]
    override_input: Vec<String>,
    /// Lock an input anew
    #[arg(long, value_name = "INPUT")]
    update_input: Vec<String>,
    /// Use the new lock file without writing it
    #[arg(long)]
    no_write_lock_file: bool,
    /// Fail where the lock file would have to change
    #[arg(long)]
    no_update_lock_file: bool,
    /// Lock all inputs anew
    #[arg(long)]
    recreate_lock_file: bool,
    /// Commit the lock file where it changes
    #[arg(long)]
    commit_lock_file: bool,
    /// Compute the lock file from this one instead of the flake's
    #[arg(long, value_name = "PATH")]
    reference_lock_file: Option<PathBuf>,
    /// Write the lock file there instead of into the flake
    #[arg(long, value_name = "PATH")]
    output_lock_file: Option<PathBuf>,
    /// Let a name mean another flake in this run, such as `--override-flake nixpkgs base`
    #[arg(long, num_args = 2, value_names = ["NAME", "FLAKE"], action = clap::ArgAction::Append)]
    override_flake: Vec<String>,
    /// Let names mean the inputs of this flake
    #[arg(long, value_name = "FLAKE")]
    inputs_from: Option<String>,
    /// Look no names up in registries
    #[arg(long)]
    no_registries: bool,
}

impl LockingArguments {
    /// The request that the arguments make.
    ///
    /// # Errors
    /// A reference or the name of an input can't be read; flags contradict each other.
    pub fn request(&self, context: &Context) -> Result<LockRequest, Failure> {
        let folder = context.current_folder()?;
        if self.recreate_lock_file {
            context.warn(
                "'--recreate-lock-file' is deprecated and will be removed in a future version; use 'nix flake update' instead.",
            );
        }
        if !self.update_input.is_empty() {
            context.warn(
                "'--update-input' is a deprecated alias for 'flake update' and will be removed in a future version.",
            );
        }
        let mut options =
            LockOptions { recreate: self.recreate_lock_file, ..LockOptions::default() };
        for pair in self.override_input.chunks_exact(2) {
            let path =
                input_path(&pair[0], "--override-input was passed a zero-length input path")?;
            let reference =
                FlakeRef::parse_input(&pair[1], Base::Folder(&folder), true).map_err(|error| {
                    Failure::new(format!(
                        "error: in '--override-input {} {}': {error}",
                        pair[0], pair[1]
                    ))
                })?;
            options.overrides.insert(path, reference);
        }
        for input in &self.update_input {
            let empty = "--update-input was passed a zero-length input path";
            options.updates.insert(input_path(input, empty)?);
        }
        if self.reference_lock_file.is_some() && !context.settings.flag("allow-dirty") {
            return Err(Failure::new(
                "error: '--reference-lock-file' uses a lock file that is not the flake's, which the setting 'allow-dirty' forbids",
            ));
        }
        let mut write = self.write(!options.overrides.is_empty())?;
        if let Write::Commit(summary) = &mut write {
            *summary = context.settings.text("commit-lock-file-summary").to_owned();
        }
        Ok(LockRequest {
            // An override is for this run only.
            write,
            options,
            output: self.output_lock_file.clone(),
            reference: self.reference_lock_file.clone(),
            allow_dirty: context.settings.flag("allow-dirty-locks"),
            must_write: false,
        })
    }

    /// The same, with inputs as their flakes have them.
    pub fn without_overrides(&self) -> Self {
        LockingArguments { override_input: Vec::new(), update_input: Vec::new(), ..self.clone() }
    }

    /// The request of a command whose purpose is to write the lock file, overrides included.
    ///
    /// # Errors
    /// As [`LockingArguments::request`].
    pub fn request_to_write(&self, context: &Context) -> Result<LockRequest, Failure> {
        let mut request = self.request(context)?;
        if request.write == Write::No && !self.no_write_lock_file {
            request.write = Write::Yes;
        }
        request.must_write = true;
        Ok(request)
    }

    /// Flakes as the arguments look them up.
    ///
    /// # Errors
    /// A reference or registry can't be read; the flake of `--inputs-from` can't be locked.
    pub fn flakes(&self, context: &Context) -> Result<Rc<Flakes>, Failure> {
        let folder = context.current_folder()?;
        let parse = |text: &str| FlakeRef::parse_input(text, Base::Folder(&folder), true);
        let mut registries = context.registries()?;
        registries.disabled |= self.no_registries;
        for pair in self.override_flake.chunks_exact(2) {
            let (from, to) = (parse(&pair[0])?, parse(&pair[1])?);
            registries.flags.set(Entry { from: from.input, to, exact: false });
        }
        if let Some(text) = &self.inputs_from {
            let flakes = context.flakes()?;
            let request = LockRequest { write: Write::No, ..LockRequest::default() };
            let lock = lock_flake(&flakes, &parse(text)?, &request)?.locking.lock;
            for name in lock.nodes[LockFile::ROOT].inputs.keys() {
                let node = lock.find(std::slice::from_ref(name))?;
                if let Some(locked) = node.and_then(|node| lock.nodes[node].locked.as_ref()) {
                    let (from, to) = (FlakeRef::indirect(name).input, locked.locked.clone());
                    registries.flags.set(Entry { from, to, exact: false });
                }
            }
        }
        context.flakes_with(registries)
    }

    fn write(&self, has_overrides: bool) -> Result<Write, Failure> {
        match (self.commit_lock_file, self.no_write_lock_file, self.no_update_lock_file) {
            (true, true, _) | (true, _, true) => Err(Failure::new(
                "error: '--commit-lock-file' does not go together with '--no-write-lock-file' or '--no-update-lock-file'",
            )),
            (_, true, _) => Ok(Write::No),
            (_, _, true) => Ok(Write::Refuse),
            (true, _, _) => Ok(Write::Commit(String::new())),
            _ if has_overrides => Ok(Write::No),
            _ => Ok(Write::Yes),
        }
    }
}

/// Reads `a/b`: the input `b` of the input `a`. `empty` begins the error for an empty path.
pub fn input_path(text: &str, empty: &str) -> Result<InputPath, Failure> {
    let names: InputPath =
        text.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    match names.iter().find(|name| !firn_fetch::input::is_flake_id(name)) {
        Some(bad) => {
            Err(Failure::new(format!("error: invalid flake input attribute path element '{bad}'")))
        }
        None if names.is_empty() => Err(Failure::new(format!(
            "error: {empty}, which would refer to the flake itself, not an input"
        ))),
        None => Ok(names),
    }
}
