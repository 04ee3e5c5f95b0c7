//! `builtin:lacking`: what stands for a package that the distribution has not.
//!
//! A configuration that names such a package can be evaluated; whoever builds it is told which it is.
//! Attribute: `lacking`, the sentence to say.

use firn_store::{BuiltinBuilder, BuiltinJob};

/// `builtin:lacking`, which always fails.
#[derive(Debug, Default, Clone, Copy)]
pub struct Lacking;

impl BuiltinBuilder for Lacking {
    fn name(&self) -> &'static str {
        "lacking"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        Err(job.require("lacking")?.to_owned())
    }
}
