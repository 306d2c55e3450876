//! A server of Apache Kafka for tests: one process, on free ports of 127.0.0.1, in a folder that goes with it.
//!
//! Java runs it and Maven resolves it; where one of the two is missing, the tests that need it say so and pass.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The version that is tested against.
const VERSION: &str = "4.1.1";
/// How long it may take to answer.
const START: Duration = Duration::from_secs(60);

/// A running server; dropping it ends it.
pub(crate) struct KafkaServer {
    process: Child,
    dir: TempDir,
    class_path: String,
    port: u16,
    /// Where a token is asked for, which nobody has to sign; a new one has to be shown before it expires.
    pub(crate) token_port: u16,
    controller_port: u16,
}

impl KafkaServer {
    /// Starts one; `None`, and a line that says why, where it cannot be.
    pub(crate) fn start() -> Option<Self> {
        let class_path =
            class_path().as_ref().map_err(|missing| eprintln!("skipped: no Kafka server for tests: {missing}")).ok()?;
        let dir = tempfile::tempdir().unwrap();
        let (port, token_port, controller_port) = (free_port(), free_port(), free_port());
        configure(dir.path(), port, token_port, controller_port);
        let config = dir.path().join("server.properties");
        let formatted = java(class_path, dir.path())
            .args(["kafka.tools.StorageTool", "format", "--standalone", "-t", "c3luY2xpbmUtdGVzdC1rYQ", "-c"])
            .arg(&config)
            .status()
            .unwrap();
        assert!(formatted.success(), "the storage of a Kafka server could not be formatted: see {}", dir.path().display());
        let process = run(class_path, dir.path());
        let mut server = Self { process, dir, class_path: class_path.clone(), port, token_port, controller_port };
        server.wait();
        Some(server)
    }

    /// `host:port`
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends the process at once, as a lost machine would.
    pub(crate) fn stop(&mut self) {
        // It may be gone already.
        drop(self.process.kill());
        self.process.wait().unwrap();
    }

    /// Starts it again, with what it held and on the same ports.
    pub(crate) fn start_again(&mut self) {
        configure(self.dir.path(), self.port, self.token_port, self.controller_port);
        self.process = run(&self.class_path, self.dir.path());
        self.wait();
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.process.try_wait().unwrap();
            let log = || fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(ended.is_none() && begun.elapsed() < START, "the Kafka server does not answer ({ended:?}):\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for KafkaServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One process is broker and controller (KRaft). Nothing of it waits for a second one.
fn configure(dir: &Path, port: u16, token_port: u16, controller_port: u16) {
    let config = format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},TOKENS://127.0.0.1:{token_port},CONTROLLER://127.0.0.1:{controller_port}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port},TOKENS://127.0.0.1:{token_port}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TOKENS:SASL_PLAINTEXT\n\
         listener.name.tokens.sasl.enabled.mechanisms=OAUTHBEARER\n\
         listener.name.tokens.oauthbearer.sasl.jaas.config=\
         org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"server\";\n\
         listener.name.tokens.oauthbearer.connections.max.reauth.ms=60000\n\
         log.dirs={}\n\
         auto.create.topics.enable=true\n\
         message.max.bytes=9000000\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         group.min.session.timeout.ms=1000\n",
        dir.join("data").display()
    );
    fs::write(dir.join("server.properties"), config).unwrap();
}

fn run(class_path: &str, dir: &Path) -> Child {
    java(class_path, dir).arg("kafka.Kafka").arg(dir.join("server.properties")).spawn().unwrap()
}

/// A Java process that writes to the file `log`.
fn java(class_path: &str, dir: &Path) -> Command {
    let log = fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
    let mut command = Command::new("java");
    command.args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", class_path]);
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).current_dir(dir);
    command
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
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
