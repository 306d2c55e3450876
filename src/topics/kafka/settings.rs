//! What librdkafka is told of each kind of client. Names and meaning: its `CONFIGURATION.md`.

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;

use super::options::{Group, Options};

/// Why a setting of librdkafka may not be set, and what to write instead; `None`: it may.
#[must_use]
pub fn refusal(setting: &str) -> Option<&'static str> {
    Some(match setting {
        "bootstrap.servers" | "metadata.broker.list" => "write `servers`",
        "client.id" => "write `client_id`",
        "compression.codec" | "compression.type" => "write `compression`",
        "message.max.bytes" => "write `max_record`",
        "queued.max.messages.kbytes" => "write `read_ahead`",
        "security.protocol" => "write `security`: it follows from `tls` and `sasl`",
        "sasl.mechanism" | "sasl.mechanisms" | "sasl.username" | "sasl.password" => "write `security`",
        "sasl.oauthbearer.config" | "sasl.oauthbearer.method" | "enable.sasl.oauthbearer.unsecure.jwt" => {
            "write `security`: a token is read from `token_file`"
        }
        "ssl.ca.location" | "ssl.certificate.location" | "ssl.key.location" | "ssl.key.password" => "write `security`",
        "acks" | "request.required.acks" => "a record counts as written once every replica in sync has it (`acks=all`)",
        "enable.idempotence" => "without it, a record that is sent again would stand twice or out of order",
        "partitioner" => "keys go to partitions by Kafka's own rule (murmur2), whatever the broker: other programs rely on it",
        "transactional.id" => "write `exactly_once` at the stage",
        "auto.offset.reset" => "an offset outside the log stops the pipeline: nothing is skipped or read again in silence",
        "enable.auto.commit" | "auto.commit.interval.ms" | "enable.auto.offset.store" | "offset.store.method" => {
            "positions are kept in the sink, together with what was made of the records"
        }
        "group.id" => "write `group`",
        "group.instance.id" => "write `instance_id`",
        "group.protocol" | "partition.assignment.strategy" => {
            "workers share partitions by the cooperative-sticky strategy: whoever keeps a partition goes on meanwhile"
        }
        "client.rack" => "records are read from the leader: a replica may end a partition before its end",
        "enable.partition.eof" => "where a partition ends is asked for: what is told while it is read may be less",
        "isolation.level" => "only records of committed transactions are read",
        "allow.auto.create.topics" => "topics are created from the pipeline file only",
        _ => return None,
    })
}

/// Whether librdkafka knows the setting and takes the value; its words where it does not.
///
/// # Errors
///
/// What librdkafka says against it.
pub fn accepted(setting: &str, value: &str) -> Result<(), String> {
    match ClientConfig::new().set(setting, value).create_native_config() {
        Ok(_) => Ok(()),
        Err(KafkaError::ClientConfig(_, words, ..)) => Err(words),
        Err(other) => Err(other.to_string()),
    }
}

/// How long a record may wait to be written, unless `options` say otherwise: then the write fails, and is retried by its caller.
const DELIVERY_TIMEOUT_MS: &str = "30000";

/// When the cluster aborts a transaction whose worker is gone, unless `options` say otherwise: until then its readers, and whoever takes
/// the partitions over, wait. The default of librdkafka is 60,000.
const TRANSACTION_TIMEOUT_MS: u32 = 15_000;

impl Options {
    /// For questions: no records.
    pub(super) fn of_questions(&self) -> ClientConfig {
        let mut config = self.common();
        // A partition ends behind its last record, whatever becomes of the transaction that wrote it: who is to read to the end waits for that.
        config.set("allow.auto.create.topics", "false").set("isolation.level", "read_uncommitted");
        config
    }

    /// For a reader of so many partitions: explicit offsets, nothing committed, nothing reset.
    pub(super) fn of_reader(&self, partitions: usize) -> ClientConfig {
        let share = (self.read_ahead_bytes / (partitions.max(1) as u64)).max(64 << 10);
        let mut config = ClientConfig::new();
        // Records that wait take memory besides their bytes, about 256 each.
        config.set("queued.min.messages", (share / 256).min(100_000).to_string());
        // A full queue is looked at again after this; the default, 1 s, would stall a reader with small queues.
        config.set("fetch.queue.backoff.ms", "10");
        // Compressed: a quarter of the share, so that it is not far exceeded when a fetch is unpacked.
        config.set("fetch.message.max.bytes", (share / 4).clamp(16 << 10, 1 << 20).to_string());
        config.set("fetch.max.bytes", self.read_ahead_bytes.clamp(self.max_record_bytes, 50 << 20).to_string());
        self.complete(&mut config);
        config
            .set("allow.auto.create.topics", "false")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "error")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // librdkafka assigns only what has a group, even by hand; nothing is ever asked of it.
            .set("group.id", &self.client_id)
            .set("queued.max.messages.kbytes", (share >> 10).to_string());
        config
    }

    /// For a member of the group, which reads nothing. `worker` tells the members of one process apart.
    pub(super) fn of_member(&self, group: &Group, worker: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        // A worker that is gone is missed after 10 s, and a change is heard of within one; the defaults are 45 and 3.
        config.set("session.timeout.ms", "10000").set("heartbeat.interval.ms", "1000");
        // What slips in before the pause: little.
        config.set("queued.min.messages", "1").set("fetch.message.max.bytes", "16384");
        self.complete(&mut config);
        config
            .set("group.id", &group.id)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("allow.auto.create.topics", "false")
            .set("auto.offset.reset", "latest")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("queued.max.messages.kbytes", "1024");
        if let Some(instance) = &group.instance_id {
            config.set("group.instance.id", format!("{instance}-{worker}"));
        }
        config
    }

    /// For the producer: each record once and in order, and acknowledged by every replica in sync.
    pub(super) fn of_writer(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        if !self.others.0.contains_key("delivery.timeout.ms") {
            config.set("message.timeout.ms", DELIVERY_TIMEOUT_MS);
        }
        config.set("queue.buffering.max.kbytes", ((self.max_record_bytes >> 9).max(64 << 10)).to_string());
        self.complete(&mut config);
        config.set("enable.idempotence", "true").set("acks", "all").set("compression.type", self.compression.name());
        config
    }

    /// For a producer of transactions under this id. Its records may wait as long as the transaction lasts.
    pub(super) fn of_transactions(&self, id: &str) -> ClientConfig {
        let mut config = self.of_writer();
        if !self.others.0.contains_key("transaction.timeout.ms") {
            // librdkafka takes none of these to be longer than the transaction.
            let others = ["delivery.timeout.ms", "message.timeout.ms", "socket.timeout.ms"];
            let longest = others.iter().filter_map(|name| self.others.0.get(*name)?.parse().ok()).max();
            config.set("transaction.timeout.ms", longest.unwrap_or(0).max(TRANSACTION_TIMEOUT_MS).to_string());
        }
        if !["delivery.timeout.ms", "message.timeout.ms"].iter().any(|name| self.others.0.contains_key(*name)) {
            config.remove("message.timeout.ms");
        }
        config.set("transactional.id", id);
        config
    }

    /// For questions about a group's positions, by who is no member of it.
    pub(super) fn of_offsets(&self, group: &Group) -> ClientConfig {
        let mut config = self.of_questions();
        // A position that a transaction is about to change is told when that is over.
        config.set("isolation.level", "read_committed").set("group.id", &group.id).set("enable.auto.commit", "false");
        config
    }

    fn common(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        self.complete(&mut config);
        config
    }

    /// Adds what every client needs. What `options` say comes over what was set before, and under what is set here and after.
    fn complete(&self, config: &mut ClientConfig) {
        // A broker that is back is found within a second; the default is 10.
        config.set("reconnect.backoff.max.ms", "1000");
        for (setting, value) in &self.others.0 {
            config.set(setting, value);
        }
        config.set("bootstrap.servers", &self.servers).set("client.id", &self.client_id);
        config.set("message.max.bytes", self.max_record_bytes.to_string());
        self.security.set(config);
    }
}
