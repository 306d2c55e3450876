//! The token of OAUTHBEARER: read from its file whenever librdkafka asks for one, so that whoever renews the file renews the identity.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use rdkafka::client::OAuthToken;
use serde::Deserialize;

/// How long a token is taken for good that does not say it itself. librdkafka asks again after 80 % of the time.
const UNKNOWN_MINUTES: i64 = 5;

/// What a JSON Web Token says of itself; the broker judges whether it is true.
#[derive(Deserialize)]
struct Claims {
    /// Until when it is good, in seconds since 1970 (RFC 7519, 4.1.4).
    exp: Option<f64>,
    /// Whom it is about.
    sub: Option<String>,
}

/// The token of a file, without the white space around it.
///
/// # Errors
///
/// Why there is none, naming the file. Nothing of its content is told.
pub(super) fn read(file: &Path, now: DateTime<Utc>) -> Result<OAuthToken, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("the token file {} cannot be read: {error}", file.display()))?;
    let token = text.trim();
    if token.is_empty() || token.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("the token file {} does not hold one token", file.display()));
    }
    let claims = claims(token);
    let until = claims.as_ref().and_then(|claims| claims.exp);
    #[allow(clippy::cast_possible_truncation)] // What does not fit is at the end of time.
    let lifetime_ms =
        until.map_or_else(|| (now + TimeDelta::minutes(UNKNOWN_MINUTES)).timestamp_millis(), |exp| (exp * 1_000.0) as i64);
    if lifetime_ms <= now.timestamp_millis() {
        return Err(format!("the token in {} has expired", file.display()));
    }
    // It stands in librdkafka's log only; the broker takes it from the token.
    let principal_name =
        claims.and_then(|claims| claims.sub).filter(|name| !name.is_empty()).unwrap_or_else(|| "token".to_owned());
    Ok(OAuthToken { token: token.to_owned(), principal_name, lifetime_ms })
}

/// `None`: a token that is opaque to us.
fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_000_000, 0).unwrap()
    }

    fn of(text: &str) -> Result<OAuthToken, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, text).unwrap();
        read(file.path(), now())
    }

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_json_web_token_says_whose_it_is_and_how_long() {
        let token = of(&format!("  {}\n", jwt(r#"{"sub":"syncline","exp":1772000060.5,"aud":["kafka"]}"#))).unwrap();
        assert_eq!((token.principal_name.as_str(), token.lifetime_ms), ("syncline", 1_772_000_060_500));
        assert!(token.token.starts_with("e30.") && token.token.ends_with(".c2ln"));
    }

    #[test]
    fn any_other_token_is_asked_for_again_after_minutes() {
        for opaque in ["a-token", "a.b", "a.b.c", &jwt("[]"), &jwt("{}")] {
            let token = of(opaque).unwrap();
            assert_eq!((token.token.as_str(), token.lifetime_ms), (opaque, 1_772_000_300_000));
            assert!(!token.principal_name.is_empty());
        }
    }

    #[test]
    fn what_is_no_token_is_told_by_its_file_and_not_by_its_content() {
        let gone = read(Path::new("/nowhere/token"), now()).err().unwrap();
        assert!(gone.starts_with("the token file /nowhere/token cannot be read: "), "{gone}");
        for (text, words) in
            [("", "does not hold one token"), (" \n", "does not hold one token"), ("se cret", "does not hold one token")]
        {
            let why = of(text).err().unwrap();
            assert!(why.contains(words) && !why.contains("cret"), "{why}");
        }
        let why = of(&jwt(r#"{"exp":1771999999}"#)).err().unwrap();
        assert!(why.ends_with("has expired"), "{why}");
    }
}
