//! An interactive shell on a pseudo-terminal.

use super::exec::{LoginEnvironment, code};
use super::frame::Kind;
use super::message::Done;
use super::serve::{Input, Reply};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::sync::mpsc::Receiver;

/// Runs a shell until it exits or the driver ends the input.
pub(super) fn run(
    environment: &LoginEnvironment,
    columns: u16,
    rows: u16,
    reply: &Reply,
    input: Receiver<Input>,
) -> io::Result<Done> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?.to_string_lossy().into_owned();
    // A service leads a session of its own: the terminal must not become the agent's.
    let flags = OFlags::NOCTTY.bits() as i32;
    let terminal = OpenOptions::new().read(true).write(true).custom_flags(flags).open(&name)?;
    let size =
        rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&terminal, size)?;
    let mut command = environment.command();
    command.arg("-i").env("TERM", "xterm");
    command.stdin(Stdio::from(terminal.try_clone()?));
    command.stdout(Stdio::from(terminal.try_clone()?)).stderr(Stdio::from(terminal));
    // SAFETY: setsid and ioctl are async-signal-safe; standard input is the terminal by then.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            rustix::process::ioctl_tiocsctty(io::stdin())?;
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    drop(command);
    let mut writer = File::from(master.try_clone()?);
    let group = child.id() as i32;
    std::thread::spawn(move || {
        for part in input {
            match part {
                Input::Data(bytes) if writer.write_all(&bytes).is_ok() => {}
                Input::Data(_) => break,
                _ => {
                    // SAFETY: kill takes integers; the shell leads its own session.
                    unsafe { libc::kill(-group, libc::SIGHUP) };
                    break;
                }
            }
        }
    });
    let mut reader = File::from(master);
    let mut buffer = vec![0; 8192];
    while let Ok(count) = reader.read(&mut buffer) {
        if count == 0 {
            break;
        }
        reply.bytes(Kind::Out, &buffer[..count])?;
    }
    Ok(Done { status: code(child.wait()?), ..Done::default() })
}
