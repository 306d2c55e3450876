//! The members of a line, told apart.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What a line may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Topic,
    Partition,
    Offset,
    Timestamp,
    Key,
    KeyBase64,
    Headers,
    Value,
    Raw,
    RawBase64,
    Tombstone,
}

impl Member {
    const ALL: [Self; 11] = [
        Self::Topic,
        Self::Partition,
        Self::Offset,
        Self::Timestamp,
        Self::Key,
        Self::KeyBase64,
        Self::Headers,
        Self::Value,
        Self::Raw,
        Self::RawBase64,
        Self::Tombstone,
    ];

    /// As the line writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Partition => "partition",
            Self::Offset => "offset",
            Self::Timestamp => "timestamp",
            Self::Key => "key",
            Self::KeyBase64 => "key_base64",
            Self::Headers => "headers",
            Self::Value => "value",
            Self::Raw => "raw",
            Self::RawBase64 => "raw_base64",
            Self::Tombstone => "tombstone",
        }
    }
}

/// The members of a line as they are written.
#[derive(Debug, Default)]
pub(super) struct Members<'a>([Option<&'a RawValue>; Member::ALL.len()]);

impl<'a> Members<'a> {
    /// The member, `null` or not.
    pub(super) fn get(&self, member: Member) -> Option<&'a RawValue> {
        self.0[member as usize]
    }

    /// The member, if it says anything: `null` does not.
    pub(super) fn given(&self, member: Member) -> Option<&'a RawValue> {
        self.get(member).filter(|raw| raw.get() != "null")
    }
}

/// A text; without escapes, which is nearly always, a piece of the line.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Line;
        impl<'de> Visitor<'de> for Line {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"a record, such as {"topic": "orders", "value": 1}"#)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members::default();
                while let Some(Text(name)) = map.next_key()? {
                    let known = Member::ALL.into_iter().find(|member| member.name() == name);
                    let member = known.ok_or_else(|| unknown(&name))?;
                    let before = members.0[member as usize].replace(map.next_value()?);
                    if before.is_some() {
                        return Err(A::Error::custom(format!("the member `{name}` stands twice")));
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Line)
    }
}

fn unknown<E: Error>(name: &str) -> E {
    let known = Member::ALL.map(|member| format!("`{}`", member.name())).join(", ");
    E::custom(format!("unknown member `{name}`; known: {known}"))
}
