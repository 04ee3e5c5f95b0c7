//! Making strings. Long results of concatenation get room to grow, so that a string built by
//! appending costs linear time.

use firn_syntax::Symbol;

use crate::context::Ctx;
use crate::error::{ErrorKind, R};
use crate::heap::For;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::{Str, StrObject, TAG_STRING, Value};

/// Concatenations shorter than this are copied without room to grow.
const GROW_FROM: usize = 256;

/// Texts of at least this many bytes that the caller made are not copied to the heap.
const ADOPT_FROM: usize = 1 << 16;

/// How many names of strings are remembered.
const RECENT: usize = 2048;

/// Names by the address and the length of the bytes they were read from, which never change.
pub(crate) type RecentNames = Box<[Option<((usize, usize), Symbol)>]>;

pub(crate) fn recent_names() -> RecentNames {
    vec![None; RECENT].into()
}

impl Machine {
    /// A string without context.
    #[inline]
    pub fn string(&mut self, bytes: &[u8]) -> Value {
        self.string_ctx(bytes, Ctx::NONE)
    }

    /// A string with a context.
    pub fn string_ctx(&mut self, bytes: &[u8], ctx: Ctx) -> Value {
        if bytes.is_empty() && ctx.is_empty() {
            return self.empty_string();
        }
        let object = self.heap.words(For::Text, 2 + bytes.len().div_ceil(8));
        // SAFETY: header and room for the bytes were just allocated.
        unsafe {
            let to = object.add(2) as *mut u8;
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            self.header(object, to, bytes.len(), ctx)
        }
    }

    /// A string that code refers to, and which stays as long as the code.
    pub(crate) fn constant_string(&mut self, bytes: &[u8]) -> Value {
        if bytes.is_empty() {
            return self.empty_string();
        }
        let object = self.code.words(For::Text, 2 + bytes.len().div_ceil(8));
        // SAFETY: header and room for the bytes were just allocated.
        unsafe {
            let to = object.add(2) as *mut u8;
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            self.header(object, to, bytes.len(), Ctx::NONE)
        }
    }

    /// A string of bytes that the caller gives away: long ones stay where they are.
    pub fn string_owned(&mut self, bytes: Vec<u8>, ctx: Ctx) -> Value {
        if bytes.len() < ADOPT_FROM {
            return self.string_ctx(&bytes, ctx);
        }
        let (at, len) = (bytes.as_ptr(), bytes.len());
        self.adopted.push(bytes);
        let object = self.heap.words(For::Text, 2);
        // SAFETY: room for a header; the bytes are the machine's now, and a vector's content stays where
        // it is when the vector moves.
        unsafe { self.header(object, at, len, ctx) }
    }

    /// # Safety
    /// `object` has room for a header; `ptr` points to `len` bytes in the heap.
    #[inline(always)]
    unsafe fn header(&mut self, object: *mut u64, ptr: *const u8, len: usize, ctx: Ctx) -> Value {
        debug_assert!(u32::try_from(len).is_ok());
        // SAFETY: the caller's promise.
        unsafe { (object as *mut StrObject).write(StrObject { ptr, len: len as u32, ctx: ctx.0 }) };
        Value::from_object(object, TAG_STRING)
    }

    /// A part of a string that shares its bytes, with another context.
    pub(crate) fn substring(&mut self, s: Str, start: usize, end: usize, ctx: Ctx) -> Value {
        let part = &s.bytes()[start..end];
        if ctx.is_empty() {
            match part {
                [] => return self.empty_string(),
                &[byte] => return self.char_string(byte),
                _ => {}
            }
        }
        let object = self.heap.words(For::Text, 2);
        // SAFETY: room for a header; the bytes live as long as the heap.
        unsafe { self.header(object, part.as_ptr(), part.len(), ctx) }
    }

    /// The string of one byte, made once.
    pub(crate) fn char_string(&mut self, byte: u8) -> Value {
        if let Some(known) = self.char_strings[byte as usize] {
            return known;
        }
        let made = self.string(&[byte]);
        self.char_strings[byte as usize] = Some(made);
        made
    }

    /// The name that a string spells. The last few are remembered by where their bytes are.
    #[inline]
    pub fn symbol(&mut self, text: Str) -> Symbol {
        match self.known_symbol(text) {
            Some(name) => name,
            None => Symbol::intern(text.bytes()),
        }
    }

    /// The same, if it is a name already: one that nobody has interned is in no set.
    #[inline]
    pub fn known_symbol(&mut self, text: Str) -> Option<Symbol> {
        let bytes = text.bytes();
        let place = (bytes.as_ptr() as usize, bytes.len());
        let index = (place.0 >> 3 ^ place.0 >> 13) % RECENT;
        match self.recent_names[index] {
            Some((known, name)) if known == place => Some(name),
            _ => {
                let name = Symbol::lookup(bytes)?;
                self.recent_names[index] = Some((place, name));
                Some(name)
            }
        }
    }

    /// The string of a name, made once.
    pub fn symbol_string(&mut self, sym: Symbol) -> Value {
        let index = sym.as_u32() as usize;
        if let Some(Some(known)) = self.symbol_strings.get(index) {
            return *known;
        }
        let made = self.string(sym.bytes());
        if index >= self.symbol_strings.len() {
            self.symbol_strings.resize(index + 1 + index / 4, None);
        }
        self.symbol_strings[index] = Some(made);
        made
    }

    /// The bytes of `parts`, one after the other.
    ///
    /// # Errors
    /// When the result does not fit 32-bit lengths.
    pub(crate) fn concat_parts(&mut self, parts: &[&[u8]], ctx: Ctx, pos: Pos) -> R<Value> {
        let total: usize = parts.iter().map(|p| p.len()).sum();
        if total > u32::MAX as usize {
            return Err(self.fail(ErrorKind::Eval, pos, "string is larger than 4 GiB"));
        }
        if total == 0 && ctx.is_empty() {
            return Ok(self.empty_string());
        }
        if total < GROW_FROM {
            let object = self.heap.words(For::Text, 2 + total.div_ceil(8));
            // SAFETY: header and room for the bytes were just allocated.
            unsafe {
                let to = object.add(2) as *mut u8;
                copy_parts(to, parts);
                return Ok(self.header(object, to, total, ctx));
            }
        }
        Ok(self.concat_long(parts, total, ctx))
    }

    #[inline(never)]
    fn concat_long(&mut self, parts: &[&[u8]], total: usize, ctx: Ctx) -> Value {
        let first = parts[0];
        // The heap's own pointer reaches what is behind the slice; the slice's does not.
        let end = self.heap.grow_end;
        let rest = total - first.len();
        let continues = !first.is_empty() && first.as_ptr_range().end == end;
        let object = self.heap.words(For::Text, 2);
        // SAFETY: when the first part ends where the last growing string ended, the bytes up to the
        // limit belong to nobody; otherwise fresh room is allocated.
        unsafe {
            if continues && (self.heap.grow_limit as usize) - (end as usize) >= rest {
                copy_parts(end, &parts[1..]);
                self.heap.grow_end = end.add(rest);
                return self.header(object, end.sub(first.len()), total, ctx);
            }
            // A second append to the same string: expect more.
            let room = if continues { total * 2 } else { total };
            let to = self.heap.bytes(For::Text, room);
            copy_parts(to, parts);
            self.heap.grow_end = to.add(total);
            self.heap.grow_limit = to.add(room);
            self.header(object, to, total, ctx)
        }
    }
}

/// # Safety
/// There is room for all parts at `to`.
unsafe fn copy_parts(mut to: *mut u8, parts: &[&[u8]]) {
    for part in parts {
        // SAFETY: the caller's promise.
        unsafe {
            std::ptr::copy_nonoverlapping(part.as_ptr(), to, part.len());
            to = to.add(part.len());
        }
    }
}

/// The text with every `from` replaced.
pub(crate) fn replace_all(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    if from.is_empty() {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}
