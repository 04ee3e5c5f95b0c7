//! How builds run; the names are those of the settings.

use crate::hook::PostBuildHook;
use crate::shell::ShellCommand;
use firn_fetch::FetchOptions;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Everything about builds that the user or the machine decides.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildOptions {
    /// Builds at once (`max-jobs`); 0 builds nothing but what is built in, none as many as the processors
    /// have time for.
    pub max_jobs: Option<usize>,
    /// Bytes that builds may hold together, as far as they say what they need (`max-build-memory`); none is
    /// what the machine has free.
    pub max_memory: Option<u64>,
    /// Fetches at once; they are not counted as builds.
    pub max_fetches: usize,
    /// What `NIX_BUILD_CORES` says (`cores`); 0 is all.
    pub cores: usize,
    /// Processors of this machine.
    pub processors: usize,
    /// Leave the build folder of a failed build in place (`keep-failed`).
    pub keep_failed: bool,
    /// Where artefacts of failed builtin builders go, each in a folder with its derivation's name.
    pub artefacts: Option<std::path::PathBuf>,
    /// After a failure, go on with what does not depend on it (`keep-going`).
    pub keep_going: bool,
    /// Write build logs (`keep-build-log`).
    pub keep_log: bool,
    /// Compress them with bzip2 (`compress-build-log`).
    pub compress_log: bool,
    /// How many of the last lines an error shows (`log-lines`).
    pub log_lines: usize,
    /// Bytes of log after which a build is ended (`max-build-log-size`); 0 is without limit.
    pub max_log_size: u64,
    /// Seconds a build may take (`timeout`); 0 is without limit.
    pub timeout: u64,
    /// Seconds a build may be silent (`max-silent-time`); 0 is without limit.
    pub max_silent_time: u64,
    /// Which builds see nothing but their inputs (`sandbox`).
    pub sandbox: SandboxMode,
    /// Host paths that builds see (`sandbox-paths`).
    pub sandbox_paths: Vec<SandboxPath>,
    /// Where `/bin/sh` of sandboxes comes from, if neither `sandbox_paths` nor the derivation has one.
    pub shell: Option<ShellCommand>,
    /// Size limit of `/dev/shm` (`sandbox-dev-shm-size`).
    pub sandbox_dev_shm_size: String,
    /// The build folder as builds see it (`sandbox-build-dir`).
    pub sandbox_build_dir: String,
    /// Whether to filter system calls (`filter-syscalls`).
    pub filter_syscalls: bool,
    /// This machine's system (`system`).
    pub system: String,
    /// Systems this machine can also run (`extra-platforms`).
    pub extra_platforms: BTreeSet<String>,
    /// What this machine offers to `requiredSystemFeatures` (`system-features`).
    pub system_features: BTreeSet<String>,
    /// Whether to look for finished paths elsewhere (`substitute`).
    pub substitute: bool,
    /// Build when a substitution fails (`fallback`).
    pub fallback: bool,
    /// Also substitute derivations that say `allowSubstitutes = false`
    /// (`always-allow-substitutes`).
    pub always_allow_substitutes: bool,
    /// How files are fetched.
    pub fetch: FetchOptions,
    /// Values for the variables that fixed-output derivations name in `impureEnvVars`.
    pub impure_env: BTreeMap<String, String>,
    /// What runs after each build (`post-build-hook`).
    pub post_build_hook: Option<PostBuildHook>,
    /// Folder of the folders in which builds run (`build-dir`); none is `builds` in the state.
    pub build_dir: Option<PathBuf>,
    /// First user id for builds, when started as root (`start-id`).
    pub start_id: u32,
    /// How many user ids there are from there (`id-count`).
    pub id_count: u32,
}

impl Default for BuildOptions {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        BuildOptions {
            max_jobs: Some(1),
            max_memory: None,
            max_fetches: 24,
            cores: 0,
            processors,
            keep_failed: false,
            artefacts: None,
            keep_going: false,
            keep_log: true,
            compress_log: true,
            log_lines: 25,
            max_log_size: 0,
            timeout: 0,
            max_silent_time: 0,
            sandbox: SandboxMode::Always,
            sandbox_paths: Vec::new(),
            shell: None,
            sandbox_dev_shm_size: "50%".into(),
            sandbox_build_dir: "/build".into(),
            filter_syscalls: true,
            system: format!("{}-linux", std::env::consts::ARCH),
            extra_platforms: BTreeSet::new(),
            system_features: default_features(),
            substitute: true,
            fallback: false,
            always_allow_substitutes: false,
            fetch: FetchOptions::default(),
            impure_env: BTreeMap::new(),
            post_build_hook: None,
            build_dir: None,
            start_id: 0x3400_0000,
            id_count: 128 << 16,
        }
    }
}

fn default_features() -> BTreeSet<String> {
    let mut features: BTreeSet<String> =
        ["nixos-test", "benchmark", "big-parallel", "uid-range"].map(str::to_owned).into();
    let open = |path| std::fs::OpenOptions::new().read(true).write(true).open(path).is_ok();
    if open("/dev/kvm") {
        features.insert("kvm".into());
    }
    if open("/dev/net/tun") {
        features.insert("devnet".into());
    }
    features
}

/// Which builds see nothing but their inputs; the setting `sandbox`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxMode {
    /// All of them (`true`).
    Always,
    /// All but those that ask not to (`__noChroot`), and those whose result is known by its hash
    /// (`relaxed`).
    Relaxed,
    /// None (`false`): they see this machine's files and network as the user does. Stores that lie
    /// elsewhere than builds see them, and builtin builders, keep their sandbox.
    Never,
}

impl SandboxMode {
    /// Reads the setting's text; what is not known is the strictest.
    pub fn parse(text: &str) -> SandboxMode {
        match text {
            "relaxed" => SandboxMode::Relaxed,
            "false" | "no" | "0" => SandboxMode::Never,
            _ => SandboxMode::Always,
        }
    }

    /// The setting's text.
    pub fn text(self) -> &'static str {
        match self {
            SandboxMode::Always => "true",
            SandboxMode::Relaxed => "relaxed",
            SandboxMode::Never => "false",
        }
    }
}

/// One host path that builds see: `TARGET[=SOURCE][?]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxPath {
    /// Where builds see it.
    pub target: String,
    /// Where it is.
    pub source: PathBuf,
    /// Whether it may be missing.
    pub optional: bool,
}

impl SandboxPath {
    /// Whether builds find a `/bin/sh` by it, or could: its folder may be a link, below which nothing can be added.
    pub fn shows_shell(&self) -> bool {
        self.target == "/bin/sh" || self.target == "/bin" && self.source.exists()
    }

    /// Reads the setting's form.
    ///
    /// # Errors
    /// When the target is not an absolute path.
    pub fn parse(text: &str) -> Result<SandboxPath, String> {
        let (text, optional) = match text.strip_suffix('?') {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (target, source) = text.split_once('=').unwrap_or((text, text));
        if !target.starts_with('/') || !source.starts_with('/') {
            return Err(format!("'{text}' in 'sandbox-paths' is not an absolute path"));
        }
        Ok(SandboxPath { target: target.into(), source: source.into(), optional })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sandbox_paths() {
        let path = |target: &str, source: &str, optional| SandboxPath {
            target: target.into(),
            source: source.into(),
            optional,
        };
        assert_eq!(SandboxPath::parse("/bin/sh=/x/sh").unwrap(), path("/bin/sh", "/x/sh", false));
        let shown = ["/bin/sh=/x/sh", "/bin=/?", "/bin=/no/such?", "/usr=/"]
            .map(|text| SandboxPath::parse(text).unwrap().shows_shell());
        assert_eq!(shown, [true, true, false, false]);
        assert_eq!(SandboxPath::parse("/dev/x?").unwrap(), path("/dev/x", "/dev/x", true));
        SandboxPath::parse("bin/sh").unwrap_err();
        SandboxPath::parse("/a=b").unwrap_err();
    }
}
