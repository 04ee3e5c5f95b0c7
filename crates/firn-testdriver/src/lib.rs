//! The NixOS test driver: nodes, networks, the Python test script and the report.
//!
//! [`run_test`] runs a [`Config`]: [`driver`] holds networks and machines, a CPython runs the script with a
//! thin shim (`python/shim.py`) whose every call arrives at [`rpc`] and is done by a function of [`api`].
//! [`NixosTest`] is the builder of test derivations.

mod address;
mod artefacts;
mod builder;
mod config;
mod driver;
mod failure;
mod folder;
mod forward;
mod image;
mod junit;
mod log;
mod make;
mod node;
mod picture;
mod plug;
mod report;
mod rpc;
mod run;
mod saved;
mod shares;
mod signature;
mod terminal;
mod xml;

pub mod api;

pub use builder::{NixosTest, parse_backend};
pub use config::{
    BackendChoice, BootEntryConfig, BootImage, Config, ContainerConfig, EmptyDisk, FirmwareConfig,
    ForwardPort, Interface, NodeConfig, Tools, VmConfig, variable_name,
};
pub use driver::Driver;
pub use failure::{Failure, Outcome};
pub use image::StoreImage;
pub use junit::Junit;
pub use log::{Level, Log, XmlLog};
pub use make::{CONNECT_COMMAND, QUICK_PARAMETERS};
pub use rpc::{Ending, Mode, ScriptFrame, Server};
pub use run::{RunOptions, run_test};
pub use saved::SavedBootBuilder;
pub use signature::{Arguments, Signature};
