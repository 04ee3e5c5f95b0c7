//! Credentials by host, as in the file `.netrc` (curl's manual describes the format).

/// Parsed credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Netrc(Vec<Entry>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Entry {
    /// `None` is the `default` entry.
    machine: Option<String>,
    login: String,
    password: String,
}

impl Netrc {
    /// Reads the text of a file; what is not understood is passed over.
    pub fn parse(text: &str) -> Netrc {
        let mut entries: Vec<Entry> = Vec::new();
        let mut words = tokens(text).into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "machine" => {
                    // Without a name it must not become the entry for all hosts.
                    let machine = Some(words.next().unwrap_or_default());
                    entries.push(Entry { machine, ..Entry::default() });
                }
                "default" => entries.push(Entry::default()),
                "login" => set(&mut entries, words.next(), |e| &mut e.login),
                "password" => set(&mut entries, words.next(), |e| &mut e.password),
                "account" => drop(words.next()),
                _ => {}
            }
        }
        Netrc(entries)
    }

    /// Login and password for a host, the `default` entry last.
    pub fn lookup(&self, host: &str) -> Option<(&str, &str)> {
        let named = self.0.iter().find(|e| e.machine.as_deref() == Some(host));
        let entry = named.or_else(|| self.0.iter().find(|e| e.machine.is_none()))?;
        Some((&entry.login, &entry.password))
    }
}

fn set(entries: &mut [Entry], value: Option<String>, field: fn(&mut Entry) -> &mut String) {
    if let (Some(entry), Some(value)) = (entries.last_mut(), value) {
        *field(entry) = value;
    }
}

/// Words, without comments, macro definitions (up to an empty line) and quotes.
fn tokens(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        for word in line.split_ascii_whitespace() {
            if word.starts_with('#') {
                break;
            }
            if word == "macdef" {
                in_macro = true;
                break;
            }
            words.push(word.trim_matches('"').to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_by_host_then_default() {
        let text = "# secret\nmachine a.example login me password \"p#w\"\n\
                    macdef init\ncd /pub\nmachine trap login x password y\n\n\
                    machine b.example\n  login you\n  password q\n\
                    default login anonymous password mail\n";
        let netrc = Netrc::parse(text);
        assert_eq!(netrc.lookup("a.example"), Some(("me", "p#w")));
        assert_eq!(netrc.lookup("b.example"), Some(("you", "q")));
        assert_eq!(netrc.lookup("trap"), Some(("anonymous", "mail")));
        assert_eq!(Netrc::parse("machine").lookup("x"), None);
        assert_eq!(Netrc::parse("login x password").lookup("x"), None);
    }
}
