//! The store as traits: path information, closures, realisation, builtin builders, and one behaviour suite.
