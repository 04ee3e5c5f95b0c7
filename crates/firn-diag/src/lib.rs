//! The diagnostic as a value, and its renderers for the terminal, one line and JSON.
