//! The arguments of `nix-store`: one operation, its options, and what it works on.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser};
use firn_formats::{StorePath, StorePathSet};
use firn_store::Store;

use crate::arguments::GlobalArguments;
use crate::commands::collection::parse_size;
use crate::context::Context;
use crate::exit::Failure;
use crate::store_paths;

/// Manipulate or query the Nix store
#[derive(Parser)]
#[command(name = "nix-store", version)]
pub struct Arguments {
    #[command(flatten)]
    operations: Operations,
    #[command(flatten)]
    pub query: Questions,
    /// What the operation works on
    pub things: Vec<String>,
    /// Make a link to the result that keeps it
    #[arg(long, value_name = "PATH")]
    pub add_root: Option<PathBuf>,
    /// Accepted and not needed: roots are always indirect
    #[arg(long, hide = true)]
    pub indirect: bool,
    /// Say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Build again and compare
    #[arg(long)]
    pub check: bool,
    /// Mend what is damaged
    #[arg(long)]
    pub repair: bool,
    /// Leave out what nobody knows how to build
    #[arg(long)]
    pub ignore_unknown: bool,
    /// Address a tree, not a file
    #[arg(long)]
    pub recursive: bool,
    /// Delete even what roots need
    #[arg(long)]
    pub ignore_liveness: bool,
    /// Print roots
    #[arg(long)]
    pub print_roots: bool,
    /// Print what roots need
    #[arg(long)]
    pub print_live: bool,
    /// Print what no root needs
    #[arg(long)]
    pub print_dead: bool,
    /// Stop collecting after so many bytes
    #[arg(long, value_name = "BYTES", value_parser = parse_size)]
    pub max_freed: Option<u64>,
    /// Read all contents
    #[arg(long)]
    pub check_contents: bool,
    /// Print invalid paths instead of failing
    #[arg(long)]
    pub print_invalid: bool,
    /// Register valid paths again
    #[arg(long)]
    pub reregister: bool,
    /// Hash and size are given
    #[arg(long)]
    pub hash_given: bool,
    /// Don't show what builds print
    #[arg(short = 'Q', long)]
    pub no_build_output: bool,
    #[command(flatten)]
    pub global: GlobalArguments,
}

/// The operations as flags.
#[derive(Args)]
#[command(next_help_heading = "Operations")]
struct Operations {
    /// Build or fetch
    #[arg(short = 'r', long, alias = "realize")]
    realise: bool,
    /// Ask about paths
    #[arg(short, long)]
    query: bool,
    /// Add files or folders
    #[arg(short = 'A', long)]
    add: bool,
    /// Add files by a hash: algorithm, then files
    #[arg(long)]
    add_fixed: bool,
    /// Print the path of a file: algorithm, hash, name
    #[arg(long)]
    print_fixed_path: bool,
    /// Write the NAR of a path
    #[arg(long)]
    dump: bool,
    /// Make the files of the NAR on standard input
    #[arg(long)]
    restore: bool,
    /// Write paths with what is known of them
    #[arg(long)]
    export: bool,
    /// Read what --export wrote
    #[arg(long)]
    import: bool,
    /// Collect garbage
    #[arg(long)]
    gc: bool,
    /// Delete paths that nothing needs
    #[arg(long)]
    delete: bool,
    /// Replace equal files by hard links
    #[arg(long, alias = "optimize")]
    optimise: bool,
    /// Compare database and disk
    #[arg(long)]
    verify: bool,
    /// Compare the content of paths with what was registered
    #[arg(long)]
    verify_path: bool,
    /// Build paths again that are damaged
    #[arg(long)]
    repair_path: bool,
    /// Fail for paths that are not valid
    #[arg(long)]
    check_validity: bool,
    /// Make paths valid, as standard input says
    #[arg(long)]
    register_validity: bool,
    /// Make paths valid, as --dump-db wrote
    #[arg(long)]
    load_db: bool,
    /// Write what is known of all paths
    #[arg(long)]
    dump_db: bool,
    /// Print what builds wrote
    #[arg(short = 'l', long)]
    read_log: bool,
    /// Print the environment of a derivation for a shell
    #[arg(long)]
    print_env: bool,
    /// Make the store's folders and database where they are missing
    #[arg(long)]
    init: bool,
    /// Make a key pair: name, file of the secret key, file of the public key
    #[arg(long)]
    generate_binary_cache_key: bool,
}

/// What `--query` asks.
#[derive(Args)]
#[command(next_help_heading = "Questions")]
pub struct Questions {
    /// Outputs of derivations
    #[arg(long)]
    pub outputs: bool,
    /// Everything that paths need
    #[arg(short = 'R', long)]
    pub requisites: bool,
    /// What paths refer to
    #[arg(long)]
    pub references: bool,
    /// What refers to paths
    #[arg(long, alias = "referers")]
    pub referrers: bool,
    /// Everything that needs paths
    #[arg(long, alias = "referers-closure")]
    pub referrers_closure: bool,
    /// The derivations that made paths
    #[arg(short, long)]
    pub deriver: bool,
    /// Valid derivations that make paths
    #[arg(long)]
    pub valid_derivers: bool,
    /// A variable of derivations
    #[arg(short, long, value_name = "NAME")]
    pub binding: Option<String>,
    /// Hashes of contents
    #[arg(long)]
    pub hash: bool,
    /// Sizes of contents
    #[arg(long)]
    pub size: bool,
    /// Everything that paths need, as a tree
    #[arg(long)]
    pub tree: bool,
    /// Everything that paths need, as a graph for `dot`
    #[arg(long)]
    pub graph: bool,
    /// Everything that paths need, as GraphML
    #[arg(long)]
    pub graphml: bool,
    /// Store paths that arguments lead to
    #[arg(long)]
    pub resolve: bool,
    /// Roots that need paths
    #[arg(long)]
    pub roots: bool,
    /// Ask about outputs of derivations
    #[arg(short, long)]
    pub use_output: bool,
    /// Build first
    #[arg(short, long, alias = "force-realize")]
    pub force_realise: bool,
    /// With --requisites: outputs of derivations too
    #[arg(long)]
    pub include_outputs: bool,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `--realise`
    Realise,
    /// `--query`
    Query,
    /// `--add`
    Add,
    /// `--add-fixed`
    AddFixed,
    /// `--print-fixed-path`
    PrintFixedPath,
    /// `--dump`
    Dump,
    /// `--restore`
    Restore,
    /// `--export`
    Export,
    /// `--import`
    Import,
    /// `--gc`
    Gc,
    /// `--delete`
    Delete,
    /// `--optimise`
    Optimise,
    /// `--verify`
    Verify,
    /// `--verify-path`
    VerifyPath,
    /// `--repair-path`
    RepairPath,
    /// `--check-validity`
    CheckValidity,
    /// `--register-validity`
    RegisterValidity,
    /// `--load-db`
    LoadDb,
    /// `--dump-db`
    DumpDb,
    /// `--read-log`
    ReadLog,
    /// `--print-env`
    PrintEnv,
    /// `--init`
    Init,
    /// `--generate-binary-cache-key`
    GenerateKey,
}

impl Arguments {
    /// Reads the process's arguments; `-qR` and the like are single letters together.
    pub fn read(arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments)
    }

    /// The one operation that is asked for.
    pub fn operation(&self) -> Result<Operation, Failure> {
        let flags = &self.operations;
        let wanted = [
            (flags.realise, Operation::Realise),
            (flags.query, Operation::Query),
            (flags.add, Operation::Add),
            (flags.add_fixed, Operation::AddFixed),
            (flags.print_fixed_path, Operation::PrintFixedPath),
            (flags.dump, Operation::Dump),
            (flags.restore, Operation::Restore),
            (flags.export, Operation::Export),
            (flags.import, Operation::Import),
            (flags.gc, Operation::Gc),
            // `--gc --delete` is what `--gc` does anyway.
            (flags.delete && !flags.gc, Operation::Delete),
            (flags.optimise, Operation::Optimise),
            (flags.verify, Operation::Verify),
            (flags.verify_path, Operation::VerifyPath),
            (flags.repair_path, Operation::RepairPath),
            (flags.check_validity, Operation::CheckValidity),
            (flags.register_validity, Operation::RegisterValidity),
            (flags.load_db, Operation::LoadDb),
            (flags.dump_db, Operation::DumpDb),
            (flags.read_log, Operation::ReadLog),
            (flags.print_env, Operation::PrintEnv),
            (flags.init, Operation::Init),
            (flags.generate_binary_cache_key, Operation::GenerateKey),
        ];
        let mut wanted = wanted.iter().filter(|(asked, _)| *asked).map(|(_, operation)| *operation);
        match (wanted.next(), wanted.next()) {
            (Some(operation), None) => Ok(operation),
            (Some(_), Some(_)) => Err(Failure::new("error: only one operation may be specified")),
            (None, _) => Err(Failure::new("error: no operation specified")),
        }
    }

    /// The things as store paths, in the order given.
    pub fn paths(&self, store: &dyn Store) -> Result<Vec<StorePath>, Failure> {
        self.things.iter().map(|text| store_paths::of(store.store_dir(), text)).collect()
    }

    /// The things as a set of store paths.
    pub fn path_set(&self, store: &dyn Store) -> Result<StorePathSet, Failure> {
        Ok(self.paths(store)?.into_iter().collect())
    }

    /// Exactly so many things.
    pub fn exactly<const N: usize>(&self, what: &str) -> Result<[&str; N], Failure> {
        let things: Vec<&str> = self.things.iter().map(String::as_str).collect();
        things.try_into().map_err(|_| Failure::new(format!("error: this takes {what}")))
    }

    /// The store, with things as paths in it.
    pub fn store_and_paths(
        &self,
        context: &Context,
    ) -> Result<(std::sync::Arc<dyn Store>, Vec<StorePath>), Failure> {
        let store = context.store()?;
        let paths = self.paths(&*store)?;
        Ok((store, paths))
    }
}
