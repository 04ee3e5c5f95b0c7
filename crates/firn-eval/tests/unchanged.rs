//! Files whose trees were kept: one that has not changed since then is not read.

#![allow(clippy::unwrap_used)]

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use firn_eval::{
    ContextElem, FileMark, FileType, Host, HostResult, Machine, Pos, Settings, TreeKey,
};
use firn_syntax::Stretch;

/// One file, `/f.nix`, and trees in memory.
#[derive(Default)]
struct Kept {
    text: RefCell<String>,
    /// Changes when the text does.
    version: Cell<u8>,
    is_settled: Cell<bool>,
    reads: Cell<u32>,
    trees: RefCell<HashMap<TreeKey, Vec<u8>>>,
    marked: RefCell<HashMap<TreeKey, TreeKey>>,
}

impl Kept {
    fn write(&self, value: &str) {
        // Long enough to be kept.
        self.text.replace(format!("{{ value = {value}; rest = \"{}\"; }}.value", "x".repeat(2000)));
        self.version.set(self.version.get() + 1);
    }
}

/// A handle that a machine may have while the test changes what is behind it.
struct Shared(Rc<Kept>);

impl Host for Shared {
    fn read_file(&self, _: &str) -> HostResult<Vec<u8>> {
        self.0.reads.set(self.0.reads.get() + 1);
        Ok(self.0.text.borrow().clone().into_bytes())
    }
    fn place(&self, path: &str) -> Option<std::path::PathBuf> {
        Some(path.into())
    }
    fn kept_tree(&self, key: &TreeKey) -> Option<Stretch> {
        self.0.trees.borrow().get(key).map(|tree| tree.clone().into())
    }
    fn keep_tree(&self, key: TreeKey, tree: &dyn Fn() -> Option<Vec<u8>>) {
        self.0.trees.borrow_mut().insert(key, tree().unwrap());
    }
    fn file_mark(&self, _: &str, _: &[u8]) -> Option<FileMark> {
        let size = self.0.text.borrow().len();
        let is_settled = self.0.is_settled.get();
        Some(FileMark { key: [self.0.version.get(); 16], size, is_settled })
    }
    fn marked_tree(&self, mark: &FileMark) -> Option<Stretch> {
        self.kept_tree(self.0.marked.borrow().get(&mark.key)?)
    }
    fn mark_tree(&self, mark: &FileMark, key: TreeKey) {
        self.0.marked.borrow_mut().insert(mark.key, key);
    }
    fn keeps_trees(&self) -> bool {
        true
    }
    fn file_type(&self, _: &str) -> HostResult<Option<FileType>> {
        Ok(Some(FileType::Regular))
    }
    fn path_exists(&self, _: &str) -> HostResult<bool> {
        Ok(true)
    }
    fn read_link(&self, _: &str) -> HostResult<Option<Vec<u8>>> {
        Ok(None)
    }
    fn resolve_links(&self, path: &str) -> HostResult<String> {
        Ok(path.to_owned())
    }
    fn read_dir(&self, _: &str) -> HostResult<Vec<(Vec<u8>, FileType)>> {
        Ok(Vec::new())
    }
    fn env_var(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
    fn search_path_entry(&self, _: &str) -> HostResult<Option<String>> {
        Ok(None)
    }
    fn copy_to_store(&self, path: &str) -> HostResult<String> {
        Ok(path.to_owned())
    }
    fn realise(&self, _: &[ContextElem]) -> HostResult<Vec<(String, String)>> {
        Ok(Vec::new())
    }
    fn trace(&self, _: &str) {}
    fn warn(&self, _: &str) {}
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What a new machine makes of the file, and how often it read it.
fn evaluate(kept: &Rc<Kept>) -> (Option<i64>, u32) {
    kept.reads.set(0);
    let mut m = Machine::new(Rc::new(Shared(kept.clone())), Settings::default(), &[]);
    let value = m.eval_file(b"/f.nix", Pos::NONE).unwrap();
    (value.as_int(), kept.reads.get())
}

#[test]
fn a_file_that_has_not_changed_is_not_read() {
    firn_eval::stack::run(|| {
        let kept = Rc::<Kept>::default();
        kept.is_settled.set(true);
        for (value, expected) in [("1", 1), ("2", 2)] {
            kept.write(value);
            assert_eq!(evaluate(&kept), (Some(expected), 1));
            assert_eq!(evaluate(&kept), (Some(expected), 0));
        }
    })
    .unwrap();
}

#[test]
fn a_file_that_changed_a_moment_ago_is_read_again() {
    firn_eval::stack::run(|| {
        let kept = Rc::<Kept>::default();
        kept.write("1");
        for _ in 0..2 {
            assert_eq!(evaluate(&kept), (Some(1), 1));
        }
    })
    .unwrap();
}
