//! Screens: pictures, text read from them, and X11 windows.

use super::{Context, Method, lossy, quote};
use crate::failure::{Failure, Outcome};
use crate::picture::Picture;
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

/// Takes a picture for tesseract, and gives that program with it.
fn picture(context: &mut Context<'_>) -> Outcome<(PathBuf, Picture)> {
    let node = context.node()?;
    let hardware = node.machine.hardware()?;
    let program = context.driver.config.tools.tesseract.clone();
    let program = program.ok_or_else(|| {
        Failure::machine("reading text from the screen needs `enableOCR = true;` in the test")
    })?;
    node.start(Default::default())?;
    let file = node.folder.join("screen.ppm");
    let command = json!({"filename": file, "format": "ppm"});
    hardware.qmp("screendump", command)?;
    let picture = Picture::read(&std::fs::read(&file)?)
        .ok_or_else(|| Failure::machine("QEMU's picture of the screen can't be read"))?;
    Ok((program, picture))
}

/// The ways to show a picture to tesseract, the most fruitful first: what stands on screens is small and
/// often light on dark.
const VARIANTS: [fn(&Picture) -> Picture; 3] =
    [|p| p.enlarged(3).inverted(), |p| p.enlarged(3), Picture::clone];

/// Engine 3 is what the language's data are for: Debian's are for the neural one only. Layout 11 is text
/// in no order.
const READING: [&str; 7] = ["-", "--oem", "3", "--psm", "11", "-c", "debug_file=/dev/null"];

fn read_text(context: &Context<'_>, program: &Path, picture: &Picture) -> Outcome<String> {
    let file = context.node()?.folder.join("screen.pgm");
    std::fs::write(&file, picture.to_pgm())?;
    let output = Command::new(program)
        .arg(&file)
        .args(READING)
        .env("OMP_THREAD_LIMIT", "1")
        .output()
        .map_err(|error| Failure::machine(format!("{}: {error}", program.display())))?;
    if !output.status.success() {
        let text = lossy(&output.stderr);
        return Err(Failure::machine(format!("reading the screen failed: {}", text.trim())));
    }
    Ok(lossy(&output.stdout))
}

fn get_screen_text(context: &mut Context<'_>) -> Outcome<Value> {
    let (program, picture) = picture(context)?;
    Ok(json!(read_text(context, &program, &VARIANTS[0](&picture))?))
}

fn get_screen_text_variants(context: &mut Context<'_>) -> Outcome<Value> {
    let (program, picture) = picture(context)?;
    let texts = VARIANTS.iter().map(|variant| read_text(context, &program, &variant(&picture)));
    Ok(json!(texts.collect::<Outcome<Vec<_>>>()?))
}

/// Each variant is read only when those before it don't match.
fn wait_for_text(context: &mut Context<'_>) -> Outcome<Value> {
    let pattern = context.args.text("regex").to_string();
    let limit = context.timeout();
    context.step(&format!("waiting for {pattern} to appear on screen"), |context| {
        context.retry(limit, |context, last| {
            context.check_conditions()?;
            let (program, picture) = picture(context)?;
            for variant in VARIANTS {
                let text = read_text(context, &program, &variant(&picture))?;
                if last {
                    context.log(&format!("the text on the screen is:\n{text}"));
                }
                let question = json!({"ask": "search", "pattern": pattern, "text": text});
                if context.ask(question)? == json!(true) {
                    return Ok(Some(Value::Null));
                }
            }
            Ok(None)
        })
    })
}

fn wait_for_x(context: &mut Context<'_>) -> Outcome<Value> {
    let limit = context.timeout();
    context.step("waiting for the X11 server", |context| {
        context.retry(limit, |context, last| {
            let output = context.exec(X_STATE, None)?;
            let state = lossy(&output.output);
            match state.trim() {
                "" => Ok(Some(Value::Null)),
                hopeless if hopeless.starts_with("no ") => Err(no_screen(context, hopeless)),
                missing if last => Err(no_screen(context, missing)),
                _ => Ok(None),
            }
        })
    })
}

fn no_screen(context: &Context<'_>, why: &str) -> Failure {
    Failure::assertion(format!(
        "{}: no X11 server on display :0: {why}\nhelp: a graphical machine has \
         `services.xserver.enable = true;` and a user who is logged in",
        context.name()
    ))
}

/// Says what is missing until X11 and a graphical session run; what begins with `no` will never come.
const X_STATE: &str = "if test -e /tmp/.X11-unix/X0; then \
    journalctl -b SYSLOG_IDENTIFIER=systemd \
    | grep -q 'Reached target \\(graphical-session.target - \\)\\?Current graphical' \
    || echo 'the server runs, but no graphical session has been reached'; \
    elif test \"$(systemctl show -P LoadState display-manager.service)\" != loaded \
    && test \"$(systemctl is-system-running 2>/dev/null)\" != starting; \
    then echo 'no display manager is installed'; \
    else echo \"the socket /tmp/.X11-unix/X0 is missing; display-manager.service is \
    $(systemctl show -P ActiveState display-manager.service)\"; fi";

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
