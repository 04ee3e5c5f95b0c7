//! Raising errors and adding to their traces.

use super::Machine;
use crate::error::{ErrorKind, EvalError, Frame, FrameText, R, Raised};
use crate::host::HostError;
use crate::pos::Pos;

/// What is said when the user stopped an evaluation.
pub(super) const INTERRUPTED: &str = "interrupted by the user";

impl Machine {
    /// Raises an error.
    #[cold]
    pub fn fail(&mut self, kind: ErrorKind, pos: Pos, message: impl Into<String>) -> Raised {
        self.raise(EvalError::new(kind, pos, message))
    }

    /// Raises an error made elsewhere. Whatever fails after the user asked to stop fails for that.
    #[cold]
    pub fn raise(&mut self, mut error: EvalError) -> Raised {
        if error.kind != ErrorKind::Interrupted && self.host.interrupted() {
            error = EvalError::new(ErrorKind::Interrupted, Pos::NONE, INTERRUPTED);
        }
        // An error that nobody took may be one that thunks keep.
        if let Some(unseen) = self.error.take() {
            self.keep(*unseen);
        }
        self.debug_error(&error);
        self.error = Some(Box::new(error));
        Raised(())
    }

    /// Puts an error where the thunks that failed with it look for it.
    fn keep(&mut self, mut error: EvalError) {
        error.frames.share();
        if let Some(index) = error.kept.take() {
            self.kept_errors[index as usize] = Some(error);
        }
    }

    /// Takes the error raised last away while something is evaluated for its trace; thunks that failed
    /// with it raise it meanwhile as well.
    #[cold]
    pub(crate) fn set_aside(&mut self) -> Option<Box<EvalError>> {
        let mut error = self.error.take()?;
        error.frames.share();
        if error.kept.is_some() {
            self.keep((*error).clone());
        }
        Some(error)
    }

    /// Raises a host's error at a position.
    #[cold]
    pub fn raise_host(&mut self, error: HostError, pos: Pos) -> Raised {
        self.fail(error.kind, pos, error.message)
    }

    /// A host's answer as a result of evaluation.
    pub fn hosted<T>(&mut self, answer: Result<T, HostError>, pos: Pos) -> R<T> {
        answer.map_err(|e| self.raise_host(e, pos))
    }

    /// The error that a [`Raised`] stands for; the machine forgets it.
    pub fn take_error(&mut self, _token: Raised) -> EvalError {
        match self.error.take() {
            Some(mut e) => {
                e.frames.share();
                if let Some(index) = e.kept.take() {
                    self.kept_errors[index as usize] = Some((*e).clone());
                }
                *e
            }
            None => EvalError::new(ErrorKind::Eval, Pos::NONE, "unknown error"),
        }
    }

    /// The error that a [`Raised`] stands for.
    pub(crate) fn error_mut(&mut self) -> &mut EvalError {
        self.error.get_or_insert_with(|| {
            Box::new(EvalError::new(ErrorKind::Eval, Pos::NONE, "unknown error"))
        })
    }

    /// Adds a frame to the trace of the error raised last.
    #[cold]
    pub fn frame(&mut self, raised: Raised, pos: Pos, text: impl Into<FrameText>) -> Raised {
        let text = text.into();
        self.error_mut().add_frame(Frame { pos, text, always: false });
        raised
    }

    /// Adds a frame that is shown even where the trace is shortened.
    #[cold]
    pub fn frame_always(&mut self, raised: Raised, pos: Pos, text: impl Into<FrameText>) -> Raised {
        let text = text.into();
        self.error_mut().add_frame(Frame { pos, text, always: true });
        raised
    }

    /// The result, with a frame if it is an error.
    #[inline(always)]
    pub fn traced<T>(&mut self, result: R<T>, pos: Pos, text: &'static str) -> R<T> {
        match result {
            Ok(value) => Ok(value),
            Err(raised) => Err(self.frame(raised, pos, text)),
        }
    }
}
