//! Scripts as they are compiled. Python 2 becomes Python 3: a parse tree is walked in order and gives edits in place.
//! No edit adds or removes a line, so that every error names the author's line.

mod layout;
mod literal;
mod names;
mod parameters;
mod rewrite;

use tree_sitter::{Node, Parser, Tree};

use crate::error::{LoadError, LoadStage};
use rewrite::Rewrite;

pub(crate) use layout::normalise;

/// A script in Python 3, which needs the `_py2_*` names of `sp_python2.py`.
pub(crate) struct Translated {
    pub text: String,
    /// Where the parser met something that is not Python 2. The compiler usually has the better words for it.
    pub fault: Option<Fault>,
}

/// A place that the parser could not make sense of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub line: u32,
    pub near: String,
}

impl Fault {
    pub(crate) fn into_error(self, file: &str) -> LoadError {
        let mut error = LoadError::new(
            LoadStage::Compile,
            format!(
                "{file}, line {}: invalid syntax near `{}`",
                self.line, self.near
            ),
        );
        error.line = Some(self.line);
        error
    }
}

/// Rewrites a Python 2 script.
///
/// Fails on the few constructs that are not provided, naming the line.
pub(crate) fn python2(source: &str) -> Result<Translated, LoadError> {
    let text = normalise(source);
    let features = Features::of(&text);
    let (text, prints) = if features.print_function {
        (text, Vec::new())
    } else {
        mark_prints(text)?
    };
    let tree = parse(&text)?;
    let fault = first_fault(tree.root_node(), &text);
    let text = Rewrite::new(&text, &prints, features).run(tree.root_node())?;
    Ok(Translated { text, fault })
}

/// A Python 3 script with `except:` as `except Exception:`, so that it does not catch the end of its time.
pub(crate) fn python3(source: &str) -> Result<String, LoadError> {
    let tree = parse(source)?;
    let mut words = Vec::new();
    find_bare_excepts(tree.root_node(), &mut words);
    let mut text = source.to_owned();
    for end in words.into_iter().rev() {
        text.insert_str(end, " Exception");
    }
    Ok(text)
}

/// The ends of the words `except` that have nothing behind them, in order.
fn find_bare_excepts(node: Node<'_>, words: &mut Vec<usize>) {
    let parts = children(node);
    if node.kind() == "except_clause" && parts.get(1).is_some_and(|part| part.kind() == ":") {
        words.push(parts[0].end_byte());
    }
    for part in parts {
        find_bare_excepts(part, words);
    }
}

/// The parse tree of a script in either Python.
pub(crate) fn parse(text: &str) -> Result<Tree, LoadError> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .map_err(|error| LoadError::new(LoadStage::Translate, error.to_string()))?;
    parser
        .parse(text, None)
        .ok_or_else(|| LoadError::new(LoadStage::Translate, "the script cannot be parsed"))
}

/// What `from __future__ import` switches on.
#[derive(Clone, Copy, Default)]
pub(crate) struct Features {
    print_function: bool,
    division: bool,
    unicode_literals: bool,
}

impl Features {
    fn of(text: &str) -> Self {
        let mut features = Self::default();
        for line in text
            .lines()
            .filter(|line| line.trim_start().starts_with("from __future__"))
        {
            features.print_function |= line.contains("print_function");
            features.division |= line.contains("division");
            features.unicode_literals |= line.contains("unicode_literals");
        }
        features
    }
}

/// Turns each statement that starts with the word `print` and was read as an expression
/// (`print (a), b`, `print -1`) into a `yield` of the same width: a keyword with the same grammar.
///
/// Gives the offsets of the words that were replaced.
fn mark_prints(text: String) -> Result<(String, Vec<usize>), LoadError> {
    let tree = parse(&text)?;
    let mut offsets = Vec::new();
    find_prints(tree.root_node(), &text, &mut offsets);
    let mut bytes = text.into_bytes();
    for &offset in &offsets {
        bytes[offset..offset + 5].copy_from_slice(b"yield");
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| LoadError::new(LoadStage::Translate, "the script is not UTF-8"))?;
    Ok((text, offsets))
}

fn find_prints(node: Node<'_>, text: &str, offsets: &mut Vec<usize>) {
    if node.kind() == "expression_statement" {
        let first = first_leaf(node);
        let is_print = first.kind() == "identifier" && &text[first.byte_range()] == "print";
        let is_assignment = node
            .named_child(0)
            .is_some_and(|child| child.kind().contains("assignment"));
        if is_print && !is_assignment {
            offsets.push(first.start_byte());
        }
        return;
    }
    for child in children(node) {
        find_prints(child, text, offsets);
    }
}

fn first_leaf(mut node: Node<'_>) -> Node<'_> {
    while let Some(child) = node.child(0) {
        node = child;
    }
    node
}

fn first_fault(root: Node<'_>, text: &str) -> Option<Fault> {
    if !root.has_error() {
        return None;
    }
    if root.is_error() || root.is_missing() {
        let near = text[root.byte_range()].lines().next().unwrap_or_default();
        return Some(Fault {
            line: line_of(root),
            near: near.chars().take(40).collect(),
        });
    }
    children(root)
        .into_iter()
        .find_map(|child| first_fault(child, text))
}

pub(crate) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children(&mut cursor).collect()
}

/// Counted from 1.
pub(crate) fn line_of(node: Node<'_>) -> u32 {
    u32::try_from(node.start_position().row).unwrap_or(u32::MAX - 1) + 1
}

#[cfg(test)]
mod tests;
