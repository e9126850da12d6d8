use crate::locale::Locale;

/// What a message says in one language: `{code}` and `{name}` stand for the passcode and for whose it
/// is. The code comes first, for previews on a lock screen. Where the GSM alphabet lacks a letter,
/// the words are chosen, or written as people of that language write them in an SMS, so that a
/// message stays one of 160 characters; the last four languages need another alphabet anyway.
#[derive(Clone, Copy, Debug)]
pub struct Wording {
    pub statement: &'static str,
    /// Left out when the message would not fit otherwise.
    pub warning: &'static str,
}

impl Wording {
    pub const fn of(locale: Locale) -> Self {
        let (statement, warning) = match locale {
            Locale::En => ("{code} is your {name} code.", "Never share it."),
            Locale::Es => ("{code} es tu clave de {name}.", "No la compartas."),
            Locale::PtBr => ("{code} para entrar em {name}.", "Nunca compartilhe."),
            Locale::Fr => ("{code} est votre code {name}.", "Ne le donnez jamais."),
            Locale::It => ("{code} è il tuo codice {name}.", "Non darlo a nessuno."),
            Locale::DeDe => ("{code} ist Ihr Code für {name}.", "Nie weitergeben."),
            Locale::CaEs => ("{code} és el teu codi de {name}.", "No el donis mai."),
            Locale::Nl => ("{code} is je code voor {name}.", "Deel hem nooit."),
            Locale::Pl => ("{code} to kod do {name}.", "Nikomu go nie podawaj."),
            Locale::Tr => ("{code} {name} kodunuz.", "Kimseye vermeyin."),
            Locale::Vi => ("{code} la ma {name} cua ban.", "Khong chia se."),
            Locale::Cs => ("{code} je kod pro {name}.", "Nikomu ho nedavejte."),
            Locale::Ru => ("{code} код {name}.", "Никому не говорите."),
            Locale::Ja => ("{code} {name} の認証コード。", "人に教えないで。"),
            Locale::ZhHans => ("{code} 是您的 {name} 验证码。", "请勿告诉他人。"),
            Locale::Fa => ("{code} کد {name} شماست.", "آن را به کسی ندهید."),
        };
        Self { statement, warning }
    }

    pub fn statement(self, code: &str, name: &str) -> String {
        let statement = match name.ends_with('.') {
            true => self.statement.replace("{name}.", "{name}"),
            false => self.statement.to_owned(),
        };
        statement.replace("{code}", code).replace("{name}", name)
    }
}
