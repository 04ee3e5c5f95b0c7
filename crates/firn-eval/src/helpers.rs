//! What builtins need all the time: forcing to a type with the reference's messages, lists, calls.

use firn_syntax::Symbol;

use crate::attrs::Attrs;
use crate::error::{ErrorKind, R, Raised};
use crate::heap::For;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::print;
use crate::value::{Kind, List, ListObject, Slot, Str, Value};

/// Results of `++` with at least this many elements get room to grow.
const GROW_FROM: usize = 16;

impl Machine {
    /// Raises `expected WANTED but found …`.
    #[cold]
    pub fn type_error(&mut self, found: Value, wanted: &str, pos: Pos) -> Raised {
        let shown = print::for_error(self, found);
        let text = format!("expected {wanted} but found {}: {shown}", print::show_type(found));
        self.fail(ErrorKind::Type, pos, text)
    }

    #[cold]
    fn wrong(&mut self, result: R<Value>, wanted: &str, pos: Pos, what: &'static str) -> Raised {
        self.wrong_at(result, wanted, pos, pos, what)
    }

    #[cold]
    fn wrong_at(
        &mut self,
        result: R<Value>,
        wanted: &str,
        at: Pos,
        pos: Pos,
        what: &'static str,
    ) -> Raised {
        let raised = match result {
            Ok(found) => self.type_error(found, wanted, at),
            Err(raised) => raised,
        };
        if what.is_empty() { raised } else { self.frame(raised, pos, what) }
    }

    /// Forces to a value; `what` is the frame of an error.
    pub fn force_value(&mut self, v: Value, pos: Pos, what: &'static str) -> R<Value> {
        let forced = self.force_at(v, pos);
        self.traced(forced, pos, what)
    }

    /// Forces to an integer. `what` is the frame of an error (`while evaluating …`).
    #[inline]
    pub fn force_int(&mut self, v: Value, pos: Pos, what: &'static str) -> R<i64> {
        match self.force_at(v, pos) {
            Ok(v) if v.as_int().is_some() => Ok(v.as_int().unwrap_or(0)),
            other => Err(self.wrong(other, "an integer", pos, what)),
        }
    }

    /// Forces to a number, as a float.
    pub fn force_float(&mut self, v: Value, pos: Pos, what: &'static str) -> R<f64> {
        match self.force_at(v, pos) {
            Ok(v) => match v.kind() {
                Kind::Int(i) => Ok(i as f64),
                Kind::Float(f) => Ok(f),
                _ => Err(self.wrong(Ok(v), "a float", pos, what)),
            },
            other => Err(self.wrong(other, "a float", pos, what)),
        }
    }

    /// Forces to a Boolean.
    #[inline]
    pub fn force_bool(&mut self, v: Value, pos: Pos, what: &'static str) -> R<bool> {
        match self.force_at(v, pos) {
            Ok(Value::TRUE) => Ok(true),
            Ok(Value::FALSE) => Ok(false),
            other => Err(self.wrong(other, "a Boolean", pos, what)),
        }
    }

    /// Forces to a list.
    #[inline]
    pub fn force_list(&mut self, v: Value, pos: Pos, what: &'static str) -> R<List> {
        let forced = self.force_at(v, pos);
        match forced {
            Ok(v) if v.as_list().is_some() => v.as_list().ok_or(Raised(())),
            other => Err(self.wrong_at(other, "a list", Pos::NONE, pos, what)),
        }
    }

    /// Forces to a set.
    #[inline]
    pub fn force_attrs(&mut self, v: Value, pos: Pos, what: &'static str) -> R<Attrs> {
        let forced = self.force_at(v, pos);
        match forced {
            Ok(v) if v.as_attrs().is_some() => v.as_attrs().ok_or(Raised(())),
            other => Err(self.wrong_at(other, "a set", Pos::NONE, pos, what)),
        }
    }

    /// Forces to something that can be called.
    #[inline]
    pub fn force_function(&mut self, v: Value, pos: Pos, what: &'static str) -> R<Value> {
        match self.force_at(v, pos) {
            Ok(v) if v.as_function().is_some() || is_functor(v) => Ok(v),
            other => Err(self.wrong(other, "a function", pos, what)),
        }
    }

    /// Forces to a string, with whatever context it has.
    #[inline]
    pub fn force_string(&mut self, v: Value, pos: Pos, what: &'static str) -> R<Str> {
        let forced = self.force_at(v, pos);
        match forced {
            Ok(v) if v.as_str().is_some() => v.as_str().ok_or(Raised(())),
            other => Err(self.wrong(other, "a string", pos, what)),
        }
    }

    /// Forces to a string that must not refer to store paths.
    pub fn string_without_context(&mut self, v: Value, pos: Pos, what: &'static str) -> R<Str> {
        let s = self.force_string(v, pos, what)?;
        if s.ctx().is_empty() {
            return Ok(s);
        }
        let elem = self.context_elems(s.ctx()).first().map(|e| e.display()).unwrap_or_default();
        let text = format!(
            "the string '{}' is not allowed to refer to a store path (such as '{elem}')",
            s.to_text()
        );
        let raised = self.fail(ErrorKind::Eval, Pos::NONE, text);
        Err(self.frame(raised, pos, what))
    }

    /// An attribute that must be there.
    pub fn required_attr(
        &mut self,
        attrs: Attrs,
        sym: Symbol,
        what: &'static str,
    ) -> R<&'static Slot> {
        match attrs.get(sym) {
            Some(slot) => Ok(slot),
            None => {
                let raised = self.fail(
                    ErrorKind::Type,
                    Pos::NONE,
                    format!("attribute '{}' missing", crate::print::attr_name(sym)),
                );
                Err(self.frame(raised, Pos::NONE, what))
            }
        }
    }

    /// Forces an attribute, if it is there.
    pub fn attr(&mut self, attrs: Attrs, sym: Symbol) -> R<Option<Value>> {
        match attrs.get(sym) {
            Some(slot) => self.force_slot(slot).map(Some),
            None => Ok(None),
        }
    }

    /// Whether a forced value is a set with `type = "derivation"`.
    pub fn is_derivation(&mut self, v: Value) -> R<bool> {
        let Some(attrs) = v.as_attrs() else { return Ok(false) };
        let Some(slot) = attrs.get(firn_syntax::sym::TYPE) else { return Ok(false) };
        let kind = self.force_slot(slot)?;
        Ok(kind.as_str().is_some_and(|s| s.bytes() == b"derivation"))
    }

    /// `FILE:LINE:COLUMN`
    pub fn show_pos(&self, pos: Pos) -> String {
        match self.positions().resolve(pos) {
            Some((file, offset)) => {
                let at = file.line_column(offset);
                format!("{}:{}:{}", file.origin(), at.line, at.column)
            }
            None => "«none»:0".to_owned(),
        }
    }

    /// Both lists, one behind the other; neither is empty.
    #[inline]
    pub(crate) fn concat_two(&mut self, a: List, b: List) -> Value {
        let total = a.len() + b.len();
        if total < GROW_FROM {
            let (list, slots) = self.new_list(total);
            for (slot, from) in slots.iter().zip(a.slots().iter().chain(b.slots())) {
                slot.set(from.get());
            }
            return list;
        }
        self.concat_long_lists(a, b, total)
    }

    #[inline(never)]
    fn concat_long_lists(&mut self, a: List, b: List, total: usize) -> Value {
        // The heap's own pointer reaches what is behind the slots of `a`.
        let end = self.heap.list_end;
        let object = self.heap.words(For::List, ListObject::words(total));
        let continues = a.slots().as_ptr_range().end == end as *const Slot;
        // SAFETY: when `a` ends where the last growing list ended, the slots up to the limit belong
        // to nobody; otherwise fresh room is allocated.
        unsafe {
            let start =
                if continues && (self.heap.list_limit as usize - end as usize) / 8 >= b.len() {
                    copy_slots(b, end);
                    self.heap.list_end = end.add(b.len());
                    end.sub(a.len())
                } else {
                    let room = if continues { total * 2 } else { total };
                    let to = self.heap.words(For::List, room);
                    copy_slots(a, to);
                    copy_slots(b, to.add(a.len()));
                    self.heap.list_end = to.add(total);
                    self.heap.list_limit = to.add(room);
                    to
                };
            ListObject::write(object, start as *const Slot, total)
        }
    }
}

/// Whether a value is a set that can be called.
pub fn is_functor(v: Value) -> bool {
    v.as_attrs().is_some_and(|a| a.get(firn_syntax::sym::FUNCTOR).is_some())
}

/// Copies a list's elements; those that wait in their slots are referred to.
///
/// # Safety
/// There is room for them at `to`.
unsafe fn copy_slots(from: List, to: *mut u64) {
    for (i, value) in from.iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { *to.add(i) = value.word() };
    }
}
