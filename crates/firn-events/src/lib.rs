//! Typed events of builds, fetches and tests, and the progress state computed from them.
