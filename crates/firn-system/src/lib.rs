//! Systems: activation, generations and the first process of a machine.
