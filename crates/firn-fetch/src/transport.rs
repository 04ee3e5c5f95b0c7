//! The network for [`crate::input`].

use crate::error::{FetchError, Reason};
use crate::input::{InputError, Transport};
use crate::transfer::Fetcher;
use crate::unpack::{UnpackOptions, unpack};
use firn_events::{Activity, Reporter};
use std::fs::File;
use std::path::Path;

/// Downloads with a [`Fetcher`] and unpacks with [`unpack()`].
pub struct NetworkTransport {
    /// What fetches.
    pub fetcher: Fetcher,
    /// Where progress goes.
    pub reporter: Reporter,
}

impl Transport for NetworkTransport {
    fn download(&self, url: &str, file: &Path) -> Result<(), InputError> {
        self.download_with(url, &[], file)
    }

    fn download_with(
        &self,
        url: &str,
        headers: &[(String, String)],
        file: &Path,
    ) -> Result<(), InputError> {
        let name = url.rsplit('/').next().unwrap_or(url).to_owned();
        let span = self.reporter.start(Activity::Fetch { url: url.to_owned(), name });
        let result = File::create(file)
            .map_err(|e| FetchError::local(format_args!("creating '{}'", file.display()), &e))
            .and_then(|mut to| self.fetcher.fetch_with(url, headers, &mut to, &span));
        span.finish(result).map(drop).map_err(|e| input_error(&e))
    }

    fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> Result<Vec<u8>, InputError> {
        self.fetcher.post(url, headers, body).map_err(|e| input_error(&e))
    }

    fn unpack(&self, archive: &Path, folder: &Path) -> Result<u64, InputError> {
        let mut file = File::open(archive).map_err(|e| {
            let what = format!("opening the archive '{}'", archive.display());
            input_error(&FetchError::local(what, &e))
        })?;
        let options = UnpackOptions { strip_single_folder: true };
        unpack(&mut file, folder, options).map_err(|e| input_error(&e))
    }
}

fn input_error(e: &FetchError) -> InputError {
    if e.reason == Reason::Unreachable {
        InputError::unreachable(e.to_string())
    } else {
        InputError::new(e.to_string())
    }
}
