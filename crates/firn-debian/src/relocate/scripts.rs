//! First lines of scripts, linker scripts and pkg-config files.

use crate::closure::Closure;
use crate::layout;

/// The new first line of a script, without line end; `None` when it stays.
///
/// `#!/usr/bin/env NAME` becomes the program itself where the closure has it. A program that
/// the closure lacks stays: it is found in a system's merged `/usr`.
pub fn first_line(closure: &Closure<'_>, line: &str) -> Option<String> {
    let line = line.strip_prefix("#!")?.trim();
    let (program, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let (program, rest) = match through_env(program, rest) {
        Some((name, rest)) => (format!("/usr/bin/{name}"), rest),
        None => (program.to_owned(), rest),
    };
    let path = closure.map(&program)?;
    let mut line = if rest.is_empty() { format!("#!{path}") } else { format!("#!{path} {rest}") };
    if layout::base(&program) == "perl" {
        for folder in PERL_MODULES.iter().flat_map(|place| closure.every(place)) {
            line.push_str(" -I");
            line.push_str(&folder);
        }
    }
    Some(line)
}

/// Where perl looks for modules, below `/usr`. Its own list is compiled in and names `/usr`, so
/// its scripts name the folders in their first line, which perl itself reads however long it is.
const PERL_MODULES: [&str; 5] = [
    "share/perl5",
    "lib/x86_64-linux-gnu/perl5/5.36",
    "lib/x86_64-linux-gnu/perl/5.36",
    "share/perl/5.36",
    "lib/x86_64-linux-gnu/perl-base",
];

fn through_env<'a>(program: &str, rest: &'a str) -> Option<(&'a str, &'a str)> {
    let is_env = layout::place(&layout::normalize(program)) == "bin/env";
    let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let plain = !name.is_empty() && !name.starts_with('-') && !name.contains(['=', '/']);
    (is_env && plain).then_some((name, rest.trim()))
}

/// A linker script with its absolute paths led into the closure; `None` when it stays.
pub fn linker_script(closure: &Closure<'_>, text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| c.is_whitespace() || c == '(' || c == ')') {
        let path = word.trim_end_matches(|c: char| c.is_whitespace() || c == '(' || c == ')');
        match path.starts_with('/').then(|| closure.map(path)).flatten() {
            Some(new) if path.contains("lib") => {
                out.push_str(&new);
                out.push_str(&word[path.len()..]);
            }
            _ => out.push_str(word),
        }
    }
    (out != text).then_some(out)
}

/// A pkg-config file whose `/usr` is the store path; `None` when it stays.
pub fn pkg_config(own: &str, text: &str) -> Option<String> {
    let lines = text.lines().map(|line| match line.split_once("=/usr") {
        Some((name, rest)) if !name.contains(' ') && (rest.is_empty() || rest.starts_with('/')) => {
            format!("{name}={own}{rest}\n")
        }
        _ => format!("{line}\n"),
    });
    let out: String = lines.collect();
    (out.trim_end() != text.trim_end()).then_some(out)
}
