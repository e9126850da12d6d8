use minijinja::{Error, ErrorKind, Value};
use qrcode::{Color, QrCode};

/// Modules of nothing around the code, so that a reader finds it (ISO/IEC 18004 §5.3.8).
const QUIET: usize = 4;

/// A text as a QR code for a page: `<svg>` of dark modules, which takes the size and the colours that the style sheet
/// gives to `.qr-code`. Fails for a text that no QR code holds.
pub(crate) fn qr_code(text: &str, label: &str) -> Result<Value, Error> {
    let code = QrCode::new(text).map_err(|cause| {
        Error::new(ErrorKind::InvalidOperation, "no QR code holds this text").with_source(cause)
    })?;
    let side = code.width() + 2 * QUIET;
    let label = escaped(label);
    let path = dark_modules(&code);
    Ok(Value::from_safe_string(format!(
        r#"<svg class="qr-code" viewBox="0 0 {side} {side}" role="img" aria-label="{label}" shape-rendering="crispEdges"><path d="{path}"/></svg>"#
    )))
}

/// One rectangle for each run of dark modules in a row.
fn dark_modules(code: &QrCode) -> String {
    let colors = code.to_colors();
    let mut path = String::new();
    for (y, row) in colors.chunks(code.width()).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let (left, top, width) = (x + QUIET, y + QUIET, run.len());
                path.push_str(&format!("M{left} {top}h{width}v1h-{width}z"));
            }
            x += run.len();
        }
    }
    path
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_drawn_as_the_modules_that_the_standard_says() {
        let svg = qr_code("HELLO", "a code").unwrap().to_string();
        assert!(
            svg.contains(r#"viewBox="0 0 29 29""#),
            "version 1 has 21 modules: {svg}"
        );
        // The three finder patterns: seven dark modules at three corners, none at the fourth.
        for corner in ["M4 4h7v1h-7z", "M18 4h7v1h-7z", "M4 18h7v1h-7z"] {
            assert!(svg.contains(corner), "{corner} in {svg}");
        }
        assert!(!svg.contains("M18 18h7v1"), "{svg}");
    }

    #[test]
    fn a_label_cannot_leave_its_attribute() {
        let svg = qr_code("x", "\"><script>").unwrap().to_string();
        assert!(svg.contains(r#"aria-label="&quot;>&lt;script>""#), "{svg}");
    }

    #[test]
    fn a_text_that_is_too_long_is_an_error_of_the_page() {
        assert!(qr_code(&"x".repeat(3000), "").is_err());
    }
}
