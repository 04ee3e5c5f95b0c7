//! The account files: `/etc/passwd`, `/etc/group`, `/etc/shadow` (passwd(5), group(5), shadow(5)).

/// A line of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq)]
pub struct PasswdLine {
    /// Name of the account.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Id of the primary group.
    pub gid: u32,
    /// Who it is.
    pub description: String,
    /// Home folder.
    pub home: String,
    /// Login shell.
    pub shell: String,
}

impl PasswdLine {
    /// A line, unless it is broken.
    pub fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, description, home, shell] = fields[..] else { return None };
        Some(Self {
            name: name.to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            description: description.to_owned(),
            home: home.to_owned(),
            shell: shell.to_owned(),
        })
    }

    /// The line with its end.
    pub fn text(&self) -> String {
        let Self { name, uid, gid, description, home, shell } = self;
        format!("{name}:x:{uid}:{gid}:{description}:{home}:{shell}\n")
    }
}

/// A line of `/etc/group`.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupLine {
    /// Name.
    pub name: String,
    /// Group id.
    pub gid: u32,
    /// Names of members.
    pub members: Vec<String>,
}

impl GroupLine {
    /// A line, unless it is broken.
    pub fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, gid, members] = fields[..] else { return None };
        Some(Self {
            name: name.to_owned(),
            gid: gid.parse().ok()?,
            members: members.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect(),
        })
    }

    /// The line with its end.
    pub fn text(&self) -> String {
        format!("{}:x:{}:{}\n", self.name, self.gid, self.members.join(","))
    }
}

/// A line of `/etc/shadow`; the fields after the hash are kept as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowLine {
    /// Name of the account.
    pub name: String,
    /// Hash of the password; `!` locks it.
    pub hash: String,
    /// The other fields.
    pub rest: String,
}

impl ShadowLine {
    /// A line, unless it is broken.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once(':')?;
        let (hash, rest) = rest.split_once(':')?;
        Some(Self { name: name.to_owned(), hash: hash.to_owned(), rest: rest.to_owned() })
    }

    /// The line with its end.
    pub fn text(&self) -> String {
        format!("{}:{}:{}\n", self.name, self.hash, self.rest)
    }
}
