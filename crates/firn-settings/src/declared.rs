//! The settings, in the order of their names.

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A number, with an optional suffix K, M, G or T.
    Number,
    /// A number, or `auto` for what the machine has.
    Jobs,
    /// Any text.
    Text,
    /// Words separated by spaces.
    List,
    /// `true`, `false` or `relaxed`.
    Sandbox,
}

impl Kind {
    /// Checks a text; the error says what is expected.
    pub fn check(self, text: &str) -> Result<(), &'static str> {
        let flag = matches!(text, "true" | "false" | "yes" | "no" | "1" | "0");
        let (fits, expected) = match self {
            Kind::Flag => (flag, "'true' or 'false'"),
            Kind::Number => (parse_number(text).is_some(), "a number"),
            Kind::Jobs => (text == "auto" || parse_number(text).is_some(), "a number or 'auto'"),
            Kind::Sandbox => (flag || text == "relaxed", "'true', 'false' or 'relaxed'"),
            Kind::Text | Kind::List => (true, ""),
        };
        if fits { Ok(()) } else { Err(expected) }
    }
}

/// A number with an optional suffix K, M, G or T for powers of 1024.
pub fn parse_number(text: &str) -> Option<u64> {
    let power = match text.bytes().last()? {
        b'K' => 10,
        b'M' => 20,
        b'G' => 30,
        b'T' => 40,
        _ => 0,
    };
    let digits = if power == 0 { text } else { &text[..text.len() - 1] };
    digits.parse::<u64>().ok()?.checked_mul(1 << power)
}

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// The name in `nix.conf` and, after `--`, on the command line.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The value when nothing sets it.
    pub default: &'static str,
    /// What it does, for the manual.
    pub doc: &'static str,
    /// Older names.
    pub aliases: &'static [&'static str],
}

/// The setting of that name or older name.
pub fn find(name: &str) -> Option<&'static Setting> {
    let declared =
        DECLARED.binary_search_by(|setting| setting.name.cmp(name)).ok().map(|at| &DECLARED[at]);
    declared.or_else(|| DECLARED.iter().find(|setting| setting.aliases.contains(&name)))
}

/// The declared name that is nearest to a misspelt one, if any is near.
pub fn nearest(name: &str) -> Option<&'static str> {
    let distances = DECLARED.iter().map(|setting| (distance(name, setting.name), setting.name));
    distances.min().filter(|(distance, _)| *distance <= 2).map(|(_, name)| name)
}

/// Edit distance (Levenshtein 1966): insertions, deletions, replacements.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<u8> = to.bytes().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

const fn s(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Setting {
    Setting { name, kind, default, doc, aliases: &[] }
}

const fn named(setting: Setting, aliases: &'static [&'static str]) -> Setting {
    Setting { aliases, ..setting }
}

use Kind::{Flag, Jobs, List, Number, Sandbox, Text};

/// Every setting. Invariant (tested): sorted by name.
pub static DECLARED: &[Setting] = &[
    s(
        "abort-on-warn",
        Flag,
        "false",
        "End evaluation at the first warning, as `builtins.abort` does.",
    ),
    s(
        "accept-flake-config",
        Flag,
        "false",
        "Take settings from a flake's `nixConfig` without asking.",
    ),
    s("allow-dirty", Flag, "true", "Let Git trees with uncommitted changes be used."),
    s(
        "allow-dirty-locks",
        Flag,
        "false",
        "Let lock files hold inputs from trees with uncommitted changes.",
    ),
    s(
        "allow-import-from-derivation",
        Flag,
        "true",
        "Build during evaluation where an expression reads what a build makes.",
    ),
    s("allow-new-privileges", Flag, "false", "Let builders gain privileges by setuid programs."),
    s(
        "allowed-impure-host-deps",
        List,
        "",
        "Host paths that a build may ask for by `__impureHostDeps`.",
    ),
    s("allowed-uris", List, "", "URL prefixes that restricted evaluation may read."),
    s("allowed-users", List, "*", "Who may connect to the daemon."),
    s(
        "auto-allocate-uids",
        Flag,
        "false",
        "Give each build user ids of its own instead of a build user's.",
    ),
    s(
        "auto-optimise-store",
        Flag,
        "false",
        "Replace equal files in the store by hard links as they are added.",
    ),
    s("bash-prompt", Text, "", "The prompt (`PS1`) of `nix develop`'s shells."),
    s("bash-prompt-prefix", Text, "", "Put in front of the prompt in `nix develop`'s shells."),
    s("bash-prompt-suffix", Text, "", "Put behind the prompt in `nix develop`'s shells."),
    s(
        "build-dir",
        Text,
        "",
        "Where builds have their folders; empty means the store's own state folder.",
    ),
    s("build-hook", List, "", "The program that is offered builds for other machines."),
    s(
        "build-poll-interval",
        Number,
        "5",
        "Seconds between looks at a build that another process does.",
    ),
    s("build-users-group", Text, "", "The group whose members builds run as; empty means none."),
    s("builders", Text, "@/etc/nix/machines", "Machines that builds can be sent to."),
    s(
        "builders-use-substitutes",
        Flag,
        "false",
        "Let build machines fetch from caches themselves.",
    ),
    named(
        s(
            "commit-lock-file-summary",
            Text,
            "",
            "First line of the commit that `--commit-lock-file` makes.",
        ),
        &["commit-lockfile-summary"],
    ),
    s("compress-build-log", Flag, "true", "Compress build logs."),
    s(
        "connect-timeout",
        Number,
        "15",
        "Seconds after which a connection that is not made is given up.",
    ),
    named(
        s(
            "cores",
            Number,
            "0",
            "Processors that one build may use (`NIX_BUILD_CORES`); 0 means all.",
        ),
        &["build-cores"],
    ),
    s(
        "debian-mirrors",
        List,
        "",
        "Mirrors of the Debian archive that `mirror://debian/` means; empty means the one that the machine's apt is set up for, then Debian's snapshot archive.",
    ),
    s(
        "debugger-on-trace",
        Flag,
        "false",
        "Let the debugger stop at `builtins.trace` and `builtins.warn`.",
    ),
    s("debugger-on-warn", Flag, "false", "Let the debugger stop at `builtins.warn`."),
    s("diff-hook", Text, "", "Program that compares two results of one derivation."),
    s(
        "download-attempts",
        Number,
        "5",
        "How often a download is tried, at each mirror. The pauses between become longer: twenty seconds in all where the other side has to recover, a minute for packages of the distribution.",
    ),
    s("download-buffer-size", Number, "64M", "Bytes of a download that may wait in memory."),
    s("download-speed", Number, "0", "Highest download speed in KiB/s; 0 means unlimited."),
    s(
        "eval-cache",
        Flag,
        "true",
        "Answer again what was asked before of a flake that is locked, without evaluating it. Nothing is \
         traced then. Only pure evaluation is remembered.",
    ),
    s("eval-profile-file", Text, "nix.profile", "The file that `eval-profiler` writes."),
    s(
        "eval-profiler",
        Text,
        "disabled",
        "Count calls: `flamegraph` writes stacks of them to `eval-profile-file`.",
    ),
    s(
        "eval-profiler-frequency",
        Number,
        "99",
        "How often in a second `eval-profiler` looks; 0 is each call.",
    ),
    s(
        "eval-store",
        Text,
        "",
        "The store that evaluation writes derivations and sources to; by default the one that is built into.",
    ),
    s("eval-system", Text, "", "What `builtins.currentSystem` says; empty means `system`."),
    named(
        s(
            "experimental-features",
            List,
            "flakes nix-command fetch-tree",
            "Experimental features that are on.",
        ),
        &[],
    ),
    s(
        "extra-platforms",
        List,
        "i686-linux x86_64-v1-linux x86_64-v2-linux x86_64-v3-linux",
        "Other platforms that this machine can build for.",
    ),
    named(
        s("fallback", Flag, "false", "Build what a cache promised and could not give."),
        &["build-fallback"],
    ),
    s(
        "flake-registry",
        Text,
        "https://channels.nixos.org/flake-registry.json",
        "The global flake registry; empty means none.",
    ),
    s("fsync-metadata", Flag, "true", "Wait for the disk before a path is registered."),
    s("fsync-store-paths", Flag, "false", "Wait for the disk for all content of store paths."),
    s("gc-reserved-space", Number, "8M", "Bytes kept free for garbage collection on a full disk."),
    s("hashed-mirrors", List, "", "Mirrors that have files by their hash."),
    s("http-connections", Number, "25", "Most downloads at once; 0 means unlimited."),
    s("http2", Flag, "true", "Use HTTP/2 where a server has it."),
    s("id-count", Number, "8388608", "How many user ids builds may be given."),
    s(
        "ignore-try",
        Flag,
        "false",
        "Let the debugger not stop at errors inside `builtins.tryEval`.",
    ),
    s("impure-env", List, "", "Variables that fixed-output builds see, as `NAME=VALUE`."),
    s(
        "json-log-path",
        Text,
        "",
        "File or socket that gets records of all that happens, as `--log-format internal-json` writes them.",
    ),
    named(s("keep-build-log", Flag, "true", "Keep build logs."), &["build-keep-log"]),
    named(
        s("keep-derivations", Flag, "true", "Keep derivations of live outputs."),
        &["gc-keep-derivations"],
    ),
    named(
        s("keep-env-derivations", Flag, "false", "Keep derivations of user environments."),
        &["env-keep-derivations"],
    ),
    s("keep-failed", Flag, "false", "Keep the folder of a build that failed."),
    s("keep-going", Flag, "false", "Go on with other builds after one failed."),
    named(
        s("keep-outputs", Flag, "false", "Keep outputs of live derivations."),
        &["gc-keep-outputs"],
    ),
    s(
        "lint-absolute-path-literals",
        Text,
        "ignore",
        "What happens at path literals such as `/a/b`: `ignore`, `warn` or `fatal`.",
    ),
    s(
        "lint-short-path-literals",
        Text,
        "ignore",
        "What happens at path literals such as `a/b`: `ignore`, `warn` or `fatal`.",
    ),
    s(
        "lint-url-literals",
        Text,
        "ignore",
        "What happens at URLs without quotes: `ignore`, `warn` or `fatal`.",
    ),
    s("log-lines", Number, "25", "How many last lines of a failed build's log are shown."),
    named(
        s("max-build-log-size", Number, "0", "Most bytes of a build's log; 0 means unlimited."),
        &["build-max-log-size"],
    ),
    s(
        "max-build-memory",
        Jobs,
        "auto",
        "How many bytes builds may hold together, as far as they say what they need, as tests of virtual \
         machines do; `auto` means what the machine has free. A single build runs in any case.",
    ),
    s("max-call-depth", Number, "10000", "How deep function calls may nest."),
    s("max-free", Number, "8388607T", "Automatic collection stops when so many bytes are free."),
    named(
        s(
            "max-jobs",
            Jobs,
            "auto",
            "How many builds run at once; `auto` keeps all processors busy.",
        ),
        &["build-max-jobs"],
    ),
    named(
        s(
            "max-silent-time",
            Number,
            "0",
            "Seconds after which a silent build is ended; 0 means never.",
        ),
        &["build-max-silent-time"],
    ),
    s("max-substitution-jobs", Number, "16", "How many substitutions run at once."),
    s("min-free", Number, "0", "Collect garbage when fewer bytes are free; 0 means never."),
    s("min-free-check-interval", Number, "5", "Seconds between looks at the free space."),
    s("nar-buffer-size", Number, "32M", "Bytes of a NAR that may wait in memory."),
    s("narinfo-cache-negative-ttl", Number, "3600", "Seconds that a cache's 'no' is remembered."),
    s(
        "narinfo-cache-positive-ttl",
        Number,
        "2592000",
        "Seconds that a cache's 'yes' is remembered.",
    ),
    s("netrc-file", Text, "/etc/nix/netrc", "Names and passwords for HTTP."),
    s("nix-path", List, "", "Where `<NAME>` is looked for."),
    s(
        "nix-shell-always-looks-for-shell-nix",
        Flag,
        "true",
        "Let `nix-shell FOLDER` take `shell.nix` of the folder, and not its `default.nix`.",
    ),
    s(
        "nix-shell-shebang-arguments-relative-to-script",
        Flag,
        "true",
        "Read paths in the first lines of a script against the script's folder.",
    ),
    s("parse-cache", Flag, "true", "Keep parsed files between runs, in the cache folder."),
    s("post-build-hook", Text, "", "Program that is run after each build."),
    s("pre-build-hook", Text, "", "Program that may set up a sandbox."),
    s("print-missing", Flag, "true", "Say what will be built and fetched."),
    s("pure-eval", Flag, "false", "Let evaluation read only what is locked by hash."),
    s(
        "require-drop-supplementary-groups",
        Flag,
        "false",
        "Refuse to build where groups of the user can't be dropped.",
    ),
    s("require-sigs", Flag, "true", "Take paths of caches only with a trusted signature."),
    s(
        "restrict-eval",
        Flag,
        "false",
        "Let evaluation read only the search path and `allowed-uris`.",
    ),
    s("run-diff-hook", Flag, "false", "Run `diff-hook` where two results differ."),
    named(
        s(
            "sandbox",
            Sandbox,
            "true",
            "Build in a sandbox; `relaxed` allows builds that ask not to be.",
        ),
        &["build-use-sandbox", "build-use-chroot"],
    ),
    s("sandbox-build-dir", Text, "/build", "The build's folder as the sandbox shows it."),
    s("sandbox-dev-shm-size", Text, "50%", "Size of `/dev/shm` in the sandbox."),
    s("sandbox-fallback", Flag, "false", "Build without a sandbox where none can be made."),
    named(
        s(
            "sandbox-paths",
            List,
            "",
            "Host paths that the sandbox shows, as `INSIDE=HOST?`. Without `/bin/sh` among them, builds find the distribution's own shell there.",
        ),
        &["build-sandbox-paths", "build-chroot-dirs"],
    ),
    s("secret-key-files", List, "", "Keys that sign what is built here."),
    s("show-trace", Flag, "false", "Show all of the trace of evaluation errors."),
    s("ssl-cert-file", Text, "", "Certificates that HTTPS trusts; empty means the system's."),
    s(
        "stalled-download-timeout",
        Number,
        "300",
        "Seconds after which a download without progress is given up.",
    ),
    s("start-id", Number, "872415232", "First user id that builds may be given."),
    s("store", Text, "auto", "The store to use."),
    named(
        s("substitute", Flag, "true", "Fetch from caches what they have."),
        &["build-use-substitutes"],
    ),
    named(
        s("substituters", List, "https://cache.nixos.org/", "Caches, asked in this order."),
        &["binary-caches"],
    ),
    s(
        "sync-before-registering",
        Flag,
        "false",
        "Write all disk buffers before paths are registered.",
    ),
    s("system", Text, "x86_64-linux", "The platform of this machine."),
    s(
        "system-features",
        List,
        "nixos-test benchmark big-parallel kvm uid-range devnet",
        "Features that builds here may require.",
    ),
    s("tarball-ttl", Number, "3600", "Seconds that a download without a hash is good for."),
    named(
        s("timeout", Number, "0", "Seconds after which a build is ended; 0 means never."),
        &["build-timeout"],
    ),
    s("trace-function-calls", Flag, "false", "Report each function call."),
    s("trace-import-from-derivation", Flag, "false", "Warn of builds that evaluation needs."),
    s("trace-verbose", Flag, "false", "Let `builtins.traceVerbose` print."),
    s(
        "trust-tarballs-from-git-forges",
        Flag,
        "true",
        "Count an archive of a named revision as locked.",
    ),
    named(
        s(
            "trusted-public-keys",
            List,
            "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",
            "Keys whose signatures are trusted.",
        ),
        &["binary-cache-public-keys"],
    ),
    named(
        s("trusted-substituters", List, "", "Caches that any user may choose."),
        &["trusted-binary-caches"],
    ),
    s("trusted-users", List, "root", "Who may do everything through the daemon."),
    s("upgrade-nix-store-path-url", Text, "", "Where the newest version is named."),
    s("use-case-hack", Flag, "false", "Rename files that differ by case only."),
    s("use-cgroups", Flag, "false", "Give each build a cgroup."),
    s("use-registries", Flag, "true", "Look names of flakes up in registries."),
    s("use-sqlite-wal", Flag, "true", "Keep SQLite databases in WAL mode."),
    s("use-xdg-base-directories", Flag, "false", "Keep profiles in the XDG folders."),
    s("user-agent-suffix", Text, "", "Added to the user agent of downloads."),
    s("warn-dirty", Flag, "true", "Warn of Git trees with uncommitted changes."),
    s(
        "warn-large-path-threshold",
        Number,
        "0",
        "Warn of paths added that are larger; 0 means never.",
    ),
    s("warn-short-path-literals", Flag, "false", "Warn of path literals such as `foo/bar`."),
];

/// Experimental features in order, each once, with those that others bring along.
pub fn features(text: &str) -> String {
    let mut all: std::collections::BTreeSet<&str> = text.split_whitespace().collect();
    if all.contains("flakes") {
        all.insert("fetch-tree");
    }
    all.into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_is_sorted_and_defaults_fit() {
        assert!(DECLARED.is_sorted_by(|a, b| a.name < b.name));
        for setting in DECLARED {
            assert_eq!(setting.kind.check(setting.default), Ok(()), "{}", setting.name);
            assert!(setting.doc.ends_with('.'), "{}", setting.name);
        }
    }

    #[test]
    fn numbers_have_suffixes() {
        assert_eq!(parse_number("64M"), Some(64 << 20));
        assert_eq!(parse_number("x"), None);
        assert_eq!(parse_number("99999999999999999999T"), None);
        assert_eq!(parse_number(""), None);
    }
}
