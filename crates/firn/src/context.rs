//! What commands work with: settings, store, evaluator, display. Made once, from environment and
//! arguments; stores and evaluators only when a command asks.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use firn_events::{Level, Reporter};
use firn_fetch::input::url::dubious_parameters;
use firn_fetch::input::{Fetcher, GitProgram, HgProgram, InputError, Transport};
use firn_fetch::{FetchOptions, NetworkTransport, Proxies, Waiting};
use firn_flake::flakes::Flakes;
use firn_flake::reference::{Base, FlakeRef};
use firn_flake::registry::{Global, Registries, Registry};
use firn_settings::{Origin, Settings, file};
use firn_store::{BuildMode, MemoryStore, NoRealise, Realise, Realised, Store};
use firn_store_disk::{Layout, LocalStore, Places, StoreChoice, StoreOptions, choose};

use crate::arguments::GlobalArguments;
use crate::base;
use crate::environment::Environment;
use crate::eval_store::CopyThenRealise;
use crate::exit::Failure;
use crate::installable::input_failure;
use crate::interrupt::ForEvaluation;
use crate::progress::Display;

/// The program's state. Not shared between threads; what is in it may be.
pub struct Context {
    /// The environment.
    pub environment: Environment,
    /// The settings' values.
    pub settings: Settings,
    /// Where events go.
    pub reporter: Reporter,
    /// What shows them.
    pub display: Arc<Display>,
    /// Set when the user asks to stop.
    pub interrupted: Arc<AtomicBool>,
    /// Set when evaluation told the user something: a trace or a warning.
    pub evaluation_spoke: Arc<AtomicBool>,
    /// Use no network.
    pub offline: bool,
    /// Settings that flakes asked for and the user allows, in the order in which they came.
    flake_settings: RefCell<Vec<(String, String)>>,
    /// The arguments, if evaluation has a debugger.
    pub debugger: Option<GlobalArguments>,
    store: OnceCell<OpenStore>,
    eval_store: OnceCell<OpenStore>,
    fetch: OnceCell<FetchOptions>,
}

/// An open store.
#[derive(Clone)]
pub enum OpenStore {
    /// On this machine's disk.
    Local(Arc<LocalStore>),
    /// `dummy://`: paths are computed, nothing is kept.
    Dummy(Arc<MemoryStore>),
}

impl OpenStore {
    /// The store behind the common trait.
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            OpenStore::Local(store) => store.clone(),
            OpenStore::Dummy(store) => store.clone(),
        }
    }
}

impl Context {
    /// Reads environment and configuration.
    ///
    /// # Errors
    /// A configuration file or flag can't be read.
    pub fn new(arguments: &GlobalArguments) -> Result<Self, Failure> {
        let environment = Environment::read();
        let display = Arc::new(Display::new(arguments.verbosity));
        let reporter = Reporter::new(display.clone());
        let mut settings = Settings::new();
        read_config(&environment, &mut settings, &reporter)?;
        if let Some(path) = environment.nix_path.as_ref().filter(|_| arguments.sets("nix-path")) {
            // What the command line adds is added to this.
            let text = crate::evaluation::split_search_path(path).join(" ");
            let set = settings.set("nix-path", &text, Origin::Environment("NIX_PATH".to_owned()));
            set.map_err(|error| Failure::new(format!("error: {error}")))?;
        }
        arguments.apply(&mut settings, |text| reporter.message(Level::Warning, text))?;
        let log = settings.text("json-log-path");
        if !log.is_empty() {
            display.log_to(Path::new(log)).map_err(|error| {
                Failure::new(format!("error: opening log file '{log}': {error}"))
            })?;
        }
        if settings.has_feature("no-url-literals") {
            reporter.message(
                Level::Warning,
                "experimental feature 'no-url-literals' has been stabilized and renamed; use 'lint-url-literals = fatal' setting instead",
            );
        }
        if arguments.debugger {
            // Whoever debugs wants to see everything.
            let set = settings.set("show-trace", "true", Origin::CommandLine);
            set.map_err(|error| Failure::new(format!("error: {error}")))?;
        }
        Ok(Context {
            environment,
            settings,
            debugger: arguments.debugger.then(|| arguments.clone()),
            reporter,
            display,
            interrupted: crate::interrupt::flag(),
            evaluation_spoke: Arc::default(),
            offline: arguments.offline,
            flake_settings: RefCell::default(),
            store: OnceCell::new(),
            eval_store: OnceCell::new(),
            fetch: OnceCell::new(),
        })
    }

    /// Warns the user.
    pub fn warn(&self, text: &str) {
        self.reporter.message(Level::Warning, text);
    }

    /// Takes a setting that a flake asked for.
    pub fn take_flake_setting(&self, name: &str, value: &str) {
        self.flake_settings.borrow_mut().push((name.to_owned(), value.to_owned()));
    }

    /// The settings with those of flakes.
    ///
    /// # Errors
    /// A flake's setting is unknown or has a value that does not fit.
    pub fn effective_settings(&self) -> Result<Settings, Failure> {
        let mut settings = self.settings.clone();
        for (name, value) in self.flake_settings.borrow().iter() {
            let origin = Origin::File("flake.nix".to_owned());
            settings.set(name, value, origin).map_err(|error| {
                Failure::new(format!("error: in 'nixConfig' of a flake: {error}"))
            })?;
        }
        Ok(settings)
    }

    /// The folder that relative paths start from: the current one, or that of the script that this
    /// program interprets.
    pub fn current_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = crate::shebang::folder() {
            return Ok(folder.to_path_buf());
        }
        std::env::current_dir().map_err(|error| {
            Failure::new(format!("error: cannot find the current directory: {error}"))
        })
    }

    /// Reads a flake reference of the command line, and its fragment.
    ///
    /// # Errors
    /// It can't be read, or leads to no flake.
    pub fn flake_reference(&self, text: &str) -> Result<(FlakeRef, String), Failure> {
        let folder = self.current_folder()?;
        for parameter in dubious_parameters(text) {
            self.warn(&format!(
                "dubious URI query '{parameter}' is missing equal sign '=', ignoring"
            ));
        }
        FlakeRef::parse(text, Base::Folder(&folder)).map_err(input_failure)
    }

    /// The store that settings choose, opened when first asked for.
    ///
    /// # Errors
    /// It can't be opened, or it is of a kind that is not supported.
    pub fn open_store(&self) -> Result<&OpenStore, Failure> {
        if let Some(open) = self.store.get() {
            return Ok(open);
        }
        let open = self.open_chosen()?;
        Ok(self.store.get_or_init(|| open))
    }

    /// The store as the common trait.
    pub fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        Ok(self.open_store()?.store())
    }

    /// The store that evaluation writes to: that of the setting `eval-store`, else the one that is built
    /// into.
    ///
    /// # Errors
    /// It can't be opened, or it is of a kind that is not supported.
    pub fn eval_store(&self) -> Result<Arc<dyn Store>, Failure> {
        if !self.has_eval_store() {
            return self.store();
        }
        if let Some(open) = self.eval_store.get() {
            return Ok(open.store());
        }
        let open = self.open_named(self.settings.text("eval-store"))?;
        Ok(self.eval_store.get_or_init(|| open).store())
    }

    /// The store that sources are fetched to: they have to be on disk to be read.
    fn tree_store(&self) -> Result<Arc<dyn Store>, Failure> {
        self.eval_store()?;
        match self.eval_store.get() {
            Some(open @ OpenStore::Local(_)) => Ok(open.store()),
            _ => self.store(),
        }
    }

    fn has_eval_store(&self) -> bool {
        !matches!(self.settings.text("eval-store"), "" | "auto")
    }

    /// The store on disk, for commands that need one.
    pub fn local_store(&self) -> Result<Arc<LocalStore>, Failure> {
        match self.open_store()? {
            OpenStore::Local(store) => Ok(store.clone()),
            OpenStore::Dummy(_) => {
                Err(Failure::new("error: this needs a store on disk, but the store is 'dummy://'"))
            }
        }
    }

    /// The store on disk that a text names, such as a folder.
    ///
    /// # Errors
    /// It can't be opened, or is of a kind that is not supported.
    pub fn local_store_at(&self, text: &str) -> Result<LocalStore, Failure> {
        match choose(text, &self.places())? {
            StoreChoice::Local(layout) => self.open_local(layout),
            _ => Err(Failure::new(format!("error: '{text}' is no store on this machine's disk"))),
        }
    }

    fn open_chosen(&self) -> Result<OpenStore, Failure> {
        let text = match &self.environment.remote {
            Some(remote) if self.settings.origin("store") != Origin::CommandLine => remote.as_str(),
            _ => self.settings.text("store"),
        };
        self.open_named(text)
    }

    fn open_named(&self, text: &str) -> Result<OpenStore, Failure> {
        match choose(text, &self.places())? {
            StoreChoice::Local(layout) => Ok(OpenStore::Local(Arc::new(self.open_local(layout)?))),
            StoreChoice::Dummy(place) => {
                let own = self.environment.store_dirs.store.as_deref();
                let dir = place.as_deref().or(own).unwrap_or(Path::new("/nix/store"));
                let dir = firn_formats::StoreDir::new(&dir.to_string_lossy())?;
                Ok(OpenStore::Dummy(Arc::new(MemoryStore::new(dir))))
            }
            StoreChoice::Daemon(socket) => Err(Failure::new(format!(
                "error: a daemon owns this store (socket '{}'), and firn can't talk to it yet\n\
                 help: '--store ~/.local/share/nix/root' uses a store of your own",
                socket.display()
            ))),
            StoreChoice::Other(url) => Err(Failure::new(format!(
                "error: stores of the kind '{url}' are not supported yet"
            ))),
        }
    }

    fn open_local(&self, layout: Layout) -> Result<LocalStore, Failure> {
        let options = StoreOptions {
            auto_optimise: self.settings.flag("auto-optimise-store"),
            fsync_store_paths: self.settings.flag("fsync-store-paths"),
            require_sigs: self.settings.flag("require-sigs"),
            trusted_keys: self.trusted_keys()?,
            nar_buffer_size: self.settings.number("nar-buffer-size") as usize,
            gc_reserved_space: self.settings.number("gc-reserved-space"),
        };
        Ok(LocalStore::open(layout, options)?)
    }

    fn trusted_keys(&self) -> Result<Vec<firn_formats::PublicKey>, Failure> {
        let keys = self.settings.list("trusted-public-keys").map(str::parse);
        keys.collect::<Result<_, _>>().map_err(|error| {
            Failure::new(format!("error: in the setting 'trusted-public-keys': {error}"))
        })
    }

    fn places(&self) -> Places {
        let dirs = &self.environment.store_dirs;
        Places {
            store: dirs.store.clone(),
            state: dirs.state.clone(),
            log: dirs.log.clone(),
            data: self.environment.data.clone(),
            daemon_socket: std::env::var_os("NIX_DAEMON_SOCKET_PATH").map(PathBuf::from),
            is_root: self.environment.is_root,
        }
    }

    /// Who builds.
    ///
    /// # Errors
    /// The store can't be opened.
    pub fn realiser(&self) -> Result<Arc<dyn Realise>, Failure> {
        self.realiser_from(false)
    }

    /// Who builds during evaluation.
    ///
    /// # Errors
    /// A store can't be opened.
    pub fn evaluation_realiser(&self) -> Result<Arc<dyn Realise>, Failure> {
        Ok(Arc::new(ForEvaluation(self.realiser_from(true)?)))
    }

    fn realiser_from(&self, read_by_evaluation: bool) -> Result<Arc<dyn Realise>, Failure> {
        let inner: Arc<dyn Realise> = match self.open_store()? {
            OpenStore::Local(store) => crate::building::realiser(self, store.clone())?,
            OpenStore::Dummy(_) => Arc::new(NoRealise),
        };
        if !self.has_eval_store() {
            return Ok(inner);
        }
        let (evaluated, built) = (self.eval_store()?, self.store()?);
        Ok(Arc::new(CopyThenRealise { evaluated, built, inner, read_by_evaluation }))
    }

    /// Builds, with what failed in the words of commands.
    ///
    /// # Errors
    /// The store can't be opened; the first failure, whose log was shown.
    pub fn realise(
        &self,
        wanted: &[firn_formats::DerivedPath],
        mode: BuildMode,
    ) -> Result<Vec<Realised>, Failure> {
        self.realiser()?.realise(wanted, mode).map_err(crate::building::failure)
    }

    /// How files are fetched. The files of the machine that say so are read once.
    pub fn fetch_options(&self) -> FetchOptions {
        self.fetch.get_or_init(|| self.read_fetch_options()).clone()
    }

    fn read_fetch_options(&self) -> FetchOptions {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let either = |lower: &str, upper: &str| text(lower).or_else(|| text(upper));
        FetchOptions {
            connect_timeout: self.settings.number("connect-timeout"),
            stalled_timeout: self.settings.number("stalled-download-timeout"),
            attempts: self.download_attempts(),
            user_agent_suffix: self.settings.text("user-agent-suffix").to_owned(),
            proxies: Proxies {
                http: text("http_proxy"),
                https: either("https_proxy", "HTTPS_PROXY"),
                all: either("all_proxy", "ALL_PROXY"),
                no_proxy: either("no_proxy", "NO_PROXY"),
            },
            netrc: std::fs::read_to_string(self.settings.text("netrc-file")).unwrap_or_default(),
            ca_file: self.ca_file(),
            hashed_mirrors: self.settings.list("hashed-mirrors").map(str::to_owned).collect(),
            debian_mirrors: firn_fetch::mirrors::bases(
                &self.settings.list("debian-mirrors").map(str::to_owned).collect::<Vec<_>>(),
                Path::new("/etc/apt"),
            ),
            waiting: Waiting::by(crate::interrupt::pause),
            ..FetchOptions::default()
        }
    }

    /// How often a transfer is tried: where there is no network there is nothing to wait for, unless the user
    /// says so.
    fn download_attempts(&self) -> u32 {
        let name = "download-attempts";
        let set = u32::try_from(self.settings.number(name)).unwrap_or(u32::MAX);
        let chosen = self.settings.origin(name) != firn_settings::Origin::Default;
        if chosen || crate::environment::has_network() { set } else { 1 }
    }

    fn ca_file(&self) -> Option<PathBuf> {
        let set = Some(self.settings.text("ssl-cert-file"))
            .filter(|text| !text.is_empty())
            .map(PathBuf::from);
        let variables = ["NIX_SSL_CERT_FILE", "SSL_CERT_FILE"];
        let known = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
        set.or_else(|| variables.iter().find_map(std::env::var_os).map(PathBuf::from))
            .or_else(|| known.iter().map(PathBuf::from).find(|path| path.exists()))
    }

    /// Fetches and reads flakes.
    ///
    /// # Errors
    /// The store or a registry can't be opened.
    pub fn flakes(&self) -> Result<Rc<Flakes>, Failure> {
        self.flakes_with(self.registries()?)
    }

    /// Fetches and reads flakes, by registries of the caller's choice.
    ///
    /// # Errors
    /// The store can't be opened.
    pub fn flakes_with(&self, registries: Registries) -> Result<Rc<Flakes>, Failure> {
        let (cache, over) = (self.environment.cache.clone(), self.environment.base.clone());
        let base_cache = cache.clone();
        let (warnings, notes) = (self.reporter.clone(), self.reporter.clone());
        let fetcher = Fetcher {
            store: self.tree_store()?,
            transport: self.transport(),
            cache: cache.join("fetch"),
            git: GitProgram(PathBuf::from("git")),
            hg: HgProgram(PathBuf::from("hg")),
            good_for: Duration::from_secs(self.settings.number("tarball-ttl")),
            base: Arc::new(move || {
                base::folder(&base_cache, over.clone()).map_err(|error| {
                    InputError::new(format!(
                        "cannot write the built-in distribution to the cache: {error}"
                    ))
                })
            }),
            warn: Arc::new(move |text| warnings.message(Level::Warning, text)),
            force_clone: std::env::var("_NIX_FORCE_HTTP").is_ok_and(|value| value == "1"),
            allow_dirty: self.settings.flag("allow-dirty"),
            warn_dirty: self.settings.flag("warn-dirty"),
            note: Arc::new(move |text| notes.message(Level::Debug, text)),
        };
        Ok(Rc::new(Flakes::new(fetcher, registries, Box::new(render))))
    }

    fn transport(&self) -> Arc<dyn Transport> {
        self.transport_with(self.fetch_options())
    }

    fn transport_with(&self, options: FetchOptions) -> Arc<dyn Transport> {
        let network = NetworkTransport {
            fetcher: firn_fetch::Fetcher::new(options),
            reporter: self.reporter.clone(),
        };
        if self.offline { Arc::new(Offline(network)) } else { Arc::new(network) }
    }

    /// The registries of this machine and of this user.
    ///
    /// # Errors
    /// A registry file can't be read.
    pub fn registries(&self) -> Result<Registries, Failure> {
        let local = [self.user_registry(), self.system_registry()];
        Ok(Registries {
            flags: Registry::default(),
            local: local.iter().map(|path| Registry::read(path)).collect::<Result<_, _>>()?,
            global: self.global_registry(),
            disabled: !self.settings.flag("use-registries"),
        })
    }

    /// The registry of the setting `flake-registry`; what comes from the network is kept in the cache.
    fn global_registry(&self) -> Global {
        let place = self.settings.text("flake-registry");
        if place.is_empty() {
            return Global::default();
        }
        if place.starts_with('/') {
            let place = PathBuf::from(place);
            return Global::new(Box::new(move || Ok(place.clone())));
        }
        let url = place.to_owned();
        let name = format!("registry-{}.json", firn_formats::Hash::sha256(&url).nix32());
        let file = self.environment.cache.join("fetch").join(name);
        // A file on this machine is quickly looked at; its copy is for when it is gone.
        let good_for = match url.starts_with("file:") {
            true => Duration::ZERO,
            false => Duration::from_secs(self.settings.number("tarball-ttl")),
        };
        // Every name that is mistyped asks for this file, so that it must fail quickly.
        let options = FetchOptions { attempts: 1, connect_timeout: 5, ..self.fetch_options() };
        let transport = self.transport_with(options);
        Global::new(Box::new(move || download_registry(&*transport, &url, &file, good_for)))
    }

    /// The system's registry file.
    pub fn system_registry(&self) -> PathBuf {
        let folder = std::env::var_os("NIX_CONF_DIR").filter(|value| !value.is_empty());
        folder.map_or_else(|| PathBuf::from("/etc/nix"), PathBuf::from).join("registry.json")
    }

    /// The user's registry file.
    pub fn user_registry(&self) -> PathBuf {
        let config = std::env::var_os("XDG_CONFIG_HOME")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from);
        config.unwrap_or_else(|| self.environment.home.join(".config")).join("nix/registry.json")
    }

    /// All variables of the environment, for `builtins.getEnv`.
    pub fn variables(&self) -> HashMap<String, Vec<u8>> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.as_bytes().to_vec())))
            .collect()
    }
}

/// The global registry in the cache, fetched unless it is new enough; an old one is better than none.
fn download_registry(
    transport: &dyn Transport,
    url: &str,
    file: &Path,
    good_for: Duration,
) -> Result<PathBuf, InputError> {
    let age = |path: &Path| path.metadata().ok()?.modified().ok()?.elapsed().ok();
    if age(file).is_some_and(|age| age < good_for) {
        return Ok(file.to_owned());
    }
    let scratch = file.with_extension(std::process::id().to_string());
    let failed = |error: std::io::Error| {
        InputError::new(format!("cannot write '{}': {error}", file.display()))
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    match transport.download(url, &scratch) {
        Ok(()) => std::fs::rename(&scratch, file).map_err(failed)?,
        Err(error) => {
            // Nothing is there to be removed if the download never began.
            let _ = std::fs::remove_file(&scratch);
            if !file.exists() {
                return Err(error);
            }
        }
    }
    Ok(file.to_owned())
}

/// The network of `--offline`: archives are unpacked, nothing is downloaded.
struct Offline(NetworkTransport);

impl Transport for Offline {
    fn download(&self, url: &str, _file: &Path) -> Result<(), InputError> {
        Err(no_network(url))
    }

    fn download_with(
        &self,
        url: &str,
        _headers: &[(String, String)],
        _file: &Path,
    ) -> Result<(), InputError> {
        Err(no_network(url))
    }

    fn post(
        &self,
        url: &str,
        _headers: &[(String, String)],
        _body: &str,
    ) -> Result<Vec<u8>, InputError> {
        Err(no_network(url))
    }

    fn unpack(&self, archive: &Path, folder: &Path) -> Result<u64, InputError> {
        self.0.unpack(archive, folder)
    }
}

fn no_network(url: &str) -> InputError {
    InputError::unreachable(format!("cannot fetch '{url}': '--offline' allows no network"))
}

fn render(diagnostic: &firn_diag::Diagnostic, sources: &firn_source::SourceMap) -> String {
    let style = firn_diag::cppnix::Style { extras: true, ..Default::default() };
    let text = firn_diag::cppnix::render(diagnostic, sources, style);
    text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()
}

fn read_config(
    environment: &Environment,
    settings: &mut Settings,
    reporter: &Reporter,
) -> Result<(), Failure> {
    let read = |path: &str| match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let mut apply = |text: &str, path: &str, origin: Origin| -> Result<(), Failure> {
        for warning in file::apply(settings, text, path, &origin, &read)? {
            reporter.message(Level::Warning, warning.to_string());
        }
        Ok(())
    };
    for path in &environment.config_files {
        let path = path.to_string_lossy();
        let text = read(&path)
            .map_err(|error| Failure::new(format!("error: cannot read '{path}': {error}")))?;
        if let Some(text) = text {
            apply(&text, &path, Origin::File(path.to_string()))?;
        }
    }
    if let Some(text) = &environment.config_text {
        apply(text, "NIX_CONFIG", Origin::Environment("NIX_CONFIG".to_owned()))?;
    }
    Ok(())
}
