//! The local store: layout, database, locks, roots and garbage collection.
