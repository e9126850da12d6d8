use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use axum::response::{IntoResponse, Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, StatusCode, header};
use minijinja::{
    Environment, Error, ErrorKind, TemplateSource, UndefinedBehavior, Value, context, value::Serde,
};
use sallyport_base::Random;
use serde::Serialize;

use crate::{ErrorPage, custom_files, embedded, headers, path, template};

/// The pages that people see: for each name the operator's file under `<home>/oxauth/custom/pages`,
/// or else the one in the binary.
#[derive(Clone)]
pub struct Pages {
    custom: Option<Arc<CustomPages>>,
    random: Random,
    https: bool,
}

impl Pages {
    /// `home` is the home directory itself; without one there are the embedded pages only.
    pub fn new(home: Option<&Path>, random: Random, https: bool) -> Self {
        Self {
            custom: home.map(|home| Arc::new(CustomPages::new(home))),
            random,
            https,
        }
    }

    /// Whether the server is reached over https, so that its cookies are to be `Secure`.
    pub fn https(&self) -> bool {
        self.https
    }

    /// Whether a script may name this page: `/login.xhtml` and `login.xhtml` are the same.
    pub fn has(&self, name: &str) -> bool {
        let name = page_name(name);
        let custom = self.custom.as_ref();
        embedded::find(name).is_some() || custom.is_some_and(|custom| custom.has(name))
    }

    /// Shows the page with this context; what each page expects is in `docs/customisation.md`.
    ///
    /// An operator's page that fails is replaced by the embedded one, and the log says once why. A
    /// page that does not exist becomes an error page.
    pub fn render(&self, name: &str, status: StatusCode, context: impl Serialize) -> Response {
        let name = page_name(name);
        if !self.has(name) {
            return self.absent(name);
        }
        let nonce = self.nonce();
        let context = context! {
            nonce => &nonce,
            page => name,
            https => self.https,
            ..Value::from(Serde(context))
        };
        match self.html(name, &context) {
            Ok(html) => answer(status, &nonce, html),
            Err(error) => {
                tracing::error!(page.name = name, error = %explained(&error), "A page could not be shown.");
                out_of_order().into_response()
            }
        }
    }

    /// Shows what happened and what to do next.
    pub fn error(&self, page: ErrorPage) -> Response {
        let page = page.without_unsafe_link();
        self.render("error.xhtml", page.status, page)
    }

    fn absent(&self, name: &str) -> Response {
        tracing::error!(
            page.name = name,
            "A page was asked for that does not exist."
        );
        self.error(ErrorPage {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            title: "This page is missing".to_owned(),
            happened: "The sign-in method asked for a page that does not exist here.".to_owned(),
            what_to_do: "Tell the people who run this sign-in service. You can try another way \
                         to sign in meanwhile."
                .to_owned(),
            link: None,
            request_id: None,
        })
    }

    fn html(&self, name: &str, context: &Value) -> Result<String, Error> {
        self.custom
            .as_ref()
            .and_then(|custom| custom.render(name, context))
            .map_or_else(|| embedded::render(name, context.clone()), Ok)
    }

    fn nonce(&self) -> String {
        BASE64_STANDARD.encode(self.random.bytes::<18>())
    }
}

fn page_name(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

fn answer(status: StatusCode, nonce: &str, html: String) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, headers::page_policy(nonce)),
    ];
    (status, headers, html).into_response()
}

fn out_of_order() -> (StatusCode, String) {
    let page = ErrorPage {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        title: "This page cannot be shown".to_owned(),
        happened: "The sign-in service has a fault of its own.".to_owned(),
        what_to_do: "Try again in a moment. If it stays so, tell the people who run it.".to_owned(),
        link: None,
        request_id: None,
    };
    (page.status, page.plain_text())
}

/// The operator's pages, and why the broken ones among them are not shown.
struct CustomPages {
    root: PathBuf,
    environment: Environment<'static>,
    /// The last fault logged of each page, so that it is logged once.
    faults: Mutex<BTreeMap<String, String>>,
}

impl CustomPages {
    fn new(home: &Path) -> Self {
        let root = home.join("oxauth/custom/pages");
        let mut environment = template::environment(Some(custom_files::directory(home)));
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        let directory = root.clone();
        environment.set_loader(move |name| load(&directory, name));
        Self {
            root,
            environment,
            faults: Mutex::default(),
        }
    }

    fn has(&self, name: &str) -> bool {
        path::below(&self.root, name).is_some_and(|file| file.is_file())
    }

    /// The page with the operator's files in place of embedded ones, be it the page itself, the
    /// layout or a part. `None` when it fails, and the embedded page is to be shown.
    fn render(&self, name: &str, context: &Value) -> Option<String> {
        let rendered = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(context.clone()))
            .and_then(|html| check_fields(name, context, html));
        match rendered {
            Ok(html) => {
                self.faults().remove(name);
                Some(html)
            }
            Err(error) => {
                self.report(name, &error);
                None
            }
        }
    }

    fn report(&self, name: &str, error: &Error) {
        let fault = explained(error);
        let last = self.faults().insert(name.to_owned(), fault.clone());
        if last.as_deref() == Some(&fault) {
            return;
        }
        let file = self.root.join(error.name().unwrap_or(name));
        tracing::error!(
            page.name = name,
            page.file = %file.display(),
            page.line = error.line(),
            error = fault,
            "A custom page is broken; the page of the product is shown instead."
        );
    }

    fn faults(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operator's file of this name, or else the embedded one; read again when the file appears,
/// changes or goes.
fn load(root: &Path, name: &str) -> Result<Option<TemplateSource>, Error> {
    let Some(file) = path::below(root, name) else {
        return Ok(None);
    };
    let seen = Stamp::of(&file);
    let text = match seen {
        Some(_) => Some(read(&file)?),
        None => embedded::find(name).map(str::to_owned),
    };
    Ok(text.map(|text| {
        TemplateSource::new(text).with_uptodate_check(move || Stamp::of(&file) == seen)
    }))
}

fn read(file: &Path) -> Result<String, Error> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::new(ErrorKind::InvalidOperation, "the file cannot be read").with_source(error)
    })?;
    if is_jsf(&text) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "this is a JSF page of Gluu Server, which must be rewritten as docs/customisation.md says",
        ));
    }
    Ok(text)
}

/// Whether a page needs the JavaServer Faces that Gluu Server runs: shown as it is, it would be a
/// page without fields.
fn is_jsf(text: &str) -> bool {
    [
        "java.sun.com/jsf",
        "xmlns.jcp.org/jsf",
        "<ui:composition",
        "<h:form",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

/// Refuses a page with a form that lacks the hidden fields it was given, as nobody could log in
/// with it.
fn check_fields(name: &str, context: &Value, html: String) -> Result<String, Error> {
    if !html.contains("<form") {
        return Ok(html);
    }
    for (field, value) in [
        ("csrf", context.get_attr("csrf")?),
        ("login", context.get_attr("login")?),
        ("form_proof", challenge(context)?),
    ] {
        if value.as_str().is_some_and(|value| !html.contains(value)) {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                format!(
                    "the form of {name} lacks the hidden field “{field}”: \
                     put {{% include \"parts/hidden_fields.xhtml\" %}} into it"
                ),
            ));
        }
    }
    Ok(html)
}

/// What the field `form_proof` holds; undefined when the page was given none.
fn challenge(context: &Value) -> Result<Value, Error> {
    let proof = context.get_attr("proof")?;
    if proof.is_undefined() || proof.is_none() {
        return Ok(Value::UNDEFINED);
    }
    proof.get_attr("challenge")
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Stamp {
    /// `None` when there is no such file.
    fn of(file: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(file)
            .ok()
            .filter(|found| found.is_file())?;
        Some(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
        })
    }
}

/// An error with its causes in one line.
fn explained(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
