//! The prefix cache: a radix tree over tokens, whose nodes hold blocks and states.

use std::collections::BTreeMap;

use super::Pools;
use super::holds::HoldId;
use super::layout::Layout;
use super::pool::Holder;
use super::table::BlockTable;

/// The index of a node in the tree.
pub(super) type NodeId = usize;

/// The node without tokens that all others descend from.
pub(super) const ROOT: NodeId = 0;

/// A node: tokens that follow those of its parent, and what is held of them.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) parent: NodeId,
    /// The children, by their first tokens.
    pub(super) children: BTreeMap<u32, NodeId>,
    /// The position of the first token.
    pub(super) start: u32,
    pub(super) tokens: Vec<u32>,
    /// For each group the blocks that overlap the tokens. The first ones of a windowed group may be gone.
    ///
    /// A block holds the keys and values of all its positions up to the node's end. Nodes that meet inside a block may share it.
    pub(super) blocks: Vec<Vec<Option<u32>>>,
    /// The state after the last token.
    pub(super) state: Option<u32>,
    /// The tree's clock at the last use of the node or a descendant.
    pub(super) last_used: u64,
}

impl Node {
    /// The position after the last token.
    pub(super) fn end(&self) -> u32 {
        self.start + self.tokens.len() as u32
    }

    /// All blocks that the node holds.
    pub(super) fn held(&self) -> impl Iterator<Item = u32> {
        self.blocks.iter().flatten().flatten().copied()
    }
}

/// A path from the root's child downwards, and the number of tokens that it spells, perhaps ending inside its last node.
pub(super) struct Walk {
    pub(super) path: Vec<NodeId>,
    pub(super) length: u32,
}

/// The radix tree. Equal prefixes of tokens are one path.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) layout: Layout,
    /// The model has state that can't be truncated, so that a prefix can be used only where there is a checkpoint of it.
    pub(super) stateful: bool,
    pub(super) nodes: Vec<Option<Node>>,
    vacant: Vec<NodeId>,
    pub(super) clock: u64,
    /// The number of checkpoints.
    pub(super) checkpoints: usize,
    /// Blocks that became free by eviction.
    pub(super) evicted: u64,
    /// The node in which each hold ends; the root's is on nothing.
    pub(super) holds: BTreeMap<HoldId, NodeId>,
}

impl Tree {
    /// An empty tree.
    pub(super) fn new(layout: Layout, stateful: bool) -> Self {
        let root = Node { blocks: vec![Vec::new(); layout.windows.len()], ..Node::default() };
        let nodes = vec![Some(root)];
        let (vacant, holds) = (Vec::new(), BTreeMap::new());
        Self { layout, stateful, nodes, vacant, clock: 0, checkpoints: 0, evicted: 0, holds }
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes[id].as_ref().expect("ids are of nodes in the tree")
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes[id].as_mut().expect("ids are of nodes in the tree")
    }

    /// All nodes but the root.
    pub(super) fn ids(&self) -> impl Iterator<Item = NodeId> {
        (ROOT + 1..self.nodes.len()).filter(|id| self.nodes[*id].is_some())
    }

    /// Walks down as far as the tree has `tokens`.
    pub(super) fn walk(&self, tokens: &[u32]) -> Walk {
        let (mut path, mut rest, mut id) = (Vec::new(), tokens, ROOT);
        while let Some(child) = rest.first().and_then(|first| self.node(id).children.get(first)) {
            id = *child;
            path.push(id);
            let edge = &self.node(id).tokens;
            let common = common_prefix(edge, rest);
            rest = &rest[common..];
            if common < edge.len() {
                break;
            }
        }
        Walk { path, length: (tokens.len() - rest.len()) as u32 }
    }

    /// Adds `tokens`, whose blocks are in `table`, and states after some of their prefixes, given as (length, state).
    ///
    /// The tree becomes a further holder of what it lacked; of the prefix that it has already, these are blocks of windowed groups
    /// that were gone, and states.
    pub(super) fn insert(&mut self, tokens: &[u32], table: &BlockTable, checkpoints: &[(u32, u32)], pools: &mut Pools) {
        let Walk { mut path, length } = self.walk_to_end(tokens, pools);
        for id in &path {
            self.refill(*id, table, pools);
        }
        if (length as usize) < tokens.len() {
            let parent = path.last().copied().unwrap_or(ROOT);
            path.push(self.add_leaf(parent, &tokens[length as usize..], table, pools));
        }
        self.touch(&path);
        for (length, state) in checkpoints {
            let end = self.walk_to_end(&tokens[..*length as usize], pools).path.pop();
            let Some(node) = end.map(|id| self.node_mut(id)) else { continue };
            if node.state.is_none() {
                node.state = Some(*state);
                pools.states.retain(*state, Holder::Cache);
                self.checkpoints += 1;
            }
        }
        if let Some(end) = self.walk(tokens).path.pop() {
            self.prune(end, pools);
        }
    }

    /// Walks down as far as the tree has `tokens`, and splits the last node if the walk ends inside it.
    pub(super) fn walk_to_end(&mut self, tokens: &[u32], pools: &mut Pools) -> Walk {
        let walk = self.walk(tokens);
        if let Some(last) = walk.path.last() {
            self.split(*last, walk.length, pools);
        }
        walk
    }

    /// Lets a node end at `position`, and a child of it have the rest of its tokens, if any.
    pub(super) fn split(&mut self, id: NodeId, position: u32, pools: &mut Pools) {
        if position == self.node(id).end() {
            return;
        }
        let layout = &self.layout;
        let node = self.nodes[id].as_mut().expect("ids are of nodes in the tree");
        let first = layout.index(node.start);
        let (upper_end, lower_first) = (layout.blocks(position) - first, layout.index(position) - first);
        let split_blocks = |blocks: &mut Vec<Option<u32>>| {
            let lower = blocks[lower_first..].to_vec();
            blocks.truncate(upper_end);
            // A block that both overlap has one more holder.
            lower[..upper_end - lower_first]
                .iter()
                .flatten()
                .for_each(|block| pools.blocks.retain(*block, Holder::Cache));
            lower
        };
        let lower = Node {
            parent: id,
            children: std::mem::take(&mut node.children),
            start: position,
            blocks: node.blocks.iter_mut().map(split_blocks).collect(),
            tokens: node.tokens.split_off((position - node.start) as usize),
            state: node.state.take(),
            last_used: node.last_used,
        };
        let first_token = lower.tokens[0];
        let children: Vec<_> = lower.children.values().copied().collect();
        let lower = self.add(lower);
        self.move_holds(id, lower);
        self.node_mut(id).children.insert(first_token, lower);
        for child in children {
            self.node_mut(child).parent = lower;
        }
    }

    /// Holds the blocks of `table` that a node lacks. The table must have all of the node's tokens.
    fn refill(&mut self, id: NodeId, table: &BlockTable, pools: &mut Pools) {
        let first = self.layout.index(self.node(id).start);
        for (group, blocks) in self.node_mut(id).blocks.iter_mut().enumerate() {
            for (index, block) in (first..).zip(blocks).filter(|(_, block)| block.is_none()) {
                *block = table.get(group, index);
                block.iter().for_each(|block| pools.blocks.retain(*block, Holder::Cache));
            }
        }
    }

    fn add_leaf(&mut self, parent: NodeId, tokens: &[u32], table: &BlockTable, pools: &mut Pools) -> NodeId {
        let start = self.node(parent).end();
        let indices = self.layout.index(start)..self.layout.blocks(start + tokens.len() as u32);
        let of_group = |group| indices.clone().map(|index| table.get(group, index)).collect();
        let blocks = (0..self.layout.windows.len()).map(of_group).collect();
        let leaf = Node { parent, start, tokens: tokens.to_vec(), blocks, ..Node::default() };
        leaf.held().for_each(|block| pools.blocks.retain(block, Holder::Cache));
        let id = self.add(leaf);
        self.node_mut(parent).children.insert(tokens[0], id);
        id
    }

    fn add(&mut self, node: Node) -> NodeId {
        let id = self.vacant.pop().unwrap_or(self.nodes.len());
        if id == self.nodes.len() {
            self.nodes.push(None);
        }
        self.nodes[id] = Some(node);
        id
    }

    /// Removes a node that has no children.
    pub(super) fn remove(&mut self, id: NodeId, pools: &mut Pools) {
        let node = self.nodes[id].take().expect("ids are of nodes in the tree");
        debug_assert!(node.children.is_empty());
        self.vacant.push(id);
        self.move_holds(id, node.parent);
        self.node_mut(node.parent).children.remove(&node.tokens[0]);
        self.evicted += node.held().filter(|block| pools.blocks.release(*block, Holder::Cache)).count() as u64;
        if let Some(state) = node.state {
            pools.states.release(state, Holder::Cache);
            self.checkpoints -= 1;
        }
    }

    /// Removes a leaf in which no prefix can be used any more, and its ancestors that become such leaves.
    pub(super) fn prune(&mut self, mut id: NodeId, pools: &mut Pools) {
        while id != ROOT && self.node(id).children.is_empty() {
            let path = self.path(id);
            if self.can_resume(&path, self.node(id).end()) {
                return;
            }
            let parent = self.node(id).parent;
            self.remove(id, pools);
            id = parent;
        }
    }

    /// The path to a node.
    pub(super) fn path(&self, id: NodeId) -> Vec<NodeId> {
        let up = |id: &NodeId| Some(self.node(*id).parent).filter(|parent| *parent != ROOT);
        let mut path: Vec<_> = std::iter::successors(Some(id), up).collect();
        path.reverse();
        path
    }

    /// Marks the nodes of a path as just used.
    pub(super) fn touch(&mut self, path: &[NodeId]) {
        self.clock += 1;
        for id in path {
            self.node_mut(*id).last_used = self.clock;
        }
    }
}

/// The number of leading tokens that are equal.
fn common_prefix(a: &[u32], b: &[u32]) -> usize {
    // Whole chunks are compared as bytes, which is several times faster than token by token.
    const CHUNK: usize = 64;
    let chunks = a.chunks_exact(CHUNK).zip(b.chunks_exact(CHUNK)).take_while(|(a, b)| a == b).count() * CHUNK;
    chunks + a[chunks..].iter().zip(&b[chunks..]).take_while(|(a, b)| a == b).count()
}
