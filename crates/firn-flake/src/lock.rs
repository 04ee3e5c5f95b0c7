//! Lock files, version 7: which content each input of a flake has.
//!
//! A lock file is a graph: nodes by key, edges by input name, and `follows` edges that name a path
//! of inputs from the root. It is written byte for byte as the reference writes it, because it is
//! kept under version control (Nix manual, "nix flake", "Lock files").

use std::collections::{BTreeMap, BTreeSet};

use firn_fetch::input::{Attrs, InputError};
use serde_json::{Map, Value, json};

use crate::reference::FlakeRef;

/// Names of inputs from the root of a lock file to one of its inputs.
pub type InputPath = Vec<String>;

/// A node's place in [`LockFile::nodes`].
pub type NodeIndex = usize;

/// Where an input of a node leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    /// To a node of its own.
    Node(NodeIndex),
    /// To wherever this path from the root leads.
    Follows(InputPath),
}

/// What is known of a locked input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The reference with its content pinned.
    pub locked: FlakeRef,
    /// The reference as `flake.nix` has it.
    pub original: FlakeRef,
    /// Whether the input is itself a flake.
    pub is_flake: bool,
    /// For a relative `path:` input: the input path of the flake that it is relative to.
    pub parent: Option<InputPath>,
}

/// A node of the graph; only the root has nothing locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The inputs by name.
    pub inputs: BTreeMap<String, Edge>,
    /// What the node is locked to; `None` for the root.
    pub locked: Option<Locked>,
}

/// The graph. Invariant: node 0 is the root, and every [`Edge::Node`] is in range.
#[derive(Clone, Debug)]
pub struct LockFile {
    /// All nodes, the root first.
    pub nodes: Vec<Node>,
}

impl Default for LockFile {
    fn default() -> Self {
        LockFile { nodes: vec![Node::default()] }
    }
}

impl LockFile {
    /// The root's place.
    pub const ROOT: NodeIndex = 0;

    /// Reads a lock file; `origin` names it in errors.
    pub fn parse(text: &str, origin: &str) -> Result<Self, InputError> {
        let json: Value = serde_json::from_str(text).map_err(|error| {
            InputError::new(format!("could not parse lock file '{origin}': {error}\nhelp: 'firn flake lock --recreate-lock-file' makes it anew"))
        })?;
        let version = json["version"].as_u64().unwrap_or(0);
        if !(5..=7).contains(&version) {
            return Err(InputError::new(format!(
                "lock file '{origin}' has unsupported version {version}"
            )));
        }
        Reader { nodes: &json["nodes"], origin, file: LockFile::default(), seen: BTreeMap::new() }
            .read(json["root"].as_str().unwrap_or("root"))
    }

    /// Adds a node and returns its place.
    pub fn add(&mut self, locked: Locked) -> NodeIndex {
        self.nodes.push(Node { inputs: BTreeMap::new(), locked: Some(locked) });
        self.nodes.len() - 1
    }

    /// The node that a path of inputs leads to, through `follows`.
    ///
    /// # Errors
    /// The `follows` edges form a cycle.
    pub fn find(&self, path: &[String]) -> Result<Option<NodeIndex>, InputError> {
        self.find_from(path, &mut Vec::new())
    }

    fn find_from(
        &self,
        path: &[String],
        visited: &mut Vec<InputPath>,
    ) -> Result<Option<NodeIndex>, InputError> {
        if let Some(start) = visited.iter().position(|seen| seen == path) {
            let cycle: Vec<_> =
                visited[start..].iter().map(|p| p.join("/")).chain([path.join("/")]).collect();
            return Err(InputError::new(format!(
                "follow cycle detected: [{}]",
                cycle.join(" -> ")
            )));
        }
        visited.push(path.to_vec());
        let mut at = Self::ROOT;
        for name in path {
            at = match self.nodes[at].inputs.get(name) {
                None => return Ok(None),
                Some(Edge::Node(next)) => *next,
                Some(Edge::Follows(target)) => match self.find_from(target, visited)? {
                    None => return Ok(None),
                    Some(next) => next,
                },
            };
        }
        Ok(Some(at))
    }

    /// Checks that every `follows` leads somewhere.
    pub fn check_follows(&self) -> Result<(), InputError> {
        for (path, edge) in self.all_inputs() {
            if let Edge::Follows(target) = edge
                && !target.is_empty()
                && self.find(&target)?.is_none()
            {
                return Err(InputError::new(format!(
                    "input '{}' follows a non-existent input '{}'",
                    path.join("/"),
                    target.join("/")
                )));
            }
        }
        Ok(())
    }

    /// Every input by its path, each node visited once.
    pub fn all_inputs(&self) -> BTreeMap<InputPath, Edge> {
        let mut found = BTreeMap::new();
        self.collect(Self::ROOT, &mut Vec::new(), &mut BTreeSet::new(), &mut found);
        found
    }

    fn collect(
        &self,
        at: NodeIndex,
        prefix: &mut InputPath,
        done: &mut BTreeSet<NodeIndex>,
        found: &mut BTreeMap<InputPath, Edge>,
    ) {
        if !done.insert(at) {
            return;
        }
        for (name, edge) in &self.nodes[at].inputs {
            prefix.push(name.clone());
            found.insert(prefix.clone(), edge.clone());
            if let Edge::Node(child) = edge {
                self.collect(*child, prefix, done, found);
            }
            prefix.pop();
        }
    }

    /// The first input whose content is not pinned, if there is one.
    pub fn unlocked_input(&self) -> Option<&FlakeRef> {
        let locked = self.nodes.iter().filter_map(|node| node.locked.as_ref());
        locked.map(|node| &node.locked).find(|reference| {
            !reference.input.is_locked() && reference.input.relative_path().is_none()
        })
    }

    /// The keys that the nodes have in the written file, by place.
    pub fn keys(&self) -> Vec<Option<String>> {
        let mut naming = Naming { keys: vec![None; self.nodes.len()], used: BTreeSet::new() };
        naming.name(self, Self::ROOT, "root");
        naming.keys
    }

    /// The file as JSON.
    pub fn to_json(&self) -> Value {
        let keys = self.keys();
        let mut nodes = BTreeMap::new();
        for (index, key) in keys.iter().enumerate() {
            if let Some(key) = key {
                nodes.insert(key.clone(), self.node_json(index, &keys));
            }
        }
        let nodes: Map<String, Value> = nodes.into_iter().collect();
        json!({ "nodes": nodes, "root": "root", "version": 7 })
    }

    fn node_json(&self, index: NodeIndex, keys: &[Option<String>]) -> Value {
        let node = &self.nodes[index];
        let mut json = Map::new();
        let locked = node.locked.as_ref();
        if locked.is_some_and(|node| !node.is_flake) {
            json.insert("flake".into(), false.into());
        }
        if !node.inputs.is_empty() {
            let edges =
                node.inputs.iter().map(|(name, edge)| (name.clone(), edge_json(edge, keys)));
            json.insert("inputs".into(), Value::Object(edges.collect()));
        }
        if let Some(locked) = locked {
            json.insert("locked".into(), locked.locked.to_attrs().to_json());
            json.insert("original".into(), locked.original.to_attrs().to_json());
            if let Some(parent) = &locked.parent {
                json.insert("parent".into(), json!(parent));
            }
        }
        Value::Object(json)
    }

    /// The file's text, with the final newline.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.to_json()).unwrap_or_default();
        text.push('\n');
        text
    }

    /// What changed from an older lock file, a paragraph an input, for the user to read.
    pub fn diff(old: &LockFile, new: &LockFile) -> String {
        let (before, after) = (old.all_inputs(), new.all_inputs());
        let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let mut text = String::new();
        for path in paths {
            let name = path.join("/");
            match (
                before.get(path).map(|e| old.describe(e)),
                after.get(path).map(|e| new.describe(e)),
            ) {
                (None, Some(new)) => text += &format!("• Added input '{name}':\n    {new}\n"),
                (Some(_), None) => text += &format!("• Removed input '{name}'\n"),
                (Some(old), Some(new)) if old != new => {
                    text += &format!("• Updated input '{name}':\n    {old}\n  → {new}\n");
                }
                _ => {}
            }
        }
        text
    }

    fn describe(&self, edge: &Edge) -> String {
        match edge {
            Edge::Follows(target) => format!("follows '{}'", target.join("/")),
            Edge::Node(index) => {
                let Some(node) = &self.nodes[*index].locked else { return String::new() };
                let date = node
                    .locked
                    .input
                    .last_modified()
                    .map(|time| format!(" ({})", crate::date::day(time)));
                format!("'{}'{}", node.locked, date.unwrap_or_default())
            }
        }
    }
}

impl PartialEq for LockFile {
    fn eq(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

fn edge_json(edge: &Edge, keys: &[Option<String>]) -> Value {
    match edge {
        Edge::Node(index) => json!(keys[*index]),
        Edge::Follows(path) => json!(path),
    }
}

/// Gives nodes their keys: the input's name, with a number where that is taken.
struct Naming {
    keys: Vec<Option<String>>,
    used: BTreeSet<String>,
}

impl Naming {
    fn name(&mut self, file: &LockFile, index: NodeIndex, wish: &str) {
        if self.keys[index].is_some() {
            return;
        }
        let numbered = (2..).map(|number| format!("{wish}_{number}"));
        let key =
            std::iter::once(wish.to_owned()).chain(numbered).find(|key| !self.used.contains(key));
        self.used.extend(key.clone());
        self.keys[index] = key;
        for (name, edge) in &file.nodes[index].inputs {
            if let Edge::Node(child) = edge {
                self.name(file, *child, name);
            }
        }
    }
}

/// Reads the nodes that can be reached from the root.
struct Reader<'a> {
    nodes: &'a Value,
    origin: &'a str,
    file: LockFile,
    seen: BTreeMap<String, NodeIndex>,
}

impl Reader<'_> {
    fn read(mut self, root: &str) -> Result<LockFile, InputError> {
        self.seen.insert(root.to_owned(), LockFile::ROOT);
        self.read_inputs(LockFile::ROOT, root)?;
        Ok(self.file)
    }

    fn read_inputs(&mut self, index: NodeIndex, key: &str) -> Result<(), InputError> {
        let nodes = self.nodes;
        let Some(inputs) = nodes[key]["inputs"].as_object() else { return Ok(()) };
        for (name, target) in inputs {
            let edge = match target {
                Value::String(key) => Edge::Node(self.node(key)?),
                Value::Array(_) => Edge::Follows(self.path(target)?),
                _ => {
                    return Err(self.error(&format!("input '{name}' is neither a node nor a path")));
                }
            };
            self.file.nodes[index].inputs.insert(name.clone(), edge);
        }
        Ok(())
    }

    fn node(&mut self, key: &str) -> Result<NodeIndex, InputError> {
        match self.seen.get(key) {
            Some(&LockFile::ROOT) => return Err(self.error("contains a cycle to the root node")),
            Some(index) => return Ok(*index),
            None => {}
        }
        let json = &self.nodes[key];
        if json.is_null() {
            return Err(self.error(&format!("references missing node '{key}'")));
        }
        let index = self.file.add(self.locked(json)?);
        self.seen.insert(key.to_owned(), index);
        self.read_inputs(index, key)?;
        Ok(index)
    }

    fn locked(&self, json: &Value) -> Result<Locked, InputError> {
        let parent = (!json["parent"].is_null()).then(|| self.path(&json["parent"])).transpose()?;
        let locked = Locked {
            locked: self.reference(&json["locked"], "locked")?,
            original: self.reference(&json["original"], "original")?,
            is_flake: json["flake"].as_bool().unwrap_or(true),
            parent,
        };
        let input = &locked.locked.input;
        if !input.is_locked() && input.relative_path().is_none() && input.nar_hash().is_none() {
            return Err(InputError::new(format!(
                "lock file contains unlocked input '{}'. Use '--allow-dirty-locks' to accept this lock file.",
                input.to_json()
            )));
        }
        Ok(locked)
    }

    fn reference(&self, json: &Value, attribute: &str) -> Result<FlakeRef, InputError> {
        if json.is_null() {
            return Err(self.error(&format!("lacks the attribute '{attribute}' of a node")));
        }
        FlakeRef::from_attrs(Attrs::from_json(json)?)
    }

    fn path(&self, json: &Value) -> Result<InputPath, InputError> {
        let names = json.as_array().into_iter().flatten();
        names
            .map(|name| name.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| self.error("has an input path that is not a list of strings"))
    }

    fn error(&self, text: &str) -> InputError {
        InputError::new(format!("lock file '{}' {text}", self.origin))
    }
}
