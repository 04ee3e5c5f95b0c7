//! The merged `/usr` tree.
#![allow(clippy::unwrap_used)]

use firn_debian::usr::{Usr, build};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

fn file(root: &Path, place: &str) {
    let path = root.join(place);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, place).unwrap();
}

fn link(path: PathBuf) -> PathBuf {
    fs::read_link(path).unwrap()
}

#[test]
fn merges_packages() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two, out) =
        (folder.path().join("one"), folder.path().join("two"), folder.path().join("out"));
    file(&one, "bin/a");
    file(&one, "bin/su");
    file(&one, "lib/systemd/system/reboot.target");
    symlink("reboot.target", one.join("lib/systemd/system/ctrl-alt-del.target")).unwrap();
    file(&one, "lib/own/deep/file");
    file(&one, "lib/plugins/x");
    symlink("../../share/elsewhere", one.join("lib/plugins/dangling")).unwrap();
    file(&one, "share/both/one");
    file(&one, "share/doc/one/copyright");
    file(&one, "lib/os-release");
    file(&one, "etc/conf");
    file(&two, "bin/a");
    file(&two, "share/both/two");
    let usr = Usr {
        paths: vec![one.clone(), two.clone()],
        wrappers: vec!["su".into(), "mount".into()],
        links: [("lib/modules".to_owned(), "/kernel/lib/modules".to_owned())].into(),
        os_release: Some("ID=firn\n".into()),
    };
    assert_eq!(build(&usr, &out).unwrap(), ["bin/a"]);
    assert_eq!(link(out.join("bin/a")), one.join("bin/a"), "the first path wins");
    assert_eq!(link(out.join("bin/su")), Path::new("/run/wrappers/bin/su"));
    assert_eq!(link(out.join("lib/modules")), Path::new("/kernel/lib/modules"));
    assert_eq!(link(out.join("bin/mount")), Path::new("/run/wrappers/bin/mount"));
    assert_eq!(link(out.join("sbin")), Path::new("bin"));
    let units = out.join("lib/systemd/system");
    assert!(!units.is_symlink() && !out.join("lib/systemd").is_symlink());
    assert_eq!(link(units.join("ctrl-alt-del.target")), Path::new("reboot.target"));
    assert_eq!(link(out.join("lib/own")), one.join("lib/own"), "one owner: one link");
    assert!(!out.join("lib/plugins").is_symlink(), "a link in it leads out of its package");
    assert!(out.join("share/both/one").exists() && out.join("share/both/two").exists());
    assert!(!out.join("share/doc").exists() && !out.join("etc").exists());
    assert_eq!(fs::read_to_string(out.join("lib/os-release")).unwrap(), "ID=firn\n");
    assert!(!out.join("lib/os-release").is_symlink());
}
