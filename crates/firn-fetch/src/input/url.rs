//! URLs as flake references write them.
//!
//! The text must survive reading and printing unchanged, because lock files are compared byte for
//! byte; so this keeps more of the text than the web's URL standard does (no added slashes, no
//! default ports, `git@host:path` style left to the schemes).

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::InputError;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is escaped in one segment of a path.
const SEGMENT_ESCAPES: &AsciiSet = &RESERVED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// What is escaped in a path, whose segments are separated by slashes.
const PATH_ESCAPES: &AsciiSet = &SEGMENT_ESCAPES.remove(b'/');

/// What is escaped in names and values of a query.
const QUERY_ESCAPES: &AsciiSet = &RESERVED.remove(b':').remove(b'@').remove(b'/').remove(b'?');

/// A URL in its parts; query and fragment are decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The scheme, such as `git+https`.
    pub scheme: String,
    /// What stands between `//` and the path, as it was written; absent without `//`.
    pub authority: Option<String>,
    /// The path as it is written, escapes included: `a%2Fb/c` has two segments.
    pub path: String,
    /// Decoded query parameters by name.
    pub query: BTreeMap<String, String>,
    /// The decoded fragment; empty when there is none.
    pub fragment: String,
}

impl Url {
    /// Reads a URL; `None` if the text does not begin with a scheme and a colon.
    pub fn parse(text: &str) -> Option<Result<Self, InputError>> {
        let (scheme, rest) = text.split_once(':')?;
        is_scheme(scheme).then(|| Self::parse_after_scheme(scheme, rest))
    }

    fn parse_after_scheme(scheme: &str, rest: &str) -> Result<Self, InputError> {
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match rest.strip_prefix("//") {
            None => (None, rest),
            Some(rest) => match rest.find('/') {
                Some(slash) => (Some(rest[..slash].to_owned()), &rest[slash..]),
                None => (Some(rest.to_owned()), ""),
            },
        };
        Ok(Url {
            scheme: scheme.to_owned(),
            authority,
            path: path.to_owned(),
            query: parse_query(query)?,
            fragment: decode(fragment)?,
        })
    }

    /// The scheme without an application prefix: `https` of `git+https`.
    pub fn transport(&self) -> &str {
        self.scheme.split_once('+').map_or(&self.scheme, |(_, transport)| transport)
    }

    /// The path without escapes.
    pub fn decoded_path(&self) -> Result<String, InputError> {
        decode(&self.path)
    }

    /// The segments of the path without escapes.
    pub fn segments(&self) -> Result<Vec<String>, InputError> {
        self.path.split('/').map(decode).collect()
    }

    /// The application prefix of the scheme: `git` of `git+https`.
    pub fn application(&self) -> Option<&str> {
        self.scheme.split_once('+').map(|(application, _)| application)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:", self.scheme)?;
        if let Some(authority) = &self.authority {
            write!(out, "//{authority}")?;
        }
        out.write_str(&self.path)?;
        let mut separator = '?';
        for (name, value) in &self.query {
            let name = utf8_percent_encode(name, QUERY_ESCAPES);
            let value = utf8_percent_encode(value, QUERY_ESCAPES);
            write!(out, "{separator}{name}={value}")?;
            separator = '&';
        }
        if !self.fragment.is_empty() {
            write!(out, "#{}", utf8_percent_encode(&self.fragment, PATH_ESCAPES))?;
        }
        Ok(())
    }
}

/// Escapes a path for [`Url::path`].
pub fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, PATH_ESCAPES).to_string()
}

/// Escapes one segment of a path, its slashes included.
pub fn encode_segment(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT_ESCAPES).to_string()
}

/// Reads `a=b&c=d`; a parameter without `=` is passed over, as the reference does.
pub fn parse_query(text: &str) -> Result<BTreeMap<String, String>, InputError> {
    text.split('&')
        .filter_map(|parameter| parameter.split_once('='))
        .map(|(name, value)| Ok((decode(name)?, decode(value)?)))
        .collect()
}

/// The parameters of a reference's query that have no `=` and are therefore passed over.
pub fn dubious_parameters(text: &str) -> impl Iterator<Item = &str> {
    let reference = text.split_once('#').map_or(text, |(reference, _)| reference);
    let query = reference.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter(|parameter| !parameter.is_empty() && !parameter.contains('='))
}

/// Decodes `%41` sequences; the result has to be UTF-8 without NUL.
pub fn decode(text: &str) -> Result<String, InputError> {
    let decoded = percent_decode_str(text).decode_utf8();
    match decoded {
        Ok(decoded) if !decoded.contains('\0') => Ok(decoded.into_owned()),
        _ => Err(InputError::new(format!("invalid percent encoding in URL part '{text}'"))),
    }
}

fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}
