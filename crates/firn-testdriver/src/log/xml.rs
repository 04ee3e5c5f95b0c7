//! The log as XML, as the reference's driver writes it to the file that `LOGFILE` names: `logfile` with `line`
//! and `nest`, whose first element is `head`. Attributes are `machine`, and `type="serial"` for consoles.

use std::io::Write;

use crate::xml::escape;

/// Writes the elements; dropping it closes what is open.
pub struct XmlLog {
    out: Box<dyn Write + Send>,
    open: usize,
}

impl XmlLog {
    /// Begins the document. What can't be written is left out, as everywhere in the log.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        let mut log = Self { out: Box::new(out), open: 0 };
        log.write("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<logfile>");
        log
    }

    /// One line of the driver's.
    pub fn line(&mut self, node: Option<&str>, text: &str) {
        self.element("line", node, "", text);
    }

    /// One line of a node's console.
    pub fn console(&mut self, node: &str, text: &str) {
        self.element("line", Some(node), " type=\"serial\"", text);
    }

    /// Begins a step: what comes until `end_step` is part of it.
    pub fn begin_step(&mut self, node: Option<&str>, text: &str) {
        self.open += 1;
        self.write("<nest>");
        self.element("head", node, "", text);
    }

    /// Ends the step that began last.
    pub fn end_step(&mut self) {
        if self.open > 0 {
            self.open -= 1;
            self.write("</nest>");
        }
    }

    fn element(&mut self, name: &str, node: Option<&str>, attributes: &str, text: &str) {
        let machine = node.map(|node| format!(" machine=\"{}\"", escape(node))).unwrap_or_default();
        self.write(&format!("<{name}{machine}{attributes}>{}</{name}>", escape(text)));
    }

    fn write(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

impl Drop for XmlLog {
    fn drop(&mut self) {
        while self.open > 0 {
            self.end_step();
        }
        self.write("</logfile>\n");
    }
}
