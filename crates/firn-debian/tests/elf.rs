//! The ELF patcher over programs that the machine's own compiler makes, and over damaged ones.
#![allow(clippy::unwrap_used)]

use firn_debian::elf::{Change, Elf, patch};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Compiles one source with the linker driver that cargo itself uses.
fn compile(source: &str, out: &Path, flags: &[&str]) {
    let file = out.with_extension("c");
    fs::write(&file, source).unwrap();
    let status = Command::new("cc").arg(&file).arg("-o").arg(out).args(flags).status().unwrap();
    assert!(status.success());
}

struct Sample {
    _folder: tempfile::TempDir,
    program: Vec<u8>,
    library: Vec<u8>,
}

fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libanswer.so.1");
        compile(
            "int answer(void) { return 42; }",
            &library,
            &["-shared", "-fPIC", "-Wl,-soname,libanswer.so.1"],
        );
        let program = folder.path().join("program");
        compile(
            "#include <stdio.h>\nint answer(void);\nint main(void) { printf(\"%d\\n\", answer()); }",
            &program,
            &[library.to_str().unwrap(), "-Wl,-rpath,/old/place"],
        );
        let read = |path: &Path| fs::read(path).unwrap();
        Sample { program: read(&program), library: read(&library), _folder: folder }
    })
}

fn patched(data: &[u8], change: &Change) -> Vec<u8> {
    let elf = Elf::parse(data).unwrap().unwrap();
    patch(&elf, change).unwrap().unwrap().apply(data.to_vec())
}

#[test]
fn a_patched_program_runs_with_its_new_interpreter_and_library() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("lib")).unwrap();
    fs::write(at("lib/libanswer.so.1"), &sample().library).unwrap();
    let old = Elf::parse(&sample().program).unwrap().unwrap();
    // A name of its own for the interpreter, so that running proves that it is the new one.
    symlink(old.interpreter.unwrap(), at("interpreter")).unwrap();
    let change = Change {
        interpreter: Some(at("interpreter").to_str().unwrap().to_owned()),
        run_path: Some(format!("{}:/elsewhere", at("lib").display())),
        ..Change::default()
    };
    let data = patched(&sample().program, &change);
    let elf = Elf::parse(&data).unwrap().unwrap();
    assert_eq!(elf.interpreter, change.interpreter.as_deref());
    assert_eq!(elf.run_path(), change.run_path.as_deref());
    assert_eq!(elf.needed(), old.needed());
    fs::write(at("program"), &data).unwrap();
    fs::set_permissions(at("program"), fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(at("program")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "42\n", "{output:?}");
    fs::remove_file(at("interpreter")).unwrap();
    assert!(Command::new(at("program")).output().is_err());
}

#[test]
fn needed_libraries_may_become_absolute() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("renamed.so");
    fs::write(&library, &sample().library).unwrap();
    let name = library.to_str().unwrap().to_owned();
    let change = Change {
        needed: [("libanswer.so.1".to_owned(), name.clone())].into(),
        ..Change::default()
    };
    let data = patched(&sample().program, &change);
    assert!(Elf::parse(&data).unwrap().unwrap().needed().contains(&name.as_str()));
    let program = folder.path().join("program");
    fs::write(&program, &data).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(Command::new(&program).output().unwrap().stdout, b"42\n");
}

#[test]
fn nothing_in_the_file_moves() {
    let change = Change { run_path: Some("/new".into()), ..Change::default() };
    let old = &sample().library;
    let elf = Elf::parse(old).unwrap().unwrap();
    let patch = patch(&elf, &change).unwrap().unwrap();
    let new = patch.apply(old.clone());
    let touched = |at: usize| {
        patch.writes.iter().any(|(start, bytes)| {
            let start = usize::try_from(*start).unwrap();
            (start..start + bytes.len()).contains(&at)
        })
    };
    for at in (0..old.len()).filter(|&at| old[at] != new[at]) {
        assert!(touched(at), "byte {at} changed");
    }
    assert!(new.len() - old.len() < 8192, "it grows by a page and its strings");
    assert_eq!(new.len() as u64 % 8, patch.writes.last().unwrap().1.len() as u64 % 8);
}

#[test]
fn patching_again_gives_the_second_answer() {
    let first = Change { run_path: Some("/first".into()), ..Change::default() };
    let second = Change { run_path: Some("/second".into()), ..Change::default() };
    let data = patched(&patched(&sample().library, &first), &second);
    let elf = Elf::parse(&data).unwrap().unwrap();
    assert_eq!(elf.run_path(), Some("/second"));
    assert_eq!(elf.soname(), Some("libanswer.so.1"));
}

#[test]
fn a_file_that_is_none_of_ours_is_left_alone() {
    assert!(Elf::parse(b"").unwrap().is_none());
    assert!(Elf::parse(b"#!/bin/sh\n").unwrap().is_none());
    assert!(Elf::parse(b"\x7fELF\x01\x01\x01").unwrap().is_none());
    let elf = Elf::parse(&sample().library).unwrap().unwrap();
    let only_interpreter = Change { interpreter: Some("/x".into()), ..Change::default() };
    assert_eq!(patch(&elf, &only_interpreter).unwrap(), None, "a library has no interpreter");
}

proptest! {
    /// Whatever is damaged, the answer is a refusal or a file that reads back as asked.
    #[test]
    fn damage_never_panics(
        bytes in proptest::collection::vec((0usize..20_000, any::<u8>()), 1..12),
        cut in 0usize..40_000,
    ) {
        let mut data = sample().program.clone();
        for (at, byte) in bytes {
            // The headers, where damage matters most, and the rest.
            let len = data.len();
            data[if at % 2 == 0 { at % 1200 } else { at % len }] = byte;
        }
        data.truncate(cut.max(64));
        let change = Change {
            interpreter: Some("/i".into()),
            run_path: Some("/r".into()),
            ..Change::default()
        };
        if let Ok(Some(elf)) = Elf::parse(&data)
            && let Ok(Some(patch)) = patch(&elf, &change)
        {
            let _ = Elf::parse(&patch.apply(data.clone()));
        }
    }
}
