//! Symlinks of packages, and the alternatives that maintainer scripts would make.

use crate::closure::{Closure, Found};
use crate::layout;
use crate::tree::{Node, Tree};

/// The text of the symlink at `place` which leads to `target`, an absolute path of a Debian
/// system. Within the group it is relative, into a dependency absolute. What the closure lacks
/// stays as the package meant it: beside the link where a merged `/usr` will have both, else
/// absolute.
pub fn text(closure: &Closure<'_>, place: &str, target: &str, relative: bool) -> String {
    let from = layout::parent(place);
    let goal = layout::place(target);
    match closure.find(&goal) {
        Some(Found::Own(_)) => layout::relative(from, &goal),
        Some(Found::Other(path)) => path,
        None if relative && in_usr(place) && in_usr(&goal) => layout::relative(from, &goal),
        None => layout::system_path(&goal),
    }
}

fn in_usr(place: &str) -> bool {
    layout::system_path(place).starts_with("/usr/")
}

/// An alternative as `update-alternatives --install` or `--slave` gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The common name, an absolute path.
    pub link: String,
    /// This package's own file.
    pub path: String,
}

/// Reads the alternatives from a `postinst` script. Words with shell variables are skipped.
pub fn alternatives(postinst: &str) -> Vec<Alternative> {
    let script = postinst.replace("\\\n", " ");
    let words: Vec<&str> = script.split_whitespace().map(|w| w.trim_matches(['"', '\''])).collect();
    words
        .windows(4)
        .filter(|w| ["--install", "--slave"].contains(&w[0]))
        .filter(|w| [w[1], w[3]].iter().all(|p| p.starts_with('/') && !p.contains('$')))
        .map(|w| Alternative { link: w[1].to_owned(), path: w[3].to_owned() })
        .collect()
}

/// Adds a link for every alternative whose file is in the tree and whose name is free.
pub fn add_alternatives(tree: &mut Tree, scripts: &[String]) {
    for alternative in scripts.iter().flat_map(|script| alternatives(script)) {
        let place = layout::place(&layout::normalize(&alternative.link));
        let target = layout::normalize(&alternative.path);
        let present = tree.locate(&layout::place(&target)).is_some();
        if present && tree.get(&place).is_none() && !layout::unwanted(&place) {
            tree.insert(place, Node::Link { target, relative: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_alternatives() {
        let script = "update-alternatives --quiet \\\n --install /bin/nc nc /bin/nc.openbsd 50 \\\n \
                      --slave /usr/share/man/man1/nc.1.gz nc.1.gz \"/usr/share/man/man1/x.gz\"\n\
                      update-alternatives --install $LINK x /bin/y 3";
        let alternative =
            |link: &str, path: &str| Alternative { link: link.into(), path: path.into() };
        assert_eq!(
            alternatives(script),
            [
                alternative("/bin/nc", "/bin/nc.openbsd"),
                alternative("/usr/share/man/man1/nc.1.gz", "/usr/share/man/man1/x.gz"),
            ]
        );
    }
}
