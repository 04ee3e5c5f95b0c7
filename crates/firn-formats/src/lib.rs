//! Store paths, hashes, NAR, derivation text, narinfo, signatures and the reference scan, as pure functions over bytes.
