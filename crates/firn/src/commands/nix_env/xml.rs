//! XML elements on lines of their own, as the reference writes them.

use std::collections::BTreeMap;

/// Attributes of an element, in alphabetical order.
pub type XmlAttrs = BTreeMap<&'static str, String>;

/// A text being written.
pub struct Xml {
    text: Vec<u8>,
    open: Vec<&'static str>,
}

impl Xml {
    /// A text with its head.
    pub fn new() -> Xml {
        Xml { text: b"<?xml version='1.0' encoding='utf-8'?>\n".to_vec(), open: Vec::new() }
    }

    /// Begins an element.
    pub fn open(&mut self, name: &'static str, attrs: &XmlAttrs) {
        self.begin(name, attrs);
        self.text.extend_from_slice(b">\n");
        self.open.push(name);
    }

    /// Ends the innermost element.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.text.extend_from_slice(format!("</{name}>\n").as_bytes());
        }
    }

    /// An element with nothing in it.
    pub fn empty(&mut self, name: &'static str, attrs: &XmlAttrs) {
        self.begin(name, attrs);
        self.text.extend_from_slice(b" />\n");
    }

    /// The text, all elements closed.
    pub fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn indent(&mut self) {
        self.text.resize(self.text.len() + 2 * self.open.len(), b' ');
    }

    fn begin(&mut self, name: &str, attrs: &XmlAttrs) {
        self.indent();
        self.text.push(b'<');
        self.text.extend_from_slice(name.as_bytes());
        for (name, value) in attrs {
            self.text.extend_from_slice(format!(" {name}=\"{}\"", escape(value)).as_bytes());
        }
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped += "&quot;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            '\n' => escaped += "&#xA;",
            c => escaped.push(c),
        }
    }
    escaped
}
