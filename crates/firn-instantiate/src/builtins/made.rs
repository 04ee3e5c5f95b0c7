//! The derivations of this evaluation, and which of them the elements of contexts stand for: what
//! makes the inputs of a further derivation lookups in tables.

use std::rc::Rc;

use firn_eval::{ContextElem, Ctx, Machine, SinglePath};
use firn_formats::derivation::{DraftInput, InputHash};
use firn_formats::{HashModulo, StoreDir, StorePath};
use firn_store::StoreError;
use rustc_hash::FxHashMap;

/// What an element of a context is to a derivation.
#[derive(Clone, Default)]
pub(super) enum Element {
    /// Nobody asked yet.
    #[default]
    Unknown,
    /// A source.
    Source(StorePath),
    /// An output of a derivation in [`Made`].
    Output {
        /// The derivation's number.
        drv: u32,
        /// The output's name.
        output: Rc<str>,
    },
    /// Something that is not usual, or can't be found out: an error will say what.
    Other,
}

/// Derivations with the hashes that stand for them.
#[derive(Default)]
pub(super) struct Made {
    drvs: Vec<(StorePath, InputHash)>,
    numbers: FxHashMap<StorePath, u32>,
    elements: Vec<Element>,
}

/// Finds the hash of a derivation that was made elsewhere.
pub(super) type FindHash<'f> = dyn FnMut(&StorePath) -> Result<HashModulo, StoreError> + 'f;

impl Made {
    /// Notes a derivation; returns its number.
    pub fn add(&mut self, path: StorePath, hash: InputHash) -> u32 {
        let next = self.drvs.len() as u32;
        let number = *self.numbers.entry(path.clone()).or_insert(next);
        if number == next {
            self.drvs.push((path, hash));
        }
        number
    }

    /// Notes what an element with this number is.
    pub fn set_element(&mut self, number: u32, element: Element) {
        let number = number as usize;
        if self.elements.len() <= number {
            self.elements.resize(number + 1, Element::Unknown);
        }
        self.elements[number] = element;
    }

    /// Finds out what all elements of a context are; false when one is not usual.
    pub fn resolve(
        &mut self,
        m: &Machine,
        dir: &StoreDir,
        context: Ctx,
        find: &mut FindHash<'_>,
    ) -> bool {
        let mut usual = true;
        for (number, elem) in m.context_parts(context) {
            let known = self.elements.get(number as usize);
            if matches!(known, None | Some(Element::Unknown)) {
                let found = self.find(dir, elem, find).unwrap_or(Element::Other);
                self.set_element(number, found);
            }
            usual &= !matches!(self.elements[number as usize], Element::Other);
        }
        usual
    }

    fn find(
        &mut self,
        dir: &StoreDir,
        elem: &ContextElem,
        find: &mut FindHash<'_>,
    ) -> Option<Element> {
        let (path, output) = match elem {
            ContextElem::Path(path) => return Some(Element::Source(dir.parse(path).ok()?)),
            ContextElem::Output { drv: SinglePath::Path(path), output } => (path, output),
            _ => return None,
        };
        let path = dir.parse(path).ok()?;
        let drv = match self.numbers.get(&path) {
            Some(&number) => number,
            None => {
                let hash = match find(&path).ok()? {
                    HashModulo::Drv(hash) => InputHash::new(&hash, false),
                    HashModulo::Fixed(hashes) => InputHash::new(hashes.get("out")?, true),
                    HashModulo::Deferred => return None,
                };
                self.add(path, hash)
            }
        };
        let fixed = matches!(self.drvs[drv as usize].1, InputHash::Fixed(_));
        (!fixed || output == "out").then(|| Element::Output { drv, output: output.as_str().into() })
    }

    /// The hash of a derivation made here.
    pub fn hash(&self, path: &StorePath) -> Option<HashModulo> {
        let &number = self.numbers.get(path)?;
        let hash = &self.drvs[number as usize].1;
        Some(match hash {
            InputHash::Drv(_) => HashModulo::Drv(hash.hash()),
            InputHash::Fixed(_) => HashModulo::Fixed([("out".to_owned(), hash.hash())].into()),
        })
    }

    /// The input derivations and sources that a resolved context stands for, sorted by path.
    pub fn inputs(&self, m: &Machine, context: Ctx) -> (Vec<DraftInput<'_>>, Vec<&StorePath>) {
        let mut outputs: Vec<(&(StorePath, InputHash), &str)> = Vec::new();
        let mut sources = Vec::new();
        for (number, _) in m.context_parts(context) {
            match &self.elements[number as usize] {
                Element::Source(path) => sources.push(path),
                Element::Output { drv, output } => {
                    outputs.push((&self.drvs[*drv as usize], output));
                }
                Element::Unknown | Element::Other => debug_assert!(false, "it is resolved"),
            }
        }
        sources.sort_unstable();
        sources.dedup();
        outputs.sort_unstable_by(|a, b| (&a.0.0, a.1).cmp(&(&b.0.0, b.1)));
        outputs.dedup_by(|a, b| a.0.0 == b.0.0 && a.1 == b.1);
        let inputs = outputs.chunk_by(|a, b| std::ptr::eq(a.0, b.0)).map(|same| DraftInput {
            path: &same[0].0.0,
            hash: same[0].0.1,
            outputs: same.iter().map(|(_, output)| *output).collect(),
        });
        (inputs.collect(), sources)
    }
}
