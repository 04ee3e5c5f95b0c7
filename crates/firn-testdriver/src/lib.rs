//! The NixOS test driver: nodes, networks, the Python test script and the report.
