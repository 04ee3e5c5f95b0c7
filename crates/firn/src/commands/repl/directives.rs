//! The commands that begin with a colon.

use std::io::Write;

use super::session::{Done, Session};
use super::{Next, building, debugger, documentation, editor};
use crate::exit::Failure;

/// What a command does with its argument.
type Action = fn(&mut Session, &str) -> Done<Next>;

/// One command.
struct Directive {
    /// Its names, the short one first.
    names: &'static [&'static str],
    /// What its argument is called; empty when it has none.
    argument: &'static str,
    /// One sentence.
    help: &'static str,
    action: Action,
}

/// A line of the table.
const fn directive(
    names: &'static [&'static str],
    argument: &'static str,
    action: Action,
    help: &'static str,
) -> Directive {
    Directive { names, argument, help, action }
}

/// All commands, in the order of the help text.
const DIRECTIVES: &[Directive] = &[
    directive(&[":a", ":add"], "<expr>", add, "Make the attributes of a set variables"),
    directive(&[":b"], "<expr>", building::build, "Build a derivation"),
    directive(
        &[":bl"],
        "<expr>",
        building::build_and_link,
        "Build a derivation, with links in the current folder",
    ),
    directive(
        &[":e", ":edit"],
        "<expr>",
        editor::edit,
        "Open a package, function or path in $EDITOR",
    ),
    directive(
        &[":i"],
        "<expr>",
        building::install,
        "Build a derivation and install it into the profile",
    ),
    directive(&[":l", ":load"], "<path>", load, "Load a file and make its attributes variables"),
    directive(
        &[":lf", ":load-flake"],
        "<ref>",
        load_flake,
        "Load a flake and make its attributes variables",
    ),
    directive(
        &[":ll", ":last-loaded"],
        "",
        last_loaded,
        "List the variables that were loaded last",
    ),
    directive(&[":p", ":print"], "<expr>", print, "Print all of a value; strings as they are"),
    directive(&[":q", ":quit"], "", quit, "End the session"),
    directive(&[":r", ":reload"], "", reload, "Load all files and flakes again"),
    directive(
        &[":sh"],
        "<expr>",
        building::shell,
        "Build what a derivation needs, and start a shell with it",
    ),
    directive(&[":t"], "<expr>", show_type, "Say what kind of value it is"),
    directive(
        &[":u"],
        "<expr>",
        building::shell_with,
        "Build a derivation, and start a shell with it",
    ),
    directive(&[":doc"], "<expr>", documentation::show, "Show the documentation of a function"),
    directive(&[":log"], "<expr>", building::log, "Show what the build of a derivation wrote"),
    directive(
        &[":te", ":trace-enable"],
        "[bool]",
        trace,
        "Show whole traces of errors, or stop doing so",
    ),
    directive(&[":?", ":help"], "", help, "Show this help"),
];

/// Commands at a stopped evaluation.
const DEBUGGING: &[Directive] = &[
    directive(&[":env"], "", debugger::environment, "Show the variables of each environment"),
    directive(&[":bt", ":backtrace"], "", debugger::backtrace, "Show what is being evaluated"),
    directive(
        &[":st"],
        "[index]",
        debugger::select,
        "Look at one of the expressions that are being evaluated",
    ),
    directive(
        &[":c", ":continue"],
        "",
        debugger::go_on,
        "Go on to the end, an error or builtins.break",
    ),
    directive(&[":s", ":step"], "", debugger::step, "Go on to the next expression"),
];

/// The names of all commands, for completion.
pub fn names() -> impl Iterator<Item = &'static str> {
    DIRECTIVES.iter().chain(DEBUGGING).flat_map(|directive| directive.names).copied()
}

/// Does what a text asks for: a command, bindings, or an expression to print.
pub fn perform(session: &mut Session, text: &str) -> Done<Next> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Next::Prompt);
    }
    if text.starts_with(':') {
        let (name, argument) =
            text.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((text, ""));
        let debugging = if session.debugs { DEBUGGING } else { &[] };
        let mut all = DIRECTIVES.iter().chain(debugging);
        let found = all.find(|directive| directive.names.contains(&name));
        return match found {
            Some(directive) => (directive.action)(session, argument.trim()),
            None => Err(unknown(name).into()),
        };
    }
    if !session.bind(text)? {
        let value = session.evaluate(text)?;
        session.print(value, 1)?;
    }
    Ok(Next::Prompt)
}

fn unknown(name: &str) -> Failure {
    Failure::new(format!("error: unknown command '{name}'"))
}

fn add(session: &mut Session, argument: &str) -> Done<Next> {
    let value = session.evaluate(argument)?;
    session.add(value)?;
    Ok(Next::Prompt)
}

fn load(session: &mut Session, argument: &str) -> Done<Next> {
    session.machine.forget_imports();
    session.load_file(argument)?;
    Ok(Next::Prompt)
}

fn load_flake(session: &mut Session, argument: &str) -> Done<Next> {
    session.load_flake(argument)?;
    Ok(Next::Prompt)
}

fn last_loaded(session: &mut Session, _: &str) -> Done<Next> {
    let Some(set) = session.last_loaded else {
        return Err(Failure::new("error: nothing has been loaded yet").into());
    };
    // In the order in which their names were first seen, which is mostly that of their definitions.
    for entry in session.machine.flat(set).iter() {
        println!("{}", entry.sym.text());
    }
    Ok(Next::Prompt)
}

fn print(session: &mut Session, argument: &str) -> Done<Next> {
    let value = session.evaluate(argument)?;
    match value.as_str() {
        Some(text) => std::io::stdout().write_all(&[text.bytes(), b"\n"].concat())?,
        None => session.print(value, usize::MAX)?,
    }
    Ok(Next::Prompt)
}

fn quit(_: &mut Session, _: &str) -> Done<Next> {
    Ok(Next::Quit)
}

fn reload(session: &mut Session, _: &str) -> Done<Next> {
    session.reload();
    Ok(Next::Prompt)
}

fn show_type(session: &mut Session, argument: &str) -> Done<Next> {
    let value = session.evaluate(argument)?;
    println!("{}", firn_eval::print::show_type(value));
    Ok(Next::Prompt)
}

fn trace(session: &mut Session, argument: &str) -> Done<Next> {
    session.show_trace = match argument {
        "" => !session.show_trace,
        "true" => true,
        "false" => false,
        other => {
            let text =
                format!("error: unexpected argument '{other}' to :te: it is 'true' or 'false'");
            return Err(Failure::new(text).into());
        }
    };
    println!("{}showing error traces", if session.show_trace { "" } else { "not " });
    Ok(Next::Prompt)
}

fn help(session: &mut Session, _: &str) -> Done<Next> {
    println!("The following commands are available:\n");
    let line = |usage: &str, help: &str| println!("  {usage:<28} {help}");
    line("<expr>", "Evaluate an expression and print its value");
    line("<x> = <expr>", "Make a variable");
    let debugging = if session.debugs { DEBUGGING } else { &[] };
    for Directive { names, argument, help, .. } in DIRECTIVES.iter().chain(debugging) {
        line(format!("{} {argument}", names.join(", ")).trim_end(), help);
    }
    Ok(Next::Prompt)
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_name_means_two_commands() {
        let mut names: Vec<_> = super::names().collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
