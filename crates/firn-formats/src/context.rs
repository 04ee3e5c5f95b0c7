//! One element of a string's context: what the string depends on.
//!
//! Source: manual, "String context".

use std::{fmt, str::FromStr, sync::Arc};

use crate::{FormatError, Result, SingleDerivedPath, StorePath, error::err};

/// What a string that mentions a store path depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContextElement {
    /// A store path as it is. Text form: `<base name>`.
    Opaque(StorePath),
    /// A derivation with its whole closure and all outputs. Text form: `=<base name>`.
    DrvDeep(StorePath),
    /// One output of a derivation. Text form: `!<output>!…<base name>`.
    Built {
        /// The derivation.
        drv: Arc<SingleDerivedPath>,
        /// The output's name.
        output: String,
    },
}

impl fmt::Display for ContextElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opaque(path) => f.write_str(path.as_str()),
            Self::DrvDeep(path) => write!(f, "={path}"),
            Self::Built { drv, output } => {
                write!(f, "!{output}!")?;
                let mut drv = drv;
                while let SingleDerivedPath::Built { drv: next, output } = &**drv {
                    write!(f, "{output}!")?;
                    drv = next;
                }
                f.write_str(drv.base().as_str())
            }
        }
    }
}

impl FromStr for ContextElement {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: &str| err!("bad string context element '{text}': {why}");
        if text.is_empty() {
            return Err(bad("it must not be empty"));
        }
        if let Some(path) = text.strip_prefix('=') {
            return Ok(Self::DrvDeep(StorePath::new(path)?));
        }
        match text.strip_prefix('!') {
            None if text.contains('!') => Err(bad("'!' must come first")),
            None => Ok(Self::Opaque(StorePath::new(text)?)),
            Some(rest) => {
                let (outputs, path) =
                    rest.rsplit_once('!').ok_or_else(|| bad("a first '!' needs a second"))?;
                parse_built(outputs, path)
            }
        }
    }
}

fn parse_built(outputs: &str, path: &str) -> Result<ContextElement> {
    let mut drv = SingleDerivedPath::Opaque(StorePath::new(path)?);
    let (first, inner) = match outputs.split_once('!') {
        None => (outputs, None),
        Some((first, inner)) => (first, Some(inner)),
    };
    for output in inner.into_iter().flat_map(|inner| inner.rsplit('!')) {
        drv = SingleDerivedPath::Built { drv: Arc::new(drv), output: output.to_owned() };
    }
    Ok(ContextElement::Built { drv: Arc::new(drv), output: first.to_owned() })
}
