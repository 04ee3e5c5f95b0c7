//! `flake.nix` as far as it can be read without evaluating: description, inputs, settings.
//!
//! The language of these attributes is restricted on purpose: literals only, so that a flake's
//! inputs are known before anything runs (Nix manual, "nix flake", "Flake format"). They are
//! therefore read from the syntax tree.

use std::collections::BTreeMap;

use firn_diag::Diagnostic;
use firn_fetch::input::{Attr, Attrs, InputError, is_flake_id};
use firn_source::Span;
use firn_syntax::Ast;
use firn_syntax::ast::{AttrDef, AttrsId, Expr, ExprId};

use crate::lock::InputPath;
use crate::reference::{Base, FlakeRef};

/// What a `flake.nix` says about itself.
#[derive(Clone, Debug, Default)]
pub struct FlakeFile {
    /// The attribute `description`.
    pub description: Option<String>,
    /// The inputs by name, those of the output function's pattern included.
    pub inputs: BTreeMap<String, FlakeInput>,
    /// `inputs.self`: how the flake's own tree is to be fetched.
    pub self_attrs: Attrs,
    /// `nixConfig`: settings and their values.
    pub nix_config: BTreeMap<String, ConfigValue>,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlakeInput {
    /// Where it comes from; by default the registry's entry of the same name.
    pub reference: Option<FlakeRef>,
    /// Whether it is a flake.
    pub is_flake: bool,
    /// The input whose value it takes instead, from the root of the lock file.
    pub follows: Option<InputPath>,
    /// Changes to its own inputs.
    pub overrides: BTreeMap<String, FlakeInput>,
}

impl Default for FlakeInput {
    fn default() -> Self {
        FlakeInput { reference: None, is_flake: true, follows: None, overrides: BTreeMap::new() }
    }
}

/// A value in `nixConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigValue {
    /// A string.
    Text(String),
    /// A path, relative to the flake's folder.
    Path(String),
    /// An integer.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// A list of strings.
    List(Vec<String>),
}

impl ConfigValue {
    /// The value as `nix.conf` has it.
    pub fn to_text(&self) -> String {
        match self {
            ConfigValue::Text(text) | ConfigValue::Path(text) => text.clone(),
            ConfigValue::Int(number) => number.to_string(),
            ConfigValue::Bool(truth) => truth.to_string(),
            ConfigValue::List(words) => words.join(" "),
        }
    }
}

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Reads the tree of a `flake.nix`.
///
/// `prefix` is the path of the flake in the lock file that is being made; `follows` is relative to
/// it.
///
/// # Errors
/// The file is not a literal set, an attribute is unknown, missing, or not a literal of its type.
pub fn read(ast: &Ast, prefix: &[String]) -> Result<FlakeFile> {
    let reader = Reader { ast, prefix };
    let root = reader.attrs(ast.root(), "the file 'flake.nix'")?;
    let mut file = FlakeFile::default();
    let mut has_outputs = false;
    for attr in reader.static_attrs(root, "flake.nix")? {
        match attr.name.text().as_ref() {
            "description" => file.description = Some(reader.string(attr.value, "description")?),
            "inputs" => reader.inputs(attr.value, &mut file)?,
            "nixConfig" => file.nix_config = reader.nix_config(attr.value)?,
            "outputs" => has_outputs = true,
            name => {
                return Err(reader
                    .error("flake-attribute", format!("unsupported attribute '{name}' in 'flake.nix'"), attr.value)
                    .help("a flake has 'description', 'inputs', 'outputs' and 'nixConfig'; everything else is an output")
                    .into());
            }
        }
    }
    if !has_outputs {
        return Err(reader
            .error("flake-outputs", "'flake.nix' lacks attribute 'outputs'", ast.root())
            .help("add 'outputs = { self }: { };'")
            .into());
    }
    reader.inputs_of_outputs(root, &mut file)?;
    Ok(file)
}

struct Reader<'a> {
    ast: &'a Ast,
    prefix: &'a [String],
}

impl Reader<'_> {
    fn inputs(&self, value: ExprId, file: &mut FlakeFile) -> Result<()> {
        for attr in self.set(value, "inputs")? {
            let name = attr.name.text().into_owned();
            if name == "self" {
                file.self_attrs = self.self_attrs(attr.value)?;
            } else {
                let input = self.input(attr.value, &name)?;
                file.inputs.insert(name, input);
            }
        }
        Ok(())
    }

    fn self_attrs(&self, value: ExprId) -> Result<Attrs> {
        let mut attrs = Attrs::new();
        for attr in self.set(value, "inputs.self")? {
            let name = attr.name.text();
            if !matches!(name.as_ref(), "submodules" | "lfs") {
                let message = format!("flake 'self' attribute '{name}' is not supported");
                return Err(self.error("flake-self", message, attr.value).into());
            }
            attrs.set(&name, self.scalar(attr.value, &name)?);
        }
        Ok(attrs)
    }

    fn input(&self, value: ExprId, name: &str) -> Result<FlakeInput> {
        let mut input = FlakeInput::default();
        let (mut url, mut attrs) = (None, Attrs::new());
        for attr in self.set(value, &format!("inputs.{name}"))? {
            match attr.name.text().as_ref() {
                "url" => url = Some(self.url(attr.value)?),
                "flake" => input.is_flake = self.boolean(attr.value, "flake")?,
                "follows" => input.follows = Some(self.follows(attr.value)?),
                "inputs" => input.overrides = self.overrides(attr.value)?,
                other => {
                    let value = match other {
                        "publicKeys" => self.public_keys(attr.value)?,
                        _ => self.scalar(attr.value, other)?,
                    };
                    attrs.set(other, value);
                }
            }
        }
        input.reference = self.reference(value, url, attrs, input.is_flake)?;
        if input.reference.is_some() && input.follows.is_some() {
            let message =
                format!("flake input has both a flake reference and a follows attribute: '{name}'");
            return Err(self.error("flake-input", message, value).help("keep one of them").into());
        }
        Ok(input)
    }

    fn reference(
        &self,
        at: ExprId,
        url: Option<String>,
        mut attrs: Attrs,
        is_flake: bool,
    ) -> Result<Option<FlakeRef>> {
        let parsed = if attrs.get("type").is_some() {
            if let Some(url) = url {
                attrs.set("url", url);
            }
            FlakeRef::from_attrs(attrs).map(Some)
        } else if let Some((name, _)) = attrs.iter().next() {
            Err(InputError::new(format!(
                "unexpected flake input attribute '{name}'; attributes other than 'url' need a 'type'"
            )))
        } else {
            url.map(|url| FlakeRef::parse_input(&url, Base::Flake, is_flake)).transpose()
        };
        parsed.map_err(|error| self.error("flake-input", error.message, at).into())
    }

    fn overrides(&self, value: ExprId) -> Result<BTreeMap<String, FlakeInput>> {
        let mut overrides = BTreeMap::new();
        for attr in self.set(value, "inputs")? {
            let name = attr.name.text().into_owned();
            let input = self.input(attr.value, &name)?;
            overrides.insert(name, input);
        }
        Ok(overrides)
    }

    fn follows(&self, value: ExprId) -> Result<InputPath> {
        let text = self.string(value, "follows")?;
        let names = text.split('/').filter(|name| !name.is_empty());
        if let Some(bad) = names.clone().find(|name| !is_flake_id(name)) {
            let message = format!("invalid flake input attribute path element '{bad}'");
            return Err(self.error("flake-input", message, value).into());
        }
        Ok(self.prefix.iter().cloned().chain(names.map(str::to_owned)).collect())
    }

    /// Names in the pattern of `outputs` are inputs too.
    fn inputs_of_outputs(&self, root: AttrsId, file: &mut FlakeFile) -> Result<()> {
        let defs = self.ast.attr_defs(root);
        let Some(outputs) = defs.iter().find(|attr| attr.name.text() == "outputs") else {
            return Ok(());
        };
        match self.ast.expr(outputs.value) {
            Expr::Lambda(lambda) => {
                let formals = self.ast.lambda(lambda).formals.map(|formals| self.ast.formals(formals));
                for formal in formals.as_deref().unwrap_or_default() {
                    let name = formal.name.text().into_owned();
                    if name != "self" && is_flake_id(&name) {
                        let reference = Some(FlakeRef::indirect(&name));
                        file.inputs.entry(name).or_insert(FlakeInput { reference, ..Default::default() });
                    }
                }
                Ok(())
            }
            // Anything that is not certainly something else may turn out to be a function.
            Expr::Var(_) | Expr::Call { .. } | Expr::Select { .. } | Expr::Let { .. } | Expr::With { .. } | Expr::If { .. } | Expr::Assert { .. } => {
                Err(self.error("flake-outputs", "expected a function but got a thunk: 'outputs' has to be written as a function", outputs.value)
                    .help("write 'outputs = inputs: …;'").into())
            }
            _ => Err(self
                .error("flake-outputs", format!("expected a function but got {}", self.kind(outputs.value)), outputs.value)
                .help("'outputs' is a function of the inputs: 'outputs = { self, nixpkgs }: { … };'")
                .into()),
        }
    }

    fn nix_config(&self, value: ExprId) -> Result<BTreeMap<String, ConfigValue>> {
        let mut config = BTreeMap::new();
        for attr in self.set(value, "nixConfig")? {
            let name = attr.name.text().into_owned();
            let value = self.config_value(attr.value, &name)?;
            config.insert(name, value);
        }
        Ok(config)
    }

    fn config_value(&self, value: ExprId, name: &str) -> Result<ConfigValue> {
        if let Some(truth) = self.literal_bool(value) {
            return Ok(ConfigValue::Bool(truth));
        }
        match self.ast.expr(value) {
            Expr::Int(number) => Ok(ConfigValue::Int(number.int())),
            Expr::Path(_, text) => Ok(ConfigValue::Path(self.lossy(self.ast.text(text)))),
            Expr::List(list) => {
                let words = self.ast.list(list);
                let words = words.iter().map(|word| self.string(*word, name));
                Ok(ConfigValue::List(words.collect::<Result<_>>()?))
            }
            _ => Ok(ConfigValue::Text(self.string(value, name)?)),
        }
    }

    fn url(&self, value: ExprId) -> Result<String> {
        match self.ast.expr(value) {
            Expr::Path(_, text) => {
                Ok(format!("path:{}", shortest(&self.lossy(self.ast.text(text)))))
            }
            _ => self.string(value, "url"),
        }
    }

    fn scalar(&self, value: ExprId, name: &str) -> Result<Attr> {
        if let Some(truth) = self.literal_bool(value) {
            return Ok(Attr::Bool(truth));
        }
        match self.ast.expr(value) {
            Expr::Int(number) => Ok(Attr::Int(u64::try_from(number.int()).unwrap_or(0))),
            Expr::Str(text) => Ok(Attr::Text(self.lossy(self.ast.text(text)))),
            _ => Err(self.mismatch(value, name, "a string, Boolean, or integer")),
        }
    }

    /// Public keys of a Git input, as JSON: a list of sets with texts.
    fn public_keys(&self, value: ExprId) -> Result<Attr> {
        let Expr::List(list) = self.ast.expr(value) else {
            return self.scalar(value, "publicKeys");
        };
        let mut keys = Vec::new();
        for key in self.ast.list(list).iter() {
            let mut object = serde_json::Map::new();
            for attr in self.set(*key, "publicKeys")? {
                let name = attr.name.text().into_owned();
                let text = self.string(attr.value, &name)?;
                object.insert(name, text.into());
            }
            keys.push(serde_json::Value::Object(object));
        }
        Ok(Attr::Text(serde_json::Value::from(keys).to_string()))
    }

    fn string(&self, value: ExprId, name: &str) -> Result<String> {
        match self.ast.expr(value) {
            Expr::Str(text) => Ok(self.lossy(self.ast.text(text))),
            _ => Err(self.mismatch(value, name, "a string")),
        }
    }

    fn boolean(&self, value: ExprId, name: &str) -> Result<bool> {
        self.literal_bool(value).ok_or_else(|| self.mismatch(value, name, "a Boolean"))
    }

    fn literal_bool(&self, value: ExprId) -> Option<bool> {
        match self.ast.expr(value) {
            Expr::Var(name) if name.text() == "true" => Some(true),
            Expr::Var(name) if name.text() == "false" => Some(false),
            _ => None,
        }
    }

    fn set(&self, value: ExprId, name: &str) -> Result<Vec<AttrDef>> {
        self.static_attrs(self.attrs(value, &format!("'{name}'"))?, name)
    }

    fn attrs(&self, value: ExprId, what: &str) -> Result<AttrsId> {
        match self.ast.expr(value) {
            Expr::Attrs(attrs) => Ok(attrs),
            _ => Err(self
                .error("flake-literal", format!("{what} must be an attribute set, but is {}", self.kind(value)), value)
                .help("it is read before anything is evaluated, so that it has to be written as '{ … }'")
                .into()),
        }
    }

    fn static_attrs(&self, attrs: AttrsId, name: &str) -> Result<Vec<AttrDef>> {
        match self.ast.dynamic_attrs(attrs).first() {
            None => Ok(self.ast.attr_defs(attrs).into_owned()),
            Some(dynamic) => Err(self
                .error(
                    "flake-literal",
                    format!("dynamic attributes are not allowed in '{name}'"),
                    dynamic.name,
                )
                .into()),
        }
    }

    fn mismatch(&self, value: ExprId, name: &str, expected: &str) -> Box<Diagnostic> {
        self.error(
            "flake-literal",
            format!("'{name}' must be {expected}, but is {}", self.kind(value)),
            value,
        )
        .help("flake.nix is read before anything is evaluated: only literals are allowed here")
        .into()
    }

    fn kind(&self, value: ExprId) -> &'static str {
        match self.ast.expr(value) {
            Expr::Int(_) => "an integer",
            Expr::Float(_) => "a float",
            Expr::Str(_) => "a string",
            Expr::Path(..) => "a path",
            Expr::Attrs(_) => "a set",
            Expr::List(_) => "a list",
            Expr::Lambda(_) => "a function",
            Expr::Interpolated(_) => "a string that has to be computed",
            _ => "an expression that has to be computed",
        }
    }

    fn error(&self, code: &'static str, message: impl Into<String>, at: ExprId) -> Diagnostic {
        let span: Span = self.ast.span(at);
        Diagnostic::error(code, message).at(span)
    }

    fn lossy(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// A relative path without parts that lead nowhere: `a` for `./a`, `..` for `../.`.
fn shortest(path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
