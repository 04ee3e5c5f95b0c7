//! The attributes of a derivation: which become environment, which mean something.

use std::borrow::Cow;

use firn_eval::{
    Attrs, Coerce, ContextJoin, Ctx, Entry, ErrorKind, Machine, Pos, R, Raised, Symbol, Value, sym,
};
use firn_formats::derivation::STRUCTURED_ATTRS;

use super::outputs::Specification;

/// What was read.
#[derive(Default)]
pub(super) struct Attributes {
    /// The environment, sorted by name; structured attributes stand under [`STRUCTURED_ATTRS`].
    pub env: Vec<(&'static [u8], Cow<'static, [u8]>)>,
    /// The builder's arguments.
    pub args: Vec<&'static [u8]>,
    /// The builder.
    pub builder: &'static [u8],
    /// The platform.
    pub platform: Cow<'static, str>,
    /// What is said about outputs.
    pub specification: Specification,
    /// What all strings refer to.
    pub context: Ctx,
}

/// Reads the attributes of a derivation, in alphabetical order.
pub(super) fn read(m: &mut Machine, name: &str, attrs: Attrs) -> R<Attributes> {
    let structured = flag(
        m,
        attrs,
        sym::STRUCTURED_ATTRS,
        "while evaluating the `__structuredAttrs` attribute passed to builtins.derivationStrict",
    )?;
    let ignore_nulls = flag(
        m,
        attrs,
        sym::IGNORE_NULLS,
        "while evaluating the `__ignoreNulls` attribute passed to builtins.derivationStrict",
    )?;
    let mut reader = Reader {
        name,
        ignore_nulls,
        json: structured.then(String::new),
        read: Attributes::default(),
        join: ContextJoin::default(),
    };
    for entry in m.sorted(attrs) {
        if entry.sym == sym::IGNORE_NULLS {
            continue;
        }
        if let Err(raised) = reader.attribute(m, &entry) {
            let text = format!("while evaluating attribute '{}' of derivation '{name}'", entry.sym);
            return Err(m.frame(raised, entry.pos, text));
        }
    }
    if let Some(json) = reader.json {
        let json = if json.is_empty() { "{}".to_owned() } else { json + "}" };
        // Nothing else became a variable.
        reader.read.env.push((STRUCTURED_ATTRS.as_bytes(), json.into_bytes().into()));
    }
    reader.read.context = m.join_all(reader.join);
    Ok(reader.read)
}

fn flag(m: &mut Machine, attrs: Attrs, name: Symbol, what: &'static str) -> R<bool> {
    match attrs.get(name) {
        None => Ok(false),
        Some(slot) => m.force_bool(slot.get(), Pos::NONE, what),
    }
}

struct Reader<'n> {
    name: &'n str,
    ignore_nulls: bool,
    /// The structured attributes so far, without the closing brace.
    json: Option<String>,
    read: Attributes,
    join: ContextJoin,
}

/// Attributes that `outputChecks` has taken the place of.
const WITHOUT_EFFECT: &[Symbol] = &[
    sym::ALLOWED_REFERENCES,
    sym::ALLOWED_REQUISITES,
    sym::DISALLOWED_REFERENCES,
    sym::DISALLOWED_REQUISITES,
    sym::MAX_SIZE,
    sym::MAX_CLOSURE_SIZE,
];

impl Reader<'_> {
    fn attribute(&mut self, m: &mut Machine, entry: &Entry) -> R<()> {
        let value = entry.value();
        if self.ignore_nulls && m.force(value)?.is_null() {
            return Ok(());
        }
        match entry.sym {
            sym::CONTENT_ADDRESSED => {
                self.read.specification.floating = m.force_bool(value, Pos::NONE, "")?;
                require(m, self.read.specification.floating, "ca-derivations")
            }
            sym::IMPURE => {
                self.read.specification.impure = m.force_bool(value, Pos::NONE, "")?;
                require(m, self.read.specification.impure, "impure-derivations")
            }
            sym::ARGS => self.arguments(m, value),
            sym::STRUCTURED_ATTRS if self.json.is_some() => Ok(()),
            _ if self.json.is_some() => self.structured(m, entry),
            _ => self.variable(m, entry.sym, value),
        }
    }

    fn arguments(&mut self, m: &mut Machine, value: Value) -> R<()> {
        let list = m.force_list(value, Pos::NONE, "")?;
        for slot in list.slots() {
            let what = "while evaluating an element of the argument list";
            let text = m.coerce(slot.get(), COERCE, Pos::NONE, what)?;
            self.join.add(text.ctx());
            self.read.args.push(text.bytes());
        }
        Ok(())
    }

    /// An attribute as an environment variable.
    fn variable(&mut self, m: &mut Machine, name: Symbol, value: Value) -> R<()> {
        if name == sym::BUILDER {
            let text = m.coerce(value, COERCE, Pos::NONE, "")?;
            self.join.add(text.ctx());
            self.read.builder = text.bytes();
            self.read.env.push((name.bytes(), self.read.builder.into()));
            return Ok(());
        }
        let text = m.coerce_text(value, COERCE, Pos::NONE, "")?;
        self.join.add(text.ctx());
        let bytes = text.into_bytes();
        if name == sym::JSON {
            m.host().warn(
                "setting structured attributes via '__json' is deprecated, and may be disallowed in future versions \
                 of Nix. Set '__structuredAttrs = true' instead.",
            );
        }
        match name {
            sym::SYSTEM => self.read.platform = lossy(&bytes).into(),
            sym::OUTPUT_HASH => self.read.specification.hash = Some(lossy(&bytes)),
            sym::OUTPUT_HASH_ALGO => self.read.specification.set_algo(m, &lossy(&bytes))?,
            sym::OUTPUT_HASH_MODE => {
                self.read.specification.set_mode(m, &lossy(&bytes), self.name)?
            }
            sym::OUTPUTS => {
                let names = lossy(&bytes);
                self.read.specification.set_outputs(m, names.split_ascii_whitespace())?;
            }
            _ => {}
        }
        self.read.env.push((name.bytes(), bytes));
        Ok(())
    }

    /// An attribute as a member of the JSON object.
    fn structured(&mut self, m: &mut Machine, entry: &Entry) -> R<()> {
        let value = entry.value();
        let (text, context) = to_json(m, value)?;
        self.join.add(context);
        let key = m.symbol_string(entry.sym);
        let (key, _) = to_json(m, key)?;
        if let Some(json) = &mut self.json {
            json.push(if json.is_empty() { '{' } else { ',' });
            json.push_str(&key);
            json.push(':');
            json.push_str(&text);
        }
        if WITHOUT_EFFECT.contains(&entry.sym) {
            let name = entry.sym;
            m.host().warn(&format!(
                "while evaluating derivation '{}': 'structuredAttrs' disables the effect of the derivation attribute \
                 '{name}'; use 'outputChecks.<output>.{name}' instead",
                self.name
            ));
        }
        self.structured_meaning(m, entry.sym, value)
    }

    fn structured_meaning(&mut self, m: &mut Machine, name: Symbol, value: Value) -> R<()> {
        match name {
            sym::BUILDER => {
                let text = m.force_string(value, Pos::NONE, "")?;
                self.join.add(text.ctx());
                self.read.builder = text.bytes();
            }
            sym::SYSTEM => self.read.platform = plain(m, value)?.into(),
            sym::OUTPUT_HASH => self.read.specification.hash = Some(plain(m, value)?),
            sym::OUTPUT_HASH_ALGO => {
                let text = plain(m, value)?;
                self.read.specification.set_algo(m, &text)?;
            }
            sym::OUTPUT_HASH_MODE => {
                let text = plain(m, value)?;
                self.read.specification.set_mode(m, &text, self.name)?;
            }
            sym::OUTPUTS => {
                let list = m.force_list(value, Pos::NONE, "")?;
                let names: Vec<String> =
                    list.iter().map(|name| plain(m, name)).collect::<R<_>>()?;
                self.read.specification.set_outputs(m, names.iter().map(String::as_str))?;
            }
            _ => {}
        }
        Ok(())
    }
}

const COERCE: Coerce = Coerce { more: true, copy: true };

fn plain(m: &mut Machine, value: Value) -> R<String> {
    Ok(m.string_without_context(value, Pos::NONE, "")?.to_text().into_owned())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A value as JSON with what its strings refer to.
fn to_json(m: &mut Machine, value: Value) -> R<(String, Ctx)> {
    let builtins = m.builtins();
    let function = builtins.get(Symbol::of("toJSON")).map(|slot| slot.get());
    let Some(function) = function else {
        return Err(m.fail(ErrorKind::Outside, Pos::NONE, "builtins.toJSON is not there"));
    };
    let result = m.call(function, &[value], Pos::NONE)?;
    let text = m.force_string(result, Pos::NONE, "")?;
    Ok((text.to_text().into_owned(), text.ctx()))
}

/// Fails unless an experimental feature is on, where it is needed.
pub(super) fn require(m: &mut Machine, needed: bool, feature: &str) -> R<()> {
    if !needed || m.settings.features.iter().any(|on| on == feature) {
        return Ok(());
    }
    Err(missing_feature(m, feature))
}

fn missing_feature(m: &mut Machine, feature: &str) -> Raised {
    let text = format!(
        "experimental Nix feature '{feature}' is disabled; add '--extra-experimental-features {feature}' to enable it"
    );
    m.fail(ErrorKind::Outside, Pos::NONE, text)
}
