//! What a failed test leaves to look at: its log, and the files that it made until then.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The log's name among the artefacts.
const LOG: &str = "log";

/// Collects the artefacts of one test.
pub struct Artefacts {
    folder: PathBuf,
}

impl Artefacts {
    /// Makes their folder.
    ///
    /// # Errors
    /// It can't be made.
    pub fn new(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// A writer of the log: to `out`, and to the artefacts.
    ///
    /// # Errors
    /// The file can't be made.
    pub fn log_to(
        &self,
        out: impl Write + Send + 'static,
    ) -> io::Result<impl Write + Send + 'static> {
        let file = File::create(self.folder.join(LOG))?;
        Ok(Both { out, file })
    }

    /// Takes the files below `folder`, as far as they can be read; the test has failed already, so that
    /// nothing is gained by failing once more.
    pub fn take(&self, folder: &Path) {
        let _ = copy(folder, &self.folder);
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target, kind) = (entry.path(), to.join(entry.file_name()), entry.file_type()?);
        let _ = if kind.is_dir() {
            copy(&source, &target)
        } else if kind.is_file() {
            fs::copy(&source, &target).map(drop)
        } else {
            Ok(())
        };
    }
    Ok(())
}

struct Both<W> {
    out: W,
    file: File,
}

impl<W: Write> Write for Both<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        // The log that counts is the other one.
        let _ = self.file.write_all(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn log_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        fs::create_dir_all(out.join("sub")).unwrap();
        fs::write(out.join("sub/file"), "x").unwrap();
        let artefacts = Artefacts::new(folder.path().join("artefacts")).unwrap();
        artefacts.log_to(io::sink()).unwrap().write_all(b"line\n").unwrap();
        artefacts.take(&out);
        let read = |name: &str| fs::read_to_string(folder.path().join("artefacts").join(name));
        assert_eq!(read("sub/file").unwrap(), "x");
        assert_eq!(read(LOG).unwrap(), "line\n");
    }
}
