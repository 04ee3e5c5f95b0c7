//! Coercion to strings and paths.

use std::borrow::Cow;

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

/// A text that a value was coerced to: a string's, or one that is not on the heap (yet).
pub enum Text {
    /// The value was a string, or has one as its text.
    There(Str),
    /// A text that the coercion made.
    Made(Vec<u8>, Ctx),
}

impl Text {
    fn plain(text: String) -> Text {
        Text::Made(text.into_bytes(), Ctx::NONE)
    }

    /// The context.
    pub fn ctx(&self) -> Ctx {
        match self {
            Text::There(text) => text.ctx(),
            Text::Made(_, ctx) => *ctx,
        }
    }

    /// The bytes.
    pub fn into_bytes(self) -> Cow<'static, [u8]> {
        match self {
            Text::There(text) => text.bytes().into(),
            Text::Made(bytes, _) => bytes.into(),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Text::There(text) => text.bytes(),
            Text::Made(bytes, _) => bytes,
        }
    }
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

    /// The same for a text that is needed once: it is not put on the heap.
    ///
    /// # Errors
    /// As for [`Machine::coerce`].
    #[inline]
    pub fn coerce_text(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Text> {
        match v.as_str() {
            Some(s) => Ok(Text::There(s)),
            None => self.text_of(v, how, pos, what),
        }
    }

    #[inline(never)]
    fn coerce_unknown(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Str> {
        match self.text_of(v, how, pos, what)? {
            Text::There(text) => Ok(text),
            Text::Made(bytes, ctx) => self.string_ctx(&bytes, ctx).as_str().ok_or(Raised(())),
        }
    }

    #[inline(never)]
    fn text_of(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Text> {
        let v = self.force_at(v, pos)?;
        if let Some(s) = v.as_str() {
            return Ok(Text::There(s));
        }
        self.enter(pos)?;
        let result = self.coerce_other(v, how, pos, what);
        self.leave();
        result
    }

    fn coerce_other(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Text> {
        match v.kind() {
            Kind::Path(p) if how.copy => self.copied_path(p, pos),
            Kind::Path(p) => Ok(Text::There(p)),
            Kind::Attrs(_) => self.coerce_attrs(v, how, pos, what),
            Kind::Null | Kind::Bool(false) if how.more => Ok(Text::plain(String::new())),
            Kind::Bool(true) if how.more => Ok(Text::plain("1".to_owned())),
            Kind::Int(i) if how.more => Ok(Text::plain(i.to_string())),
            Kind::Float(f) if how.more => Ok(Text::plain(format!("{f:.6}"))),
            Kind::List(_) if how.more => self.coerce_list(v, how, pos, what),
            _ => Err(self.cannot_coerce(v, pos, what)),
        }
    }

    #[cold]
    fn cannot_coerce(&mut self, v: Value, pos: Pos, what: &'static str) -> Raised {
        let shown = print::for_error(self, v);
        let text = format!("cannot coerce {} to a string: {shown}", print::show_type(v));
        let raised = self.fail(ErrorKind::Type, Pos::NONE, text);
        self.frame(raised, pos, what)
    }

    fn coerce_attrs(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Text> {
        let Some(attrs) = v.as_attrs() else { return Err(self.cannot_coerce(v, pos, what)) };
        if let Some(to_string) = attrs.entry(sym::TO_STRING) {
            let text = self.call(to_string.value(), &[v], to_string.pos);
            let text =
                self.traced(text, to_string.pos, "while calling the `__toString` attribute")?;
            let result = self.coerce_text(text, how, pos, what);
            return self.traced(
                result,
                to_string.pos,
                "while using the result of the `__toString` attribute",
            );
        }
        if let Some(out) = attrs.entry(sym::OUT_PATH) {
            let value = self.force_at(out.value(), out.pos);
            let value = self.traced(value, out.pos, "while evaluating the `outPath` attribute")?;
            let result = self.coerce_text(value, how, pos, what);
            return self.traced(result, out.pos, "while using the `outPath` attribute");
        }
        Err(self.cannot_coerce(v, pos, what))
    }

    fn coerce_list(&mut self, v: Value, how: Coerce, pos: Pos, what: &'static str) -> R<Text> {
        let Some(list) = v.as_list() else { return Err(self.cannot_coerce(v, pos, what)) };
        let mut bytes = Vec::new();
        let mut join = ContextJoin::default();
        let last = list.len().saturating_sub(1);
        for (i, slot) in list.slots().iter().enumerate() {
            let part =
                self.coerce_text(slot.get(), how, pos, "while evaluating one element of the list");
            let part = self.traced(part, pos, what)?;
            bytes.extend_from_slice(part.bytes());
            join.add(part.ctx());
            let element = slot.get().known();
            if i < last && element.as_list().is_none_or(|l| !l.is_empty()) {
                bytes.push(b' ');
            }
        }
        let ctx = self.join_all(join);
        Ok(Text::Made(bytes, ctx))
    }

    /// The store path of a path, which is copied there.
    ///
    /// # Errors
    /// When it can't be copied.
    pub fn copy_path(&mut self, path: Str, pos: Pos) -> R<Str> {
        let Text::Made(text, ctx) = self.copied_path(path, pos)? else { return Ok(path) };
        self.string_ctx(&text, ctx).as_str().ok_or(Raised(()))
    }

    fn copied_path(&mut self, path: Str, pos: Pos) -> R<Text> {
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
        Ok(Text::Made(copied.into_bytes(), ctx))
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
