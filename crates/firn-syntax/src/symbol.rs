//! Names as small integers.
//!
//! There is one table of names per process. It only grows, names live until the process ends, and
//! looking a known name up takes no lock, so several threads can parse and evaluate at once.

use std::fmt;
use std::num::NonZeroU32;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A name: an attribute name, a variable or any other interned text.
///
/// Two symbols are equal exactly when their bytes are. The order of `Ord` is the order in which
/// names were first seen, not the alphabet's: compare [`Symbol::bytes`] for that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// The symbol of these bytes. Names in Nix are bytes, usually UTF-8.
    pub fn intern(name: &[u8]) -> Symbol {
        INTERNER.intern(name)
    }

    /// The symbol of this text.
    pub fn of(name: &str) -> Symbol {
        INTERNER.intern(name.as_bytes())
    }

    /// The symbol of these bytes if anybody has interned them yet.
    pub fn lookup(name: &[u8]) -> Option<Symbol> {
        INTERNER.lookup(hash(name), name)
    }

    /// The bytes of the name.
    pub fn bytes(self) -> &'static [u8] {
        INTERNER.bytes(self)
    }

    /// The name as text; bytes that are not UTF-8 become replacement characters.
    pub fn text(self) -> std::borrow::Cow<'static, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// The symbol's number, from 1 without gaps; for tables that are indexed by symbol.
    pub fn as_u32(self) -> u32 {
        self.0.get()
    }

    /// The symbol with this number, which must have come from [`Symbol::as_u32`].
    ///
    /// Nothing for 0 and for numbers that no symbol has yet.
    pub fn from_u32(number: u32) -> Option<Symbol> {
        (number < INTERNER.count.load(Ordering::Acquire))
            .then(|| NonZeroU32::new(number).map(Symbol))
            .flatten()
    }

    /// How many names there are now; every symbol's number is at most this.
    pub fn count() -> u32 {
        INTERNER.ensure_filled();
        INTERNER.count.load(Ordering::Acquire) - 1
    }

    const fn known(number: u32) -> Symbol {
        match NonZeroU32::new(number) {
            Some(number) => Symbol(number),
            None => panic!("symbols count from 1"),
        }
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text())
    }
}

macro_rules! known_symbols {
    ($($constant:ident = $text:literal),* $(,)?) => {
        /// Names that the program itself uses, as constants.
        #[allow(missing_docs)]
        pub mod sym {
            use super::Symbol;
            known_symbols!(@consts 1; $($constant)*);
        }
        const KNOWN: &[&str] = &[$($text),*];
    };
    (@consts $n:expr; $first:ident $($rest:ident)*) => {
        pub const $first: Symbol = Symbol::known($n);
        known_symbols!(@consts $n + 1; $($rest)*);
    };
    (@consts $n:expr;) => {};
}

/// The keywords and `or` are the first names, up to this number.
pub(crate) const LAST_KEYWORD: u32 = 10;

known_symbols! {
    KW_IF = "if",
    KW_THEN = "then",
    KW_ELSE = "else",
    KW_ASSERT = "assert",
    KW_WITH = "with",
    KW_LET = "let",
    KW_IN = "in",
    KW_REC = "rec",
    KW_INHERIT = "inherit",
    OR = "or",
    EMPTY = "",
    OUT_PATH = "outPath",
    DRV_PATH = "drvPath",
    TYPE = "type",
    META = "meta",
    NAME = "name",
    VALUE = "value",
    SYSTEM = "system",
    OVERRIDES = "__overrides",
    OUTPUTS = "outputs",
    OUTPUT_NAME = "outputName",
    IGNORE_NULLS = "__ignoreNulls",
    FILE = "file",
    LINE = "line",
    COLUMN = "column",
    FUNCTOR = "__functor",
    TO_STRING = "__toString",
    RIGHT = "right",
    WRONG = "wrong",
    STRUCTURED_ATTRS = "__structuredAttrs",
    JSON = "__json",
    ALLOWED_REFERENCES = "allowedReferences",
    ALLOWED_REQUISITES = "allowedRequisites",
    DISALLOWED_REFERENCES = "disallowedReferences",
    DISALLOWED_REQUISITES = "disallowedRequisites",
    MAX_SIZE = "maxSize",
    MAX_CLOSURE_SIZE = "maxClosureSize",
    BUILDER = "builder",
    ARGS = "args",
    CONTENT_ADDRESSED = "__contentAddressed",
    IMPURE = "__impure",
    OUTPUT_HASH = "outputHash",
    OUTPUT_HASH_ALGO = "outputHashAlgo",
    OUTPUT_HASH_MODE = "outputHashMode",
    RECURSE_FOR_DERIVATIONS = "recurseForDerivations",
    DESCRIPTION = "description",
    SELF = "self",
    START_SET = "startSet",
    OPERATOR = "operator",
    KEY = "key",
    PATH = "path",
    PREFIX = "prefix",
    OUTPUT_SPECIFIED = "outputSpecified",
    REQUIRED_SYSTEM_FEATURES = "requiredSystemFeatures",
    SUB = "__sub",
    LESS_THAN = "__lessThan",
    MUL = "__mul",
    DIV = "__div",
    FIND_FILE = "__findFile",
    NIX_PATH = "__nixPath",
    BODY = "body",
    BUILTINS = "builtins",
    TRUE = "true",
    FALSE = "false",
    NULL = "null",
    MAP = "map",
    IMPORT = "import",
    DERIVATION = "derivation",
    OUT = "out",
    SUCCESS = "success",
    CUR_POS = "__curPos",
    FILE_ATTR = "_file",
    TYPE_ATTR = "_type",
    CLASS_ATTR = "_class",
    OPTIONS = "options",
    CONFIG = "config",
    IMPORTS = "imports",
    DISABLED_MODULES = "disabledModules",
    FREEFORM_TYPE = "freeformType",
    REQUIRE = "require",
    UNMATCHED = "unmatched",
    CONDITION = "condition",
    CONTENT = "content",
    CONTENTS = "contents",
    PRIORITY = "priority",
    DEFAULT = "default",
    READ_ONLY = "readOnly",
    APPLY = "apply",
    CHECK = "check",
    MERGE = "merge",
    V2 = "v2",
    LOC = "loc",
    DEFS = "defs",
    HEAD_ERROR = "headError",
    EMPTY_VALUE = "emptyValue",
    GET_SUB_MODULES = "getSubModules",
    DEPRECATION_MESSAGE = "deprecationMessage",
    IS_V2_MERGE_COHERENT = "isV2MergeCoherent",
    ELEMENTS_OF = "elementsOf",
    ATTRIBUTES_OF = "attributesOf",
    LAZY = "lazy",
    FALLBACK_FILE = "fallbackFile",
    LOOK_UP = "lookUp",
}

/// One name: where its bytes are.
struct Entry {
    bytes: AtomicPtr<u8>,
    len: AtomicU32,
}

/// Open addressing; a slot holds the upper half of the hash and the symbol's number, or 0.
struct Slots {
    mask: usize,
    slots: Box<[AtomicU64]>,
}

/// The first block of entries has this many (as a power of two), each next one twice as many.
const FIRST_BLOCK: u32 = 12;
const BLOCKS: usize = (32 - FIRST_BLOCK) as usize + 1;

struct Interner {
    blocks: [AtomicPtr<Entry>; BLOCKS],
    table: AtomicPtr<Slots>,
    /// The number that the next symbol gets.
    count: AtomicU32,
    writer: Mutex<TextArena>,
}

/// Where the bytes of names go: leaked blocks, filled from the front.
struct TextArena {
    free: &'static mut [u8],
}

static INTERNER: Interner = Interner {
    blocks: [const { AtomicPtr::new(ptr::null_mut()) }; BLOCKS],
    table: AtomicPtr::new(ptr::null_mut()),
    count: AtomicU32::new(1),
    writer: Mutex::new(TextArena { free: &mut [] }),
};

impl Interner {
    #[inline]
    fn intern(&self, name: &[u8]) -> Symbol {
        let hash = hash(name);
        match self.lookup(hash, name) {
            Some(symbol) => symbol,
            None => self.add(hash, name),
        }
    }

    #[inline]
    fn lookup(&self, hash: u64, name: &[u8]) -> Option<Symbol> {
        let table = self.table.load(Ordering::Acquire);
        // SAFETY: `table` is null or a leaked `Slots`, which nobody frees or borrows mutably.
        let Some(table) = (unsafe { table.as_ref() }) else {
            self.ensure_filled();
            return self.lookup(hash, name);
        };
        table.find(hash, name, self)
    }

    #[inline]
    fn bytes(&self, symbol: Symbol) -> &'static [u8] {
        if self.table.load(Ordering::Acquire).is_null() {
            // A constant of `sym` may be the first thing anybody asks about.
            self.ensure_filled();
        }
        let (block, index) = place(symbol.as_u32());
        let entries = self.blocks[block].load(Ordering::Acquire);
        // SAFETY: a symbol exists only after its block was published and its entry written (both
        // before the symbol's number became visible), and blocks and texts are never freed.
        unsafe {
            let entry = &*entries.add(index);
            let len = entry.len.load(Ordering::Acquire) as usize;
            std::slice::from_raw_parts(entry.bytes.load(Ordering::Relaxed), len)
        }
    }

    /// Puts the known names in, once, before anything else.
    #[cold]
    fn ensure_filled(&self) {
        let mut arena = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.table.load(Ordering::Acquire).is_null() {
            return;
        }
        let table = Slots::new(1 << 14);
        for name in KNOWN {
            let symbol = self.append(&mut arena, name.as_bytes());
            table.put(hash(name.as_bytes()), symbol);
        }
        self.table.store(Box::leak(Box::new(table)), Ordering::Release);
    }

    #[cold]
    fn add(&self, hash: u64, name: &[u8]) -> Symbol {
        let mut arena = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have added it since we looked.
        if let Some(symbol) = self.lookup(hash, name) {
            return symbol;
        }
        let symbol = self.append(&mut arena, name);
        // SAFETY: `lookup` found a table, so the pointer is a leaked `Slots`.
        let table = unsafe { &*self.table.load(Ordering::Acquire) };
        if (symbol.as_u32() as usize) < table.slots.len() / 2 {
            table.put(hash, symbol);
        } else {
            self.grow(table.slots.len() * 2);
        }
        symbol
    }

    /// A new table with all symbols. The old one stays for readers that still hold it: what they
    /// miss in it they look for again under the lock.
    fn grow(&self, size: usize) {
        let table = Slots::new(size);
        for number in 1..self.count.load(Ordering::Acquire) {
            let symbol = Symbol::known(number);
            table.put(hash_of_entry(self, symbol), symbol);
        }
        self.table.store(Box::leak(Box::new(table)), Ordering::Release);
    }

    fn append(&self, arena: &mut TextArena, name: &[u8]) -> Symbol {
        let number = self.count.load(Ordering::Relaxed);
        assert!(number < u32::MAX, "more than four thousand million names");
        let (block, index) = place(number);
        let mut entries = self.blocks[block].load(Ordering::Acquire);
        if entries.is_null() {
            entries = new_block(1 << (FIRST_BLOCK as usize + block)).as_mut_ptr();
            self.blocks[block].store(entries, Ordering::Release);
        }
        let text = arena.store(name);
        // SAFETY: `index` is inside the block, and entries are only reached by shared references.
        let entry = unsafe { &*entries.add(index) };
        entry.bytes.store(text.as_ptr().cast_mut(), Ordering::Relaxed);
        entry.len.store(text.len() as u32, Ordering::Release);
        self.count.store(number + 1, Ordering::Release);
        Symbol::known(number)
    }
}

fn hash_of_entry(interner: &Interner, symbol: Symbol) -> u64 {
    let (block, index) = place(symbol.as_u32());
    let entries = interner.blocks[block].load(Ordering::Acquire);
    // SAFETY: as in `Interner::bytes`.
    let bytes = unsafe {
        let entry = &*entries.add(index);
        let len = entry.len.load(Ordering::Acquire) as usize;
        std::slice::from_raw_parts(entry.bytes.load(Ordering::Relaxed), len)
    };
    hash(bytes)
}

fn new_block(len: usize) -> &'static mut [Entry] {
    let block = Box::<[Entry]>::new_zeroed_slice(len);
    // SAFETY: an entry of a null pointer and the length 0 is all zeros.
    Box::leak(unsafe { block.assume_init() })
}

/// Block and index in it of a symbol's number.
#[inline]
fn place(number: u32) -> (usize, usize) {
    let shifted = u64::from(number) + (1 << FIRST_BLOCK);
    let top = 63 - shifted.leading_zeros();
    ((top - FIRST_BLOCK) as usize, (shifted - (1 << top)) as usize)
}

impl Slots {
    fn new(size: usize) -> Slots {
        let slots = Box::new_zeroed_slice(size);
        // SAFETY: zero is a number, and a slot is one.
        Slots { mask: size - 1, slots: unsafe { slots.assume_init() } }
    }

    #[inline]
    fn find(&self, hash: u64, name: &[u8], interner: &Interner) -> Option<Symbol> {
        let mut at = hash as usize & self.mask;
        loop {
            let slot = self.slots[at].load(Ordering::Acquire);
            let symbol = Symbol(NonZeroU32::new(slot as u32)?);
            if slot >> 32 == hash >> 32 && interner.bytes(symbol) == name {
                return Some(symbol);
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Called by one thread at a time.
    fn put(&self, hash: u64, symbol: Symbol) {
        let mut at = hash as usize & self.mask;
        while self.slots[at].load(Ordering::Relaxed) != 0 {
            at = (at + 1) & self.mask;
        }
        let slot = (hash >> 32 << 32) | u64::from(symbol.as_u32());
        self.slots[at].store(slot, Ordering::Release);
    }
}

impl TextArena {
    fn store(&mut self, name: &[u8]) -> &'static [u8] {
        const BLOCK: usize = 1 << 16;
        if name.len() > BLOCK / 8 {
            return Box::leak(name.into());
        }
        if name.len() > self.free.len() {
            self.free = Box::leak(vec![0; BLOCK].into());
        }
        let (here, rest) = std::mem::take(&mut self.free).split_at_mut(name.len());
        self.free = rest;
        here.copy_from_slice(name);
        here
    }
}

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// A quick hash for short names: both halves of a 128-bit product of their words.
#[inline]
fn hash(name: &[u8]) -> u64 {
    let len = name.len();
    let word = |at: usize| u64::from_le_bytes(name[at..at + 8].try_into().unwrap_or_default());
    let half =
        |at: usize| u64::from(u32::from_le_bytes(name[at..at + 4].try_into().unwrap_or_default()));
    let (a, b) = match len {
        0 => (0, 0),
        1..=3 => (u64::from(name[0]) | u64::from(name[len / 2]) << 8, u64::from(name[len - 1])),
        4..=8 => (half(0), half(len - 4)),
        9..=16 => (word(0), word(len - 8)),
        _ => {
            let mut state = len as u64;
            for at in (0..len - 16).step_by(8) {
                state = fold(state ^ word(at), MIX);
            }
            (word(len - 16) ^ state, word(len - 8))
        }
    };
    fold(a ^ MIX, b.wrapping_add(len as u64) ^ 0xa076_1d64_78bd_642f)
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let folded = product as u64 ^ (product >> 64) as u64;
    folded ^ folded.rotate_left(32).wrapping_mul(MIX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn known_names_have_their_constants() {
        assert_eq!(sym::CUR_POS.bytes(), b"__curPos");
        assert_eq!(Symbol::of("outPath"), sym::OUT_PATH);
        assert_eq!(Symbol::of(""), sym::EMPTY);
        for (i, name) in KNOWN.iter().enumerate() {
            assert_eq!(Symbol::of(name).as_u32(), i as u32 + 1, "{name} is listed twice");
        }
    }

    #[test]
    fn places_follow_each_other() {
        let mut wanted = (0, 1);
        for number in 1..40_000 {
            assert_eq!(place(number), wanted);
            wanted.1 += 1;
            if wanted.1 == 1 << (FIRST_BLOCK as usize + wanted.0) {
                wanted = (wanted.0 + 1, 0);
            }
        }
        assert!(place(u32::MAX).0 < BLOCKS);
    }

    #[test]
    fn threads_agree() {
        let names: Vec<String> = (0..if cfg!(miri) { 600 } else { 30_000 })
            .map(|i| format!("name-{i}-{}", i * 7))
            .collect();
        let all: Vec<Vec<Symbol>> = std::thread::scope(|scope| {
            let work = || names.iter().map(|name| Symbol::of(name)).collect();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for symbols in &all {
            assert_eq!(symbols, &all[0]);
        }
        for (name, symbol) in names.iter().zip(&all[0]) {
            assert_eq!(symbol.bytes(), name.as_bytes());
            assert_eq!(Symbol::from_u32(symbol.as_u32()), Some(*symbol));
        }
        assert_eq!(Symbol::lookup(b"a name that nobody has interned"), None);
        let long = vec![b'x'; 100_000];
        assert_eq!(Symbol::intern(&long).bytes(), long);
    }
}
