//! What is said about a problem, apart from how it is shown.

use std::sync::Arc;

use firn_source::Span;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// What was asked for can't be done.
    Error,
    /// It was done, and something about it is probably wrong.
    Warning,
    /// Something worth knowing.
    Info,
}

/// A place with a remark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What about it; may be empty.
    pub text: String,
}

/// One step of what was being done when the problem came up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// In the words of CppNix's traces, without the leading `… `: `while calling 'f'`. Shared by the steps of a
    /// recursion, which may be a million.
    pub text: Arc<str>,
    /// Where that was.
    pub span: Option<Span>,
    /// Shown also when the trace is cut short (`builtins.addErrorContext`).
    pub always: bool,
}

/// One problem, with everything a user needs to understand and mend it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name of the kind of problem, `family.kind`, as `firn explain` takes it.
    pub code: &'static str,
    /// What is wrong, in one sentence; may go on over further lines.
    pub message: String,
    /// The place that the message is about.
    pub span: Option<Span>,
    /// Other places that matter, with remarks.
    pub labels: Vec<Label>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// What to do about it, the likeliest first.
    pub help: Vec<String>,
    /// What `span` could have meant, the likeliest first ("Did you mean …?").
    pub suggestions: Vec<String>,
    /// What was being done, innermost first: callers append while the error travels up.
    pub frames: Vec<Frame>,
}

impl Diagnostic {
    /// A diagnostic of this severity without any details yet.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity,
            code,
            message: message.into(),
            span: None,
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            suggestions: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, message)
    }

    /// With the place it is about.
    #[must_use]
    pub fn at(mut self, span: Span) -> Diagnostic {
        self.span = Some(span);
        self
    }

    /// With a remark on another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// With a fact that explains it.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(text.into());
        self
    }

    /// With something that was perhaps meant.
    #[must_use]
    pub fn suggest(mut self, text: impl Into<String>) -> Diagnostic {
        self.suggestions.push(text.into());
        self
    }

    /// Adds the next outer step of what was being done.
    pub fn push_frame(&mut self, text: impl Into<Arc<str>>, span: Option<Span>) {
        self.frames.push(Frame { text: text.into(), span, always: false });
    }
}
