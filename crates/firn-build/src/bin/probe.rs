//! What the tests of this crate need of a program, in one small static file:
//!
//! * `probe __sandbox` is the sandbox helper, with the builders of this crate and `builtin:fetchurl`;
//! * every other call is the builder of a test derivation: the arguments are statements, each a
//!   verb and its operands, in which `${NAME}` stands for a variable of the environment.

use firn_build::{BuildEnv, sandbox_helper};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};

fn main() {
    let mut args: VecDeque<String> =
        std::env::args_os().skip(1).map(|a| lossy(a.into_vec())).collect();
    if args.front().map(String::as_str) == Some("__sandbox") {
        sandbox_helper(&[&firn_fetch::FetchUrl, &BuildEnv]);
    }
    while let Some(verb) = args.pop_front() {
        let mut operand = || expand(&args.pop_front().unwrap_or_default());
        if let Err(e) = statement(&verb, &mut operand) {
            eprintln!("{verb}: {e}");
            std::process::exit(99);
        }
    }
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn expand(text: &str) -> String {
    std::env::vars_os().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{}}}", lossy(name.into_vec())), &lossy(value.into_vec()))
    })
}

fn statement(verb: &str, operand: &mut dyn FnMut() -> String) -> Result<(), Box<dyn Error>> {
    match verb {
        "print" => println!("{}", operand()),
        "eprint" => eprintln!("{}", operand()),
        "write" => fs::write(operand(), operand())?,
        "append" => {
            fs::OpenOptions::new().append(true).open(operand())?.write_all(operand().as_bytes())?
        }
        "mkdir" => fs::create_dir_all(operand())?,
        "copy" => drop(fs::copy(operand(), operand())?),
        "link" => symlink(operand(), operand())?,
        "mode" => {
            let mode = u32::from_str_radix(&operand(), 8)?;
            fs::set_permissions(operand(), fs::Permissions::from_mode(mode))?;
        }
        "list" => fs::write(operand(), list(&operand())?)?,
        "env" => fs::write(operand(), environment())?,
        "random" => fs::write(operand(), fs::read_to_string("/proc/sys/kernel/random/uuid")?)?,
        "fifo" => {
            let mode = rustix::fs::Mode::from_raw_mode(0o644);
            rustix::fs::mknodat(rustix::fs::CWD, operand(), rustix::fs::FileType::Fifo, mode, 0)?;
        }
        "fill" => {
            let mut file = fs::File::create(operand())?;
            let mebibytes: usize = operand().parse()?;
            for _ in 0..mebibytes {
                file.write_all(&[b'x'; 1 << 20])?;
            }
        }
        "hang" => loop {
            std::thread::park();
        },
        "exit" => std::process::exit(operand().parse()?),
        other => return Err(format!("unknown verb '{other}'").into()),
    }
    Ok(())
}

fn list(dir: &str) -> Result<String, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.push(lossy(entry?.file_name().into_vec()));
    }
    names.sort();
    Ok(names.join("\n"))
}

fn environment() -> String {
    let mut all: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (lossy(name.into_vec()), lossy(value.into_vec())))
        .collect();
    all.sort();
    all.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name}={value}");
        text
    })
}
