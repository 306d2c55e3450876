//! What goes wrong with a Fluvio cluster, and what an operator can do about it.

use std::error::Error;

use fluvio::dataplane::link::ErrorCode;
use schemas::{Fault, FaultKind};

use crate::topics::FORGOTTEN_ADVICE;

/// What an operator can do about a cluster that does not answer.
pub(super) const UNAVAILABLE_ADVICE: &str =
    "check that the cluster runs, and `endpoint` of the broker `fluvio` (FLUVIO_ENDPOINT)";

/// The fault of a cluster that does not answer, or whose connection broke.
pub(super) fn unavailable(what: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
    Fault::caused(FaultKind::Unavailable, what, cause).advise(UNAVAILABLE_ADVICE)
}

/// The fault of an answer that is an error. `what` says what was being done, and with which object.
pub(super) fn of_code(what: impl Into<String>, code: ErrorCode) -> Fault {
    let (kind, advice) = (kind_of(&code), advice(&code));
    let fault = Fault::caused(kind, what, code);
    match advice {
        Some(advice) => fault.advise(advice),
        None => fault,
    }
}

/// What can be done about a code. What is not named is a matter of the cluster's moment: the same again may succeed.
fn kind_of(code: &ErrorCode) -> FaultKind {
    match code {
        ErrorCode::OffsetOutOfRange | ErrorCode::OffsetEvicted { .. } => FaultKind::Lost,
        ErrorCode::PartitionFull { .. } => FaultKind::Full,
        ErrorCode::MessageTooLarge => FaultKind::Oversized,
        ErrorCode::PermissionDenied
        | ErrorCode::CompressionError
        | ErrorCode::InvalidCreateRequest
        | ErrorCode::TopicNotFound
        | ErrorCode::TopicDeleted
        | ErrorCode::TopicInvalidName
        | ErrorCode::TopicInvalidConfiguration
        | ErrorCode::MirrorProduceFromHome
        | ErrorCode::MirrorProduceFromRemoteNotAllowed => FaultKind::Refused,
        _ => FaultKind::Unavailable,
    }
}

fn advice(code: &ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::MessageTooLarge => {
            "the record is more than a segment of the topic takes: create the topic with larger segments"
        }
        ErrorCode::PermissionDenied => "let this client read, write or create topics (the cluster's authorization policy)",
        ErrorCode::CompressionError => "the topic takes one compression only: write it as `compression` of the broker `fluvio`",
        ErrorCode::OffsetOutOfRange | ErrorCode::OffsetEvicted { .. } => FORGOTTEN_ADVICE,
        ErrorCode::PartitionFull { .. } => "free some space on the SPU's disk",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_kind_and_tells_what_was_done() {
        for (code, kind) in [
            (ErrorCode::NotLeaderForPartition, FaultKind::Unavailable),
            (ErrorCode::StorageError, FaultKind::Unavailable),
            (ErrorCode::MessageTooLarge, FaultKind::Oversized),
            (ErrorCode::OffsetEvicted { offset: 1, next_available: 9 }, FaultKind::Lost),
        ] {
            let fault = of_code("writing to t[0]", code);
            assert_eq!(fault.kind(), kind, "{fault}");
            assert!(fault.to_string().starts_with("writing to t[0]: "), "{fault}");
        }
    }
}
