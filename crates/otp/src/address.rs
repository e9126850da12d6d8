use crate::{email_address::EmailAddress, environment::Environment, phone_number::PhoneNumber};

/// Where codes of a method go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    Phone(PhoneNumber),
    Email(EmailAddress),
}

/// What kind of address a method has; its ids say so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Phone,
    Email,
}

impl Kind {
    /// The first part of an id of a method of this kind: `phone-number-test-<uuid>`.
    pub const fn id_word(self) -> &'static str {
        match self {
            Self::Phone => "phone-number",
            Self::Email => "email",
        }
    }

    /// The kind and the id that a `method_id` names.
    pub fn of_method_id<T>(
        environment: Environment,
        text: &str,
    ) -> Option<(Self, sallyport_base::Id<T>)> {
        [Self::Phone, Self::Email]
            .into_iter()
            .find_map(|kind| Some((kind, environment.parse(kind.id_word(), text)?)))
    }
}

impl Address {
    /// An address that was checked when it was stored. Only that of a mailbox has an `@`.
    pub fn stored(text: &str) -> Self {
        if text.contains('@') {
            Self::Email(EmailAddress::stored(text))
        } else {
            Self::Phone(PhoneNumber::stored(text))
        }
    }

    /// The address in full: it belongs into the user's own record and into no log.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(number) => number.as_e164(),
            Self::Email(address) => address.as_str(),
        }
    }

    pub const fn kind(&self) -> Kind {
        match self {
            Self::Phone(_) => Kind::Phone,
            Self::Email(_) => Kind::Email,
        }
    }

    /// ISO 3166; empty for a mailbox, and for a number of no country.
    pub fn country(&self) -> &str {
        match self {
            Self::Phone(number) => number.country(),
            Self::Email(_) => "",
        }
    }

    /// Country code and the first three digits behind it; a mailbox has none.
    pub fn prefix(&self) -> Option<&str> {
        match self {
            Self::Phone(number) => Some(number.prefix()),
            Self::Email(_) => None,
        }
    }

    pub fn is_sandbox(&self) -> bool {
        match self {
            Self::Phone(number) => number.is_sandbox(),
            Self::Email(address) => address.is_sandbox(),
        }
    }

    /// What may be shown of it elsewhere: the last two digits of a number, nothing of a mailbox.
    pub fn end(&self) -> &str {
        match self {
            Self::Phone(number) => number.last_two(),
            Self::Email(_) => "",
        }
    }
}
