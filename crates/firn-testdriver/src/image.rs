//! `builtin:store-image`: the store of virtual machines.

use firn_machine::image::erofs;
use firn_store::{BuiltinBuilder, BuiltinJob};
use std::ffi::OsString;
use std::path::Path;

/// Makes an erofs image, to be mounted at the store folder, of every store path that the sandbox shows: these
/// are the closures of the systems that the attribute `roots` names, because a build sees its inputs'
/// closures and nothing else.
pub struct StoreImage;

impl BuiltinBuilder for StoreImage {
    fn name(&self) -> &'static str {
        "store-image"
    }

    fn build(&self, job: &BuiltinJob) -> Result<(), String> {
        let out = job.outputs.get("out").ok_or("a store image needs the output `out`")?;
        let store = Path::new(&job.store_dir);
        let names = visible_paths(store, out)
            .map_err(|error| format!("cannot read {}: {error}", store.display()))?;
        erofs::write_image(store, &names, out)
            .map_err(|error| format!("cannot make the image {}: {error}", out.display()))
    }
}

/// Store paths by name; the output and hidden files are none.
fn visible_paths(store: &Path, out: &Path) -> std::io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(store)? {
        let name = entry?.file_name();
        let hidden = name.as_encoded_bytes().first() == Some(&b'.');
        if !hidden && Some(name.as_os_str()) != out.file_name() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
