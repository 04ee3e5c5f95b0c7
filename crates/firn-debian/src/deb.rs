//! The `.deb` container: an `ar` archive of `debian-binary`, `control.tar.*` and `data.tar.*`
//! (deb(5)).

use crate::{Error, Result};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};
use std::path::Path;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;
/// Maintainer scripts are small; anything near this is not one.
const MAX_CONTROL_FILE: u64 = 16 << 20;

/// The file system part of a package, decompressed as it is read.
pub type Data = tar::Archive<Box<dyn Read>>;

/// An opened package.
pub struct Deb {
    /// Text of the `postinst` script; empty when there is none.
    pub postinst: String,
    /// The file system part.
    pub data: Data,
}

/// Opens the package at `path`.
///
/// # Errors
/// When the file can't be read or is no package of format 2 compressed by xz, zstd, gzip or not
/// at all.
pub fn open(path: &Path) -> Result<Deb> {
    let within = |err: Error| err.within(path.display());
    let (name, control) = member(path, "control.tar").map_err(within)?;
    let postinst = read_postinst(decoder(&name, control).map_err(within)?)
        .map_err(|err| within(Error::new(format!("its control part is damaged: {err}"))))?;
    let (name, data) = member(path, "data.tar").map_err(within)?;
    let data = tar::Archive::new(decoder(&name, data).map_err(within)?);
    Ok(Deb { postinst, data })
}

/// Finds the first member whose name begins with `prefix`; its own handle, so that members can
/// be read independently.
fn member(path: &Path, prefix: &str) -> Result<(String, Take<File>)> {
    let io = |err: std::io::Error| Error::new(format!("cannot read it: {err}"));
    let not_deb = || {
        Error::new("it is not a Debian package")
            .with_help("fetch it again; the download may have been cut short")
    };
    let mut file = File::open(path).map_err(io)?;
    let mut magic = [0; MAGIC.len()];
    file.read_exact(&mut magic).map_err(|_| not_deb())?;
    if magic != MAGIC {
        return Err(not_deb());
    }
    loop {
        let mut header = [0; HEADER];
        file.read_exact(&mut header).map_err(|_| not_deb())?;
        let (name, size) = parse_header(&header).ok_or_else(not_deb)?;
        if name.starts_with(prefix) {
            return Ok((name, file.take(size)));
        }
        let skip = i64::try_from(size + size % 2).map_err(|_| not_deb())?;
        file.seek(SeekFrom::Current(skip)).map_err(io)?;
    }
}

fn parse_header(header: &[u8; HEADER]) -> Option<(String, u64)> {
    if header[58..] != *b"`\n" {
        return None;
    }
    let text = |range: std::ops::Range<usize>| std::str::from_utf8(&header[range]).ok();
    let name = text(0..16)?.trim_end().trim_end_matches('/');
    let size = text(48..58)?.trim_end().parse().ok()?;
    Some((name.to_owned(), size))
}

fn decoder(name: &str, raw: Take<File>) -> Result<Box<dyn Read>> {
    let raw = BufReader::with_capacity(1 << 16, raw);
    let decoder: Box<dyn Read> = match name.rsplit_once("tar").map(|(_, end)| end) {
        Some(".xz" | ".lzma") => Box::new(liblzma::bufread::XzDecoder::new(raw)),
        Some(".zst") => Box::new(
            zstd::stream::read::Decoder::with_buffer(raw)
                .map_err(|err| Error::new(format!("cannot start to decompress it: {err}")))?,
        ),
        Some(".gz") => Box::new(flate2::bufread::GzDecoder::new(raw)),
        Some("") => Box::new(raw),
        _ => return Err(Error::new(format!("its part '{name}' has an unknown compression"))),
    };
    // The tar reader asks for 512 bytes at a time; the decoders are faster in larger steps.
    Ok(Box::new(BufReader::with_capacity(1 << 17, decoder)))
}

fn read_postinst(control: Box<dyn Read>) -> std::io::Result<String> {
    for entry in tar::Archive::new(control).entries()? {
        let entry = entry?;
        if entry.path_bytes().trim_ascii_start() == &b"./postinst"[..]
            || *entry.path_bytes() == *b"postinst"
        {
            let mut bytes = Vec::new();
            entry.take(MAX_CONTROL_FILE).read_to_end(&mut bytes)?;
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(String::new())
}
