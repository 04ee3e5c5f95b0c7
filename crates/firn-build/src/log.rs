//! The log of a build: on disk as the reference keeps it, as events, and its last lines.

use bzip2::Compression;
use bzip2::read::BzDecoder;
use bzip2::write::BzEncoder;
use firn_events::wire::{Import, Line, parse_line};
use firn_events::{ActivityId, Event, Level, Outcome, Reporter};
use firn_formats::StorePath;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Where the log of a derivation is kept: `drvs/xx/rest.drv`, with `.bz2` if compressed.
pub fn log_path(log_folder: &Path, drv: &StorePath, compressed: bool) -> PathBuf {
    let name = drv.as_str();
    let suffix = if compressed { ".bz2" } else { "" };
    log_folder.join("drvs").join(&name[..2]).join(format!("{}{suffix}", &name[2..]))
}

/// The log of a derivation that was built here, decompressed as it is read; `None` if there is none.
///
/// # Errors
/// When there is one that can't be opened.
pub fn open_log(log_folder: &Path, drv: &StorePath) -> io::Result<Option<Box<dyn Read>>> {
    for compressed in [true, false] {
        match File::open(log_path(log_folder, drv, compressed)) {
            Ok(file) if compressed => return Ok(Some(Box::new(BzDecoder::new(file)))),
            Ok(file) => return Ok(Some(Box::new(file))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

enum Writer {
    Plain(BufWriter<File>),
    Bzip2(Box<BzEncoder<BufWriter<File>>>),
}

/// The file, made when the first bytes come.
pub struct LogFile {
    path: PathBuf,
    compress: bool,
    writer: Option<Writer>,
}

impl LogFile {
    /// A log at [`log_path`].
    pub fn new(log_folder: &Path, drv: &StorePath, compress: bool) -> LogFile {
        LogFile { path: log_path(log_folder, drv, compress), compress, writer: None }
    }

    /// Makes the file even if nothing will be written.
    pub fn open(&mut self) -> io::Result<()> {
        if self.writer.is_none() {
            if let Some(parent) = self.path.parent() {
                fs::create_dir_all(parent)?;
            }
            let file = BufWriter::new(File::create(&self.path)?);
            self.writer = Some(match self.compress {
                true => Writer::Bzip2(Box::new(BzEncoder::new(file, Compression::default()))),
                false => Writer::Plain(file),
            });
        }
        Ok(())
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open()?;
        match &mut self.writer {
            Some(Writer::Plain(out)) => out.write_all(bytes),
            Some(Writer::Bzip2(out)) => out.write_all(bytes),
            None => Ok(()),
        }
    }

    /// Completes the file.
    pub fn finish(self) -> io::Result<()> {
        match self.writer {
            Some(Writer::Plain(mut out)) => out.flush(),
            Some(Writer::Bzip2(out)) => out.finish()?.flush(),
            None => Ok(()),
        }
    }
}

/// Takes the bytes of a log apart.
pub struct BuildLog {
    file: Option<LogFile>,
    import: Import,
    reporter: Reporter,
    /// The activity whose lines these are; none for builds that only show events.
    activity: Option<ActivityId>,
    line: Vec<u8>,
    tail: VecDeque<String>,
    tail_size: usize,
    size: u64,
}

impl BuildLog {
    /// A log that goes to `file`, and to `reporter` as lines of `activity` and as the events in it.
    pub fn new(
        file: Option<LogFile>,
        reporter: &Reporter,
        activity: Option<ActivityId>,
        tail_size: usize,
    ) -> BuildLog {
        BuildLog {
            file,
            import: Import::new(reporter.clone()),
            reporter: reporter.clone(),
            activity,
            line: Vec::new(),
            tail: VecDeque::new(),
            tail_size,
            size: 0,
        }
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The next bytes, cut anywhere.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    /// A log that can't be kept (as on a full disk) must not hide what the build itself says.
    fn give_up_file(&mut self, error: &io::Error) {
        self.file = None;
        self.reporter.message(Level::Warning, format!("cannot keep the build log: {error}"));
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        // A carriage return begins the line anew, as on a terminal.
        let text = text.rsplit('\r').next().unwrap_or_default();
        match parse_line(text) {
            // Events of this program's own builders are no text for people to read again.
            Line::Event(event) => {
                // Such a failure has been shown; only what is said after it is worth repeating.
                if matches!(event, Event::Stop { outcome: Outcome::Failed { .. }, .. }) {
                    self.tail.clear();
                }
                self.import.event(event);
                return;
            }
            Line::Phase(name) => {
                if let Some(id) = self.activity {
                    self.reporter.emit(Event::Phase { id, name });
                }
            }
            Line::Ignored => {}
            Line::Text(text) => {
                self.warn_of_message(text);
                self.text_line(text);
            }
        }
        if let Some(Err(e)) = self.file.as_mut().map(|file| file.write(&line)) {
            self.give_up_file(&e);
        }
    }

    /// Says so when a line was meant for this program, and is nothing that it knows.
    fn warn_of_message(&self, text: &str) {
        let Some(json) = text.strip_prefix("@nix ") else { return };
        let text = match serde_json::from_str::<serde_json::Value>(json) {
            Ok(_) => {
                "Unable to handle a JSON message from the derivation builder: it has no action"
                    .to_owned()
            }
            Err(error) => format!("bad JSON log message from the derivation builder: {error}"),
        };
        self.reporter.message(Level::Warning, text);
    }

    fn text_line(&mut self, text: &str) {
        if let Some(id) = self.activity {
            self.reporter.emit(Event::Log { id, line: text.to_owned() });
        }
        if self.tail.len() == self.tail_size {
            self.tail.pop_front();
        }
        if self.tail_size > 0 {
            self.tail.push_back(text.to_owned());
        }
    }

    /// Ends the log and returns its last lines.
    pub fn finish(mut self) -> Vec<String> {
        if !self.line.is_empty() {
            self.end_line();
        }
        if let Some(Err(e)) = self.file.take().map(LogFile::finish) {
            self.give_up_file(&e);
        }
        self.tail.into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use firn_events::{Activity, Collect};
    use std::sync::Arc;

    #[test]
    fn lines_events_tail_and_file() {
        let dir = tempfile::tempdir().unwrap();
        let drv = StorePath::new("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x.drv").unwrap();
        let sink = Arc::new(Collect::default());
        let reporter = Reporter::new(sink.clone());
        let span = reporter.start(Activity::Work { text: "w".into() });
        let file = LogFile::new(dir.path(), &drv, true);
        let mut log = BuildLog::new(Some(file), span.reporter(), Some(span.id()), 2);
        let text = "one\ntwo\r\nlong\rshort\n@firn {\"event\":\"expect\"}\n\
                    @nix {\"action\":\"setPhase\",\"phase\":\"p\"}\nend \u{fffd}";
        for byte in text.as_bytes() {
            log.bytes(&[*byte]);
        }
        assert_eq!(log.finish(), ["short", "end \u{fffd}"]);
        let lines: Vec<String> = sink
            .take()
            .into_iter()
            .filter_map(|event| match event {
                Event::Log { line, .. } => Some(line),
                Event::Phase { name, .. } => Some(format!("phase {name}")),
                _ => None,
            })
            .collect();
        assert_eq!(lines, ["one", "two", "short", "phase p", "end \u{fffd}"]);
        assert!(dir.path().join("drvs/aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x.drv.bz2").exists());
        let mut kept = String::new();
        open_log(dir.path(), &drv).unwrap().unwrap().read_to_string(&mut kept).unwrap();
        let other = StorePath::new("baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x.drv").unwrap();
        assert!(open_log(dir.path(), &other).unwrap().is_none());
        assert_eq!(kept, text.replace("@firn {\"event\":\"expect\"}\n", ""));
    }

    #[test]
    fn what_a_failure_has_shown_is_not_among_the_last_lines() {
        let mut log = BuildLog::new(None, &Reporter::new(Arc::new(Collect::default())), None, 9);
        log.bytes(b"long report\n@firn {\"event\":\"stop\",\"id\":1,\"outcome\":\"ok\"}\nmore\n");
        log.bytes(
            b"@firn {\"event\":\"stop\",\"id\":2,\"outcome\":\"failed\",\"message\":\"m\"}\nwhy\n",
        );
        assert_eq!(log.finish(), ["why"]);
    }
}
