//! A host that has nothing and stops evaluation after a while, and everything that can be done with a text there.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use firn_eval::{ContextElem, FileType, Host, HostError, HostResult, Machine, Pos, Settings};
use firn_source::Origin;

/// How often evaluation may ask whether to go on.
const FUEL: u32 = 200;

struct NoHost(Cell<u32>);

fn nothing<T>() -> HostResult<T> {
    Err(HostError::new("there is nothing outside"))
}

impl Host for NoHost {
    fn read_file(&self, _: &str) -> HostResult<Vec<u8>> {
        nothing()
    }
    fn read_dir(&self, _: &str) -> HostResult<Vec<(Vec<u8>, FileType)>> {
        nothing()
    }
    fn file_type(&self, _: &str) -> HostResult<Option<FileType>> {
        Ok(None)
    }
    fn path_exists(&self, _: &str) -> HostResult<bool> {
        Ok(false)
    }
    fn read_link(&self, _: &str) -> HostResult<Option<Vec<u8>>> {
        Ok(None)
    }
    fn resolve_links(&self, path: &str) -> HostResult<String> {
        Ok(path.to_owned())
    }
    fn env_var(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
    fn search_path_entry(&self, _: &str) -> HostResult<Option<String>> {
        Ok(None)
    }
    fn copy_to_store(&self, _: &str) -> HostResult<String> {
        nothing()
    }
    fn realise(&self, _: &[ContextElem]) -> HostResult<Vec<(String, String)>> {
        nothing()
    }
    fn trace(&self, _: &str) {}
    fn warn(&self, _: &str) {}
    fn interrupted(&self) -> bool {
        self.0.set(self.0.get() + 1);
        self.0.get() > FUEL
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Evaluates a text, and does what can be done with its value; errors must be ones that can be shown.
pub fn evaluate(text: &[u8]) {
    let settings = Settings { max_call_depth: 300, ..Settings::default() };
    let mut m = Machine::new(Rc::new(NoHost(Cell::new(0))), settings, &[]);
    let value = m.eval_text(Origin::String, text, "/");
    let shown = value.and_then(|value| {
        m.documentation(value)?;
        let shown = m.print_value_bytes(value, firn_eval::PrintOptions::PLAIN)?;
        let value = m.force_deep(value)?;
        m.print_ambiguous(value)?;
        for name in ["toJSON", "toXML"] {
            let function = m.builtin(name)?;
            m.call(function, &[value], Pos::NONE)?;
        }
        Ok(shown)
    });
    if let Err(raised) = shown {
        let error = m.take_error(raised);
        assert!(m.render_error(&error, true).starts_with("error:"));
    }
    let scope = m.empty_attrs();
    let _ = m.prepare_bindings(text, "/", scope).map_err(|raised| m.take_error(raised));
}
