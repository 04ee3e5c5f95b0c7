//! Resolves a list of wanted packages against an index on disk: `lock WANTED INDEX > LOCK`.
use firn_debian::{index, lock, wanted::Wanted};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(wanted), Some(path)) = (args.next(), args.next()) else {
        return Err("usage: lock WANTED INDEX".into());
    };
    let wanted = Wanted::parse(&std::fs::read_to_string(wanted)?)?;
    let bytes = std::fs::read(path)?;
    let text = index::decompress(&bytes)?;
    let start = std::time::Instant::now();
    let parsed = index::Index::parse(&text);
    eprintln!("{} packages, parsed in {:?}", parsed.packages().len(), start.elapsed());
    let made = lock::generate(&wanted, &parsed)?;
    for (package, relation) in &made.unsatisfied {
        eprintln!("unsatisfied: {package} needs {relation}");
    }
    eprintln!(
        "{} groups, {} bytes of .deb files",
        made.lock.groups.len(),
        made.lock.download_size()
    );
    print!("{}", made.lock.to_text());
    Ok(())
}
