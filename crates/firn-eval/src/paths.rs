//! Path texts.

/// An absolute path without `.`, `..` and repeated or trailing slashes; `..` at the root stays there.
pub fn canonical(path: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(path.len());
    for part in path.split(|&b| b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                let parent = out.iter().rposition(|&b| b == b'/').unwrap_or(0);
                out.truncate(parent);
            }
            part => {
                out.push(b'/');
                out.extend_from_slice(part);
            }
        }
    }
    if out.is_empty() {
        out.push(b'/');
    }
    out
}

/// The same, but a trailing slash stays: what follows is appended.
pub(crate) fn canonical_prefix(path: &[u8]) -> Vec<u8> {
    let mut out = canonical(path);
    if path.ends_with(b"/") && out != b"/" {
        out.push(b'/');
    }
    out
}

/// Everything after the last slash.
pub fn base_name(path: &[u8]) -> &[u8] {
    let trimmed = path.strip_suffix(b"/").unwrap_or(path);
    match trimmed.iter().rposition(|&b| b == b'/') {
        Some(slash) => &trimmed[slash + 1..],
        None => trimmed,
    }
}

/// Everything before the last slash; the root's parent is the root.
pub fn dir_name(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&b| b == b'/') {
        None => b".",
        Some(0) => b"/",
        Some(slash) => &path[..slash],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_paths() {
        for (given, wanted) in [
            ("/a/./b/../c//d/", "/a/c/d"),
            ("/..", "/"),
            ("/", "/"),
            ("/a/..", "/"),
            ("/a/b/../../..", "/"),
        ] {
            assert_eq!(canonical(given.as_bytes()), wanted.as_bytes(), "{given}");
        }
        assert_eq!(canonical_prefix(b"/a/./"), b"/a/");
        assert_eq!(canonical_prefix(b"/"), b"/");
    }
}
