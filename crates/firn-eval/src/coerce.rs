//! Coercion to strings and paths.

use firn_syntax::sym;

use crate::context::{ContextElem, ContextJoin, Ctx};
use crate::error::{ErrorKind, R, Raised};
use crate::machine::Machine;
use crate::paths;
use crate::pos::Pos;
use crate::print;
use crate::value::{Kind, Str, Value};

/// How far a coercion goes.
#[derive(Clone, Copy)]
pub struct Coerce {
    /// Also numbers, Booleans, null and lists (`toString`, derivation attributes).
    pub more: bool,
    /// Paths are copied to the store and become its path; otherwise they become their own text.
    pub copy: bool,
}

impl Machine {
    /// Coerces a value to a string. `what` is the frame of a type error.
    ///
    /// # Errors
    /// When the value has no such form, or evaluating it fails.
    #[inline(always)]
    pub fn coerce(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Str> {
        match v.as_str() {
            Some(s) => Ok(s),
            None => self.coerce_unknown(v, how, pos, what),
        }
    }

    #[inline(never)]
    fn coerce_unknown(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Str> {
        let v = self.force_at(v, pos)?;
        if let Some(s) = v.as_str() {
            return Ok(s);
        }
        self.enter(pos)?;
        let result = self.coerce_other(v, how, pos, what);
        self.leave();
        result
    }

    fn coerce_other(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Str> {
        match v.kind() {
            Kind::Path(p) if how.copy => self.copy_path(p, pos),
            Kind::Path(p) => Ok(p),
            Kind::Attrs(_) => self.coerce_attrs(v, how, pos, what),
            Kind::Null | Kind::Bool(false) if how.more => Ok(self.text(b"")),
            Kind::Bool(true) if how.more => Ok(self.text(b"1")),
            Kind::Int(i) if how.more => Ok(self.text(i.to_string().as_bytes())),
            Kind::Float(f) if how.more => Ok(self.text(format!("{f:.6}").as_bytes())),
            Kind::List(_) if how.more => self.coerce_list(v, how, pos, what),
            _ => Err(self.cannot_coerce(v, pos, what)),
        }
    }

    fn text(&mut self, bytes: &[u8]) -> Str {
        let v = self.string(bytes);
        match v.as_str() {
            Some(s) => s,
            None => unreachable!("a string was made"),
        }
    }

    #[cold]
    fn cannot_coerce(&mut self, v: Value, pos: Pos, what: &'static str) -> Raised {
        let shown = print::for_error(self, v);
        let text = format!("cannot coerce {} to a string: {shown}", print::show_type(v));
        let raised = self.fail(ErrorKind::Type, Pos::NONE, text);
        self.frame(raised, pos, what)
    }

    fn coerce_attrs(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Str> {
        let Some(attrs) = v.as_attrs() else { return Err(self.cannot_coerce(v, pos, what)) };
        if let Some(to_string) = attrs.entry(sym::TO_STRING) {
            let text = self.call(to_string.value(), &[v], to_string.pos);
            let text =
                self.traced(text, to_string.pos, "while calling the `__toString` attribute")?;
            let result = self.coerce(text, how, pos, what);
            return self.traced(
                result,
                to_string.pos,
                "while using the result of the `__toString` attribute",
            );
        }
        if let Some(out) = attrs.entry(sym::OUT_PATH) {
            let value = self.force_at(out.value(), out.pos);
            let value = self.traced(value, out.pos, "while evaluating the `outPath` attribute")?;
            let result = self.coerce(value, how, pos, what);
            return self.traced(result, out.pos, "while using the `outPath` attribute");
        }
        Err(self.cannot_coerce(v, pos, what))
    }

    fn coerce_list(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Str> {
        let Some(list) = v.as_list() else { return Err(self.cannot_coerce(v, pos, what)) };
        let mut bytes = Vec::new();
        let mut join = ContextJoin::default();
        let last = list.len().saturating_sub(1);
        for (i, slot) in list.slots().iter().enumerate() {
            let part =
                self.coerce(slot.get(), how, pos, "while evaluating one element of the list");
            let part = self.traced(part, pos, what)?;
            bytes.extend_from_slice(part.bytes());
            join.add(part.ctx());
            let element = slot.get().known();
            if i < last && element.as_list().is_none_or(|l| !l.is_empty()) {
                bytes.push(b' ');
            }
        }
        let ctx = self.join_all(join);
        let text = self.string_ctx(&bytes, ctx);
        text.as_str().ok_or(Raised(()))
    }

    /// The store path of a path, which is copied there.
    pub fn copy_path(&mut self, path: Str, pos: Pos) -> R<Str> {
        if path.bytes().ends_with(b".drv") {
            return Err(self.fail(
                ErrorKind::Eval,
                Pos::NONE,
                "file names are not allowed to end in '.drv'",
            ));
        }
        let copied = self.host().copy_to_store(&path.to_text());
        let copied = self.hosted(copied, pos)?;
        let ctx = self.contexts.single(ContextElem::Path(copied.clone()));
        self.string_ctx(copied.as_bytes(), ctx).as_str().ok_or(Raised(()))
    }

    /// Coerces to an absolute path: path values, and strings that begin with `/`.
    pub fn coerce_path(&mut self, v: Value, pos: Pos, what: &'static str) -> R<(Vec<u8>, Ctx)> {
        let v = self.force_at(v, pos)?;
        if let Some(p) = v.as_path() {
            return Ok((p.bytes().to_vec(), Ctx::NONE));
        }
        if let Some(attrs) = v.as_attrs() {
            return self.coerce_path_attrs(v, attrs, pos, what);
        }
        let text = self.coerce(v, Coerce { more: false, copy: false }, pos, what)?;
        if !text.bytes().starts_with(b"/") {
            let message = format!("string '{}' doesn't represent an absolute path", text.to_text());
            let raised = self.fail(ErrorKind::Eval, Pos::NONE, message);
            return Err(self.frame(raised, pos, what));
        }
        Ok((paths::canonical(text.bytes()), text.ctx()))
    }
}

impl Machine {
    fn coerce_path_attrs(
        &mut self,
        v: Value,
        attrs: crate::attrs::Attrs,
        pos: Pos,
        what: &'static str,
    ) -> R<(Vec<u8>, Ctx)> {
        if let Some(to_string) = attrs.entry(sym::TO_STRING) {
            let text = self.call(to_string.value(), &[v], to_string.pos);
            let text =
                self.traced(text, to_string.pos, "while calling the `__toString` attribute")?;
            let result = self.coerce_path(text, pos, what);
            return self.traced(
                result,
                to_string.pos,
                "while using the result of the `__toString` attribute",
            );
        }
        if let Some(out) = attrs.entry(sym::OUT_PATH) {
            let value = self.force_at(out.value(), out.pos);
            let value = self.traced(value, out.pos, "while evaluating the `outPath` attribute")?;
            let result = self.coerce_path(value, pos, what);
            return self.traced(result, out.pos, "while using the `outPath` attribute");
        }
        Err(self.cannot_coerce(v, pos, what))
    }

    /// Makes sure that what the context of a path names exists, and puts real paths in place of
    /// placeholders.
    ///
    /// # Errors
    /// When building or the host refuses.
    pub fn realise_path(&mut self, path: Vec<u8>, ctx: Ctx, pos: Pos) -> R<Vec<u8>> {
        if ctx.is_empty() {
            return Ok(path);
        }
        let elems = self.context_elems(ctx);
        let replaced = self.host().realise(&elems);
        let replaced = self.hosted(replaced, pos)?;
        let mut text = path;
        for (from, to) in replaced {
            text = crate::strings::replace_all(&text, from.as_bytes(), to.as_bytes());
        }
        Ok(text)
    }
}
