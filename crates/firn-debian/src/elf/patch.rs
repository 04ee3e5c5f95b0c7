//! Changes an ELF file's interpreter, run path and needed libraries.
//!
//! Nothing in the file moves. One read-only `PT_LOAD` is appended which holds a longer program
//! header table, the new interpreter and a copy of the string table with the new strings; the
//! header, the dynamic section and the section headers are made to point there. The run path
//! takes a spare entry of the dynamic section; where there is none, that section moves into the
//! new segment too, which is then writable. Programs find their own headers through
//! `AT_PHDR`, which Linux takes from the table's segment since 5.18.

use super::{Elf, Malformed};
use object::LittleEndian as LE;
use object::elf::{
    DT_FLAGS, DT_FLAGS_1, DT_NEEDED, DT_NULL, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB, Dyn64,
    DynamicTag, PF_R, PF_W, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_PHDR, ProgramHeader64, SHT_DYNAMIC,
    SHT_PROGBITS, SHT_STRTAB, SectionHeader64,
};
use object::pod::{bytes_of, bytes_of_slice};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{I64, U64};
use std::collections::BTreeMap;

const PAGE: u64 = 4096;
const PHDR: usize = size_of::<ProgramHeader64<LE>>();
/// `e_phoff` and `e_phnum` in the file header.
const E_PHOFF: u64 = 32;
const E_PHNUM: u64 = 56;

/// What to change; `None` and empty leave things alone.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Change {
    /// New interpreter, for files that have one.
    pub interpreter: Option<String>,
    /// New `DT_RUNPATH`, which replaces any `DT_RPATH`.
    pub run_path: Option<String>,
    /// Names of needed libraries to replace.
    pub needed: BTreeMap<String, String>,
}

/// The edits that change a file: write these pieces over it. The last one reaches past the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// (offset, bytes)
    pub writes: Vec<(u64, Vec<u8>)>,
}

impl Patch {
    /// The changed file.
    pub fn apply(&self, mut data: Vec<u8>) -> Vec<u8> {
        for (offset, bytes) in &self.writes {
            let start = usize::try_from(*offset).unwrap_or(usize::MAX);
            let end = start.saturating_add(bytes.len());
            if end > data.len() {
                data.resize(end, 0);
            }
            data[start..end].copy_from_slice(bytes);
        }
        data
    }
}

/// Computes the edits for a file; `None` when the change doesn't concern it.
///
/// # Errors
/// When the file contradicts itself so that a change might break it.
pub fn patch(elf: &Elf<'_>, change: &Change) -> Result<Option<Patch>, Malformed> {
    let interpreter = change.interpreter.as_deref().filter(|_| elf.interpreter.is_some());
    let dynamic = elf.dynamic.as_ref().filter(|_| {
        change.run_path.is_some() || elf.needed().iter().any(|n| change.needed.contains_key(*n))
    });
    if interpreter.is_none() && dynamic.is_none() {
        return Ok(None);
    }
    let mut new = Segment::new(elf)?;
    if let Some(interpreter) = interpreter {
        new.interpreter(interpreter);
    }
    if dynamic.is_some() {
        new.dynamic(change)?;
    }
    Ok(Some(new.finish()))
}

/// A piece of the new segment: offset within it, length.
type Piece = (u64, u64);

struct Segment<'e, 'a> {
    elf: &'e Elf<'a>,
    offset: u64,
    address: u64,
    content: Vec<u8>,
    interpreter: Option<Piece>,
    strings: Option<Piece>,
    moved_dynamic: Option<Piece>,
    writes: Vec<(u64, Vec<u8>)>,
}

impl<'e, 'a> Segment<'e, 'a> {
    fn new(elf: &'e Elf<'a>) -> Result<Self, Malformed> {
        let loads = elf.segments.iter().filter(|s| s.p_type(LE) == PT_LOAD);
        let top = loads
            .map(|s| s.p_vaddr.get(LE).checked_add(s.p_memsz.get(LE)))
            .collect::<Option<Vec<u64>>>()
            .and_then(|ends| ends.into_iter().max())
            .ok_or(Malformed("its segments overflow or there are none"))?;
        let align = |n: u64| n.checked_next_multiple_of(PAGE).ok_or(Malformed("it is too large"));
        Ok(Self {
            elf,
            offset: align(elf.data.len() as u64)?,
            address: align(top)?,
            // Filled with the program headers at the end.
            content: vec![0; PHDR * (elf.segments.len() + 1)],
            interpreter: None,
            strings: None,
            moved_dynamic: None,
            writes: Vec::new(),
        })
    }

    fn append(&mut self, bytes: &[u8]) -> Piece {
        self.content.resize(self.content.len().next_multiple_of(16), 0);
        let start = self.content.len() as u64;
        self.content.extend_from_slice(bytes);
        (start, bytes.len() as u64)
    }

    fn interpreter(&mut self, path: &str) {
        let mut text = path.as_bytes().to_vec();
        text.push(0);
        self.interpreter = Some(self.append(&text));
    }

    fn dynamic(&mut self, change: &Change) -> Result<(), Malformed> {
        let Some(dynamic) = &self.elf.dynamic else { return Ok(()) };
        let mut strings = Strings::new(dynamic.strings);
        let mut entries: Vec<(DynamicTag, u64)> =
            dynamic.used().iter().map(|e| (e.d_tag.get(LE), e.d_val.get(LE))).collect();
        for (tag, value) in &mut entries {
            if *tag == DT_NEEDED
                && let Some(new) = dynamic.string(*value).and_then(|n| change.needed.get(n))
            {
                *value = strings.add(new);
            }
        }
        self.version_needs(change, &mut strings)?;
        if let Some(path) = &change.run_path {
            set_run_path(&mut entries, strings.add(path));
        }
        let address = self.address;
        let text = strings.bytes;
        let piece = self.append(&text);
        for (tag, value) in &mut entries {
            match *tag {
                DT_STRTAB => *value = address + piece.0,
                DT_STRSZ => *value = piece.1,
                _ => {}
            }
        }
        self.strings = Some(piece);
        self.place_dynamic(entries, dynamic.entries.len(), dynamic.offset);
        Ok(())
    }

    /// Writes the entries back where they were, or into the new segment if they don't fit.
    fn place_dynamic(&mut self, mut entries: Vec<(DynamicTag, u64)>, room: usize, offset: u64) {
        let fits = entries.len() < room;
        entries.resize(room.max(entries.len() + 1), (DT_NULL, 0));
        let entries: Vec<Dyn64<LE>> = entries
            .into_iter()
            .map(|(tag, value)| Dyn64 { d_tag: I64::new(LE, tag), d_val: U64::new(LE, value) })
            .collect();
        let bytes = bytes_of_slice(&entries);
        if fits {
            self.writes.push((offset, bytes.to_vec()));
        } else {
            self.moved_dynamic = Some(self.append(bytes));
        }
    }

    /// Symbol versions name the library they come from; those names change with `DT_NEEDED`.
    fn version_needs(&mut self, change: &Change, strings: &mut Strings) -> Result<(), Malformed> {
        if change.needed.is_empty() {
            return Ok(());
        }
        for section in self.elf.sections {
            let needs = section
                .gnu_verneed(LE, self.elf.data)
                .map_err(|_| Malformed("its version needs lie outside the file"))?;
            let Some((mut needs, _)) = needs else { continue };
            let mut offset = section.sh_offset.get(LE);
            while let Ok(Some((need, _))) = needs.next() {
                let name =
                    self.elf.dynamic.as_ref().and_then(|d| d.string(need.vn_file.get(LE).into()));
                if let Some(new) = name.and_then(|name| change.needed.get(name)) {
                    let at = u32::try_from(strings.add(new))
                        .map_err(|_| Malformed("its string table is too large"))?;
                    self.writes.push((offset + 4, at.to_le_bytes().to_vec()));
                }
                offset += u64::from(need.vn_next.get(LE));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Patch {
        let headers = self.program_headers();
        let bytes = bytes_of_slice(&headers);
        self.content[..bytes.len()].copy_from_slice(bytes);
        self.section_headers();
        let count = headers.len() as u16;
        self.writes.push((E_PHOFF, self.offset.to_le_bytes().to_vec()));
        self.writes.push((E_PHNUM, count.to_le_bytes().to_vec()));
        self.writes.push((self.offset, self.content));
        Patch { writes: self.writes }
    }

    fn program_headers(&self) -> Vec<ProgramHeader64<LE>> {
        let table = (0, (PHDR * (self.elf.segments.len() + 1)) as u64);
        let mut headers: Vec<ProgramHeader64<LE>> = Vec::with_capacity(self.elf.segments.len() + 1);
        for segment in self.elf.segments {
            let mut segment = *segment;
            let piece = match segment.p_type(LE) {
                PT_PHDR => Some(table),
                PT_INTERP => self.interpreter,
                PT_DYNAMIC => self.moved_dynamic,
                _ => None,
            };
            if let Some(piece) = piece {
                self.point(&mut segment, piece);
            }
            headers.push(segment);
        }
        let last = headers.iter().rposition(|s| s.p_type(LE) == PT_LOAD).unwrap_or(0);
        headers.insert(last + 1, self.load_header());
        headers
    }

    fn load_header(&self) -> ProgramHeader64<LE> {
        let flags = if self.moved_dynamic.is_some() { PF_R | PF_W } else { PF_R };
        // Any header will do as a start: every field is set.
        let mut load = self.elf.segments[0];
        load.p_type.set(LE, PT_LOAD);
        load.p_flags.set(LE, flags);
        load.p_align.set(LE, PAGE);
        self.point(&mut load, (0, self.content.len() as u64));
        load
    }

    fn point(&self, segment: &mut ProgramHeader64<LE>, (start, len): Piece) {
        segment.p_offset.set(LE, self.offset + start);
        segment.p_vaddr.set(LE, self.address + start);
        segment.p_paddr.set(LE, self.address + start);
        segment.p_filesz.set(LE, len);
        segment.p_memsz.set(LE, len);
    }

    /// Keeps the linker able to link against the file: `.dynstr`, `.interp` and `.dynamic`
    /// follow what moved.
    fn section_headers(&mut self) {
        let table = self.elf.header.e_shoff(LE);
        for (i, section) in self.elf.sections.iter().enumerate() {
            let Some((start, len)) = self.moved_section(section) else { continue };
            let mut section = *section;
            section.sh_addr.set(LE, self.address + start);
            section.sh_offset.set(LE, self.offset + start);
            section.sh_size.set(LE, len);
            let at = table + (i * size_of::<SectionHeader64<LE>>()) as u64;
            self.writes.push((at, bytes_of(&section).to_vec()));
        }
    }

    fn moved_section(&self, section: &SectionHeader64<LE>) -> Option<Piece> {
        let address = section.sh_addr.get(LE);
        if address == 0 {
            return None;
        }
        let interpreter = self.elf.segments.iter().find(|s| s.p_type(LE) == PT_INTERP);
        match section.sh_type(LE) {
            SHT_STRTAB => {
                let old = self.elf.dynamic.as_ref()?.strings_address;
                self.strings.filter(|_| address == old)
            }
            SHT_DYNAMIC => self.moved_dynamic,
            SHT_PROGBITS => {
                let old = interpreter?.p_vaddr.get(LE);
                self.interpreter.filter(|_| address == old)
            }
            _ => None,
        }
    }
}

/// Replaces the search path entry, or puts one first. `DT_RPATH` must not stay beside it.
fn set_run_path(entries: &mut Vec<(DynamicTag, u64)>, value: u64) {
    entries.retain(|(tag, _)| ![DT_RPATH, DT_RUNPATH].contains(tag));
    // Among the flags at the end, after what the linker reads in one sweep; anywhere will do.
    let at = entries.iter().position(|(tag, _)| [DT_FLAGS, DT_FLAGS_1].contains(tag));
    entries.insert(at.unwrap_or(0), (DT_RUNPATH, value));
}

/// A string table that grows.
struct Strings {
    bytes: Vec<u8>,
    added: BTreeMap<String, u64>,
}

impl Strings {
    fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), added: BTreeMap::new() }
    }

    fn add(&mut self, text: &str) -> u64 {
        if let Some(&at) = self.added.get(text) {
            return at;
        }
        let at = self.bytes.len() as u64;
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
        self.added.insert(text.to_owned(), at);
        at
    }
}
