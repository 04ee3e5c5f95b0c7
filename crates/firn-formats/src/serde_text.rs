//! Values that travel as their text form in JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{ContentAddress, Hash, StoreDir, StorePath};

macro_rules! as_text {
    ($type:ty, $print:expr, $parse:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let print: fn(&$type) -> String = $print;
                serializer.serialize_str(&print(self))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let parse: fn(&str) -> crate::Result<$type> = $parse;
                parse(&text).map_err(D::Error::custom)
            }
        }
    };
}

as_text!(StorePath, StorePath::to_string, StorePath::new);
as_text!(StoreDir, StoreDir::to_string, StoreDir::new);
as_text!(Hash, Hash::sri, |text| Hash::parse_any(text, None));
as_text!(ContentAddress, ContentAddress::to_string, str::parse);
