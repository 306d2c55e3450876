//! What goes wrong with a Kafka cluster, and what an operator can do about it.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode as Code;
use schemas::{Clock, Fault, FaultKind, SystemClock};

use super::token;

/// What librdkafka says besides its answers: the reason why a connection failed comes that way only.
///
/// Every client has it as its context, and asks it for the token where one is used.
#[derive(Clone)]
pub(super) struct Heard {
    last: Arc<Mutex<Option<Said>>>,
    lost_connections: Arc<AtomicU64>,
    token_file: Option<Arc<Path>>,
}

/// A reason, and when it was told.
struct Said {
    at: Instant,
    code: Code,
    reason: String,
}

/// How long a reason explains what fails: librdkafka tells the same one only now and then.
const FRESH: Duration = Duration::from_secs(30);

/// librdkafka's words for a connection that is lost.
const TRANSPORT_FAILURE: &str = "Local: Broker transport failure";

impl ClientContext for Heard {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        let file = self.token_file.as_deref().ok_or("no file with a token is named")?;
        // librdkafka compares with the machine's time, whatever ours is.
        Ok(token::read(file, SystemClock.now())?)
    }

    // What matters comes back as a fault, which is told once; librdkafka repeats itself.
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, "librdkafka: {message}");
        // Why there is no connection may stand in its log only, behind the name of a thread.
        if facility == "FAIL" {
            let reason = message.split_once("]: ").map_or(message, |(_, reason)| reason);
            let mut last = self.last();
            // Why a name and a password were refused says more.
            if last.as_ref().is_none_or(|said| said.code == Code::BrokerTransportFailure || said.at.elapsed() > FRESH) {
                *last = Some(Said { at: Instant::now(), code: Code::BrokerTransportFailure, reason: reason.to_owned() });
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!("librdkafka: {error}: {reason}");
        let Some(code) = error.rdkafka_error_code() else { return };
        // A connection that is lost while names and passwords are exchanged says nothing about these.
        let was_lost = code == Code::Authentication && reason.contains(TRANSPORT_FAILURE);
        let code = if was_lost { Code::BrokerTransportFailure } else { code };
        if code == Code::BrokerTransportFailure {
            self.lost_connections.fetch_add(1, Relaxed);
        }
        if !matches!(code, Code::AllBrokersDown) {
            *self.last() = Some(Said { at: Instant::now(), code, reason: reason.to_owned() });
        }
    }
}

impl ConsumerContext for Heard {}

impl Heard {
    /// Nothing was said yet.
    pub(super) fn with_token_of(file: Option<&Path>) -> Self {
        Self { last: Arc::default(), lost_connections: Arc::default(), token_file: file.map(Into::into) }
    }

    /// How many connections librdkafka has told to be lost. It does not repeat that one to the same broker is.
    pub(super) fn lost_connections(&self) -> u64 {
        self.lost_connections.load(Relaxed)
    }

    /// The last reason.
    fn last(&self) -> MutexGuard<'_, Option<Said>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault of an answer that is an error. `what` says what was being done, and with which object.
    pub(super) fn fault(&self, what: impl Into<String>, error: KafkaError) -> Fault {
        let Some(code) = code_of(&error) else {
            let kind = if matches!(error, KafkaError::Canceled) { FaultKind::Unavailable } else { FaultKind::Refused };
            return Fault::caused(kind, what, error);
        };
        // Why the connection failed, where that was told.
        let last = self.last();
        let said = last.as_ref().filter(|said| is_connection(code) && said.at.elapsed() <= FRESH);
        let (code, fault) = match said {
            Some(Said { code, reason, .. }) => (*code, Fault::caused(self.kind_of(*code), what, reason.clone())),
            None => (code, Fault::caused(self.kind_of(code), what, code)),
        };
        with_advice(fault, code)
    }

    /// A token that is refused or not there may be better in a moment: whoever renews it may be late, or a client was busy meanwhile.
    fn kind_of(&self, code: Code) -> FaultKind {
        match code {
            Code::Authentication | Code::SaslAuthenticationFailed if self.token_file.is_some() => FaultKind::Unavailable,
            code => kind_of(code),
        }
    }
}

/// The code of an error. The library tells none of those that concern the making of topics.
fn code_of(error: &KafkaError) -> Option<Code> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

/// The fault of a code, in librdkafka's words.
pub(super) fn of_code(what: impl Into<String>, code: Code) -> Fault {
    with_advice(Fault::caused(kind_of(code), what, code), code)
}

fn with_advice(fault: Fault, code: Code) -> Fault {
    match advice(code) {
        Some(advice) => fault.advise(advice),
        None => fault,
    }
}

/// Whether the code says no more than that there is no connection, or that we were not let in.
fn is_connection(code: Code) -> bool {
    matches!(
        code,
        Code::Authentication
            | Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::OperationTimedOut
            | Code::MessageTimedOut
            | Code::TimedOutQueue
            | Code::Resolve
            | Code::SSL
    )
}

/// What can be done about a code. What is not named is a matter of the cluster's moment: the same again may succeed.
pub(super) fn kind_of(code: Code) -> FaultKind {
    match code {
        Code::OffsetOutOfRange | Code::AutoOffsetReset | Code::LogTruncation | Code::BadMessage | Code::InvalidMessage => {
            FaultKind::Lost
        }
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState
        | Code::SecurityDisabled
        | Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed
        | Code::InvalidTransactionTimeout
        | Code::UnknownTopic
        | Code::UnknownTopicOrPartition
        | Code::UnknownPartition
        | Code::InvalidTopic
        | Code::InvalidPartitions
        | Code::InvalidReplicationFactor
        | Code::InvalidConfig
        | Code::InconsistentGroupProtocol
        | Code::InvalidGroupId
        | Code::InvalidSessionTimeout
        | Code::FencedInstanceId
        | Code::PolicyViolation
        | Code::InvalidRecord
        | Code::InvalidTimestamp
        | Code::UnsupportedVersion
        | Code::UnsupportedFeature
        | Code::UnsupportedForMessageFormat
        | Code::UnsupportedCompressionType => FaultKind::Refused,
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge => FaultKind::Oversized,
        Code::InvalidArgument | Code::State | Code::Conflict | Code::NotConfigured | Code::NotImplemented => FaultKind::Bug,
        _ => FaultKind::Unavailable,
    }
}

fn advice(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism | Code::IllegalSASLState => {
            "check `security` of the broker `kafka`: mechanism, name and password, or the token"
        }
        Code::SSL => {
            "check `security` of the broker `kafka`: that the port speaks TLS, and that `ca_file` signed its certificate"
        }
        Code::TopicAuthorizationFailed => "let this user read, write or create the topic (kafka-acls)",
        Code::GroupAuthorizationFailed => "let this user read the group that is named as `group` (kafka-acls)",
        Code::ClusterAuthorizationFailed => "let this user create topics, or create them before it starts (kafka-acls)",
        Code::TransactionalIdAuthorizationFailed => {
            "let this user write and describe transactional ids that begin with the name of the group (kafka-acls)"
        }
        Code::InvalidTransactionTimeout => {
            "set `transaction.timeout.ms` under `options` of the broker `kafka` within the cluster's bound (`transaction.max.timeout.ms`)"
        }
        Code::InvalidTopic => "Kafka takes letters without accents, digits, `.`, `_` and `-`, at most 249 of them",
        Code::InconsistentGroupProtocol => "another program is in this group: name another `group` of the broker `kafka`",
        Code::FencedInstanceId => "another worker has this `instance_id`: give each its own",
        Code::InvalidSessionTimeout => {
            "set `session.timeout.ms` under `options` of the broker `kafka` within the cluster's bounds (`group.min.session.timeout.ms`)"
        }
        Code::InvalidReplicationFactor => "set `replication` of the broker `kafka` to no more than the cluster has brokers",
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge => {
            "raise `max.message.bytes` of the topic or `message.max.bytes` of the cluster, and `max_record` of the broker `kafka`"
        }
        Code::InvalidTimestamp => {
            "the topic refuses records that are too old or too new (`message.timestamp.before.max.ms`, `message.timestamp.after.max.ms`)"
        }
        Code::UnsupportedVersion => "the cluster is too old: Kafka 2.4 or later is needed",
        Code::BrokerTransportFailure | Code::AllBrokersDown | Code::Resolve => {
            "check that the cluster runs, and `servers` of the broker `kafka` (KAFKA_BROKERS)"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(reason: &str, token_file: Option<&Path>) -> Fault {
        let heard = Heard::with_token_of(token_file);
        heard.error(KafkaError::Global(Code::Authentication), reason);
        heard.fault("reading", KafkaError::Global(Code::Authentication))
    }

    #[test]
    fn who_is_not_let_in_is_told_why() {
        let fault = fault_of("a:9092/1: SASL authentication error: wrong password", None);
        assert_eq!(fault.kind(), FaultKind::Refused);
        assert!(fault.to_string().contains("wrong password"), "{fault}");
    }

    #[test]
    fn a_token_may_be_renewed() {
        let why = "Failed to acquire SASL OAUTHBEARER token: the token in /run/token has expired";
        let fault = fault_of(why, Some(Path::new("/run/token")));
        assert_eq!(fault.kind(), FaultKind::Unavailable);
        assert!(fault.to_string().contains(why), "{fault}");
    }

    #[test]
    fn a_connection_that_is_lost_on_the_way_in_may_be_tried_again() {
        let fault =
            fault_of("a:9092/1: SASL OAUTHBEARER mechanism handshake failed: Local: Broker transport failure: (n/a)", None);
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    }

    #[test]
    fn topics_whose_making_is_cut_off_may_be_made_again() {
        for code in [Code::BrokerTransportFailure, Code::OperationTimedOut] {
            let fault = Heard::with_token_of(None).fault("creating topics", KafkaError::AdminOp(code));
            assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
        }
    }

    #[test]
    fn connections_that_are_lost_are_counted_for_all_clients_together() {
        let heard = Heard::with_token_of(None);
        for client in [&heard, &heard.clone()] {
            client.error(KafkaError::Global(Code::BrokerTransportFailure), "a:9092/1: Connection refused");
            client.error(KafkaError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        }
        assert_eq!(heard.lost_connections(), 2);
    }
}
