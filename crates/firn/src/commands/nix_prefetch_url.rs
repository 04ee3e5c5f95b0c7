//! `nix-prefetch-url`: fetch a file into the store and print its hash.

use std::ffi::OsString;
use std::process::ExitCode;

use firn_eval::{Attrs, ErrorKind, Machine, Pos, R, Symbol, sym};
use firn_fetch::{Prefetch, mirrors, name_of_url};
use firn_formats::{Hash, HashAlgo, HashFormat};
use firn_source::Origin;

use super::nix_instantiate::options::{Options, Rest, value};
use super::nix_instantiate::{automatic_arguments, context, texts};
use crate::context::Context;
use crate::evaluation::{self, Mode};
use crate::exit::Failure;
use crate::interrupt;

const HELP: &str = "\
Fetch a file into the store and print its hash

Usage: nix-prefetch-url [OPTIONS] URL [HASH]
       nix-prefetch-url [OPTIONS] -A PATH [FILE]

  URL                     https, http, file, or mirror://debian/…
  HASH                    The hash that the file must have; nothing is fetched if the store has it
      --type ALGORITHM    md5, sha1, sha256 (the default), sha512 or blake3
      --unpack            Unpack the archive, and hash what is in it
      --executable        Make the file executable
      --name NAME         Name of the store path, instead of the file's
      --print-path        Print the store path too
  -A, --attr PATH         Fetch what a call of fetchurl in FILE (./default.nix) would fetch
      --arg NAME EXPR     Pass an expression as a function's argument
      --argstr NAME TEXT  Pass a string as a function's argument
  -I PATH                 Add a place where <NAME> is looked for
      --option NAME VALUE, --NAME VALUE
                          Set a setting of nix.conf
";

/// What the command line asks for.
struct Request {
    options: Options,
    algo: HashAlgo,
    unpack: bool,
    executable: bool,
    name: Option<String>,
    print_path: bool,
    help: bool,
}

/// What is fetched.
struct Source {
    url: String,
    name: Option<String>,
    unpack: bool,
}

/// Runs `nix-prefetch-url` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let request = Request::read(&texts(&arguments))
        .map_err(|e| Failure::new(format!("error: {e}\nTry 'nix-prefetch-url --help'.")))?;
    if request.help {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    firn_eval::stack::run(|| prefetch(&request))?
}

impl Request {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut request = Request {
            options: Options::default(),
            algo: HashAlgo::Sha256,
            unpack: false,
            executable: false,
            name: None,
            print_path: std::env::var_os("PRINT_PATH").is_some_and(|value| value == "1"),
            help: false,
        };
        let mut rest = Rest::new(arguments);
        while let Some(argument) = rest.next_argument() {
            match argument.as_str() {
                "--help" => request.help = true,
                "--type" => {
                    let name = value(&argument, &mut rest)?;
                    request.algo =
                        name.parse().map_err(|e: firn_formats::FormatError| e.to_string())?;
                }
                "--unpack" => request.unpack = true,
                "--executable" => request.executable = true,
                "--print-path" => request.print_path = true,
                "--name" => request.name = Some(value(&argument, &mut rest)?),
                argument => {
                    if !request.options.take(argument, &mut rest)? {
                        return Err(format!("unrecognised flag '{argument}'"));
                    }
                }
            }
        }
        let inputs = &request.options.inputs;
        match (inputs.len(), request.options.attrs.is_empty(), request.help) {
            (3.., _, _) => Err("too many arguments".to_owned()),
            (0, true, false) => Err("you must specify a URL".to_owned()),
            _ => Ok(request),
        }
    }
}

fn prefetch(request: &Request) -> Result<ExitCode, Failure> {
    let _deadline = interrupt::deadline();
    let context = context(&request.options)?;
    let source = source(&context, request)?;
    let expected = match request.options.inputs.get(1) {
        Some(text) => Some(Hash::parse_any(text, Some(request.algo))?),
        None => None,
    };
    let wanted = Prefetch {
        name: store_name(source.name, &source.url)?,
        url: source.url,
        expected,
        algo: request.algo,
        unpack: source.unpack,
        executable: request.executable,
    };
    let store = context.store()?;
    let fetched = wanted.run(&*store, &context.fetch_options(), &context.reporter);
    context.display.finish();
    let fetched = fetched?;
    let path = store.store_dir().display(&fetched.path);
    if !request.print_path {
        eprintln!("path is '{path}'");
    }
    let form =
        if fetched.hash.algo() == HashAlgo::Md5 { HashFormat::Base16 } else { HashFormat::Nix32 };
    println!("{}", fetched.hash.encode(form));
    if request.print_path {
        println!("{path}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The name of a store path: the one that is given, or the file's.
///
/// # Errors
/// The url names no file, or one that can't be in a store.
pub fn store_name(given: Option<String>, url: &str) -> Result<String, Failure> {
    let is_given = given.is_some();
    let name = given.or_else(|| name_of_url(url)).ok_or_else(|| {
        Failure::new(format!(
            "error: cannot figure out file name for '{url}'; give one with '--name'"
        ))
    })?;
    firn_formats::check_store_path_name(&name).map_err(|error| {
        let origin = format!(
            "\nnote: the file name '{name}' was extracted from URL '{url}'; '--name' gives another"
        );
        Failure::new(format!("error: {error}{}", if is_given { "" } else { &origin }))
    })?;
    Ok(name)
}

/// What to fetch: the url of the command line, or what an expression would fetch.
fn source(context: &Context, request: &Request) -> Result<Source, Failure> {
    let options = &request.options;
    let evaluating = || {
        let flakes = context.flakes()?;
        let mode = Mode { pure: false, read_only: true, includes: options.search.clone() };
        evaluation::machine(context, &flakes, &mode)
    };
    let mut source = match options.attrs.first() {
        Some(path) => {
            let mut machine = evaluating()?;
            evaluation::run(context, &mut machine, |m| of_expression(m, options, path))?
        }
        None => Source {
            url: options.inputs.first().cloned().unwrap_or_default(),
            name: None,
            unpack: false,
        },
    };
    source.unpack |= request.unpack;
    if request.name.is_some() {
        source.name.clone_from(&request.name);
    }
    if source.url.starts_with("mirror://") && mirrors::debian_path(&source.url).is_none() {
        let mut machine = evaluating()?;
        source.name = source.name.or_else(|| name_of_url(&source.url));
        source.url = evaluation::run(context, &mut machine, |m| of_mirror(m, &source.url))?;
    }
    Ok(source)
}

/// What a call of `fetchurl` would fetch, by its attributes `urls`, `outputHashMode` and `name`.
fn of_expression(m: &mut Machine, options: &Options, path: &str) -> R<Source> {
    let file = options.inputs.first().map_or(".", String::as_str);
    let root = if file.starts_with('<') {
        m.eval_text(Origin::String, format!("import {file}").as_bytes(), "/")?
    } else {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.into());
        let file = firn_eval::paths::canonical(file.to_string_lossy().as_bytes());
        m.eval_file(&file, Pos::NONE)?
    };
    let arguments = automatic_arguments(m, options)?;
    let source = m.select_auto(root, path, arguments)?;
    let source = m.call_auto(source, arguments)?;
    let attrs =
        m.force_attrs(source, Pos::NONE, "while evaluating the source attribute to prefetch")?;
    let Some(urls) = m.attr(attrs, Symbol::of("urls"))? else {
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, "attribute 'urls' missing"));
    };
    let urls = m.force_list(urls, Pos::NONE, "while evaluating the urls to prefetch")?;
    if urls.is_empty() {
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, "'urls' list is empty"));
    }
    let what = "while evaluating the first url from the urls list";
    let url = m.force_string(urls.get(0), Pos::NONE, what)?.to_text().into_owned();
    let what = "while evaluating the outputHashMode of the source to prefetch";
    let mode = text(m, attrs, Symbol::of("outputHashMode"), what)?;
    let name = text(m, attrs, sym::NAME, "while evaluating the name of the source to prefetch")?;
    Ok(Source { url, name, unpack: mode.as_deref() == Some("recursive") })
}

fn text(m: &mut Machine, attrs: Attrs, name: Symbol, what: &'static str) -> R<Option<String>> {
    match m.attr(attrs, name)? {
        Some(text) => Ok(Some(m.force_string(text, Pos::NONE, what)?.to_text().into_owned())),
        None => Ok(None),
    }
}

/// The first mirror's url for `mirror://NAME/PATH`, by the list of mirrors in `<nixpkgs>`.
fn of_mirror(m: &mut Machine, url: &str) -> R<String> {
    let rest = url.trim_start_matches("mirror://");
    let Some((name, path)) = rest.split_once('/') else {
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, format!("invalid mirror URL '{url}'")));
    };
    let list = b"import <nixpkgs/pkgs/build-support/fetchurl/mirrors.nix>";
    let all = m.eval_text(Origin::String, list, "/")?;
    let all = m.force_attrs(all, Pos::NONE, "while evaluating the set of all mirrors")?;
    let Some(mirrors) = m.attr(all, Symbol::of(name))? else {
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, format!("unknown mirror name '{name}'")));
    };
    let mirrors = m.force_list(mirrors, Pos::NONE, "while evaluating one mirror configuration")?;
    if mirrors.is_empty() {
        let text = format!("mirror URL '{url}' did not expand to anything");
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    let what = "while evaluating the first available mirror";
    let base = m.force_string(mirrors.get(0), Pos::NONE, what)?.to_text().into_owned();
    Ok(mirrors::join(&base, path))
}
