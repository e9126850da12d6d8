use sallyport_base::Id;
use sallyport_people::Person;

/// The person that a login is about, and how this host came to know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct KnownPerson {
    pub(crate) id: Id<Person>,
    pub(crate) by: Evidence,
}

/// What stands behind a person's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Evidence {
    /// The host saw the right password.
    Password,
    /// A script said so: it asked another provider, or only took a name. The host saw nothing.
    Script,
}

impl Evidence {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Script => "script",
        }
    }

    /// What [`Self::name`] wrote. Whatever else is written is the weaker of the two.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "password" => Self::Password,
            _ => Self::Script,
        }
    }
}
