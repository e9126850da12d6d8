/// A language of messages. SDKs write the same one as `pt-br`, `ptbr`, `de-DE` or `deDE`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Locale {
    #[default]
    En,
    Es,
    PtBr,
    Fr,
    It,
    DeDe,
    ZhHans,
    CaEs,
    Ja,
    Ru,
    Nl,
    Pl,
    Tr,
    Fa,
    Vi,
    Cs,
}

/// Each locale with its BCP 47 tag as Stytch documents it.
const TAGS: [(Locale, &str); 16] = [
    (Locale::En, "en"),
    (Locale::Es, "es"),
    (Locale::PtBr, "pt-br"),
    (Locale::Fr, "fr"),
    (Locale::It, "it"),
    (Locale::DeDe, "de-DE"),
    (Locale::ZhHans, "zh-Hans"),
    (Locale::CaEs, "ca-ES"),
    (Locale::Ja, "ja"),
    (Locale::Ru, "ru"),
    (Locale::Nl, "nl"),
    (Locale::Pl, "pl"),
    (Locale::Tr, "tr"),
    (Locale::Fa, "fa"),
    (Locale::Vi, "vi"),
    (Locale::Cs, "cs"),
];

impl Locale {
    /// Case and hyphens do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let wanted = bare(text);
        TAGS.iter()
            .find(|(_, tag)| bare(tag) == wanted)
            .map(|(locale, _)| *locale)
    }

    /// The tags of all locales.
    pub fn tags() -> impl Iterator<Item = &'static str> {
        TAGS.iter().map(|(_, tag)| *tag)
    }

    pub fn tag(self) -> &'static str {
        TAGS.iter()
            .find(|(locale, _)| *locale == self)
            .map_or("en", |(_, tag)| tag)
    }
}

/// The tags of all languages that messages can be written in.
pub fn locale_tags() -> Vec<String> {
    Locale::tags().map(str::to_owned).collect()
}

fn bare(tag: &str) -> String {
    tag.replace('-', "").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_an_sdk_sends_is_understood() {
        for (text, tag) in [
            ("en", "en"),
            ("ptbr", "pt-br"),
            ("pt-BR", "pt-br"),
            ("deDE", "de-DE"),
            ("zh-Hans", "zh-Hans"),
            ("zhHans", "zh-Hans"),
            ("caES", "ca-ES"),
        ] {
            assert_eq!(Locale::parse(text).map(Locale::tag), Some(tag), "{text}");
        }
        for text in ["", "xx", "e n", "en-GB"] {
            assert_eq!(Locale::parse(text), None, "{text}");
        }
        for (locale, tag) in TAGS {
            assert_eq!(Locale::parse(tag), Some(locale));
        }
    }
}
