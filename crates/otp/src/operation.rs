//! What each call takes and gives, declared once: the router is made of it, the OpenAPI document is
//! written from it, and a field that is read without being declared here is an error.

/// One call of the service.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub verb: Verb,
    pub path: &'static str,
    pub about: &'static str,
    pub access: Access,
    pub query: &'static [Field],
    pub body: Option<&'static [Field]>,
    /// Besides `status_code` and `request_id`.
    pub answer: &'static [Field],
    /// Statuses of refusals besides those that every call has.
    pub refusals: &'static [u16],
}

/// The methods that calls have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    /// As OpenAPI writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Delete => "delete",
        }
    }
}

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Whoever has a secret of a project.
    Project,
    Everybody,
}

/// A field of a body, a query or an answer.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub need: Need,
    pub about: &'static str,
    /// A text that works in a test project.
    pub example: Option<&'static str>,
}

/// Whether a field is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    Required,
    /// May be absent, or `null`, which is the same.
    Optional,
    /// Is there and may be `null`.
    Nullable,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Text,
    /// At least one character.
    FilledText,
    /// A regular expression of ECMA-262 that the whole text matches.
    Pattern(&'static str),
    OneOf(&'static [&'static str]),
    Integer {
        least: i64,
        most: i64,
    },
    Flag,
    /// RFC 3339.
    Time,
    Object(&'static [Field]),
    /// An object with whatever keys.
    Map,
    List(&'static Shape),
    /// Anything but `null`.
    Any,
    /// Described once in the document, under this name.
    Named(&'static str, &'static [Field]),
}

impl Field {
    pub const fn required(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self::new(name, shape, Need::Required, about)
    }

    pub const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self::new(name, shape, Need::Optional, about)
    }

    pub const fn nullable(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self::new(name, shape, Need::Nullable, about)
    }

    pub const fn such_as(self, example: &'static str) -> Self {
        Self {
            example: Some(example),
            ..self
        }
    }

    const fn new(name: &'static str, shape: Shape, need: Need, about: &'static str) -> Self {
        Self {
            name,
            shape,
            need,
            about,
            example: None,
        }
    }
}

impl Operation {
    pub const fn get(path: &'static str, about: &'static str) -> Self {
        Self::new(Verb::Get, path, about)
    }

    pub const fn delete(path: &'static str, about: &'static str) -> Self {
        Self::new(Verb::Delete, path, about)
    }

    pub const fn post(path: &'static str, about: &'static str) -> Self {
        Self::new(Verb::Post, path, about)
    }

    pub const fn put(path: &'static str, about: &'static str) -> Self {
        Self::new(Verb::Put, path, about)
    }

    pub const fn takes(self, body: &'static [Field]) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    pub const fn asks(self, query: &'static [Field]) -> Self {
        Self { query, ..self }
    }

    pub const fn gives(self, answer: &'static [Field]) -> Self {
        Self { answer, ..self }
    }

    pub const fn refuses(self, refusals: &'static [u16]) -> Self {
        Self { refusals, ..self }
    }

    pub const fn for_everybody(self) -> Self {
        Self {
            access: Access::Everybody,
            ..self
        }
    }

    const fn new(verb: Verb, path: &'static str, about: &'static str) -> Self {
        Self {
            verb,
            path,
            about,
            access: Access::Project,
            query: &[],
            body: None,
            answer: &[],
            refusals: &[],
        }
    }
}
