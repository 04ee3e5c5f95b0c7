//! Systems: activation, generations and the first process of a machine.
//!
//! A system (`ARCHITECTURE.md`, "A system") is made from data by the builtin builders here
//! ([`tree`], [`units`], [`initrd`], [`bootloader`]). Its links `init`, `activate` and `switch-to-configuration`
//! lead to the program, which finds the system as the folder it was called from and calls
//! [`stage2`], [`activate`] or [`switch`]. [`stage1`] is the first process of the initial file
//! system.

pub mod activate;
pub mod bootloader;
pub mod files;
pub mod initrd;
mod nodes;
pub mod stage1;
pub mod stage2;
pub mod switch;
pub mod tree;
pub mod units;

pub use firn_diag::explained::{Error, Result};

use firn_store::BuiltinBuilder;

/// The builtin builders of this crate.
pub fn builders() -> Vec<Box<dyn BuiltinBuilder>> {
    vec![
        Box::new(tree::TreeBuilder),
        Box::new(units::UnitsBuilder),
        Box::new(initrd::InitrdBuilder),
        Box::new(bootloader::grub::image::GrubFolderBuilder),
        Box::new(bootloader::image::EspImageBuilder),
    ]
}
