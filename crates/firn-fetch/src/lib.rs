//! Sources by url and hash: files, archives, git and paths, with a cache.
