//! The methods of a person authentication script, as [`crate::check`] looks for them.

/// A method and the API version from which on it is called.
pub(crate) const METHODS: &[(&str, i64)] = &[
    ("init", 1),
    ("destroy", 1),
    ("getApiVersion", 1),
    ("isValidAuthenticationMethod", 1),
    ("getAlternativeAuthenticationMethod", 1),
    ("authenticate", 1),
    ("prepareForStep", 1),
    ("getExtraParametersForStep", 1),
    ("getCountAuthenticationSteps", 1),
    ("getPageForStep", 1),
    ("logout", 1),
    ("getNextStep", 2),
    ("getLogoutExternalUrl", 3),
    ("getAuthenticationMethodClaims", 4),
];
