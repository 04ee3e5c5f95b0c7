//! The parts of an ELF file that the dynamic linker and the patcher need.

use super::Malformed;
use object::LittleEndian as LE;
use object::elf::{
    DT_NEEDED, DT_NULL, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB, Dyn64, DynamicTag,
    ELFCLASS64, ELFDATA2LSB, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, PT_DYNAMIC, PT_INTERP,
    PT_LOAD, ProgramHeader64, SectionHeader64,
};
use object::read::elf::{FileHeader, ProgramHeader};

/// A program or shared library whose tables lie within the file.
#[derive(Debug)]
pub struct Elf<'a> {
    /// The whole file.
    pub data: &'a [u8],
    /// The file header.
    pub header: &'a FileHeader64<LE>,
    /// Program headers.
    pub segments: &'a [ProgramHeader64<LE>],
    /// Section headers; empty when stripped away.
    pub sections: &'a [SectionHeader64<LE>],
    /// Interpreter.
    pub interpreter: Option<&'a str>,
    /// The dynamic section, when there is one.
    pub dynamic: Option<Dynamic<'a>>,
}

/// The dynamic section with its strings.
#[derive(Debug)]
pub struct Dynamic<'a> {
    /// Offset in the file.
    pub offset: u64,
    /// All entries, the terminating and spare ones too.
    pub entries: &'a [Dyn64<LE>],
    /// Number of entries before the first `DT_NULL`.
    pub used: usize,
    /// Address of the string table.
    pub strings_address: u64,
    /// The string table.
    pub strings: &'a [u8],
}

impl<'a> Elf<'a> {
    /// Reads `data`; `Ok(None)` when it is no 64-bit little-endian x86 program or library.
    ///
    /// # Errors
    /// When a table lies outside the file or contradicts another.
    pub fn parse(data: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let Ok(header) = FileHeader64::<LE>::parse(data) else { return Ok(None) };
        if header.e_ident.class != ELFCLASS64
            || header.e_ident.data != ELFDATA2LSB
            || header.e_machine(LE) != EM_X86_64
            || ![ET_EXEC, ET_DYN].contains(&header.e_type(LE))
        {
            return Ok(None);
        }
        let segments = header
            .program_headers(LE, data)
            .map_err(|_| Malformed("its program headers lie outside the file"))?;
        let sections = header
            .section_headers(LE, data)
            .map_err(|_| Malformed("its section headers lie outside the file"))?;
        let interpreter = interpreter(segments, data)?;
        let dynamic = Dynamic::parse(segments, data)?;
        Ok(Some(Self { data, header, segments, sections, interpreter, dynamic }))
    }

    /// Libraries that the dynamic linker loads with it, in order.
    pub fn needed(&self) -> Vec<&'a str> {
        self.dynamic.as_ref().map_or_else(Vec::new, |dynamic| {
            dynamic
                .used()
                .iter()
                .filter(|entry| entry.d_tag.get(LE) == DT_NEEDED)
                .filter_map(|entry| dynamic.string(entry.d_val.get(LE)))
                .collect()
        })
    }

    /// Its own name as a library.
    pub fn soname(&self) -> Option<&'a str> {
        self.dynamic.as_ref()?.text(DT_SONAME)
    }

    /// Search folders written in it: `DT_RUNPATH`, else `DT_RPATH`.
    pub fn run_path(&self) -> Option<&'a str> {
        let dynamic = self.dynamic.as_ref()?;
        dynamic.text(DT_RUNPATH).or_else(|| dynamic.text(DT_RPATH))
    }
}

impl<'a> Dynamic<'a> {
    fn parse(segments: &[ProgramHeader64<LE>], data: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let Some(segment) = segments.iter().find(|s| s.p_type(LE) == PT_DYNAMIC) else {
            return Ok(None);
        };
        let entries = match segment.dynamic(LE, data) {
            Ok(Some(entries)) => entries,
            _ => return Err(Malformed("its dynamic section lies outside the file")),
        };
        let used = entries.iter().position(|e| e.d_tag.get(LE) == DT_NULL);
        let used = used.ok_or(Malformed("its dynamic section has no end"))?;
        let value = |tag: DynamicTag| {
            entries[..used].iter().find(|e| e.d_tag.get(LE) == tag).map(|e| e.d_val.get(LE))
        };
        let (Some(address), Some(size)) = (value(DT_STRTAB), value(DT_STRSZ)) else {
            return Ok(None);
        };
        let strings = slice_at(segments, data, address, size)
            .ok_or(Malformed("its string table lies outside the file"))?;
        let offset = segment.p_offset.get(LE);
        Ok(Some(Self { offset, entries, used, strings_address: address, strings }))
    }

    /// The entries before the end mark.
    pub fn used(&self) -> &'a [Dyn64<LE>] {
        &self.entries[..self.used]
    }

    /// The string at an offset of the table.
    pub fn string(&self, offset: u64) -> Option<&'a str> {
        let tail = self.strings.get(usize::try_from(offset).ok()?..)?;
        let end = tail.iter().position(|&b| b == 0)?;
        std::str::from_utf8(&tail[..end]).ok()
    }

    /// Value of the first entry with a tag.
    pub fn value(&self, tag: DynamicTag) -> Option<u64> {
        self.used().iter().find(|e| e.d_tag.get(LE) == tag).map(|e| e.d_val.get(LE))
    }

    fn text(&self, tag: DynamicTag) -> Option<&'a str> {
        self.string(self.value(tag)?)
    }
}

fn interpreter<'a>(
    segments: &[ProgramHeader64<LE>],
    data: &'a [u8],
) -> Result<Option<&'a str>, Malformed> {
    let Some(segment) = segments.iter().find(|s| s.p_type(LE) == PT_INTERP) else {
        return Ok(None);
    };
    let wrong = Malformed("its interpreter is no text within the file");
    let bytes = segment.data(LE, data).map_err(|()| wrong.clone())?;
    let text = bytes.split(|&b| b == 0).next().unwrap_or_default();
    std::str::from_utf8(text).map(Some).map_err(|_| wrong)
}

fn slice_at<'a>(
    segments: &[ProgramHeader64<LE>],
    data: &'a [u8],
    address: u64,
    size: u64,
) -> Option<&'a [u8]> {
    let load = segments.iter().filter(|s| s.p_type(LE) == PT_LOAD).find(|s| {
        let start = s.p_vaddr.get(LE);
        start <= address && address - start < s.p_filesz.get(LE)
    })?;
    let start = (address - load.p_vaddr.get(LE)).checked_add(load.p_offset.get(LE))?;
    let end = start.checked_add(size)?;
    data.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}
