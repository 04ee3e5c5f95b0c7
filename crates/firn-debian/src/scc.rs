//! Strongly connected components, so that packages which need each other become one group.

/// The components of a directed graph given as adjacency lists, each component before the ones
/// that point to it (dependencies first). Members keep ascending order. Iterative, so that a
/// long chain can't exhaust the stack.
pub fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut state = State::new(edges.len());
    for start in 0..edges.len() {
        if state.index[start].is_none() {
            state.walk(edges, start);
        }
    }
    state.components
}

struct State {
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: usize,
    components: Vec<Vec<usize>>,
}

impl State {
    fn new(len: usize) -> Self {
        Self {
            index: vec![None; len],
            low: vec![0; len],
            on_stack: vec![false; len],
            stack: Vec::new(),
            next: 0,
            components: Vec::new(),
        }
    }

    fn enter(&mut self, node: usize) {
        self.index[node] = Some(self.next);
        self.low[node] = self.next;
        self.next += 1;
        self.stack.push(node);
        self.on_stack[node] = true;
    }

    /// Tarjan's algorithm with an explicit call stack of (node, next edge).
    fn walk(&mut self, edges: &[Vec<usize>], start: usize) {
        let mut calls = vec![(start, 0)];
        self.enter(start);
        while let Some((node, edge)) = calls.last_mut() {
            let node = *node;
            if let Some(&target) = edges[node].get(*edge) {
                *edge += 1;
                match self.index[target] {
                    None => {
                        self.enter(target);
                        calls.push((target, 0));
                    }
                    Some(seen) if self.on_stack[target] => {
                        self.low[node] = self.low[node].min(seen);
                    }
                    Some(_) => {}
                }
                continue;
            }
            calls.pop();
            if let Some(&(parent, _)) = calls.last() {
                self.low[parent] = self.low[parent].min(self.low[node]);
            }
            if self.index[node] == Some(self.low[node]) {
                self.close(node);
            }
        }
    }

    fn close(&mut self, root: usize) {
        let at = self.stack.iter().rposition(|&n| n == root).unwrap_or(0);
        let mut component = self.stack.split_off(at);
        for &node in &component {
            self.on_stack[node] = false;
        }
        component.sort_unstable();
        self.components.push(component);
    }
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn contracts_cycles_and_orders_dependencies_first() {
        // 0 → 1 → 2 → 1, 3 → 0, 4 alone
        let edges = vec![vec![1], vec![2], vec![1], vec![0], vec![]];
        assert_eq!(components(&edges), vec![vec![1, 2], vec![0], vec![3], vec![4]]);
    }

    #[test]
    fn survives_a_long_chain() {
        let n = 200_000;
        let edges: Vec<Vec<usize>> =
            (0..n).map(|i| if i + 1 < n { vec![i + 1] } else { vec![] }).collect();
        assert_eq!(components(&edges).len(), n);
    }
}
