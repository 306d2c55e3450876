//! Record headers in a JSON column: an array of `[name, value in base64]`, in order. Names may repeat.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemas::{Fault, FaultKind, Header};

/// The text of a headers column. A NUL in a name, which no database's JSON can hold, becomes U+FFFD.
pub(crate) fn encode(headers: &[Header]) -> String {
    let pairs: Vec<(String, String)> =
        headers.iter().map(|header| (header.name.replace('\0', "\u{fffd}"), STANDARD.encode(&header.value))).collect();
    serde_json::to_string(&pairs).expect("pairs of strings serialise")
}

/// The headers of a headers column.
///
/// # Errors
///
/// `Lost` when the text is none that [`encode`] wrote.
pub(crate) fn decode(text: &str) -> Result<Vec<Header>, Fault> {
    let pairs: Vec<(String, String)> =
        serde_json::from_str(text).map_err(|error| Fault::caused(FaultKind::Lost, "a headers column cannot be read", error))?;
    let header = |(name, value): (String, String)| match STANDARD.decode(value) {
        Ok(value) => Ok(Header { name, value }),
        Err(error) => Err(Fault::caused(FaultKind::Lost, format!("the value of header {name:?} is no base64"), error)),
    };
    pairs.into_iter().map(header).collect()
}
