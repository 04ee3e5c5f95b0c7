//! Merges store paths into a `/usr` tree: `usr OUT PATH…`.
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().ok_or("usage: usr OUT PATH…")?;
    let usr = firn_debian::usr::Usr {
        paths: args.map(PathBuf::from).collect(),
        wrappers: vec!["su".into(), "ping".into()],
        os_release: None,
        links: Default::default(),
    };
    let start = std::time::Instant::now();
    for place in firn_debian::usr::build(&usr, Path::new(&out))? {
        eprintln!("collision: {place}");
    }
    eprintln!("{:?}", start.elapsed());
    Ok(())
}
