//! What is shown of a source line: all of it, unless it is so long that nobody could read it.

/// Longer lines, in bytes, are shown in part. Generated files have lines of megabytes.
const LONGEST: usize = 2000;
/// Bytes that are shown of such a line before the place that is meant, and behind it.
const AROUND: (usize, usize) = (120, 280);

/// The text to show of a line, and the column in it of the place that is meant (both columns count
/// bytes from 1, and may be 0 when no place is meant).
pub fn excerpt(line: &[u8], column: usize) -> (String, usize) {
    if line.len() <= LONGEST {
        return (String::from_utf8_lossy(line).into_owned(), column);
    }
    let at = column.saturating_sub(1).min(line.len());
    let start = at.saturating_sub(AROUND.0);
    let end = (at + AROUND.1).min(line.len());
    let (before, behind) =
        (if start > 0 { "…" } else { "" }, if end < line.len() { "…" } else { "" });
    let text = format!("{before}{}{behind}", String::from_utf8_lossy(&line[start..end]));
    (text, column - start.min(column) + usize::from(start > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_around_the_place() {
        assert_eq!(excerpt(b"a + b", 3), ("a + b".to_owned(), 3));
        let mut line = vec![b'x'; 100_000];
        line[70_000] = b'!';
        let (text, column) = excerpt(&line, 70_001);
        assert_eq!(text.chars().nth(column - 1), Some('!'));
        assert!(text.chars().count() < 500);
        let (text, column) = excerpt(&line, 1);
        assert!(text.starts_with('x') && text.ends_with('…') && column == 1);
    }
}
