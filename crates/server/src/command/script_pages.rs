//! The pages that the text of a script names, and that are not there.

use std::path::Path;

use sallyport_base::Random;
use sallyport_script::Report;
use sallyport_web::Pages;

/// The pages of a login that ends at another site. They do nothing but go on, and need no file.
const RETURN_PAGE: &str = "postlogin.xhtml";

/// Those that neither the product nor the operator has. Without a `home` the product's alone are known.
pub(super) fn missing<'a>(report: &'a Report, home: Option<&Path>) -> Vec<&'a str> {
    let pages = Pages::new(home, Random::system(), true);
    let names = report.pages.iter().map(String::as_str);
    names
        .filter(|name| !name.ends_with(RETURN_PAGE) && !pages.has(name))
        .collect()
}

/// What to do about them, as one sentence; empty when none is missing.
pub(super) fn warning(report: &Report, home: &Path) -> String {
    let missing = missing(report, Some(home));
    if missing.is_empty() {
        return String::new();
    }
    format!(
        " It names pages that are not here: {}. Put them under {}/oxauth/custom/pages before somebody signs in with it.",
        missing.join(", "),
        home.display()
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sallyport_script::Language;

    use super::*;

    #[test]
    fn a_page_is_there_when_it_ships_or_an_operator_put_it_there() {
        let text = "PAGES = ['/auth/otp_sms/otp_sms.xhtml', '/auth/own/own.xhtml', 'not a page.xhtml', \
                    '/auth/cas2/cas2postlogin.xhtml', '/auth/own/own.xhtml', '.xhtml']\n";
        let report = sallyport_script::check(text, Language::Python3);
        assert_eq!(missing(&report, None), ["/auth/own/own.xhtml"]);
        let home = tempfile::tempdir().unwrap();
        assert!(warning(&report, home.path()).contains("not here: /auth/own/own.xhtml. "));
        let folder = home.path().join("oxauth/custom/pages/auth/own");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("own.xhtml"), "").unwrap();
        assert_eq!(warning(&report, home.path()), "");
    }
}
