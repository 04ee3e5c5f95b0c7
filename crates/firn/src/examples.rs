//! What commands are good for, shown below their help: lines that work as they stand, or with names of one's own.

use clap::Command;

/// A command line, and what it does.
type Example = (&'static str, &'static str);

/// By the command's words. One row each, in the order of the help.
#[rustfmt::skip]
const EXAMPLES: &[(&str, &[Example])] = &[
    ("build", &[
        ("firn build nixpkgs#hello", "the package `hello`, with a link `result` to it"),
        ("firn build --print-out-paths -f ./default.nix tools", "an attribute of a file, and the path that it is at"),
    ]),
    ("bundle", &[
        ("firn bundle nixpkgs#hello", "one file that runs where there is no store"),
    ]),
    ("completion", &[
        ("firn completion bash > ~/.local/share/bash-completion/completions/firn", "for bash, from the next shell on"),
    ]),
    ("config check", &[
        ("firn config check", "what is wrong, if anything is"),
    ]),
    ("config show", &[
        ("firn config show max-jobs", "the value of one setting"),
        ("firn config show --json", "all of them, with their documentation"),
    ]),
    ("debian lock", &[
        ("firn debian lock nix/debian", "the lock file of the packages that this folder lists"),
    ]),
    ("derivation add", &[
        ("firn derivation add < hello.json", "what `firn derivation show` printed, changed by hand"),
    ]),
    ("derivation show", &[
        ("firn derivation show nixpkgs#hello", "the derivation of a package"),
        ("firn derivation show -r nixpkgs#hello", "with all that it needs"),
    ]),
    ("develop", &[
        ("firn develop", "the environment of the flake here"),
        ("firn develop nixpkgs#hello -c make", "one command in the environment of a package"),
    ]),
    ("edit", &[
        ("firn edit nixpkgs#hello", "the file that defines a package, in $EDITOR"),
    ]),
    ("env shell", &[
        ("firn env shell nixpkgs#jq nixpkgs#curl", "a shell with two programs more"),
    ]),
    ("eval", &[
        ("firn eval --expr '1 + 2'", "the value of an expression"),
        ("firn eval --json .#packages --apply builtins.attrNames", "names in a flake's output, as JSON"),
    ]),
    ("flake archive", &[
        ("firn flake archive --to /mnt/store", "a flake with its inputs, into another store"),
    ]),
    ("flake check", &[
        ("firn flake check", "the flake here: all outputs, and its checks built"),
        ("firn flake check --no-build .", "evaluation alone"),
    ]),
    ("flake clone", &[
        ("firn flake clone github:owner/project --dest project", "a repository to work in"),
    ]),
    ("flake init", &[
        ("firn flake init -t templates#go", "a template's files in this folder"),
    ]),
    ("flake lock", &[
        ("firn flake lock --override-input nixpkgs base", "lock one input to another flake"),
    ]),
    ("flake metadata", &[
        ("firn flake metadata --json .", "where the flake here comes from, and its inputs"),
    ]),
    ("flake new", &[
        ("firn flake new -t templates#go project", "a new folder with a template's files"),
    ]),
    ("flake prefetch", &[
        ("firn flake prefetch github:owner/project", "fetch, and say which hash it has"),
    ]),
    ("flake prefetch-inputs", &[
        ("firn flake prefetch-inputs", "all inputs of the flake here, to work without a network"),
    ]),
    ("flake show", &[
        ("firn flake show --all-systems", "what the flake here offers, for all systems"),
    ]),
    ("flake update", &[
        ("firn flake update", "all inputs"),
        ("firn flake update nixpkgs", "one of them"),
    ]),
    ("fmt", &[
        ("firn fmt", "all files of the flake here"),
        ("firn fmt -- --check src", "arguments for the formatter itself"),
    ]),
    ("formatter build", &[
        ("firn formatter build", "the path of the formatter's program"),
    ]),
    ("formatter run", &[
        ("firn formatter run -- src", "format one folder"),
    ]),
    ("functions", &[
        ("firn functions hasPrefix", "functions that speak of a word"),
        ("firn functions 'AttrSet -> \\[' names", "by a part of their type, and another word"),
        ("firn functions --manual '^' > lib.md", "the manual of the whole library"),
    ]),
    ("hash convert", &[
        ("firn hash convert --hash-algo sha256 --to sri 0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73", "a hash of old, as it is written now"),
    ]),
    ("hash file", &[
        ("firn hash file hello.tar.gz", "what `outputHash` of a fetched file has to be"),
    ]),
    ("hash path", &[
        ("firn hash path ./src", "what the hash of an unpacked archive has to be"),
    ]),
    ("key convert-secret-to-public", &[
        ("firn key convert-secret-to-public < secret", "what others have to trust"),
    ]),
    ("key generate-secret", &[
        ("firn key generate-secret --key-name cache.example.org-1 > secret", "a new key"),
    ]),
    ("log", &[
        ("firn log nixpkgs#hello", "what building a package printed"),
    ]),
    ("nar cat", &[
        ("firn nar cat hello.nar /bin/hello", "a file in an archive"),
    ]),
    ("nar ls", &[
        ("firn nar ls -R -l hello.nar /", "all of an archive"),
    ]),
    ("nar pack", &[
        ("firn nar pack ./src > src.nar", "an archive of a folder"),
    ]),
    ("options", &[
        ("firn options services.nginx", "options below a name"),
        ("firn options --json openssh port", "those that speak of both words, as JSON"),
    ]),
    ("path-info", &[
        ("firn path-info -rsSh nixpkgs#hello", "a package with all that it needs, and how large that is"),
    ]),
    ("print-dev-env", &[
        ("firn print-dev-env nixpkgs#hello", "code for `source`"),
        ("firn print-dev-env --json", "the variables as JSON"),
    ]),
    ("registry list", &[
        ("firn registry list", "all names"),
    ]),
    ("registry add", &[
        ("firn registry add mine path:/home/me/project", "a name for a folder"),
    ]),
    ("registry remove", &[
        ("firn registry remove mine", "forget it"),
    ]),
    ("registry pin", &[
        ("firn registry pin nixpkgs", "stay with what it is today"),
    ]),
    ("registry resolve", &[
        ("firn registry resolve nixpkgs", "what a name leads to"),
    ]),
    ("repl", &[
        ("firn repl", "an empty prompt"),
        ("firn repl nixpkgs", "the outputs of a flake as variables"),
    ]),
    ("run", &[
        ("firn run nixpkgs#hello", "the program of a package"),
        ("firn run nixpkgs#hello -- --greeting hi", "with arguments of its own"),
    ]),
    ("search", &[
        ("firn search nginx", "packages of base"),
        ("firn search nixpkgs '^python3'", "those of another flake, by pattern"),
    ]),
    ("shell", &[
        ("firn shell nixpkgs#jq nixpkgs#curl", "a shell with two programs more"),
        ("firn shell nixpkgs#jq -c jq --version", "one command with them"),
    ]),
    ("store add", &[
        ("firn store add ./file", "the path of a copy in the store"),
    ]),
    ("store add-file", &[
        ("firn store add-file ./file", "the path of a copy in the store"),
    ]),
    ("store add-path", &[
        ("firn store add-path --name src ./folder", "the same under another name"),
    ]),
    ("store cat", &[
        ("firn store cat /nix/store/…-hello/share/info/hello.info", "a file, also in a store elsewhere"),
    ]),
    ("store delete", &[
        ("firn store delete /nix/store/…-hello", "one path, if nothing needs it"),
    ]),
    ("store diff-closures", &[
        ("firn store diff-closures /run/booted-system /run/current-system", "what an update brought"),
    ]),
    ("store dump-path", &[
        ("firn store dump-path nixpkgs#hello > hello.nar", "the archive of a path"),
    ]),
    ("store gc", &[
        ("firn store gc", "free what nobody needs"),
        ("firn store gc --max 10G", "no more than ten gigabytes of it"),
    ]),
    ("store info", &[
        ("firn store info --json", "the store's url and version"),
    ]),
    ("store ls", &[
        ("firn store ls -lR nixpkgs#hello", "what is in a package"),
    ]),
    ("store make-content-addressed", &[
        ("firn store make-content-addressed nixpkgs#hello", "a copy that needs no signature"),
    ]),
    ("store optimise", &[
        ("firn store optimise", "save disk space where files are equal"),
    ]),
    ("store path-from-hash-part", &[
        ("firn store path-from-hash-part 0i2jd68mp5g6h2sa5k9c85rb80sn8hi9", "the whole path"),
    ]),
    ("store prefetch-file", &[
        ("firn store prefetch-file https://example.org/hello.tar.gz", "its path and hash, for a fetch by hash"),
    ]),
    ("store repair", &[
        ("firn store repair /nix/store/…-hello", "build a damaged path again"),
    ]),
    ("store sign", &[
        ("firn store sign -k secret -r nixpkgs#hello", "a package with all that it needs"),
    ]),
    ("store verify", &[
        ("firn store verify --all", "the whole store"),
        ("firn store verify -r nixpkgs#hello", "one package with all that it needs"),
    ]),
    ("test run", &[
        ("firn test run .#checks.x86_64-linux.web --backend vm", "one test, in virtual machines"),
        ("firn test run --repeat 20 .", "the flake's tests, twenty times"),
    ]),
    ("test shell", &[
        ("firn test shell .#checks.x86_64-linux.web", "its machines, and a prompt to drive them"),
    ]),
    ("why-depends", &[
        ("firn why-depends nixpkgs#hello nixpkgs#glibc", "the shortest way from one to the other"),
    ]),
];

/// Adds the examples to a command and to all below it; `words` lead to it, without the program's name.
pub fn add(command: Command, words: &str) -> Command {
    let below: Vec<String> =
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command = below.into_iter().fold(command, |command, name| {
        let words = format!("{words} {name}");
        command.mut_subcommand(name, |sub| add(sub, &words))
    });
    match EXAMPLES.iter().find(|(known, _)| *known == words) {
        Some((_, examples)) => command.after_help(text(examples)),
        None => command,
    }
}

fn text(examples: &[Example]) -> String {
    let lines = examples.iter().map(|(line, about)| format!("\n  {line}\n      {about}"));
    format!("Examples:{}", lines.collect::<String>())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The words of a line as a shell takes them, as far as the examples go.
    fn split(line: &str) -> Vec<String> {
        let line = line.split(['<', '>']).next().unwrap();
        let parts = line.split('\'').enumerate();
        let words = parts.flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        words.collect()
    }

    #[test]
    fn every_command_has_examples_that_it_understands() {
        fn leaves(command: &Command, words: &str, found: &mut Vec<String>) {
            let shown = |sub: &&Command| sub.get_name() != "help" && !sub.is_hide_set();
            for sub in command.get_subcommands().filter(shown) {
                let words = format!("{words} {}", sub.get_name()).trim().to_owned();
                if sub.has_subcommands() {
                    leaves(sub, &words, found);
                } else {
                    found.push(words);
                }
            }
        }
        let mut found = Vec::new();
        leaves(&crate::cli::whole(), "", &mut found);
        let missing: Vec<_> = found
            .iter()
            .filter(|words| !EXAMPLES.iter().any(|(known, _)| known == words))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
        for (words, examples) in EXAMPLES {
            assert!(found.iter().any(|known| known == words), "there is no command '{words}'");
            for (line, _) in *examples {
                assert!(line.starts_with(&format!("firn {words}")), "{line}");
                let parsed = crate::cli::whole().try_get_matches_from(split(line));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }
}
