//! What administrators do (spec/4 §1, `admin_activity`).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::Json;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// The subject of the token.
    pub subject: String,
    /// The role under which it is done.
    pub role: String,
    /// The request that does it, as the API names it.
    pub request_id: Option<String>,
}

/// An act, as it is written with what it changed.
#[derive(Debug, Clone, PartialEq)]
pub struct AdminAct {
    /// The act. The same act written twice has one id.
    pub id: Uuid,
    /// Who did it.
    pub by: Administrator,
    /// What was done.
    pub action: &'static str,
    /// The customer that it was done to; `None` where it concerns none.
    pub customer_id: Option<String>,
    /// Why, in the administrator's words.
    pub reason: Option<String>,
    /// The values before.
    pub before: Option<Json>,
    /// The values after.
    pub after: Option<Json>,
    /// When.
    pub at: DateTime<Utc>,
}
