//! The ground floor of syncline: what crosses every boundary.
//!
//! * [`Json`]: a JSON value as it was sent; [`Raw`], [`Record`] and [`Origin`]: what travels; [`TopicName`].
//! * [`Reject`]: why a record becomes a dead letter; [`Fault`]: trouble that is no record's fault, with the one table of what to do.
//! * [`profile`]: the profile of a customer, a join-semilattice; [`store`]: what engine and sink hand to each other.
//! * [`Envelope`]: where an event's payload, identity and time stand; [`Validator`]: a topic's schema, compiled.
//! * [`Clock`]: time, passed down; [`quantity`]: durations and sizes with their units.
//!
//! Nothing here does I/O.

mod clock;
mod envelope;
mod fault;
mod instant;
pub mod json;
pub mod profile;
pub mod quantity;
mod record;
mod reject;
pub mod store;
pub mod sync;
mod topic;
mod validator;

pub use clock::{Clock, ManualClock, SystemClock};
pub use envelope::{EVENT_TIMES, Envelope};
pub use fault::{Fault, FaultKind, Reaction};
pub use instant::instant;
pub use json::{Json, JsonRef};
pub use record::{Header, Origin, Outgoing, Raw, Record, Tolerated, ValueBytes};
pub use reject::{Reason, Reject, Violation};
pub use topic::{InvalidTopicName, TopicName};
pub use validator::{InvalidSchema, Validator};
