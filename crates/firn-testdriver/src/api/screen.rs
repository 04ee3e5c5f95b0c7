//! Screens: pictures, text read from them, and X11 windows.

use super::{Context, Method, lossy, quote};
use crate::failure::{Failure, Outcome};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const METHODS: &[Method] = &[
    Method { name: "screenshot", signature: "filename: str", run: screenshot },
    Method { name: "get_screen_text", signature: "", run: get_screen_text },
    Method { name: "get_screen_text_variants", signature: "", run: get_screen_text_variants },
    Method {
        name: "wait_for_text",
        signature: "regex: str, timeout: duration? = 900",
        run: wait_for_text,
    },
    Method { name: "wait_for_x", signature: "timeout: duration? = 900", run: wait_for_x },
    Method { name: "get_window_names", signature: "", run: get_window_names },
    Method {
        name: "wait_for_window",
        signature: "regexp: str, timeout: duration? = 900",
        run: wait_for_window,
    },
];

/// `NAME` without a dot gets `.png`; without a slash it goes to the output folder.
fn screenshot(context: &mut Context<'_>) -> Outcome<Value> {
    let name = context.args.text("filename");
    let file = if name.contains('.') { name.to_string() } else { format!("{name}.png") };
    let target =
        if file.contains('/') { PathBuf::from(&file) } else { context.driver.out_dir.join(&file) };
    let node = context.node()?;
    context.step(&format!("making screenshot {}", target.display()), |_| {
        node.start(Default::default())?;
        node.machine.hardware()?.screenshot(&target)?;
        Ok(Value::Null)
    })
}

/// Takes a picture and lets tesseract read it.
fn read_screen(context: &mut Context<'_>) -> Outcome<String> {
    let program = context.driver.config.tools.tesseract.clone();
    let program = program.ok_or_else(|| {
        Failure::machine("reading text from the screen needs `enableOCR = true;` in the test")
    })?;
    let node = context.node()?;
    node.start(Default::default())?;
    let picture = context.driver.folder.join(format!("screen-{}.png", node.variable));
    node.machine.hardware()?.screenshot(&picture)?;
    run_tesseract(&program, &picture)
}

fn run_tesseract(program: &Path, picture: &Path) -> Outcome<String> {
    let output = Command::new(program)
        .arg(picture)
        .args(["-", "--oem", "2", "--psm", "11", "-c", "debug_file=/dev/null"])
        .output()
        .map_err(|error| Failure::machine(format!("{}: {error}", program.display())))?;
    if !output.status.success() {
        let text = lossy(&output.stderr);
        return Err(Failure::machine(format!("reading the screen failed: {}", text.trim())));
    }
    Ok(lossy(&output.stdout))
}

fn get_screen_text(context: &mut Context<'_>) -> Outcome<Value> {
    Ok(json!(read_screen(context)?))
}

fn get_screen_text_variants(context: &mut Context<'_>) -> Outcome<Value> {
    Ok(json!([read_screen(context)?]))
}

fn wait_for_text(context: &mut Context<'_>) -> Outcome<Value> {
    let pattern = context.args.text("regex").to_string();
    let limit = context.timeout();
    context.step(&format!("waiting for {pattern} to appear on screen"), |context| {
        context.retry(limit, |context, last| {
            context.check_conditions()?;
            let text = read_screen(context)?;
            if last {
                context.log(&format!("the text on the screen is:\n{text}"));
            }
            let question = json!({"ask": "search", "pattern": pattern, "text": text});
            Ok((context.ask(question)? == json!(true)).then_some(Value::Null))
        })
    })
}

fn wait_for_x(context: &mut Context<'_>) -> Outcome<Value> {
    let limit = context.timeout();
    context.step("waiting for the X11 server", |context| {
        context.retry(limit, |context, _| {
            let command = "journalctl -b SYSLOG_IDENTIFIER=systemd \
                           | grep 'Reached target Current graphical' && test -e /tmp/.X11-unix/X0";
            Ok((context.exec(command, None)?.status == 0).then_some(Value::Null))
        })
    })
}

fn window_names(context: &mut Context<'_>) -> Outcome<Vec<String>> {
    let command = r#"xwininfo -root -tree | sed 's/.*0x[0-9a-f]* \"\([^\"]*\)\".*/\1/; t; d'"#;
    let output = context.exec(command, None)?;
    Ok(lossy(&output.output).lines().map(String::from).collect())
}

fn get_window_names(context: &mut Context<'_>) -> Outcome<Value> {
    Ok(json!(window_names(context)?))
}

fn wait_for_window(context: &mut Context<'_>) -> Outcome<Value> {
    let pattern = context.args.text("regexp").to_string();
    let limit = context.timeout();
    context.step(&format!("waiting for a window that matches {}", quote(&pattern)), |context| {
        context.retry(limit, |context, last| {
            let names = window_names(context)?;
            if last {
                context.log(&format!("the windows are: {}", names.join(", ")));
            }
            for name in names {
                let question = json!({"ask": "search", "pattern": pattern, "text": name});
                if context.ask(question)? == json!(true) {
                    return Ok(Some(Value::Null));
                }
            }
            Ok(None)
        })
    })
}
