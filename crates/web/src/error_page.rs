use http::StatusCode;
use serde::{Serialize, Serializer};

/// A page that tells a person what happened and what to do next.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorPage {
    #[serde(serialize_with = "as_number")]
    pub status: StatusCode,
    pub title: String,
    pub happened: String,
    pub what_to_do: String,
    /// Text and address of the way on. Only `http`, `https` and addresses on this host are shown.
    pub link: Option<(String, String)>,
    /// What the person can quote so that the operator finds the log lines.
    pub request_id: Option<String>,
}

impl ErrorPage {
    /// The link when its address leads to a web page.
    pub(crate) fn without_unsafe_link(mut self) -> Self {
        self.link = self.link.filter(|(_, href)| leads_to_a_page(href));
        self
    }

    /// The last resort when no page can be shown.
    pub(crate) fn plain_text(&self) -> String {
        format!(
            "{}\n\n{}\n\n{}\n",
            self.title, self.happened, self.what_to_do
        )
    }
}

fn leads_to_a_page(href: &str) -> bool {
    ["https://", "http://", "/"]
        .iter()
        .any(|start| href.starts_with(start))
}

fn as_number<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
