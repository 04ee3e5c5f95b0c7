//! Unpacking and relocation of small packages made here, honest and hostile.
#![allow(clippy::unwrap_used)]

use firn_debian::closure::StoreDir;
use firn_debian::relocate::{self, Job};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A member of a package's data part.
enum Member<'a> {
    Dir(&'a str),
    File(&'a str, u32, &'a str),
    Link(&'a str, &'a str),
    Hard(&'a str, &'a str),
    Device(&'a str),
}

fn tar(members: &[Member<'_>]) -> Vec<u8> {
    let mut out = tar::Builder::new(Vec::new());
    for member in members {
        let mut header = tar::Header::new_old();
        let (name, kind, mode, target, text) = match member {
            Member::Dir(name) => (*name, tar::EntryType::Directory, 0o755, "", ""),
            Member::File(name, mode, text) => (*name, tar::EntryType::Regular, *mode, "", *text),
            Member::Link(name, to) => (*name, tar::EntryType::Symlink, 0o777, *to, ""),
            Member::Hard(name, to) => (*name, tar::EntryType::Link, 0o644, *to, ""),
            Member::Device(name) => (*name, tar::EntryType::Char, 0o666, "", ""),
        };
        // Written raw, because the library itself refuses hostile names.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(text.len() as u64);
        header.set_cksum();
        out.append(&header, text.as_bytes()).unwrap();
    }
    out.into_inner().unwrap()
}

fn deb(path: &Path, postinst: &str, members: &[Member<'_>]) {
    let control = tar(&[Member::File("./postinst", 0o755, postinst)]);
    let mut out = b"!<arch>\n".to_vec();
    for (name, data) in
        [("debian-binary", b"2.0\n".to_vec()), ("control.tar", control), ("data.tar", tar(members))]
    {
        out.extend(
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100644, data.len())
                .bytes(),
        );
        out.extend(&data);
        out.resize(out.len() + out.len() % 2, b'\n');
    }
    fs::write(path, out).unwrap();
}

struct World {
    folder: tempfile::TempDir,
    dependencies: Vec<StoreDir>,
}

impl World {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), dependencies: Vec::new() }
    }

    fn dir(&self, name: &str) -> StoreDir {
        StoreDir { path: format!("/store/{name}"), dir: self.folder.path().join(name) }
    }

    fn build(
        &mut self,
        name: &str,
        postinst: &str,
        members: &[Member<'_>],
    ) -> Result<PathBuf, String> {
        let file = self.folder.path().join(format!("{name}.deb"));
        deb(&file, postinst, members);
        let out = self.dir(name);
        let job = Job {
            debs: vec![file],
            out: out.clone(),
            dependencies: self.dependencies.clone(),
            links: BTreeMap::new(),
            run_programs: false,
        };
        relocate::build(&job).map_err(|err| err.to_string())?;
        self.dependencies.push(out.clone());
        Ok(out.dir)
    }
}

fn link(path: PathBuf) -> String {
    fs::read_link(path).unwrap().to_str().unwrap().to_owned()
}

#[test]
fn paths_lead_into_the_store() {
    use Member::{Dir, File, Hard, Link};
    let mut world = World::new();
    let shell = [
        Dir("./bin/"),
        File("./bin/dash", 0o755, "binary"),
        Link("./bin/sh", "dash"),
        File("./lib/libq.so.1", 0o644, ""),
    ];
    let shell = world.build("dash", "", &shell).unwrap();
    assert_eq!(link(shell.join("bin/sh")), "dash");
    let postinst = "update-alternatives --install /usr/bin/editor editor /usr/bin/ed 5\n";
    let members = [
        Dir("./"),
        Dir("./usr/sbin/"),
        File("./usr/sbin/tool", 0o4755, "#! /bin/sh -e\nexit\n"),
        File("./usr/bin/ed", 0o755, "#!/usr/bin/env sh\n"),
        File("./usr/bin/other", 0o755, "#!/usr/bin/ruby\n"),
        Link("./usr/bin/tool", "../sbin/tool"),
        Link("./usr/bin/up", "../../bin/sh"),
        Link("./usr/share/away", "/etc/away"),
        Link("./usr/lib/alias", "missing"),
        File(
            "./lib/x86_64-linux-gnu/libx.so",
            0o644,
            "/* GNU ld script */\nGROUP ( /lib/libq.so.1 AS_NEEDED ( /lib/none ) )\n",
        ),
        File("./usr/lib/pkgconfig/x.pc", 0o644, "prefix=/usr\nlibdir=${prefix}/lib\n"),
        File("./usr/share/doc/x/copyright", 0o644, "free"),
        File("./usr/share/doc/x/changelog", 0o644, "long"),
        Hard("./usr/share/twin", "./usr/share/doc/x/copyright"),
    ];
    let out = world.build("tool", postinst, &members).unwrap();
    let text = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(text("bin/tool"), "#!/store/dash/bin/sh -e\nexit\n");
    assert_eq!(text("bin/ed"), "#!/store/dash/bin/sh\n");
    assert_eq!(text("bin/other"), "#!/usr/bin/ruby\n");
    assert_eq!(link(out.join("sbin")), "bin");
    assert_eq!(link(out.join("bin/up")), "/store/dash/bin/sh");
    assert_eq!(link(out.join("bin/editor")), "ed");
    assert_eq!(link(out.join("share/away")), "/etc/away");
    assert_eq!(link(out.join("lib/alias")), "missing");
    assert!(
        text("lib/x86_64-linux-gnu/libx.so")
            .contains("( /store/dash/lib/libq.so.1 AS_NEEDED ( /lib/none ) )")
    );
    assert!(text("lib/pkgconfig/x.pc").starts_with("prefix=/store/tool\n"));
    assert_eq!(text("share/twin"), "free");
    assert!(!out.join("share/doc/x/changelog").exists());
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(out.join("bin/tool")).unwrap().permissions().mode() & 0o7777, 0o755);
}

#[test]
fn hostile_packages_are_refused() {
    use Member::{Device, Dir, File, Hard, Link};
    let cases: [(&str, &[Member<'_>], &str); 5] = [
        ("climb", &[File("./usr/../../../evil", 0o644, "x")], "leads out of the package"),
        ("device", &[Device("./dev/mem0")], "has no place in a package"),
        ("hard", &[Hard("./a", "./../../etc/passwd")], "leads out of the package"),
        ("absent", &[Hard("./a", "./b")], "which is absent"),
        (
            "clash",
            &[File("./usr/x", 0o644, ""), File("./usr/x/y", 0o644, "")],
            "is a file or a link",
        ),
    ];
    for (name, members, want) in cases {
        let error = World::new().build(name, "", members).unwrap_err();
        assert!(error.contains(want), "{name}: {error}");
    }
    // Through a link that leads out, nothing is written outside.
    let mut world = World::new();
    let outside = world.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let members = [
        Dir("./usr/"),
        Link("./usr/lib", outside.to_str().unwrap()),
        File("./usr/lib/x", 0o644, "x"),
    ];
    let _ = world.build("through", "", &members);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn a_damaged_package_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.deb");
    for bytes in [&b""[..], b"!<arch>\n", b"!<arch>\ndebian-binary   0", b"not a package at all"] {
        fs::write(&file, bytes).unwrap();
        let job = Job {
            debs: vec![file.clone()],
            out: StoreDir { path: "/s".into(), dir: folder.path().join("out") },
            dependencies: Vec::new(),
            links: BTreeMap::new(),
            run_programs: false,
        };
        let error = relocate::build(&job).unwrap_err().to_string();
        assert!(error.contains("x.deb") && error.contains("not a Debian package"), "{error}");
        fs::remove_dir_all(folder.path().join("out")).unwrap();
    }
}
