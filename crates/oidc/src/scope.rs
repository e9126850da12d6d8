use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a client may ask for (RFC 6749 §3.3, OpenID Connect Core §5.4, and two of Gluu's).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    OpenId,
    Profile,
    Email,
    Address,
    Phone,
    /// Gluu's: the mobile number.
    MobilePhone,
    /// Gluu's: the login name.
    UserName,
    /// Refresh tokens that outlive the browser session (OpenID Connect Core §11).
    OfflineAccess,
}

impl Scope {
    pub const ALL: [Self; 8] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::Address,
        Self::Phone,
        Self::MobilePhone,
        Self::UserName,
        Self::OfflineAccess,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::MobilePhone => "mobile_phone",
            Self::UserName => "user_name",
            Self::OfflineAccess => "offline_access",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// What a person reads when asked to allow it: “… can:”.
    pub const fn description(self) -> &'static str {
        match self {
            Self::OpenId => "Know that it is you",
            Self::Profile => "See your name and your profile",
            Self::Email => "See your e-mail address",
            Self::Address => "See your postal address",
            Self::Phone => "See your phone number",
            Self::MobilePhone => "See your mobile phone number",
            Self::UserName => "See the name you sign in with",
            Self::OfflineAccess => "Keep this access after you sign out",
        }
    }
}

/// A set of scopes; as text, their names with spaces between.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads a `scope` parameter. What is not known is left out (OpenID Connect Core §3.1.2.1).
    pub fn known_in(text: &str) -> Self {
        text.split(' ').filter_map(Scope::named).collect()
    }

    /// `None` when a name is not known.
    pub fn check(text: &str) -> Option<Self> {
        let names = text.split(' ').filter(|name| !name.is_empty());
        names.map(Scope::named).collect::<Option<_>>().map(Self)
    }

    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    pub fn common_with(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }

    pub fn together_with(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).copied().collect())
    }

    pub fn without(mut self, scope: Scope) -> Self {
        self.0.remove(&scope);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

/// A name that no scope has.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a scope of {0:?} is not known")]
pub struct UnknownScope(String);

impl std::str::FromStr for Scopes {
    type Err = UnknownScope;

    /// [`Scopes::check`].
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::check(text).ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(" "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::check(&text).ok_or_else(|| de::Error::custom("expected names of scopes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_a_set_whatever_their_order() {
        let scopes = Scopes::known_in("email openid  email weather OPENID");
        assert_eq!(scopes.to_string(), "openid email");
        assert_eq!(scopes, Scopes::known_in("openid email"));
        assert!(scopes.is_within(&Scopes::known_in("openid email phone")));
        assert!(!Scopes::known_in("openid phone").is_within(&scopes));
        assert_eq!(Scopes::known_in("weather"), Scopes::default());
        assert_eq!(Scopes::check("openid weather"), None);
        assert_eq!(Scopes::check("email openid"), Some(scopes));
    }

    #[test]
    fn every_scope_is_found_by_its_name() {
        for scope in Scope::ALL {
            assert_eq!(Scope::named(scope.name()), Some(scope));
        }
    }
}
