//! One test: its nodes and networks, and the clock that limits it.

use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::log::Log;
use crate::node::{Node, Surroundings};
use crate::run::RunOptions;
use firn_machine::StartOptions;
use firn_machine::net::Switch;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A test that is set up; nothing runs yet.
pub struct Driver {
    /// What the test is made from.
    pub config: Config,
    /// Where it tells what happens.
    pub log: Log,
    /// Nodes in the order of their names.
    pub nodes: Vec<Node>,
    /// Where files go that the test gives back.
    pub out_dir: PathBuf,
    /// A private folder.
    pub folder: PathBuf,
    /// Where the machines' folders are kept.
    pub states: Option<PathBuf>,
    created: Created,
    creating: Mutex<()>,
    _switches: BTreeMap<u32, Arc<Switch>>,
}

/// Machines that the script has made: a list that only grows, so that its entries stay where they are.
#[derive(Default)]
struct Created(OnceLock<Box<(Node, Created)>>);

impl Created {
    fn iter(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(self.0.get(), |entry| entry.1.0.get()).map(|entry| &entry.0)
    }

    /// Adds a node; the caller sees to it that nobody else does so meanwhile.
    fn add(&self, node: Node) -> &Node {
        let mut end = self;
        while let Some(entry) = end.0.get() {
            end = &entry.1;
        }
        &end.0.get_or_init(|| Box::new((node, Self::default()))).0
    }
}

impl Driver {
    /// Makes networks and machines.
    pub fn new(config: Config, log: Log, options: &RunOptions) -> Result<Self, String> {
        let RunOptions { out_dir, folder, program, states, .. } = options;
        let mut numbers = config.vlans.clone();
        numbers.extend(config.nodes.values().flat_map(|n| n.interfaces.iter().map(|i| i.vlan)));
        let mut switches = BTreeMap::new();
        let shared = crate::shares::shared_folder(folder);
        std::fs::create_dir_all(&shared)
            .map_err(|error| format!("cannot make {}: {error}", shared.display()))?;
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let switch = Switch::start(number, folder).map_err(|error| error.message)?;
            switches.insert(number, Arc::new(switch));
        }
        let around = Surroundings {
            config: &config,
            log: &log,
            folder,
            states: states.as_deref(),
            program,
            switches: &switches,
        };
        let nodes = config
            .nodes
            .iter()
            .map(|(name, node)| Node::new(name, node, &around))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            config,
            log,
            nodes,
            out_dir: out_dir.clone(),
            folder: folder.clone(),
            states: states.clone(),
            created: Created::default(),
            creating: Mutex::default(),
            _switches: switches,
        })
    }

    /// A node by name.
    pub fn node(&self, name: &str) -> Outcome<&Node> {
        let found = self.all().find(|node| node.name == name);
        found.ok_or_else(|| Failure::machine(format!("there is no node '{name}'")))
    }

    /// Nodes, then the machines that the script has made.
    pub fn all(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().chain(self.created.iter())
    }

    /// Makes a machine that `command` starts, with a name like `name` that no other has.
    pub fn create(&self, name: &str, command: &str) -> Outcome<&Node> {
        let taken = |name: &str| self.all().any(|node| node.name == name);
        let _one_by_one = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.created.iter().count() as u32 + 1;
        let mut free = name.to_string();
        let mut count = 2;
        while taken(&free) {
            free = format!("{name}-{count}");
            count += 1;
        }
        let node = Node::by_command(&free, number, command, self).map_err(Failure::machine)?;
        Ok(self.created.add(node))
    }

    /// Starts all nodes at once; errors are collected.
    pub fn start_all(&self) -> Outcome<()> {
        self.on_all(|node| node.start(StartOptions::default()))
    }

    /// Waits until every node has ended.
    pub fn join_all(&self) -> Outcome<()> {
        self.on_all(|node| Ok(node.machine.wait_ended(None)?))
    }

    /// Ends everything for good.
    pub fn stop_all(&self) {
        self.created.iter().for_each(Node::close);
        let _ = self.on_all(|node| {
            node.close();
            Ok(())
        });
    }

    fn on_all(&self, action: impl Fn(&Node) -> Outcome<()> + Sync) -> Outcome<()> {
        let failures: Vec<Failure> = std::thread::scope(|scope| {
            let running: Vec<_> =
                self.nodes.iter().map(|node| scope.spawn(|| action(node))).collect();
            running.into_iter().filter_map(|thread| thread.join().ok()?.err()).collect()
        });
        if failures.is_empty() {
            return Ok(());
        }
        let texts: Vec<_> = failures.into_iter().map(|failure| failure.message).collect();
        Err(Failure::machine(texts.join("\n")))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop_all();
    }
}
