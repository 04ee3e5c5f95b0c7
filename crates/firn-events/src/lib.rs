//! Typed events of builds, fetches and tests, and the progress state computed from them.
//!
//! Whoever does long work announces it as an [`Activity`]: a [`Event::Start`] with an id and a
//! parent, then [`Event::Progress`], [`Event::Phase`], [`Event::Ready`] and [`Event::Log`] as it
//! goes, and one [`Event::Stop`]. A [`Sink`] receives them; [`Reporter`] and [`Span`] make sending
//! short and make sure that what was started is also stopped. [`Progress`] is the state a terminal
//! shows, computed from events alone: no clock, no terminal, no environment.
//!
//! A builtin builder has no sink but its standard error: there an event is a line `@firn {JSON}`
//! ([`wire`]), which the side that reads the log turns back into events with ids of its own.

mod event;
mod progress;
mod sink;
pub mod wire;

pub use event::{Activity, ActivityId, Event, Level, Outcome};
pub use progress::{Active, Counter, Progress};
pub use sink::{Collect, IdSource, Null, Reporter, Sink, Span};
