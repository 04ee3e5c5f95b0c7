//! The lines of an error's trace. Many values may keep one error, each with the lines that came after: what they
//! have in common is shared, or a recursion as deep as it may be would cost memory by the square of its depth.

use std::sync::Arc;

use crate::error::Frame;

/// So many lines at the end are always the trace's own: who forced a value completes their positions.
const OWN: usize = 4;

/// Lines of a trace, innermost first. Copies are cheap after [`Trace::share`].
#[derive(Debug, Clone, Default)]
pub struct Trace {
    before: Option<Arc<Shared>>,
    own: Vec<Frame>,
}

/// Lines that several traces begin with.
#[derive(Debug)]
struct Shared {
    before: Option<Arc<Shared>>,
    frames: Vec<Frame>,
}

impl Trace {
    /// Adds a line.
    pub fn push(&mut self, frame: Frame) {
        self.own.push(frame);
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.before.is_none() && self.own.is_empty()
    }

    /// The lines, innermost first.
    pub fn iter(&self) -> impl Iterator<Item = &Frame> {
        let before = std::iter::successors(self.before.as_deref(), |s| s.before.as_deref());
        let mut shared: Vec<&Shared> = before.collect();
        shared.reverse();
        shared.into_iter().flat_map(|shared| &shared.frames).chain(&self.own)
    }

    /// The last few lines, whose positions may have to be completed.
    pub(crate) fn last_mut(&mut self) -> &mut [Frame] {
        let first = self.own.len().saturating_sub(OWN);
        &mut self.own[first..]
    }

    /// Makes copies of it share all but the last lines.
    pub(crate) fn share(&mut self) {
        if self.own.len() <= OWN {
            return;
        }
        let last = self.own.split_off(self.own.len() - OWN);
        let frames = std::mem::replace(&mut self.own, last);
        self.before = Some(Arc::new(Shared { before: self.before.take(), frames }));
    }
}

impl Drop for Shared {
    /// One after the other: as many may follow each other as there were calls.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(mut shared) = next.and_then(Arc::into_inner) {
            next = shared.before.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pos::Pos;

    fn add(trace: &mut Trace, numbers: std::ops::Range<u32>) {
        for number in numbers {
            trace.push(Frame { pos: Pos(number), text: "line".into(), always: false });
        }
    }

    fn numbers(trace: &Trace) -> Vec<u32> {
        trace.iter().map(|frame| frame.pos.0).collect()
    }

    #[test]
    fn copies_have_the_same_lines_and_go_on_by_themselves() {
        let mut one = Trace::default();
        assert!(one.is_empty());
        add(&mut one, 0..10);
        one.share();
        let mut other = one.clone();
        add(&mut one, 10..12);
        add(&mut other, 20..29);
        other.share();
        other.last_mut()[0].pos = Pos(99);
        assert_eq!(numbers(&one), (0..12).collect::<Vec<_>>());
        let expected: Vec<u32> = (0..10).chain(20..25).chain([99, 26, 27, 28]).collect();
        assert_eq!(numbers(&other), expected);
    }

    #[test]
    fn copies_share_all_but_a_few_lines_and_end_however_many_they_are() {
        let mut trace = Trace::default();
        for number in 0..200_000 {
            add(&mut trace, number * 5..number * 5 + 5);
            trace.share();
            assert!(trace.own.len() <= OWN);
        }
        assert_eq!(numbers(&trace).len(), 1_000_000);
    }
}
