//! Sources by url and hash: files, archives, git and paths, with a cache.
//!
//! [`Fetcher`] turns a url into a file: `http(s)`, `file`, and `mirror://debian/PATH`, which is
//! resolved when it runs ([`mirrors`]). [`unpack()`] turns an archive into a file tree and trusts
//! nothing in it; [`Prefetch`] does both, into a store. [`FetchUrl`] is `builtin:fetchurl`. Everything about the machine (proxies,
//! credentials, certificates, mirrors) is a value in [`FetchOptions`]; nothing is read from the
//! process environment.

mod builtin;
mod error;
/// Inputs: where source trees come from.
pub mod input;
pub mod marks;
pub mod mirrors;
mod netrc;
mod options;
mod prefetch;
mod retry;
mod transfer;
mod transport;
mod unpack;
mod waiting;
mod zip;

pub use builtin::{FetchUrl, OPTIONS_FILE};
pub use error::{FetchError, Reason};
pub use netrc::Netrc;
pub use options::{FetchOptions, Proxies, Waiting};
pub use prefetch::{Prefetch, Prefetched, name_of_url};
pub use transfer::{Fetched, Fetcher};
pub use transport::NetworkTransport;
pub use unpack::{UnpackOptions, unpack};
