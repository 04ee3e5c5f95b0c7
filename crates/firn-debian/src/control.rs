//! Control files: stanzas of fields, and relations between packages (Debian Policy, chapters 5
//! and 7).

use crate::version;
use std::cmp::Ordering;

/// The fields of one stanza: first lines of their values, borrowed from the text.
/// Continuation lines are skipped; no field which firn reads has any.
pub fn fields(stanza: &str) -> impl Iterator<Item = (&str, &str)> {
    stanza
        .lines()
        .filter(|line| !line.starts_with([' ', '\t', '#']))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim()))
}

/// The comparison in `name (op version)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `<<`
    Earlier,
    /// `<=`, and the obsolete `<`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`, and the obsolete `>`
    LaterOrEqual,
    /// `>>`
    Later,
}

impl Op {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "<<" => Self::Earlier,
            "<=" | "<" => Self::EarlierOrEqual,
            "=" => Self::Equal,
            ">=" | ">" => Self::LaterOrEqual,
            ">>" => Self::Later,
            _ => return None,
        })
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Earlier => order.is_lt(),
            Self::EarlierOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterOrEqual => order.is_ge(),
            Self::Later => order.is_gt(),
        }
    }
}

/// One alternative of a relation: a package name with an optional demand on its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation<'a> {
    /// Name without architecture qualifier.
    pub name: &'a str,
    /// Comparison and version.
    pub demand: Option<(Op, &'a str)>,
}

impl<'a> Relation<'a> {
    /// Reads `name[:arch] [(op version)] [[arch…]] [<profile…>]`; `None` when that isn't one.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let end = text.find([' ', '(', '[', '<', '\t']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        let rest = rest.trim_start();
        let demand = match rest.strip_prefix('(') {
            Some(inner) => {
                let inner = inner.split_once(')')?.0.trim();
                let split = inner.find(|c: char| !"<>=".contains(c))?;
                let (op, version) = inner.split_at(split);
                Some((Op::parse(op)?, version.trim()))
            }
            None => None,
        };
        (!name.is_empty()).then_some(Self { name, demand })
    }

    /// Whether a package of this name in `version` meets the demand.
    pub fn accepts(&self, version: &str) -> bool {
        self.demand.is_none_or(|(op, wanted)| op.holds(version::compare(version, wanted)))
    }
}

/// The comma-separated relations of a field, each a list of alternatives; malformed ones are left out.
pub fn relations(field: &str) -> impl Iterator<Item = Vec<Relation<'_>>> {
    field
        .split(',')
        .filter(|part| !part.trim().is_empty())
        .map(|part| part.split('|').filter_map(Relation::parse).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_relations() {
        let field = "libc6 (>= 2.34), awk | mawk:any (<< 2~), foo [amd64] <!nocheck>, x(=1:2-3)";
        let got: Vec<Vec<Relation<'_>>> = relations(field).collect();
        let plain = |name| Relation { name, demand: None };
        let with = |name, op, version| Relation { name, demand: Some((op, version)) };
        assert_eq!(
            got,
            vec![
                vec![with("libc6", Op::LaterOrEqual, "2.34")],
                vec![plain("awk"), with("mawk", Op::Earlier, "2~")],
                vec![plain("foo")],
                vec![with("x", Op::Equal, "1:2-3")],
            ]
        );
        assert!(got[0][0].accepts("2.36-9") && !got[0][0].accepts("2.31"));
    }

    #[test]
    fn skips_continuation_lines() {
        let got: Vec<_> = fields("Package: a\nDescription: short\n long\n .\nSize: 3\n").collect();
        assert_eq!(got, [("Package", "a"), ("Description", "short"), ("Size", "3")]);
    }
}
