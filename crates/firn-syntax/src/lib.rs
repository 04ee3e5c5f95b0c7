//! Lexer, parser, syntax tree and printer for the Nix language.
