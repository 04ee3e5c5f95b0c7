//! Peeksort (Munro and Wild, "Nearly-Optimal Mergesorts", 2018): the merge sort that looks at its
//! middle for a run which is there already.
//!
//! The reference sorts so, and a comparison may answer anything, so that which elements are compared,
//! in which order and with what effect on equal ones is part of the result of `builtins.sort`. Hence
//! also its details: two elements are one comparison, up to [`SHORT`] are sorted by insertion.

use std::ops::Range;

use crate::error::R;
use crate::machine::Machine;
use crate::value::Value;

/// Parts up to this length are sorted by insertion.
const SHORT: usize = 16;

/// Whether the first value comes before the second.
pub(crate) type Less<'a> = &'a mut dyn FnMut(&mut Machine, Value, Value) -> R<bool>;

/// Sorts the values, equal ones in their order.
pub(crate) fn peeksort(m: &mut Machine, values: &mut [Value], is_less: Less<'_>) -> R<()> {
    let len = values.len();
    if len == 2 {
        if is_less(m, values[1], values[0])? {
            values.swap(0, 1);
        }
        return Ok(());
    }
    let mut sorter = Sorter { buffer: Vec::with_capacity(len), values, is_less };
    sorter.part(m, 0..len, 0, len)
}

struct Sorter<'a> {
    values: &'a mut [Value],
    buffer: Vec<Value>,
    is_less: Less<'a>,
}

impl Sorter<'_> {
    /// Whether the value at `a` comes before the one at `b`.
    fn before(&mut self, m: &mut Machine, a: usize, b: usize) -> R<bool> {
        (self.is_less)(m, self.values[a], self.values[b])
    }

    /// Sorts a part whose values before `left` and from `right` on are two sorted runs.
    fn part(&mut self, m: &mut Machine, part: Range<usize>, left: usize, right: usize) -> R<()> {
        let Range { start, end } = part;
        if left == end || right == start {
            return Ok(());
        }
        if end - start <= SHORT {
            return self.insertion(m, start..end);
        }
        let middle = start + (end - start) / 2;
        if middle <= left {
            self.part(m, left..end, left + 1, right)?;
            return self.merge(m, start, left, end);
        }
        if middle >= right {
            self.part(m, start..right, left, right - 1)?;
            return self.merge(m, start, right, end);
        }
        let run = self.run_at(m, middle, left, right)?;
        if run == (start..end) {
            return Ok(());
        }
        if middle - run.start < run.end - middle {
            self.part(m, start..run.start, left, run.start.saturating_sub(1))?;
            self.part(m, run.start..end, run.end, right)?;
            self.merge(m, start, run.start, end)
        } else {
            self.part(m, start..run.end, left, run.start)?;
            self.part(m, run.end..end, run.end + 1, right)?;
            self.merge(m, start, run.end, end)
        }
    }

    /// The run around `middle` (behind `left`) and the value before it, within `left..right`; one that
    /// falls is turned.
    fn run_at(
        &mut self,
        m: &mut Machine,
        middle: usize,
        left: usize,
        right: usize,
    ) -> R<Range<usize>> {
        let falls = self.before(m, middle, middle - 1)?;
        let mut end = middle;
        while end > left + 1 && self.before(m, end - 1, end - 2)? == falls {
            end -= 1;
        }
        let start = end - 1;
        let mut last = middle - 1;
        while last + 1 != right && self.before(m, last + 1, last)? == falls {
            last += 1;
        }
        if falls {
            self.values[start..last + 1].reverse();
        }
        Ok(start..last + 1)
    }

    fn insertion(&mut self, m: &mut Machine, part: Range<usize>) -> R<()> {
        for next in part.start + 1..part.end {
            let mut at = next;
            while at > part.start && self.before(m, at, at - 1)? {
                self.values.swap(at, at - 1);
                at -= 1;
            }
        }
        Ok(())
    }

    /// Merges two sorted runs that lie side by side.
    fn merge(&mut self, m: &mut Machine, start: usize, middle: usize, end: usize) -> R<()> {
        self.buffer.clear();
        self.buffer.extend_from_slice(&self.values[start..middle]);
        let (mut left, mut right, mut out) = (0, middle, start);
        while left < self.buffer.len() && right < end {
            if (self.is_less)(m, self.values[right], self.buffer[left])? {
                self.values[out] = self.values[right];
                right += 1;
            } else {
                self.values[out] = self.buffer[left];
                left += 1;
            }
            out += 1;
        }
        let rest = self.buffer.len() - left;
        self.values[out..out + rest].copy_from_slice(&self.buffer[left..]);
        Ok(())
    }
}
