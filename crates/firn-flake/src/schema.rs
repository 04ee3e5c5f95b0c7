//! What outputs a flake may have, and how each kind is checked.
//!
//! A table says for each output whether it is grouped by system and by name, and which check its
//! values get. Nix manual, "nix flake check".

use std::collections::BTreeSet;

use firn_eval::{Entry, ErrorKind, FrameText, Kind, Machine, Pos, R, Symbol, Value, sym};

/// What to check.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The system whose outputs are checked.
    pub system: String,
    /// Check those of all systems.
    pub all_systems: bool,
    /// Go on after an output that fails.
    pub keep_going: bool,
    /// How the nodes of tests are to run, `vm` or `container`; tests choose when absent.
    pub backend: Option<String>,
}

/// Something to tell while checking.
pub enum Finding {
    /// A warning.
    Warning(String),
    /// What is being checked now.
    Checking(String),
}

/// The result.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What is to be built, `checks` of this system: attribute paths and derivations.
    pub builds: Vec<(String, String)>,
    /// Systems with outputs that were left out.
    pub omitted_systems: BTreeSet<String>,
}

/// How values of an output are reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The output itself.
    Plain,
    /// By name.
    Names,
    /// By system.
    Systems,
    /// By system, then by name.
    SystemsAndNames,
}

/// What the values of an output have to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    Anything,
    App,
    Build,
    Bundler,
    Derivation,
    HydraJobs,
    Module,
    NixosConfiguration,
    Overlay,
    Template,
}

impl Check {
    /// What a value is called in messages, in the words of the reference.
    const fn noun(self) -> &'static str {
        match self {
            Check::Anything => "the output",
            Check::App => "the app definition",
            Check::Build | Check::Derivation => "the derivation",
            Check::Bundler => "the bundler",
            Check::HydraJobs => "the Hydra jobset",
            Check::Module => "the NixOS module",
            Check::NixosConfiguration => "the NixOS configuration",
            Check::Overlay => "the overlay",
            Check::Template => "the template",
        }
    }
}

/// A kind of output.
struct Output {
    name: &'static str,
    shape: Shape,
    check: Check,
    /// The output's newer name, if it is an old one.
    replaced_by: Option<&'static str>,
}

const fn output(name: &'static str, shape: Shape, check: Check) -> Output {
    Output { name, shape, check, replaced_by: None }
}

const fn old(name: &'static str, shape: Shape, check: Check, replaced_by: &'static str) -> Output {
    Output { name, shape, check, replaced_by: Some(replaced_by) }
}

use Shape::{Names, Plain, Systems, SystemsAndNames};

/// The outputs that are checked.
static OUTPUTS: &[Output] = &[
    output("apps", SystemsAndNames, Check::App),
    output("bundlers", SystemsAndNames, Check::Bundler),
    output("checks", SystemsAndNames, Check::Build),
    output("devShells", SystemsAndNames, Check::Derivation),
    output("formatter", Systems, Check::Derivation),
    output("hydraJobs", Plain, Check::HydraJobs),
    output("legacyPackages", Systems, Check::Anything),
    output("nixosConfigurations", Names, Check::NixosConfiguration),
    output("nixosModules", Names, Check::Module),
    output("overlays", Names, Check::Overlay),
    output("packages", SystemsAndNames, Check::Derivation),
    output("templates", Names, Check::Template),
    old("defaultApp", Systems, Check::App, "apps.<system>.default"),
    old("defaultBundler", Systems, Check::Bundler, "bundlers.<system>.default"),
    old("defaultPackage", Systems, Check::Derivation, "packages.<system>.default"),
    old("defaultTemplate", Plain, Check::Template, "templates.default"),
    old("devShell", Systems, Check::Derivation, "devShells.<system>.default"),
    old("nixosModule", Plain, Check::Module, "nixosModules.default"),
    old("overlay", Plain, Check::Overlay, "overlays.default"),
];

/// Outputs of communities, whose content is theirs.
const UNCHECKED: &[&str] = &[
    "darwinConfigurations",
    "darwinModules",
    "flakeModule",
    "flakeModules",
    "herculesCI",
    "homeConfigurations",
    "homeModule",
    "homeModules",
    "lib",
    "nixopsConfigurations",
];

/// Checks all outputs of a flake's value.
///
/// # Errors
/// The first output that is not what its kind demands; with `keep_going`, an error that says that
/// there were some, after all were told.
pub fn check(
    m: &mut Machine,
    flake: Value,
    options: &Options,
    tell: &mut dyn FnMut(Finding),
) -> R<Report> {
    let mut checker = Checker { options, tell, report: Report::default(), failed: false };
    let flake = m.force_attrs(flake, Pos::NONE, "while evaluating a flake")?;
    let outputs = m.required_attr(flake, sym::OUTPUTS, "while evaluating a flake")?.get();
    let outputs = m.force_attrs(outputs, Pos::NONE, "while evaluating the outputs of a flake")?;
    let mut entries: Vec<Entry> = m.sorted(outputs).collect();
    // Hydra jobs come first, as they may hold errors that all others hide.
    entries.sort_by_key(|entry| entry.sym.text() != "hydraJobs");
    for entry in entries {
        checker.output(m, &entry)?;
    }
    if checker.failed {
        return Err(m.fail(
            ErrorKind::Eval,
            Pos::NONE,
            "some errors were encountered during the evaluation",
        ));
    }
    Ok(checker.report)
}

/// The attribute of a test that is the same test with saved boots, for [`in_backend`].
pub const SAVED_BOOT: &str = "saved";

/// The variant of a test whose nodes all run in the wanted backend: its attribute of that name.
/// What is no test stays as it is.
///
/// # Errors
/// The value is no set.
pub fn in_backend(m: &mut Machine, value: Value, backend: Option<&str>, pos: Pos) -> R<Value> {
    let Some(backend) = backend else { return Ok(value) };
    let attrs = m.force_attrs(value, pos, "")?;
    let is_test = attrs.get(Symbol::of("driver")).is_some();
    let variant = attrs.get(Symbol::of(backend)).filter(|_| is_test);
    Ok(variant.map_or(value, |slot| slot.get()))
}

struct Checker<'o> {
    options: &'o Options,
    tell: &'o mut dyn FnMut(Finding),
    report: Report,
    failed: bool,
}

impl Checker<'_> {
    fn output(&mut self, m: &mut Machine, entry: &Entry) -> R<()> {
        let name = entry.sym.text();
        if UNCHECKED.contains(&name.as_ref()) {
            return Ok(());
        }
        let Some(output) = OUTPUTS.iter().find(|output| output.name == name) else {
            (self.tell)(Finding::Warning(format!("unknown flake output '{name}'")));
            return Ok(());
        };
        if let Some(newer) = output.replaced_by {
            let text =
                format!("flake output attribute '{name}' is deprecated; use '{newer}' instead");
            (self.tell)(Finding::Warning(text));
        }
        let result = self.shaped(m, output, entry);
        self.note(m, result, entry.pos, format!("while checking flake output '{name}'"))
    }

    /// Adds a frame to an error, and keeps it back if checking is to go on.
    fn note(&mut self, m: &mut Machine, result: R<()>, pos: Pos, text: String) -> R<()> {
        let Err(raised) = result else { return Ok(()) };
        let raised = m.frame(raised, pos, FrameText::from(text));
        if !self.options.keep_going {
            return Err(raised);
        }
        let error = m.take_error(raised);
        let text = m.render_error(&error, false);
        (self.tell)(Finding::Warning(text));
        self.failed = true;
        Ok(())
    }

    fn shaped(&mut self, m: &mut Machine, output: &Output, entry: &Entry) -> R<()> {
        let (name, value) = (output.name, entry.value());
        match output.shape {
            Plain => self.value(m, output, name, value, entry.pos),
            Names => self.named(m, output, name, value, entry.pos),
            Systems | SystemsAndNames => {
                let systems = m.force_attrs(value, entry.pos, "")?;
                for system in m.sorted(systems) {
                    if self.wanted_system(m, &system)? {
                        let path = format!("{name}.{}", system.sym);
                        match output.shape {
                            Systems => self.value(m, output, &path, system.value(), system.pos)?,
                            _ => self.named(m, output, &path, system.value(), system.pos)?,
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn wanted_system(&mut self, m: &mut Machine, entry: &Entry) -> R<bool> {
        let system = entry.sym.text();
        if !system.contains('-') {
            let text = format!("'{system}' is not a valid system type");
            return Err(m.fail(ErrorKind::Eval, entry.pos, text));
        }
        let wanted = self.options.all_systems || *system == self.options.system;
        if !wanted {
            self.report.omitted_systems.insert(system.into_owned());
        }
        Ok(wanted)
    }

    fn named(
        &mut self,
        m: &mut Machine,
        output: &Output,
        path: &str,
        value: Value,
        pos: Pos,
    ) -> R<()> {
        let set = m.force_attrs(value, pos, "")?;
        for entry in m.sorted(set) {
            let path = format!("{path}.{}", entry.sym);
            self.value(m, output, &path, entry.value(), entry.pos)?;
        }
        Ok(())
    }

    fn value(
        &mut self,
        m: &mut Machine,
        output: &Output,
        path: &str,
        value: Value,
        pos: Pos,
    ) -> R<()> {
        (self.tell)(Finding::Checking(format!("flake output '{path}'")));
        let result = self.dispatch(m, output.check, path, value, pos);
        let noun = output.check.noun();
        self.note(m, result, pos, format!("while checking {noun} '{path}'"))
    }

    fn dispatch(
        &mut self,
        m: &mut Machine,
        check: Check,
        path: &str,
        value: Value,
        pos: Pos,
    ) -> R<()> {
        match check {
            Check::Anything => Ok(()),
            Check::App => self.app(m, path, value, pos),
            Check::Build => self.build(m, path, value, pos),
            Check::Bundler => self.bundler(m, value, pos),
            Check::Derivation => self.drv_path(m, path, value, pos).map(drop),
            Check::HydraJobs => self.hydra_jobs(m, path, value, pos),
            Check::Module => m.force_value(value, pos, "").map(drop),
            Check::NixosConfiguration => self.nixos_configuration(m, path, value, pos),
            Check::Overlay => self.overlay(m, value, pos),
            Check::Template => self.template(m, path, value, pos),
        }
    }

    fn drv_path(&mut self, m: &mut Machine, path: &str, value: Value, pos: Pos) -> R<String> {
        let value = m.force_value(value, pos, "")?;
        if !m.is_derivation(value)? {
            let text = format!(
                "flake attribute '{path}' is not a derivation, but {}",
                firn_eval::print::show_type(value)
            );
            return Err(m.fail(ErrorKind::Eval, pos, text));
        }
        let attrs = m.force_attrs(value, pos, "")?;
        let what = "while evaluating the 'drvPath' attribute of a derivation";
        let drv = m.required_attr(attrs, sym::DRV_PATH, what)?.get();
        Ok(m.force_string(drv, pos, what)?.to_text().into_owned())
    }

    /// A check: a derivation that is built, in the backend that the user forces.
    fn build(&mut self, m: &mut Machine, path: &str, value: Value, pos: Pos) -> R<()> {
        let value = in_backend(m, value, self.options.backend.as_deref(), pos)?;
        let drv = self.drv_path(m, path, value, pos)?;
        let system = path.split('.').nth(1).unwrap_or_default();
        if system == self.options.system {
            self.report.builds.push((path.to_owned(), drv));
        }
        Ok(())
    }

    fn app(&mut self, m: &mut Machine, path: &str, value: Value, pos: Pos) -> R<()> {
        let app = m.force_attrs(value, pos, "")?;
        for name in ["type", "program"] {
            let Some(entry) = app.entry(Symbol::of(name)) else {
                let text = format!("app '{path}' lacks attribute '{name}'");
                return Err(m.fail(ErrorKind::Eval, pos, text));
            };
            m.force_string(entry.value(), entry.pos, "")?;
        }
        match m.attr(app, sym::META)?.and_then(|meta| meta.as_attrs()) {
            None => self.warn(format!("app '{path}' lacks attribute 'meta'")),
            Some(meta) if meta.get(sym::DESCRIPTION).is_none() => {
                self.warn(format!("app '{path}' lacks attribute 'meta.description'"));
            }
            Some(_) => {}
        }
        self.only(m, "app", path, app, &["type", "program", "meta"], pos)
    }

    fn template(&mut self, m: &mut Machine, path: &str, value: Value, pos: Pos) -> R<()> {
        let template = m.force_attrs(value, pos, "")?;
        let Some(place) = template.entry(sym::PATH) else {
            return Err(m.fail(
                ErrorKind::Eval,
                pos,
                format!("template '{path}' lacks attribute 'path'"),
            ));
        };
        let (folder, context) = m.coerce_path(place.value(), place.pos, "")?;
        let folder = m.realise_path(folder, context, place.pos)?;
        let folder = String::from_utf8_lossy(&folder).into_owned();
        let there = m.host().path_exists(&folder);
        if !m.hosted(there, place.pos)? {
            let text = format!("template '{path}' refers to a non-existent path '{folder}'");
            return Err(m.fail(ErrorKind::Eval, place.pos, text));
        }
        let Some(description) = template.entry(sym::DESCRIPTION) else {
            return Err(m.fail(
                ErrorKind::Eval,
                pos,
                format!("template '{path}' lacks attribute 'description'"),
            ));
        };
        m.force_string(description.value(), description.pos, "")?;
        self.only(m, "template", path, template, &["path", "description", "welcomeText"], pos)
    }

    /// Fails on attributes that a kind does not have.
    fn only(
        &mut self,
        m: &mut Machine,
        kind: &str,
        path: &str,
        attrs: firn_eval::Attrs,
        known: &[&str],
        pos: Pos,
    ) -> R<()> {
        let other = m
            .sorted(attrs)
            .map(|entry| entry.sym)
            .find(|name| !known.contains(&name.text().as_ref()));
        match other {
            None => Ok(()),
            Some(name) => {
                let text = format!("{kind} '{path}' has unsupported attribute '{name}'");
                Err(m.fail(ErrorKind::Eval, pos, text))
            }
        }
    }

    fn overlay(&mut self, m: &mut Machine, value: Value, pos: Pos) -> R<()> {
        let value = m.force_value(value, pos, "")?;
        if let Kind::Function(function) = value.kind() {
            // A builtin is no overlay, but nobody writes one; its parameter has no name.
            let named = function.first_argument().map(|name| name.text().into_owned());
            if named.is_some_and(|name| matches!(name.as_str(), "final" | "_" | "_final")) {
                return Ok(());
            }
            let text = "overlay does not take an argument named 'final'";
            return Err(m.fail(ErrorKind::Eval, pos, text));
        }
        let text = format!(
            "overlay is not a function, but {} instead",
            firn_eval::print::show_type(value)
        );
        Err(m.fail(ErrorKind::Eval, pos, text))
    }

    fn bundler(&mut self, m: &mut Machine, value: Value, pos: Pos) -> R<()> {
        let value = m.force_value(value, pos, "")?;
        if matches!(value.kind(), Kind::Function(_)) {
            return Ok(());
        }
        Err(m.fail(ErrorKind::Eval, pos, "bundler must be a function"))
    }

    fn nixos_configuration(
        &mut self,
        m: &mut Machine,
        path: &str,
        value: Value,
        pos: Pos,
    ) -> R<()> {
        let mut value = value;
        for name in ["config", "system", "build", "toplevel"] {
            let attrs = m.force_attrs(value, pos, "")?;
            value = m
                .required_attr(attrs, Symbol::of(name), "while checking a NixOS configuration")?
                .get();
        }
        let path = format!("{path}.config.system.build.toplevel");
        self.drv_path(m, &path, value, pos).map(drop)
    }

    fn hydra_jobs(&mut self, m: &mut Machine, path: &str, value: Value, pos: Pos) -> R<()> {
        let jobs = m.force_value(value, pos, "")?;
        if m.is_derivation(jobs)? {
            return Err(m.fail(
                ErrorKind::Eval,
                pos,
                "jobset should not be a derivation at top-level",
            ));
        }
        let jobs = m.force_attrs(jobs, pos, "")?;
        for entry in m.sorted(jobs) {
            let path = format!("{path}.{}", entry.sym);
            let job = m.force_value(entry.value(), entry.pos, "")?;
            if m.is_derivation(job)? {
                self.drv_path(m, &path, job, entry.pos)?;
            } else {
                self.hydra_jobs(m, &path, job, entry.pos)?;
            }
        }
        Ok(())
    }

    fn warn(&mut self, text: String) {
        (self.tell)(Finding::Warning(text));
    }
}
