//! `nix-store --add`, `--add-fixed`, `--print-fixed-path`, `--dump`, `--restore` and keys.

use std::io::BufReader;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use firn_formats::{
    ContentAddress, ContentAddressMethod, Hash, HashAlgo, References, StorePathSet, nar,
};
use firn_store::Content;

use super::arguments::Arguments;
use crate::commands::store::base_name;
use crate::commands::{key, nar as nar_command};
use crate::context::Context;
use crate::exit::Failure;

/// Adds trees.
pub fn add(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    add_all(&arguments.things, ContentAddressMethod::Nar, HashAlgo::Sha256, context)
}

/// Adds files or trees by a hash of any algorithm.
pub fn add_fixed(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let Some((algo, files)) = arguments.things.split_first() else {
        return Err(Failure::new("error: first argument must be hash algorithm"));
    };
    add_all(files, method(arguments), algo.parse()?, context)
}

fn method(arguments: &Arguments) -> ContentAddressMethod {
    match arguments.recursive {
        true => ContentAddressMethod::Nar,
        false => ContentAddressMethod::Flat,
    }
}

fn add_all(
    files: &[String],
    method: ContentAddressMethod,
    algo: HashAlgo,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    for file in files {
        let path = Path::new(file);
        let name = base_name(path)?;
        let path = store.add(&name, Content::Tree(path), method, algo, &StorePathSet::new())?;
        println!("{}", store.store_dir().display(&path));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the path that content with a given hash has.
pub fn print_fixed_path(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let [algo, hash, name] = arguments.exactly("an algorithm, a hash and a name")?;
    let algo: HashAlgo = algo.parse()?;
    let ca = ContentAddress { method: method(arguments), hash: Hash::parse_any(hash, Some(algo))? };
    let store = context.store()?;
    let path = store.store_dir().make_content_path(name, &ca, &References::none())?;
    println!("{}", store.store_dir().display(&path));
    Ok(ExitCode::SUCCESS)
}

/// Writes the archive of a tree, in the store or not.
pub fn dump(arguments: &Arguments, _context: &Context) -> Result<ExitCode, Failure> {
    let [path] = arguments.exactly("one path")?;
    nar_command::pack(Path::new(path))
}

/// Makes the tree of the archive on standard input.
pub fn restore(arguments: &Arguments, _context: &Context) -> Result<ExitCode, Failure> {
    let [path] = arguments.exactly("one path")?;
    let input = BufReader::with_capacity(256 * 1024, std::io::stdin().lock());
    nar::restore(input, Path::new(path), nar::RestoreMode::Plain)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a pair of keys.
pub fn generate_key(arguments: &Arguments, _context: &Context) -> Result<ExitCode, Failure> {
    let [name, secret_file, public_file] =
        arguments.exactly("a name and the files of the secret and the public key")?;
    let secret = key::generate(name)?;
    std::fs::write(public_file, secret.public().to_string())?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(secret_file)?;
    std::io::Write::write_all(&mut file, secret.to_secret_text().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
