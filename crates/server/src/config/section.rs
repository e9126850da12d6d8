//! How a section of the configuration is declared: once, with its documentation and its defaults.

/// Declares a section as a struct whose fields have a default each, and keeps the documentation of
/// the fields for `config.example.toml`.
///
/// A field is `name: Type = default, eg "toml value"`; the example is what the documentation shows,
/// commented out.
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        $section:ident {
            $(
                $(#[doc = $doc:literal])*
                $field:ident : $type:ty = $default:expr, eg $example:literal;
            )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $section {
            $( $(#[doc = $doc])* pub $field: $type, )*
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $section {
            pub(super) const REFERENCE: $crate::config::section::Reference =
                $crate::config::section::Reference {
                    about: &[$($about),*],
                    keys: &[$( $crate::config::section::Key {
                        name: stringify!($field),
                        doc: &[$($doc),*],
                        example: $example,
                    } ),*],
                };
        }
    };
}

pub(super) use section;

/// What the documentation says of a section.
pub(crate) struct Reference {
    pub about: &'static [&'static str],
    pub keys: &'static [Key],
}

pub(crate) struct Key {
    pub name: &'static str,
    pub doc: &'static [&'static str],
    pub example: &'static str,
}
