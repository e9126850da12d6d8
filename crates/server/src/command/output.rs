use std::io::{self, Write};

/// Prints on standard output. A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Rows as columns of the same width, under their headings.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let head = headings.map(str::to_owned);
    let lines: Vec<&[String; N]> = std::iter::once(&head).chain(rows).collect();
    let widths: [usize; N] = std::array::from_fn(|column| {
        let width = |line: &&[String; N]| line[column].chars().count();
        lines.iter().map(width).max().unwrap_or(0)
    });
    lines.iter().map(|line| table_line(line, &widths)).collect()
}

fn table_line<const N: usize>(line: &[String; N], widths: &[usize; N]) -> String {
    let cells = line.iter().zip(widths);
    let text: Vec<String> = cells
        .map(|(cell, width)| format!("{cell:width$}"))
        .collect();
    format!("{}\n", text.join("  ").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [
            ["alice".to_owned(), "Alice".to_owned()],
            ["é".to_owned(), String::new()],
        ];
        assert_eq!(table(["NAME", "X"], &rows), "NAME   X\nalice  Alice\né\n");
    }
}
