//! Makes groups of a lock outside of any store: `[PATHS=…] relocate LOCK POOL ROOT [GROUP…]`.
//! With PATHS, a JSON object of store paths by group, the groups get those. POOL is a folder of .deb files; the groups appear in ROOT/nix/store under made-up hashes.
use firn_debian::{closure::StoreDir, lock::Lock, relocate};
use std::collections::VecDeque;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [lock, pool, root, wanted @ ..] = &args[..] else {
        return Err("usage: relocate LOCK POOL ROOT [GROUP…]".into());
    };
    let lock = Lock::parse(&std::fs::read_to_string(lock)?)?;
    std::fs::create_dir_all(Path::new(root).join("nix/store"))?;
    let all: Vec<String> = lock.groups.keys().cloned().collect();
    let wanted = if wanted.is_empty() { &all[..] } else { wanted };
    let mut groups: Vec<String> = Vec::new();
    for name in wanted {
        visit(&lock, name, &mut groups);
    }
    let start = std::time::Instant::now();
    let (mut files, mut elf, mut missing) = (0, 0, 0);
    for name in &groups {
        let group = lock.groups.get(name).ok_or("no such group")?;
        let dependencies = closure(&lock, name).into_iter().filter(|n| n != name);
        let job = relocate::Job {
            debs: group
                .debs
                .iter()
                .map(|d| Path::new(pool).join(d.2.rsplit('/').next().unwrap_or("")))
                .collect(),
            out: place(root, &lock, name),
            dependencies: dependencies.map(|n| place(root, &lock, &n)).collect(),
            links: group.links.clone(),
            // Inside a root of its own the store paths are where they say.
            run_programs: root == "/",
        };
        if job.out.dir.exists() {
            continue;
        }
        let begun = std::time::Instant::now();
        let summary = relocate::build(&job).map_err(|err| format!("{name}: {err}"))?;
        if begun.elapsed().as_millis() > 500 {
            eprintln!("{name}: {:?}", begun.elapsed());
        }
        files += summary.files;
        elf += summary.elf;
        missing += summary.missing.len();
        for (place, lib) in &summary.missing {
            eprintln!("{name}: {place}: {lib} is missing");
        }
        for (place, why) in &summary.malformed {
            eprintln!("{name}: {place}: left alone: {why}");
        }
    }
    eprintln!(
        "{} groups, {files} files, {elf} ELF, {missing} missing, {:?}",
        groups.len(),
        start.elapsed()
    );
    Ok(())
}

/// Needs of a group: declared ones, and the implicit ones but for those in their own closure.
fn needs(lock: &Lock, name: &str) -> Vec<String> {
    let mut needs = lock.groups.get(name).map_or_else(Vec::new, |g| g.needs.clone());
    let base = ["dash", "bash", "perl-base"];
    let inner = ["glibc", "libtinfo6", "libcrypt1"];
    if !inner.contains(&name) {
        let end = base.iter().position(|b| *b == name).unwrap_or(base.len());
        needs.extend(base[..end].iter().map(|s| (*s).to_owned()));
    }
    needs
}

fn visit(lock: &Lock, name: &str, done: &mut Vec<String>) {
    if !done.iter().any(|d| d == name) {
        for need in needs(lock, name) {
            visit(lock, &need, done);
        }
        done.push(name.to_owned());
    }
}

fn closure(lock: &Lock, name: &str) -> Vec<String> {
    let mut queue = VecDeque::from([name.to_owned()]);
    let mut seen: Vec<String> = Vec::new();
    while let Some(next) = queue.pop_front() {
        if !seen.contains(&next) {
            queue.extend(needs(lock, &next));
            seen.push(next);
        }
    }
    seen
}

fn place(root: &str, lock: &Lock, name: &str) -> StoreDir {
    static PATHS: std::sync::OnceLock<serde_json::Value> = std::sync::OnceLock::new();
    let paths = PATHS.get_or_init(|| {
        let file = std::env::var("PATHS").ok().and_then(|file| std::fs::read_to_string(file).ok());
        file.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    });
    if let Some(path) = paths.get(name).and_then(|path| path.as_str()) {
        return StoreDir {
            dir: format!("{}{path}", root.trim_end_matches('/')).into(),
            path: path.to_owned(),
        };
    }
    let version = lock.groups.get(name).map_or("", |g| &g.version);
    let letters =
        format!("{name}{}", "0".repeat(32)).replace(|c: char| !c.is_ascii_alphanumeric(), "0");
    let path = format!("/nix/store/{}-{name}-{version}", &letters[..32]);
    StoreDir { dir: format!("{}{path}", root.trim_end_matches('/')).into(), path }
}
