//! `toXML`, and values as XML for `--xml`. (Manual: `nix-instantiate --xml`.)

use firn_syntax::sym;
use rustc_hash::FxHashSet;

use crate::attrs::Attrs;
use crate::code::Lambda;
use crate::context::{ContextJoin, Ctx};
use crate::error::R;
use crate::machine::Machine;
use crate::memory::make_room;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::print;
use crate::value::{Function, FunctionKind, Kind, Value};

pub(crate) const TABLE: &[PrimOp] = &[PrimOp::new(
    "__toXML",
    &["e"],
    to_xml,
    "Returns *e* as XML text. Functions are shown by their parameters, derivations by their paths \
     and attributes, each derivation once.",
)
.strict(1)];

fn to_xml(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let mut out = Vec::new();
    let ctx = m.write_xml(args[0], true, false, &mut out)?;
    Ok(m.string_owned(out, ctx))
}

impl Machine {
    /// Writes a value as an XML document and returns the context of all strings in it.
    ///
    /// Without `strict`, what is not evaluated yet stays so. With `location`, attributes and
    /// functions say where they are defined.
    ///
    /// # Errors
    /// When evaluating a part fails.
    pub fn write_xml(
        &mut self,
        v: Value,
        strict: bool,
        location: bool,
        out: &mut Vec<u8>,
    ) -> R<Ctx> {
        let mut writer = Writer {
            out,
            depth: 0,
            strict,
            location,
            join: ContextJoin::default(),
            derivations: FxHashSet::default(),
        };
        writer.out.extend_from_slice(b"<?xml version='1.0' encoding='utf-8'?>\n");
        writer.open_plain("<expr>\n");
        writer.value(self, v, Pos::NONE)?;
        writer.close("</expr>\n");
        let join = writer.join;
        Ok(self.join_all(join))
    }
}

type Attribute<'a> = (&'a str, &'a [u8]);

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
    strict: bool,
    location: bool,
    /// What the strings refer to.
    join: ContextJoin,
    /// Store paths of the derivations shown so far.
    derivations: FxHashSet<Vec<u8>>,
}

impl Writer<'_> {
    /// The beginning of a line.
    #[inline(always)]
    fn indent(&mut self) {
        const SPACES: [u8; 64] = [b' '; 64];
        make_room(self.out);
        match SPACES.get(..2 * self.depth) {
            Some(spaces) => self.out.extend_from_slice(spaces),
            None => self.out.resize(self.out.len() + 2 * self.depth, b' '),
        }
    }

    fn start(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.indent();
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        let mut sorted = attributes.to_vec();
        sorted.sort();
        for &(name, value) in &sorted {
            self.out.push(b' ');
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(b"=\"");
            escape(value, self.out);
            self.out.push(b'"');
        }
    }

    fn open(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.out.extend_from_slice(b">\n");
        self.depth += 1;
    }

    /// The same of an element that has only a name.
    fn open_plain(&mut self, line: &str) {
        self.indent();
        self.out.extend_from_slice(line.as_bytes());
        self.depth += 1;
    }

    /// `line` is all of the closing tag's line but its indentation.
    fn close(&mut self, line: &str) {
        self.depth -= 1;
        self.indent();
        self.out.extend_from_slice(line.as_bytes());
    }

    fn empty(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.out.extend_from_slice(b" />\n");
    }

    /// An element of one attribute, which `opening` ends with, up to its quotation mark.
    fn scalar(&mut self, opening: &str, value: &[u8]) {
        self.indent();
        self.out.extend_from_slice(opening.as_bytes());
        escape(value, self.out);
        self.out.extend_from_slice(b"\" />\n");
    }

    fn value(&mut self, m: &mut Machine, v: Value, pos: Pos) -> R<()> {
        m.enter(pos)?;
        let result = self.value_inside(m, v, pos);
        m.leave();
        result
    }

    fn value_inside(&mut self, m: &mut Machine, v: Value, pos: Pos) -> R<()> {
        let v = if self.strict { m.force_at(v, pos)? } else { v.known() };
        if v.is_thunk() {
            self.empty("unevaluated", &[]);
            return Ok(());
        }
        match v.kind() {
            Kind::Null => self.empty("null", &[]),
            Kind::Bool(true) => self.scalar("<bool value=\"", b"true"),
            Kind::Bool(false) => self.scalar("<bool value=\"", b"false"),
            Kind::Int(i) => self.scalar("<int value=\"", i.to_string().as_bytes()),
            Kind::Float(f) => self.scalar("<float value=\"", print::float(f).as_bytes()),
            Kind::String(s) => {
                self.join.add(s.ctx());
                self.scalar("<string value=\"", s.bytes());
            }
            Kind::Path(p) => self.scalar("<path value=\"", p.bytes()),
            Kind::List(list) => {
                self.open_plain("<list>\n");
                for (i, element) in list.iter().enumerate() {
                    m.poll_at(i)?;
                    self.value(m, element, pos)?;
                }
                self.close("</list>\n");
            }
            Kind::Attrs(attrs) if m.is_derivation(v)? => self.derivation(m, attrs)?,
            Kind::Attrs(attrs) => {
                self.open_plain("<attrs>\n");
                self.attributes(m, attrs)?;
                self.close("</attrs>\n");
            }
            Kind::Function(function) => self.function(m, function),
            Kind::External(_) => self.empty("unevaluated", &[]),
        }
        Ok(())
    }

    fn derivation(&mut self, m: &mut Machine, attrs: Attrs) -> R<()> {
        let mut paths: Vec<(&str, &'static [u8])> = Vec::new();
        for (name, symbol) in [("drvPath", sym::DRV_PATH), ("outPath", sym::OUT_PATH)] {
            let Some(entry) = attrs.entry(symbol) else { continue };
            let value = match self.strict {
                true => m.force_at(entry.value(), entry.pos)?,
                false => entry.value().known(),
            };
            if let Some(text) = value.as_str() {
                paths.push((name, text.bytes()));
            }
        }
        self.open("derivation", &paths);
        let drv_path = paths.iter().find(|(name, _)| *name == "drvPath");
        let new = drv_path
            .is_some_and(|(_, path)| !path.is_empty() && self.derivations.insert(path.to_vec()));
        if new {
            self.attributes(m, attrs)?;
        } else {
            self.empty("repeated", &[]);
        }
        self.close("</derivation>\n");
        Ok(())
    }

    fn attributes(&mut self, m: &mut Machine, attrs: Attrs) -> R<()> {
        for entry in m.sorted(attrs) {
            let name = entry.sym.bytes();
            if self.location {
                let place = self.place(m, entry.pos);
                let mut attributes = place.attributes();
                attributes.push(("name", name));
                self.open("attr", &attributes);
            } else {
                self.open_plain("<attr name=\"");
                escape(name, self.out);
                self.out.extend_from_slice(b"\">\n");
            }
            self.value(m, entry.value(), entry.pos)?;
            self.close("</attr>\n");
        }
        Ok(())
    }

    fn function(&mut self, m: &mut Machine, function: Function) {
        let (lambda, given) = match function.kind() {
            FunctionKind::Closure(lambda, _) => (lambda, 0),
            FunctionKind::Partial(lambda, _, args) => (lambda, args.len()),
            FunctionKind::PrimOp(_) | FunctionKind::PrimOpApp(..) => {
                return self.empty("unevaluated", &[]);
            }
        };
        let place = self.place(m, if given == 0 { lambda.outer_pos } else { lambda.pos });
        self.open("function", &place.attributes());
        self.parameter(lambda, given);
        self.close("</function>\n");
    }

    fn parameter(&mut self, lambda: &Lambda, given: usize) {
        let last = given + 1 == lambda.arity as usize;
        let name = lambda.first_arg.filter(|_| given == 0).map(|name| name.bytes());
        let Some(formals) = lambda.formals.as_ref().filter(|_| last) else {
            let attributes: Vec<_> = name.map(|name| ("name", name)).into_iter().collect();
            return self.empty("varpat", &attributes);
        };
        let mut attributes: Vec<Attribute<'_>> = Vec::new();
        attributes.extend(name.map(|name| ("name", name)));
        if formals.ellipsis {
            attributes.push(("ellipsis", b"1"));
        }
        self.open("attrspat", &attributes);
        let mut names: Vec<_> = formals.list.iter().map(|formal| formal.sym.bytes()).collect();
        names.sort_unstable();
        for name in names {
            self.empty("attr", &[("name", name)]);
        }
        self.close("</attrspat>\n");
    }

    fn place(&self, m: &Machine, pos: Pos) -> Place {
        let known = if self.location { m.positions().resolve(pos) } else { None };
        let Some((file, offset)) = known else { return Place::default() };
        let at = file.line_column(offset);
        let path = file.origin().path().map(|path| path.as_os_str().as_encoded_bytes().to_vec());
        Place { path, at: Some((at.line.to_string(), at.column.to_string())) }
    }
}

/// Where something is defined.
#[derive(Default)]
struct Place {
    path: Option<Vec<u8>>,
    at: Option<(String, String)>,
}

impl Place {
    fn attributes(&self) -> Vec<Attribute<'_>> {
        let mut attributes = Vec::new();
        attributes.extend(self.path.iter().map(|path| ("path", path.as_slice())));
        if let Some((line, column)) = &self.at {
            attributes.push(("line", line.as_bytes()));
            attributes.push(("column", column.as_bytes()));
        }
        attributes
    }
}

/// What is written in another way, by byte.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let special = b"\"<>&\n";
    let mut i = 0;
    while i < special.len() {
        table[special[i] as usize] = true;
        i += 1;
    }
    table
};

/// Writes a text; what stands between special characters goes over in one piece.
fn escape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = find_special(rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(entity(rest[at]));
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// Where the first special character is. Several at a time are looked at without a branch for each.
fn find_special(text: &[u8]) -> Option<usize> {
    const BLOCK: usize = 16;
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let from = match blocks.iter().position(any_special) {
        Some(block) => BLOCK * block,
        None => text.len() - rest.len(),
    };
    let place = text[from..].iter().position(|&byte| SPECIAL[byte as usize])?;
    Some(from + place)
}

/// Whether one of a few characters is special; written so that one instruction looks at all of them.
#[inline(always)]
fn any_special(block: &[u8; 16]) -> bool {
    let is = |byte: u8| {
        (byte == b'"') | (byte == b'<') | (byte == b'>') | (byte == b'&') | (byte == b'\n')
    };
    block.iter().fold(false, |any, &byte| any | is(byte))
}

fn entity(special: u8) -> &'static [u8] {
    match special {
        b'"' => b"&quot;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'&' => b"&amp;",
        _ => b"&#xA;",
    }
}
