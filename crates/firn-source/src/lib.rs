//! File ids, source texts, spans, and line and column lookup.
