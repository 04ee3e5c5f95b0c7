//! `nix-instantiate` without a store: `--eval`, `--parse`, `--strict`, `--json`, `--raw`, `-A`, `-E`,
//! `--arg`, `--argstr`, `-I`.

use std::io::{Read, Write};
use std::path::Path;

use firn_eval::{Attrs, AttrsBuilder, Machine, Pos, R, Symbol, Value};
use firn_source::{Origin, SourceMap};

use crate::exit::Failure;

/// What the command line asks for.
#[derive(Default)]
pub struct Options {
    /// Evaluate and print instead of instantiating.
    pub eval: bool,
    /// Add what is evaluated to the store also with `--eval`.
    pub read_write: bool,
    /// Print the syntax tree.
    pub parse: bool,
    /// Evaluate what is inside sets and lists too.
    pub strict: bool,
    /// Print as JSON.
    pub json: bool,
    /// Print as XML.
    pub xml: bool,
    /// Print strings as they are.
    pub raw: bool,
    /// Show the whole trace of an error.
    pub show_trace: bool,
    /// The arguments are expressions.
    pub expressions: bool,
    /// Attribute paths to select.
    pub attrs: Vec<String>,
    /// Arguments for top-level functions: name, text, and whether it is a string.
    pub args: Vec<(String, String, bool)>,
    /// Search path entries, in front of the environment's.
    pub search: Vec<String>,
    /// Files, or expressions.
    pub inputs: Vec<String>,
    /// Experimental features.
    pub features: Vec<String>,
    /// `--option`, and others given as `--name value`.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    /// A sentence about an argument that is not understood.
    pub fn read(arguments: &[String]) -> Result<Options, String> {
        let mut o = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || {
                rest.next()
                    .cloned()
                    .ok_or_else(|| format!("flag '{argument}' requires more arguments"))
            };
            match argument.as_str() {
                "--eval" | "--eval-only" => o.eval = true,
                "--parse" | "--parse-only" => o.parse = true,
                "--strict" => o.strict = true,
                "--json" => o.json = true,
                "--xml" => o.xml = true,
                "--raw" => o.raw = true,
                "--show-trace" => o.show_trace = true,
                "--expr" | "-E" => o.expressions = true,
                "--attr" | "-A" => o.attrs.push(value()?),
                "--arg" => o.args.push((value()?, value()?, false)),
                "--argstr" => o.args.push((value()?, value()?, true)),
                "-I" | "--include" => o.search.push(value()?),
                "--option" => o.settings.push((value()?, value()?)),
                "--extra-experimental-features" | "--experimental-features" => {
                    o.features.extend(value()?.split_whitespace().map(str::to_owned));
                }
                "--read-write-mode" => o.read_write = true,
                "--readonly-mode" | "--no-location" | "-v" | "--verbose" | "--quiet" => {}
                "--max-call-depth" | "--eval-system" => {
                    o.settings.push((argument[2..].to_owned(), value()?))
                }
                "--no-show-trace" => o.show_trace = false,
                flag if flag.starts_with("--lint-") => {
                    o.settings.push((flag[2..].to_owned(), value()?))
                }
                "--impure" => o.settings.push(("pure-eval".to_owned(), "false".to_owned())),
                "--abort-on-warn" | "--trace-verbose" | "--pure-eval" | "--restrict-eval" => {
                    o.settings.push((argument[2..].to_owned(), "true".to_owned()));
                }
                "-" => o.inputs.push("-".into()),
                flag if flag.starts_with('-') => return Err(format!("unrecognised flag '{flag}'")),
                input => o.inputs.push(input.to_owned()),
            }
        }
        if o.inputs.is_empty() {
            o.inputs.push("./default.nix".into());
        }
        Ok(o)
    }
}

/// Runs the command; returns the exit status and the text for standard error.
pub fn run(
    options: &Options,
    machine: impl FnOnce() -> Result<Machine, Failure>,
) -> Result<(u8, String), Failure> {
    if options.parse {
        return Ok(parse_all(options));
    }
    let mut m = machine()?;
    for input in &options.inputs {
        if let Err(raised) = one(&mut m, options, input) {
            let error = m.take_error(raised);
            return Ok((1, m.render_error(&error, options.show_trace)));
        }
    }
    Ok((0, String::new()))
}

fn stdin() -> Vec<u8> {
    let mut text = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut text);
    text
}

fn current_dir() -> String {
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

fn parse_all(options: &Options) -> (u8, String) {
    let mut m_sources = SourceMap::new();
    for input in &options.inputs {
        if let Err(text) = parse_one(options, input, &mut m_sources) {
            return (1, text);
        }
    }
    (0, String::new())
}

fn parse_one(options: &Options, input: &str, sources: &mut SourceMap) -> Result<(), String> {
    let (origin, text, dir) = input_text(options, input)?;
    let file = sources.add(origin, text).map_err(|e| format!("error: {e}"))?;
    let parsing = firn_syntax::ParseOptions {
        pipe_operators: options.features.iter().any(|f| f == "pipe-operators"),
        ..firn_syntax::ParseOptions::default()
    };
    let globals = firn_eval::global_names(firn_instantiate::TABLES);
    let parsed = firn_syntax::parse(&file, &parsing).and_then(|ast| {
        firn_syntax::scope::check(&ast, &|name| globals.contains(&name)).map(|()| ast)
    });
    let ast = parsed.map_err(|d| {
        firn_diag::cppnix::render(
            &d,
            sources,
            firn_diag::cppnix::Style { show_trace: true, ..Default::default() },
        )
    })?;
    let home = std::env::var("HOME").unwrap_or_default();
    let mut out = firn_syntax::print::print(&ast, Path::new(&dir), Path::new(&home));
    out.push(b'\n');
    std::io::stdout().write_all(&out).map_err(|e| format!("error: {e}"))
}

fn one(m: &mut Machine, options: &Options, input: &str) -> R<()> {
    let root = if options.expressions || input == "-" {
        let (origin, text) = if options.expressions {
            (Origin::String, input.as_bytes().to_vec())
        } else {
            (Origin::Stdin, stdin())
        };
        m.eval_text(origin, &text, &current_dir())?
    } else {
        let path = std::path::absolute(input).unwrap_or_else(|_| input.into());
        let path = firn_eval::paths::canonical(path.to_string_lossy().as_bytes());
        m.eval_file(&path, Pos::NONE)?
    };
    let args = automatic_arguments(m, options)?;
    let paths: &[String] = if options.attrs.is_empty() { &[String::new()] } else { &options.attrs };
    for path in paths {
        let value = m.select_auto(root, path, args)?;
        print(m, options, value, args)?;
    }
    Ok(())
}

fn automatic_arguments(m: &mut Machine, options: &Options) -> R<Attrs> {
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
    let mut out = if options.raw {
        m.coerce(
            value,
            firn_eval::Coerce { more: false, copy: false },
            Pos::NONE,
            "while generating the nix-instantiate output",
        )?
        .bytes()
        .to_vec()
    } else if options.json || options.xml {
        let name = if options.json { "toJSON" } else { "toXML" };
        let f = m.builtin(name)?;
        let text = m.call(f, &[value], Pos::NONE)?;
        m.force_string(text, Pos::NONE, "")?.bytes().to_vec()
    } else {
        let value = if options.strict { m.force_deep(value)? } else { value };
        m.print_ambiguous(value)?
    };
    if !options.raw && !options.xml {
        out.push(b'\n');
    }
    let _ = std::io::stdout().write_all(&out);
    Ok(())
}
