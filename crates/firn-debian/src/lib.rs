//! Debian packages in the store: index, resolver, lock, unpacking and ELF relocation.
