use tree_sitter::Node;

use super::{Features, children, line_of, literal};
use crate::error::{LoadError, LoadStage};

/// Methods of dict, str, list and iterators that Python 3 changed; each has a `_py2_` helper of its name.
const METHODS: &[&str] = &[
    "has_key",
    "iteritems",
    "iterkeys",
    "itervalues",
    "items",
    "keys",
    "values",
    "encode",
    "decode",
    "sort",
    "next",
];

/// Words that are names in Python 2 and keywords in Python 3.
const NEW_KEYWORDS: &[&str] = &["async", "await", "nonlocal"];

/// The walk over a parse tree, which copies the text and edits it on the way.
pub(super) struct Rewrite<'a> {
    text: &'a str,
    /// Offsets of `yield` words that stand for `print`.
    prints: &'a [usize],
    features: Features,
    out: String,
    /// How far `text` is copied.
    done: usize,
}

impl<'a> Rewrite<'a> {
    pub(super) fn new(text: &'a str, prints: &'a [usize], features: Features) -> Self {
        Self {
            text,
            prints,
            features,
            out: String::with_capacity(text.len() * 5 / 4),
            done: 0,
        }
    }

    pub(super) fn run(mut self, root: Node<'_>) -> Result<String, LoadError> {
        self.visit(root)?;
        self.copy_to(self.text.len());
        Ok(self.out)
    }

    fn visit(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        match node.kind() {
            "expression_statement" if self.is_marked_print(node) => self.print(node),
            "print_statement" => self.print(node),
            "exec_statement" => self.exec(node),
            "except_clause" => self.except(node),
            "raise_statement" => self.raise(node),
            "comparison_operator" => self.comparison(node),
            "binary_operator" if self.is_old_division(node, "/") => self.division(node),
            "augmented_assignment" if self.is_old_division(node, "/=") => {
                self.divide_in_place(node)
            }
            "call" => self.call(node),
            "string" => self.string(node),
            "integer" => self.replace_leaf(node, &literal::integer(self.slice(node))),
            "identifier" => self.identifier(node),
            "tuple_pattern" if is_parameter(node) => {
                Err(not_provided(node, "a tuple as a parameter"))
            }
            "function_definition" => self.function(node),
            _ => self.visit_children(node),
        }
    }

    fn visit_children(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        children(node)
            .into_iter()
            .try_for_each(|child| self.visit(child))
    }

    fn slice(&self, node: Node<'_>) -> &'a str {
        &self.text[node.byte_range()]
    }

    fn copy_to(&mut self, offset: usize) {
        if offset > self.done {
            self.out.push_str(&self.text[self.done..offset]);
            self.done = offset;
        }
    }

    fn insert(&mut self, offset: usize, text: &str) {
        self.copy_to(offset);
        self.out.push_str(text);
    }

    /// Puts `text` for everything from `start` to `end`, keeping the line ends in between.
    fn replace(&mut self, start: usize, end: usize, text: &str) {
        self.insert(start, text);
        let lines = self.text[start..end].matches('\n').count();
        self.out.extend(std::iter::repeat_n('\n', lines));
        self.done = end;
    }

    fn replace_leaf(&mut self, node: Node<'_>, text: &str) -> Result<(), LoadError> {
        self.replace(node.start_byte(), node.end_byte(), text);
        Ok(())
    }

    fn is_marked_print(&self, node: Node<'_>) -> bool {
        self.prints.binary_search(&node.start_byte()).is_ok()
    }

    /// `print a, b,` is `_py2_print_more(a, b,)`; `print >>f, a` is `_py2_print_to(f, a)`.
    fn print(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let parts = children(node);
        let word = node.start_byte();
        let chevron = parts.iter().find(|part| part.kind() == "chevron").copied();
        let more = self.slice(node).trim_end().ends_with(',');
        let helper = match (chevron.is_some(), more) {
            (false, false) => "_py2_print(",
            (false, true) => "_py2_print_more(",
            (true, false) => "_py2_print_to(",
            (true, true) => "_py2_print_more_to(",
        };
        self.replace(word, word + 5, helper);
        if let Some(chevron) = chevron {
            self.replace(chevron.start_byte(), chevron.start_byte() + 2, "");
        }
        self.visit_children(node)?;
        self.insert(node.end_byte(), ")");
        Ok(())
    }

    fn exec(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        for part in children(node) {
            match part.kind() {
                "exec" => self.replace_leaf(part, "_py2_exec(")?,
                "in" => self.replace_leaf(part, ",")?,
                _ => self.visit(part)?,
            }
        }
        self.insert(node.end_byte(), ")");
        Ok(())
    }

    /// `except X, e` is `except X as e`; `except:` is `except Exception:`, which does not catch the end of the time.
    fn except(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let parts = children(node);
        let values: Vec<_> = parts
            .iter()
            .filter(|part| part.is_named() && part.kind() != "block")
            .collect();
        let values: Vec<_> = values
            .into_iter()
            .filter(|part| part.kind() != "comment")
            .copied()
            .collect();
        match values.as_slice() {
            [] => {
                let word = parts.iter().find(|part| part.kind() == "except").copied();
                self.insert(
                    word.map_or(node.start_byte() + 6, |word| word.end_byte()),
                    " Exception",
                );
            }
            [class, name] if name.kind() == "identifier" => {
                self.visit(*class)?;
                self.replace(class.end_byte(), name.start_byte(), " as ");
            }
            [_] => {}
            [_, other, ..] => {
                return Err(not_provided(
                    *other,
                    "more than a name after the comma of `except`",
                ));
            }
        }
        if values.len() == 1 {
            return self.visit_children(node);
        }
        let rewritten = self.done;
        parts
            .into_iter()
            .filter(|part| part.start_byte() >= rewritten)
            .try_for_each(|part| self.visit(part))
    }

    /// `raise E, "text"` is `raise _py2_raise(E, "text")`.
    fn raise(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let list = children(node)
            .into_iter()
            .find(|part| part.kind() == "expression_list");
        match list {
            Some(list) => self.wrap(list, "_py2_raise("),
            None => self.visit_children(node),
        }
    }

    fn wrap(&mut self, node: Node<'_>, opening: &str) -> Result<(), LoadError> {
        self.insert(node.start_byte(), opening);
        self.visit_children(node)?;
        self.insert(node.end_byte(), ")");
        Ok(())
    }

    /// Ordering compares anything with anything in Python 2: `a < b` is `_py2_compare(a, "<", b)`.
    fn comparison(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let parts = children(node);
        let ordering = parts
            .iter()
            .any(|part| matches!(part.kind(), "<" | ">" | "<=" | ">="));
        if ordering {
            self.insert(node.start_byte(), "_py2_compare(");
        }
        for part in parts {
            match part.kind() {
                "<>" | "!=" | "==" | "<" | ">" | "<=" | ">=" | "in" | "not in" | "is"
                | "is not"
                    if ordering =>
                {
                    let operator = if part.kind() == "<>" {
                        "!="
                    } else {
                        part.kind()
                    };
                    self.replace_leaf(part, &format!(", \"{operator}\", "))?;
                }
                "<>" => self.replace_leaf(part, "!=")?,
                _ => self.visit(part)?,
            }
        }
        if ordering {
            self.insert(node.end_byte(), ")");
        }
        Ok(())
    }

    fn is_old_division(&self, node: Node<'_>, operator: &str) -> bool {
        let found = node.child_by_field_name("operator");
        !self.features.division && found.is_some_and(|found| found.kind() == operator)
    }

    fn division(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        self.insert(node.start_byte(), "_py2_div(");
        for part in children(node) {
            if part.kind() == "/" {
                self.replace_leaf(part, ",")?
            } else {
                self.visit(part)?
            }
        }
        self.insert(node.end_byte(), ")");
        Ok(())
    }

    /// `x /= y` is `x = _py2_div(x, y)`.
    fn divide_in_place(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let target = node
            .child_by_field_name("left")
            .map(|left| self.slice(left))
            .unwrap_or_default();
        for part in children(node) {
            if part.kind() == "/=" {
                self.replace_leaf(part, &format!("= _py2_div({target}, "))?;
            } else {
                self.visit(part)?;
            }
        }
        self.insert(node.end_byte(), ")");
        Ok(())
    }

    /// `d.has_key(k)` is `_py2_has_key(d, k)`.
    fn call(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let Some((object, name, arguments)) = method_call(node) else {
            return self.visit_children(node);
        };
        let method = self.slice(name);
        if !METHODS.contains(&method) || arguments.kind() != "argument_list" {
            return self.visit_children(node);
        }
        self.insert(node.start_byte(), &format!("_py2_{method}("));
        self.visit(object)?;
        let separator = if arguments.named_child_count() == 0 {
            ""
        } else {
            ", "
        };
        self.replace(object.end_byte(), arguments.start_byte() + 1, separator);
        self.visit_children(arguments)
    }

    fn string(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let parts = children(node);
        let start = parts
            .first()
            .map(|part| self.slice(*part))
            .unwrap_or_default();
        let backticks = start == "`";
        let prefix = literal::Prefix::of(start);
        for part in parts {
            let text = match part.kind() {
                "string_start" if backticks => "repr(".to_owned(),
                "string_end" if backticks => ")".to_owned(),
                "string_start" => prefix.start(),
                "string_content" => {
                    prefix.content(self.slice(part), self.features.unicode_literals)
                }
                _ => continue,
            };
            self.insert(part.start_byte(), &text);
            self.done = part.end_byte();
        }
        Ok(())
    }

    fn identifier(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        if NEW_KEYWORDS.contains(&self.slice(node)) {
            self.insert(node.end_byte(), "_");
        }
        Ok(())
    }

    /// A class says whether it is true by `__nonzero__`, which Python 3 calls `__bool__`.
    fn function(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        for part in children(node) {
            if part.kind() == "identifier" && self.slice(part) == "__nonzero__" {
                self.replace_leaf(part, "__bool__")?;
            } else {
                self.visit(part)?;
            }
        }
        Ok(())
    }
}

fn method_call(call: Node<'_>) -> Option<(Node<'_>, Node<'_>, Node<'_>)> {
    let function = call
        .child_by_field_name("function")
        .filter(|function| function.kind() == "attribute")?;
    Some((
        function.child_by_field_name("object")?,
        function.child_by_field_name("attribute")?,
        call.child_by_field_name("arguments")?,
    ))
}

fn is_parameter(node: Node<'_>) -> bool {
    node.parent()
        .is_some_and(|parent| matches!(parent.kind(), "parameters" | "lambda_parameters"))
}

fn not_provided(node: Node<'_>, what: &str) -> LoadError {
    let line = line_of(node);
    let mut error = LoadError::new(
        LoadStage::Translate,
        format!("line {line}: {what} is not provided"),
    );
    error.line = Some(line);
    error
}
