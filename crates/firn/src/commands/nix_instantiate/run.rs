//! What `nix-instantiate` does with expressions: evaluate and print (`--eval`), print the syntax tree
//! (`--parse`), or write derivations.

use std::io::{Read, Write};
use std::path::Path;

use firn_eval::{Attrs, AttrsBuilder, ErrorKind, Machine, Pos, R, Symbol, Value};
use firn_source::{Origin, SourceMap};
use firn_syntax::ParseOptions;

use super::derivations::{self, Instantiated};
use super::options::Options;
use crate::evaluation;
use crate::exit::Failure;
use crate::program;

/// What a run leads to.
pub enum Outcome {
    /// All is printed.
    Printed,
    /// These derivations are in the store.
    Derivations(Vec<Instantiated>),
    /// It failed, for this reason.
    Failed(String),
}

/// Runs the command. `parsing` is what `--parse` accepts.
pub fn run(
    options: &Options,
    parsing: &ParseOptions,
    machine: impl FnOnce() -> Result<Machine, Failure>,
) -> Result<Outcome, Failure> {
    if options.parse {
        return Ok(parse_all(options, parsing));
    }
    let mut m = machine()?;
    let mut found = Vec::new();
    for input in &options.inputs {
        if let Err(raised) = one(&mut m, options, input, &mut found) {
            let error = m.take_error(raised);
            // Programs compare what 'nix-instantiate' says; people call the others.
            let text = match program::is_called("nix-instantiate") {
                true => m.render_error(&error, options.show_trace),
                false => m.render_explained(&error, options.show_trace),
            };
            return Ok(Outcome::Failed(text));
        }
    }
    Ok(if options.eval || options.find_file {
        Outcome::Printed
    } else {
        Outcome::Derivations(found)
    })
}

fn stdin() -> Vec<u8> {
    let mut text = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut text);
    text
}

/// The folder that relative paths in expressions start from.
fn current_dir() -> String {
    if let Some(folder) = crate::shebang::folder() {
        return folder.to_string_lossy().into_owned();
    }
    std::env::current_dir().map(|d| d.to_string_lossy().into_owned()).unwrap_or_else(|_| "/".into())
}

fn input_text(options: &Options, input: &str) -> Result<(Origin, Vec<u8>, String), String> {
    if options.expressions {
        return Ok((Origin::String, input.as_bytes().to_vec(), current_dir()));
    }
    if input == "-" {
        return Ok((Origin::Stdin, stdin(), current_dir()));
    }
    let path = std::path::absolute(input).map_err(|e| format!("error: {e}"))?;
    let text = std::fs::read(&path)
        .map_err(|e| format!("error: opening file '{}': {e}", path.display()))?;
    let dir = path.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
    Ok((Origin::Path(path), text, dir))
}

fn parse_all(options: &Options, parsing: &ParseOptions) -> Outcome {
    let mut m_sources = SourceMap::new();
    for input in &options.inputs {
        if let Err(text) = parse_one(options, parsing, input, &mut m_sources) {
            return Outcome::Failed(text);
        }
    }
    Outcome::Printed
}

fn parse_one(
    options: &Options,
    parsing: &ParseOptions,
    input: &str,
    sources: &mut SourceMap,
) -> Result<(), String> {
    let (origin, text, dir) = input_text(options, input)?;
    let file = sources.add(origin, text).map_err(|e| format!("error: {e}"))?;
    let globals = firn_eval::global_names(firn_instantiate::TABLES);
    let explain = |d: Box<firn_diag::Diagnostic>| {
        let style = firn_diag::cppnix::Style { show_trace: true, ..Default::default() };
        firn_diag::cppnix::render(&d, sources, style)
    };
    let ast = firn_syntax::parse(&file, parsing).map_err(explain)?;
    for warning in ast.warnings() {
        eprintln!("{}", firn_diag::cppnix::render(warning, sources, Default::default()));
    }
    firn_syntax::scope::check(&ast, &|name| globals.contains(&name)).map_err(explain)?;
    let home = std::env::var("HOME").unwrap_or_default();
    let mut out = firn_syntax::print::print(&ast, Path::new(&dir), Path::new(&home));
    out.push(b'\n');
    std::io::stdout().write_all(&out).map_err(|e| format!("error: {e}"))
}

/// Prints where a name of the search path is.
fn find_file(m: &mut Machine, name: &str) -> R<()> {
    let (find, path) = (m.builtin("findFile")?, m.builtin("nixPath")?);
    let name = m.string(name.as_bytes());
    let found = m.call(find, &[path, name], Pos::NONE)?;
    let how = firn_eval::Coerce { more: false, copy: false };
    println!("{}", m.coerce(found, how, Pos::NONE, "")?.to_text());
    Ok(())
}

fn one(m: &mut Machine, options: &Options, input: &str, found: &mut Vec<Instantiated>) -> R<()> {
    if options.find_file {
        return find_file(m, input);
    }
    let root = if options.expressions || input == "-" {
        let (origin, text) = if options.expressions {
            (Origin::String, input.as_bytes().to_vec())
        } else {
            (Origin::Stdin, stdin())
        };
        m.eval_text(origin, &text, &current_dir())?
    } else if input.starts_with('<') && input.ends_with('>') {
        m.eval_text(Origin::String, format!("import {input}").as_bytes(), &current_dir())?
    } else if evaluation::is_url(input) {
        let place = m.host().search_path_entry(input);
        let place = m.hosted(place, Pos::NONE)?;
        let Some(place) = place else {
            return Err(m.fail(ErrorKind::Outside, Pos::NONE, format!("'{input}' was not found")));
        };
        let resolved = m.resolve_import(place.as_bytes(), Pos::NONE)?;
        m.load_file(&resolved, None, Pos::NONE)?
    } else {
        let path = std::path::absolute(input).unwrap_or_else(|_| input.into());
        let path = firn_eval::paths::canonical(path.to_string_lossy().as_bytes());
        {
            let resolved = m.resolve_import(&path, Pos::NONE)?;
            m.load_file(&resolved, None, Pos::NONE)?
        }
    };
    let args = automatic_arguments(m, options)?;
    let paths: &[String] = if options.attrs.is_empty() { &[String::new()] } else { &options.attrs };
    for path in paths {
        let value = m.select_auto(root, path, args)?;
        if options.eval {
            print(m, options, value, args)?;
        } else {
            derivations::collect(m, value, args, found)?;
        }
    }
    Ok(())
}

/// The arguments of `--arg` and `--argstr`, for functions that are called automatically.
///
/// # Errors
/// An expression can't be parsed.
pub fn automatic_arguments(m: &mut Machine, options: &Options) -> R<Attrs> {
    let mut builder = AttrsBuilder::default();
    for (name, text, is_string) in &options.args {
        let value = if *is_string {
            m.string(text.as_bytes())
        } else {
            m.eval_text(Origin::String, text.as_bytes(), &current_dir())?
        };
        builder.insert(Symbol::of(name), value);
    }
    let set = m.attrs(builder);
    m.force_attrs(set, Pos::NONE, "")
}

fn print(m: &mut Machine, options: &Options, value: Value, args: Attrs) -> R<()> {
    let value = m.force(value)?;
    let value = if args.is_empty() { value } else { m.call_auto(value, args)? };
    let out = if options.raw {
        raw(m, value)?
    } else if options.json {
        line(json(m, value)?)
    } else if options.xml {
        let mut out = Vec::new();
        m.write_xml(value, options.strict, !options.no_location, &mut out)?;
        out
    } else {
        let value = if options.strict { m.force_deep(value)? } else { value };
        line(m.print_ambiguous(value)?)
    };
    let _ = std::io::stdout().write_all(&out);
    Ok(())
}

fn raw(m: &mut Machine, value: Value) -> R<Vec<u8>> {
    let how = firn_eval::Coerce { more: false, copy: false };
    let text = m.coerce(value, how, Pos::NONE, "while generating the nix-instantiate output")?;
    Ok(text.bytes().to_vec())
}

fn json(m: &mut Machine, value: Value) -> R<Vec<u8>> {
    let f = m.builtin("toJSON")?;
    let text = m.call(f, &[value], Pos::NONE)?;
    Ok(m.force_string(text, Pos::NONE, "")?.bytes().to_vec())
}

fn line(mut text: Vec<u8>) -> Vec<u8> {
    text.push(b'\n');
    text
}
