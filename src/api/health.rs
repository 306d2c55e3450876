//! `/health/live` and `/health/ready` (spec/4 §3). They hold no personal data.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::run::Health;

pub(super) fn routes(health: Arc<Health>) -> Router {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready)).with_state(health)
}

/// 200 as long as the process answers at all.
async fn live() -> Json<Value> {
    Json(json!({"status": "live"}))
}

/// 200 once everything that it needs is connected, and while all of it answers; else 503, with the reasons by part.
async fn ready(State(health): State<Arc<Health>>) -> (StatusCode, Json<Value>) {
    let reasons = health.reasons();
    if reasons.is_empty() {
        return (StatusCode::OK, Json(json!({"status": "ready"})));
    }
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not_ready", "reasons": reasons})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_that_has_connected_to_nothing_is_not_ready() {
        let health = Arc::new(Health::default());
        let (status, Json(body)) = ready(State(Arc::clone(&health))).await;
        assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_ready")));
        assert!(body["reasons"]["pipeline"].is_string(), "{body}");
    }
}
