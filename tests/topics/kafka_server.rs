//! A server of Apache Kafka for tests: one process or three, on free ports of 127.0.0.1, in folders that go with it.
//!
//! Java runs it and Maven resolves it; where one of the two is missing, the tests that need it are left out.

// Two test binaries have it, and each uses a part.
#![allow(dead_code)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::needed::Needed;

/// The version that is tested against.
const VERSION: &str = "4.1.1";
/// How long it may take to answer.
const START: Duration = Duration::from_secs(60);

/// How often its storage is tried to be made.
const FORMATS: usize = 3;
/// Where its ports are chosen from.
const PORTS: Range<u32> = 15_000..32_000;

/// How many nodes there are: each is a process of its own, and topics have a replica on every one. For a run by hand, as three need a
/// gigabyte and more time to start.
const NODES: &str = "SYNCLINE_TEST_KAFKA_NODES";

/// A running server; dropping it ends it.
pub(crate) struct KafkaServer {
    nodes: Vec<Node>,
    class_path: String,
    /// Where a token is asked for, which nobody has to sign; a new one has to be shown before it expires.
    pub(crate) token_port: u16,
}

/// A process that is broker and controller (KRaft).
struct Node {
    process: Option<Child>,
    dir: TempDir,
    port: u16,
    token_port: u16,
    controller_port: u16,
}

impl KafkaServer {
    /// Starts one; `None`, which is told, where it cannot be.
    pub(crate) fn start() -> Option<Self> {
        let class_path = class_path().as_ref().map_err(|missing| Needed::Kafka.is_missing(missing)).ok()?;
        let count = std::env::var(NODES).map_or(1, |count| count.parse().unwrap());
        let nodes: Vec<Node> = (0..count).map(|_| Node::new()).collect();
        let mut server = Self { token_port: nodes[0].token_port, nodes, class_path: class_path.clone() };
        let voters = server.voters();
        // 22 characters, as the tools draw them (16 bytes in Base64): no two clusters have the same.
        let cluster = format!("cluster-{:014x}", rand::random::<u64>() >> 8);
        for (id, node) in (1..).zip(&server.nodes) {
            node.configure(id, &voters);
            node.format(class_path, &cluster);
        }
        server.start_again();
        Some(server)
    }

    /// `host:port`, of each node.
    pub(crate) fn address(&self) -> String {
        self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect::<Vec<_>>().join(",")
    }

    /// How many nodes it has.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Ends it at once, as a lost machine would.
    pub(crate) fn stop(&mut self) {
        self.nodes.iter_mut().for_each(Node::stop);
    }

    /// Starts it again, with what it held and on the same ports.
    pub(crate) fn start_again(&mut self) {
        let class_path = self.class_path.clone();
        self.nodes.iter_mut().for_each(|node| node.run(&class_path));
        self.nodes.iter_mut().for_each(Node::wait);
    }

    /// Ends one of its nodes at once; the others go on.
    pub(crate) fn stop_node(&mut self, at: usize) {
        self.nodes[at].stop();
    }

    /// Starts a node again.
    pub(crate) fn start_node(&mut self, at: usize) {
        let class_path = self.class_path.clone();
        self.nodes[at].run(&class_path);
        self.nodes[at].wait();
    }

    fn voters(&self) -> String {
        let voters = (1..).zip(&self.nodes).map(|(id, node): (u32, _)| format!("{id}@127.0.0.1:{}", node.controller_port));
        voters.collect::<Vec<_>>().join(",")
    }
}

impl Drop for KafkaServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Node {
    fn new() -> Self {
        let (port, token_port, controller_port) = (free_port(), free_port(), free_port());
        Self { process: None, dir: tempfile::tempdir().unwrap(), port, token_port, controller_port }
    }

    /// Samples are older than any retention.
    fn configure(&self, id: u32, voters: &str) {
        let Self { port, token_port, controller_port, .. } = self;
        let replicas = voters.split(',').count();
        let config = format!(
            "process.roles=broker,controller\n\
             node.id={id}\n\
             controller.quorum.voters={voters}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},TOKENS://127.0.0.1:{token_port},CONTROLLER://127.0.0.1:{controller_port}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port},TOKENS://127.0.0.1:{token_port}\n\
             controller.listener.names=CONTROLLER\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TOKENS:SASL_PLAINTEXT\n\
             listener.name.tokens.sasl.enabled.mechanisms=OAUTHBEARER\n\
             listener.name.tokens.oauthbearer.sasl.jaas.config=\
             org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"server\";\n\
             listener.name.tokens.oauthbearer.connections.max.reauth.ms=60000\n\
             log.dirs={}\n\
             log.retention.ms=-1\n\
             auto.create.topics.enable=true\n\
             message.max.bytes=9000000\n\
             default.replication.factor={replicas}\n\
             min.insync.replicas={quorum}\n\
             offsets.topic.replication.factor={replicas}\n\
             transaction.state.log.replication.factor={replicas}\n\
             transaction.state.log.min.isr={quorum}\n\
             transaction.abort.timed.out.transaction.cleanup.interval.ms=500\n\
             group.initial.rebalance.delay.ms=0\n\
             offsets.topic.num.partitions=4\n\
             transaction.state.log.num.partitions=4\n\
             broker.session.timeout.ms=2000\n\
             broker.heartbeat.interval.ms=300\n\
             group.min.session.timeout.ms=1000\n",
            self.dir.path().join("data").display(),
            quorum = replicas / 2 + 1,
        );
        fs::write(self.dir.path().join("server.properties"), config).unwrap();
    }

    /// Makes its storage. A machine that is busy with other tests may fail to start a Java process once.
    fn format(&self, class_path: &str, cluster: &str) {
        for _ in 0..FORMATS {
            let mut command = java(class_path, self.dir.path());
            command.args(["kafka.tools.StorageTool", "format", "-t", cluster, "-c"]);
            if command.arg(self.dir.path().join("server.properties")).status().unwrap().success() {
                return;
            }
            // What a try has begun is no storage yet.
            drop(fs::remove_dir_all(self.dir.path().join("data")));
        }
        panic!("the storage of a Kafka server could not be formatted:\n{}", self.log());
    }

    /// What its processes have said.
    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn run(&mut self, class_path: &str) {
        let mut command = java(class_path, self.dir.path());
        self.process = Some(command.arg("kafka.Kafka").arg(self.dir.path().join("server.properties")).spawn().unwrap());
    }

    fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // It may be gone already.
        drop(process.kill());
        process.wait().unwrap();
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().unwrap());
            assert!(ended.is_none() && begun.elapsed() < START, "the Kafka server does not answer ({ended:?}):\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A Java process that writes to the file `log`, and what it unpacks for itself beside it: who is killed does not tidy up.
fn java(class_path: &str, dir: &Path) -> Command {
    let log = fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
    let mut command = Command::new("java");
    command.args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    command.arg(format!("-Djava.io.tmpdir={}", dir.display())).args(["-cp", class_path]);
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).current_dir(dir);
    command
}

/// A port that nobody listens on, each time another. It is below those that the system gives to outgoing connections (32768 and above):
/// a server that is started again on its port finds it free.
fn free_port() -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let below = PORTS.end - PORTS.start;
    let first = std::process::id().wrapping_mul(97);
    let mut asked = std::iter::repeat_with(|| first.wrapping_add(ASKED.fetch_add(1, Relaxed)) % below);
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    asked.by_ref().take(below as usize).map(|at| u16::try_from(PORTS.start + at).unwrap()).find(free).unwrap()
}

/// The server's libraries, resolved once and remembered below the target folder; or what is missing.
fn class_path() -> &'static Result<String, String> {
    static CLASS_PATH: OnceLock<Result<String, String>> = OnceLock::new();
    CLASS_PATH.get_or_init(|| {
        for program in ["java", "mvn"] {
            let found = Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if !found.is_ok_and(|status| status.success()) {
                return Err(format!("there is no `{program}`"));
            }
        }
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kafka-{VERSION}"));
        let remembered = folder.join("class-path");
        if let Ok(class_path) = fs::read_to_string(&remembered)
            && class_path.split(':').all(|jar| Path::new(jar).exists())
        {
            return Ok(class_path);
        }
        resolve(&folder, &remembered)
    })
}

fn resolve(folder: &Path, remembered: &Path) -> Result<String, String> {
    fs::create_dir_all(folder).unwrap();
    let project = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>syncline</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><dependencies><dependency>\
         <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>\
         </dependency></dependencies></project>"
    );
    fs::write(folder.join("pom.xml"), project).unwrap();
    // Under a name of this process: test binaries may run at the same time.
    let written = folder.join(format!("class-path.{}", std::process::id()));
    let resolved = Command::new("mvn")
        .args(["--batch-mode", "--quiet", "dependency:build-classpath"])
        .arg(format!("-Dmdep.outputFile={}", written.display()))
        .current_dir(folder)
        .output()
        .map_err(|error| format!("mvn: {error}"))?;
    if !resolved.status.success() {
        return Err(format!("Maven cannot resolve it: {}", String::from_utf8_lossy(&resolved.stdout)));
    }
    fs::rename(&written, remembered).unwrap();
    fs::read_to_string(remembered).map_err(|error| error.to_string())
}
