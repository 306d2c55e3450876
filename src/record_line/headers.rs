//! The `headers` member.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemas::Header;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Headers, as an object by name.
#[derive(Debug, Default)]
pub(super) struct Headers(pub(super) Vec<Header>);

/// What is behind a name: the values of its headers.
struct Values(Vec<Vec<u8>>);

/// One value: a text or `{"base64": "..."}`.
struct Bytes(Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Base64 {
    base64: String,
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;
        impl<'de> Visitor<'de> for ByName {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of headers by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some((name, Values(values))) = map.next_entry::<String, Values>()? {
                    headers.extend(values.into_iter().map(|value| Header { name: name.clone(), value }));
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(ByName)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, `{\"base64\": \"...\"}`, or an array of these")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Values, E> {
                Ok(Values(vec![text.into()]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Values, A::Error> {
                Ok(Values(vec![bytes(map)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(Bytes(value)) = array.next_element()? {
                    values.push(value);
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or `{\"base64\": \"...\"}`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Bytes, A::Error> {
                bytes(map).map(Bytes)
            }
        }
        deserializer.deserialize_any(One)
    }
}

fn bytes<'de, A: MapAccess<'de>>(map: A) -> Result<Vec<u8>, A::Error> {
    let Base64 { base64 } = Base64::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
    BASE64_STANDARD.decode(base64).map_err(|error| A::Error::custom(format!("invalid base64: {error}")))
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut by_name: Vec<(&str, Vec<ValueRef<'_>>)> = Vec::new();
        for Header { name, value } in &self.0 {
            match by_name.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(ValueRef(value)),
                None => by_name.push((name, vec![ValueRef(value)])),
            }
        }
        let mut map = serializer.serialize_map(Some(by_name.len()))?;
        for (name, values) in &by_name {
            match values.as_slice() {
                [one] => map.serialize_entry(name, one)?,
                more => map.serialize_entry(name, more)?,
            }
        }
        map.end()
    }
}

/// A value to print: as a text where it is one.
struct ValueRef<'a>(&'a [u8]);

impl Serialize for ValueRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => Base64 { base64: BASE64_STANDARD.encode(self.0) }.serialize(serializer),
        }
    }
}
