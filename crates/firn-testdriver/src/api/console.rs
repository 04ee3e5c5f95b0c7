//! The console, terminals and keys.

use super::{Context, Method, lossy, quote};
use crate::failure::{Failure, Outcome};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long one look at the console may wait before polling conditions are checked again.
const SLICE: Duration = Duration::from_secs(1);

pub(super) const METHODS: &[Method] = &[
    Method { name: "get_console_log", signature: "", run: get_console_log },
    Method {
        name: "wait_for_console_text",
        signature: "regex: str, timeout: duration? = None",
        run: wait_for_console_text,
    },
    Method { name: "send_console", signature: "chars: str", run: send_console },
    Method { name: "get_tty_text", signature: "tty: str", run: get_tty_text },
    Method {
        name: "wait_until_tty_matches",
        signature: "tty: str, regexp: str, timeout: duration? = 900",
        run: wait_until_tty_matches,
    },
    Method { name: "dump_tty_contents", signature: "tty: str", run: dump_tty_contents },
    Method {
        name: "send_chars",
        signature: "chars: str, delay: duration? = 0.01",
        run: send_chars,
    },
    Method {
        name: "send_key",
        signature: "key: str, delay: duration? = 0.01, log: bool = True",
        run: send_key,
    },
];

fn get_console_log(context: &mut Context<'_>) -> Outcome<Value> {
    Ok(json!(context.node()?.machine.console().text()))
}

/// Looks at what was not consumed by earlier calls; Python's own `re` decides.
fn wait_for_console_text(context: &mut Context<'_>) -> Outcome<Value> {
    let pattern = context.args.text("regex").to_string();
    let limit =
        context.args.duration("timeout").and_then(|limit| Instant::now().checked_add(limit));
    let node = context.node()?;
    context.step(&format!("waiting for {pattern} to appear on console"), |context| {
        loop {
            context.check_conditions()?;
            context.check_wanted()?;
            let slice = Instant::now() + SLICE;
            let mut failed = None;
            let found = node.machine.console().wait_for(Some(slice), &mut |text| match context
                .ask(json!({"ask": "search", "pattern": pattern, "text": text}))
            {
                Ok(answer) => answer == json!(true),
                Err(failure) => {
                    failed = Some(failure);
                    true
                }
            });
            match failed {
                Some(failure) => return Err(failure),
                None if found => return Ok(Value::Null),
                None if limit.is_some_and(|limit| Instant::now() >= limit) => {
                    let text = node.machine.console().last_lines(20).join("\n");
                    return Err(Failure::assertion(format!(
                        "{}: nothing on the console matches {pattern}; its last lines:\n{text}",
                        context.name()
                    )));
                }
                None => {}
            }
        }
    })
}

fn send_console(context: &mut Context<'_>) -> Outcome<Value> {
    context.node()?.machine.console().send(context.args.text("chars").as_bytes())?;
    Ok(Value::Null)
}

/// Virtual terminals belong to a kernel, so that only virtual machines have them.
fn tty_text(context: &mut Context<'_>, tty: &str) -> Outcome<String> {
    context.node()?.machine.hardware()?;
    let command = format!(
        "fold -w$(stty -F /dev/tty{tty} size | cut -d' ' -f2) /dev/vcs{tty}",
        tty = quote(tty)
    );
    Ok(lossy(&context.exec(&command, None)?.output))
}

fn get_tty_text(context: &mut Context<'_>) -> Outcome<Value> {
    let tty = context.args.text("tty").to_string();
    Ok(json!(tty_text(context, &tty)?))
}

fn wait_until_tty_matches(context: &mut Context<'_>) -> Outcome<Value> {
    let tty = context.args.text("tty").to_string();
    let pattern = context.args.text("regexp").to_string();
    let limit = context.timeout();
    context.step(&format!("waiting for {pattern} to appear on tty {tty}"), |context| {
        context.retry(limit, |context, last| {
            let text = tty_text(context, &tty)?;
            if last {
                context.log(&format!("the text on tty {tty} is:\n{text}"));
            }
            let question = json!({"ask": "search", "pattern": pattern, "text": text});
            Ok((context.ask(question)? == json!(true)).then_some(Value::Null))
        })
    })
}

fn dump_tty_contents(context: &mut Context<'_>) -> Outcome<Value> {
    let tty = context.args.text("tty").to_string();
    context.node()?.machine.hardware()?;
    context.exec(&format!("fold -w 80 /dev/vcs{} | systemd-cat", quote(&tty)), None)?;
    Ok(Value::Null)
}

fn send_chars(context: &mut Context<'_>) -> Outcome<Value> {
    let chars = context.args.text("chars").to_string();
    let delay = context.args.duration("delay");
    context.step(&format!("sending keys {chars:?}"), |context| {
        chars.chars().try_for_each(|c| press(context, &key_name(&c.to_string()), delay))?;
        Ok(Value::Null)
    })
}

fn send_key(context: &mut Context<'_>) -> Outcome<Value> {
    let key = key_name(context.args.text("key"));
    let delay = context.args.duration("delay");
    press(context, &key, delay)?;
    Ok(Value::Null)
}

fn press(context: &mut Context<'_>, key: &str, delay: Option<Duration>) -> Outcome<()> {
    context.check_conditions()?;
    context.node()?.machine.hardware()?.monitor(&format!("sendkey {key}"))?;
    // The keyboard's buffer is small: the script says how fast it types.
    std::thread::sleep(delay.unwrap_or_default());
    Ok(())
}

/// QEMU's name of the keys that give a character on an American keyboard; other names stay as they are.
fn key_name(key: &str) -> String {
    const SHIFTED: &[(char, &str)] = &[
        ('!', "1"),
        ('@', "2"),
        ('#', "3"),
        ('$', "4"),
        ('%', "5"),
        ('^', "6"),
        ('&', "7"),
        ('*', "8"),
        ('(', "9"),
        (')', "0"),
        ('_', "minus"),
        ('+', "equal"),
        ('~', "grave_accent"),
        ('{', "bracket_left"),
        ('}', "bracket_right"),
        ('|', "backslash"),
        (':', "semicolon"),
        ('"', "apostrophe"),
        ('<', "comma"),
        ('>', "dot"),
        ('?', "slash"),
    ];
    const PLAIN: &[(char, &str)] = &[
        ('-', "minus"),
        ('=', "equal"),
        ('`', "grave_accent"),
        ('[', "bracket_left"),
        (']', "bracket_right"),
        ('\\', "backslash"),
        (';', "semicolon"),
        ('\'', "apostrophe"),
        (',', "comma"),
        ('.', "dot"),
        ('/', "slash"),
        (' ', "spc"),
        ('\n', "ret"),
        ('\t', "tab"),
        ('\u{8}', "backspace"),
    ];
    let mut chars = key.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return key.to_string() };
    let named =
        |table: &[(char, &'static str)]| table.iter().find(|(k, _)| *k == c).map(|(_, n)| *n);
    match (named(PLAIN), named(SHIFTED)) {
        (Some(name), _) => name.to_string(),
        (_, Some(name)) => format!("shift-{name}"),
        _ if c.is_ascii_uppercase() => format!("shift-{}", c.to_ascii_lowercase()),
        _ => key.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::key_name;

    #[test]
    fn keys() {
        for (key, name) in [
            ("a", "a"),
            ("A", "shift-a"),
            ("7", "7"),
            ("&", "shift-7"),
            ("\n", "ret"),
            (" ", "spc"),
            ("ctrl-alt-delete", "ctrl-alt-delete"),
            ("f1", "f1"),
            ("?", "shift-slash"),
        ] {
            assert_eq!(key_name(key), name);
        }
    }
}
