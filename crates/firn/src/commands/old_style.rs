//! What the programs with names of their own (`nix-env`, `nix-instantiate`, …) have in common.

/// The version of the reference that the program answers as, also to scripts which ask for it.
pub const NIX_VERSION: &str = "2.34.8";

/// Answers `--help` and `--version`; true when one of them was asked for.
pub fn informed(program: &str, help: &str, arguments: &[String]) -> bool {
    if arguments.iter().any(|argument| argument == "--help") {
        print!("{help}");
        return true;
    }
    if arguments.iter().any(|argument| argument == "--version") {
        println!("{program} (Nix) {NIX_VERSION}");
        return true;
    }
    false
}

/// Takes flags of one letter that were written together apart: `-qaP` is `-q -a -P`. What follows
/// `-j` directly is its value.
pub fn split_flags(arguments: &[String]) -> Vec<String> {
    let mut split = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let letters = argument.strip_prefix('-').filter(|letters| letters.len() > 1);
        match letters {
            Some(letters) if letters.bytes().all(|b| b.is_ascii_alphabetic()) => {
                split.extend(letters.chars().map(|letter| format!("-{letter}")));
            }
            Some(letters) if letters.starts_with('j') => {
                split.extend(["-j".to_owned(), letters[1..].to_owned()]);
            }
            _ => split.push(argument.clone()),
        }
    }
    split
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_taken_apart() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            split_flags(&words("-qaP --drv-path -j4 - x")),
            words("-q -a -P --drv-path -j 4 - x")
        );
    }
}
