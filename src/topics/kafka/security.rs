//! How the connection to a Kafka cluster is protected, and who we are there.

use std::fmt;
use std::path::{Path, PathBuf};

use rdkafka::ClientConfig;

/// How the connection is protected, and who we are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    /// Encryption; `None`: in the clear.
    pub tls: Option<Tls>,
    /// How we say who we are; `None`: nobody in particular, or whom the certificate names.
    pub sasl: Option<Sasl>,
}

/// Encryption by TLS.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// Certificates (PEM) that the brokers' own must come from; `None`: those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Our certificate (PEM) and its key.
    pub certificate_file: Option<PathBuf>,
    /// The key of our certificate (PEM).
    pub key_file: Option<PathBuf>,
    /// What opens the key.
    pub key_password: Option<String>,
}

/// How we say who we are.
#[derive(Clone, PartialEq, Eq)]
pub enum Sasl {
    /// By a name and a password.
    Password {
        /// One of [`Sasl::MECHANISMS`] but [`Sasl::BEARER`], as the file writes it.
        mechanism: String,
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// By a token (OAUTHBEARER), which somebody else fetches and renews.
    Token {
        /// Holds the token and nothing else; read again before the token in hand expires.
        file: PathBuf,
    },
}

impl Sasl {
    /// The mechanism that takes a token.
    pub const BEARER: &'static str = "oauthbearer";
    /// All mechanisms.
    pub const MECHANISMS: &'static [&'static str] = &["plain", "scram-sha-256", "scram-sha-512", Self::BEARER];
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("ca_file", &self.ca_file)
            .field("certificate_file", &self.certificate_file)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { mechanism, username, .. } => {
                f.debug_struct("Password").field("mechanism", mechanism).field("username", username).finish_non_exhaustive()
            }
            Self::Token { file } => f.debug_struct("Token").field("file", file).finish(),
        }
    }
}

impl Security {
    /// The file with our token, where we have one.
    pub(super) fn token_file(&self) -> Option<&Path> {
        match &self.sasl {
            Some(Sasl::Token { file }) => Some(file),
            _ => None,
        }
    }

    /// Tells librdkafka.
    pub(super) fn set(&self, config: &mut ClientConfig) {
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            let files = [
                ("ssl.ca.location", &tls.ca_file),
                ("ssl.certificate.location", &tls.certificate_file),
                ("ssl.key.location", &tls.key_file),
            ];
            for (setting, file) in files {
                if let Some(file) = file {
                    config.set(setting, file.display().to_string());
                }
            }
            if let Some(password) = &tls.key_password {
                config.set("ssl.key.password", password);
            }
        }
        match &self.sasl {
            None => {}
            Some(Sasl::Password { mechanism, username, password }) => {
                config.set("sasl.mechanism", mechanism.to_uppercase());
                config.set("sasl.username", username).set("sasl.password", password);
            }
            Some(Sasl::Token { .. }) => {
                config.set("sasl.mechanism", Sasl::BEARER.to_uppercase());
            }
        }
    }
}
