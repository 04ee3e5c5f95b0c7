//! One test: its nodes and networks, and the clock that limits it.

use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::log::Log;
use crate::node::{Node, Surroundings};
use firn_machine::StartOptions;
use firn_machine::net::Switch;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    _switches: BTreeMap<u32, Arc<Switch>>,
}

impl Driver {
    /// Makes networks and machines. `folder` must have a short path, because sockets are made in it, and
    /// `program` is the file to start helpers from.
    pub fn new(
        config: Config,
        log: Log,
        folder: &Path,
        out_dir: &Path,
        program: &Path,
    ) -> Result<Self, String> {
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
        let around =
            Surroundings { config: &config, log: &log, folder, program, switches: &switches };
        let nodes = config
            .nodes
            .iter()
            .map(|(name, node)| Node::new(name, node, &around))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            config,
            log,
            nodes,
            out_dir: out_dir.to_path_buf(),
            folder: folder.to_path_buf(),
            _switches: switches,
        })
    }

    /// A node by name.
    pub fn node(&self, name: &str) -> Outcome<&Node> {
        let found = self.nodes.iter().find(|node| node.name == name);
        found.ok_or_else(|| Failure::machine(format!("there is no node '{name}'")))
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
