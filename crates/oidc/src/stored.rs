//! Values that a column keeps as JSON.

use sallyport_base::{Row, StoreError};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, StoreError> {
    serde_json::from_str(&row.get::<String>(column)?).map_err(|cause| StoreError::Column {
        column: column.to_owned(),
        cause: cause.to_string(),
    })
}

pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names, texts and lists of them are JSON")
}
