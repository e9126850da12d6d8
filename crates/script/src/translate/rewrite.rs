use tree_sitter::Node;

use super::{
    Features, children, line_of,
    literal::{self, Coding},
    names,
    parameters::{self, TupleParameter},
};
use crate::error::{LoadError, LoadStage};

/// Methods of dict, str, list and iterators that Python 3 changed; each has a `_py2_` helper of its name.
const METHODS: &[&str] = &[
    "has_key",
    "iteritems",
    "iterkeys",
    "itervalues",
    "viewitems",
    "viewkeys",
    "viewvalues",
    "items",
    "keys",
    "values",
    "encode",
    "decode",
    "format",
    "sort",
    "split",
    "splitlines",
    "strip",
    "lstrip",
    "rstrip",
    "translate",
    "next",
];

/// Methods that are gone, and may be looked up without being called.
const GONE: &[&str] = &["has_key", "iteritems", "iterkeys", "itervalues", "next"];

/// Words that are names in Python 2 and keywords in Python 3.
const NEW_KEYWORDS: &[&str] = &["async", "await"];

/// The walk over a parse tree, which copies the text and edits it on the way.
pub(super) struct Rewrite<'a> {
    text: &'a str,
    /// Offsets of `yield` words that stand for `print`.
    prints: &'a [usize],
    features: Features,
    coding: Coding,
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
            coding: Coding::of(text),
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
            "exec_statement" => Err(not_provided(node, "`exec`")),
            "except_clause" => self.except(node),
            "raise_statement" => self.raise(node),
            "comparison_operator" => self.comparison(node),
            "binary_operator" if operator(node) == "%" => self.operation(node, "_py2_mod("),
            "binary_operator" if self.is_old_division(node, "/") => {
                self.operation(node, "_py2_div(")
            }
            "augmented_assignment" if operator(node) == "%=" => self.in_place(node, "_py2_imod"),
            "augmented_assignment" if self.is_old_division(node, "/=") => {
                self.in_place(node, "_py2_idiv")
            }
            "list_comprehension" => self.list_comprehension(node),
            "lambda" => self.lambda(node),
            "attribute" => self.attribute(node),
            "call" => self.call(node),
            "string" => self.string(node),
            "integer" => self.replace_leaf(node, &literal::integer(self.slice(node))),
            "identifier" => self.identifier(node),
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

    /// `except X, e` is `except X as e`; `except:` is `except Exception:`, which does not catch the end of the time.
    /// A name that is looked at after the clause is bound before it, since Python 3 forgets that of `as`.
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
            [class, target] if bare_name(*target).is_some() => {
                let name = bare_name(*target)
                    .map(|name| self.name(name))
                    .unwrap_or_default();
                if names::outlives_clause(node, &name, self.text) {
                    return self.keeping_except(node, *class, *target, &name);
                }
                let closing = self.exception_class(*class)?;
                self.replace(
                    class.end_byte(),
                    target.end_byte(),
                    &format!("{closing} as {name}"),
                );
            }
            [pattern] if pattern.kind() == "as_pattern" => {
                if let Some((class, name)) = as_pattern(*pattern)
                    && names::outlives_clause(node, self.slice(name), self.text)
                {
                    return self.keeping_except(node, class, name, &self.name(name));
                }
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

    /// A tuple may hold tuples: `(A, (B, C))` is `_py2_kinds((A, (B, C)))`. Gives what closes it.
    fn exception_class(&mut self, class: Node<'_>) -> Result<&'static str, LoadError> {
        let nested =
            class.kind() == "tuple" && children(class).iter().any(|part| part.kind() == "tuple");
        if nested {
            self.insert(class.start_byte(), "_py2_kinds(");
        }
        self.visit(class)?;
        Ok(if nested { ")" } else { "" })
    }

    /// `except X, e` is `except _py2_kept(e := _py2_caught()) if _py2_catches(X) else ()`.
    fn keeping_except(
        &mut self,
        clause: Node<'_>,
        class: Node<'_>,
        target: Node<'_>,
        name: &str,
    ) -> Result<(), LoadError> {
        let binding = format!("_py2_kept({name} := _py2_caught()) if _py2_catches(");
        self.insert(class.start_byte(), &binding);
        self.visit(class)?;
        self.replace(class.end_byte(), target.end_byte(), ") else ()");
        children(clause)
            .into_iter()
            .filter(|part| part.start_byte() >= target.end_byte())
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
        for (at, part) in parts.into_iter().enumerate() {
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
                _ => {
                    // The third operand and those behind it are evaluated only if it comes to them.
                    if ordering && at > 2 && holds_call(part) {
                        self.insert(part.start_byte(), "lambda: ");
                    }
                    self.visit(part)?;
                }
            }
        }
        if ordering {
            self.insert(node.end_byte(), ")");
        }
        Ok(())
    }

    fn is_old_division(&self, node: Node<'_>, sign: &str) -> bool {
        !self.features.division && operator(node) == sign
    }

    /// `a / b` is `_py2_div(a, b)`; the helper has its opening bracket.
    fn operation(&mut self, node: Node<'_>, helper: &str) -> Result<(), LoadError> {
        self.insert(node.start_byte(), helper);
        let sign = node.child_by_field_name("operator");
        for part in children(node) {
            if Some(part) == sign {
                self.replace_leaf(part, ",")?;
            } else {
                self.visit(part)?;
            }
        }
        self.insert(node.end_byte(), ")");
        Ok(())
    }

    /// `x /= y` is `x = _py2_idiv(x, y)`, `a.x /= y` is `_py2_idiv_attribute(a, "x", y)`
    /// and `a[i] /= y` is `_py2_idiv_item(a, i, y)`: `a` and `i` are evaluated once.
    fn in_place(&mut self, node: Node<'_>, helper: &str) -> Result<(), LoadError> {
        let (Some(left), Some(right)) = (
            node.child_by_field_name("left"),
            node.child_by_field_name("right"),
        ) else {
            return self.visit_children(node);
        };
        match left.kind() {
            "attribute" => {
                let (object, name) = attribute_parts(left);
                self.insert(node.start_byte(), &format!("{helper}_attribute("));
                object.map_or(Ok(()), |object| self.visit(object))?;
                let name = name.map(|name| self.name(name)).unwrap_or_default();
                self.replace(
                    object.unwrap_or(left).end_byte(),
                    right.start_byte(),
                    &format!(", \"{name}\", "),
                );
            }
            "subscript" if subscripts(left).len() == 1 => {
                self.insert(node.start_byte(), &format!("{helper}_item("));
                let at = subscripts(left)[0];
                if let Some(value) = left.child_by_field_name("value") {
                    self.visit(value)?;
                    self.replace(value.end_byte(), at.start_byte(), ", ");
                }
                self.visit(at)?;
                self.replace(at.end_byte(), right.start_byte(), ", ");
            }
            "identifier" => {
                let name = self.name(left);
                self.visit(left)?;
                self.replace(
                    left.end_byte(),
                    right.start_byte(),
                    &format!(" = {helper}({name}, "),
                );
            }
            _ => return Err(not_provided(left, "`/=` and `%=` on this target")),
        }
        self.visit(right)?;
        self.insert(node.end_byte(), ")");
        Ok(())
    }

    /// A variable of a list comprehension stays behind in Python 2: `[f(x) for x in y]` is
    /// `[f(x) for _py2_x in y if [x := _py2_x]]` where `x` is looked at later.
    fn list_comprehension(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        for part in children(node) {
            match part.child_by_field_name("left") {
                Some(target) if part.kind() == "for_in_clause" => {
                    self.for_in_clause(node, part, target)?;
                }
                _ => self.visit(part)?,
            }
        }
        Ok(())
    }

    fn for_in_clause(
        &mut self,
        comprehension: Node<'_>,
        clause: Node<'_>,
        target: Node<'_>,
    ) -> Result<(), LoadError> {
        let mut leaves = Vec::new();
        identifiers(target, &mut leaves);
        let stays = |leaf: &Node<'_>| {
            names::outlives_comprehension(comprehension, self.slice(*leaf), self.text)
        };
        if !leaves.iter().any(stays) {
            return self.items_in_brackets(clause, target);
        }
        let mut bindings = Vec::new();
        for leaf in leaves {
            self.insert(leaf.start_byte(), "_py2_");
            let name = self.name(leaf);
            bindings.push(format!("{name} := _py2_{name}"));
            self.visit(leaf)?;
        }
        self.items_in_brackets(clause, target)?;
        self.insert(clause.end_byte(), &format!(" if [{}]", bindings.join(", ")));
        Ok(())
    }

    /// `for x in 1, 2` of a list comprehension is `for x in (1, 2)`.
    fn items_in_brackets(&mut self, clause: Node<'_>, target: Node<'_>) -> Result<(), LoadError> {
        let mut cursor = clause.walk();
        let items: Vec<_> = clause
            .children_by_field_name("right", &mut cursor)
            .collect();
        let (start, end) = match items.as_slice() {
            [first, .., last] => (Some(*first), Some(*last)),
            _ => (None, None),
        };
        for part in children(clause) {
            if part.start_byte() < self.done.max(target.start_byte()) {
                continue;
            }
            if Some(part) == start {
                self.insert(part.start_byte(), "(");
            }
            self.visit(part)?;
            if Some(part) == end {
                self.insert(part.end_byte(), ")");
            }
        }
        Ok(())
    }

    /// `lambda (k, v): k + v` is `lambda _py2_at7: [k + v for (k, v) in [_py2_at7]][0]`.
    fn lambda(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let tuples = parameters::tuples(node);
        let body = node.child_by_field_name("body");
        let (Some(body), false) = (body, tuples.is_empty()) else {
            return self.visit_children(node);
        };
        for part in children(node) {
            match part.kind() {
                "lambda_parameters" => self.parameters(part, &tuples)?,
                _ if part == body => {
                    self.insert(part.start_byte(), "[");
                    self.visit(part)?;
                    let (patterns, names) = unpacking(self.text, &tuples);
                    self.insert(
                        part.end_byte(),
                        &format!(" for {patterns} in [({names})]][0]"),
                    );
                }
                _ => self.visit(part)?,
            }
        }
        Ok(())
    }

    /// `def f(a, (b, c)): x` is `def f(a, _py2_at9): (b, c), = (_py2_at9,); x`.
    fn function(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let tuples = parameters::tuples(node);
        if tuples.is_empty() {
            return self.visit_children(node);
        }
        for part in children(node) {
            match part.kind() {
                "parameters" => self.parameters(part, &tuples)?,
                "block" => match parameters::first_statement(part) {
                    Some((first, true)) => {
                        let (patterns, names) = unpacking(self.text, &tuples);
                        self.insert(first.start_byte(), &format!("{patterns} = {names}; "));
                        self.visit(part)?;
                    }
                    _ => {
                        return Err(not_provided(
                            node,
                            "a tuple as a parameter right before a compound statement",
                        ));
                    }
                },
                _ => self.visit(part)?,
            }
        }
        Ok(())
    }

    fn parameters(
        &mut self,
        node: Node<'_>,
        tuples: &[TupleParameter<'_>],
    ) -> Result<(), LoadError> {
        if let Some(tuple) = tuples.iter().find(|tuple| tuple.node == node) {
            return self.replace_leaf(node, &tuple.name);
        }
        if node.child_count() == 0 {
            return self.visit(node);
        }
        match node.kind() {
            "parameters" | "lambda_parameters" | "default_parameter" => children(node)
                .into_iter()
                .try_for_each(|part| self.parameters(part, tuples)),
            _ => self.visit(node),
        }
    }

    /// `e.message` is `_py2_message(e)`; `d.has_key` without a call is `_py2_method(d, "has_key")`.
    fn attribute(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let (Some(object), Some(name)) = attribute_parts(node) else {
            return self.visit_children(node);
        };
        let member = self.slice(name);
        let opening = match member {
            "message" => "_py2_message(".to_owned(),
            _ if GONE.contains(&member) => "_py2_method(".to_owned(),
            _ => return self.visit_children(node),
        };
        if names::is_stored(node) || is_called(node) {
            return self.visit_children(node);
        }
        self.insert(node.start_byte(), &opening);
        self.visit(object)?;
        let closing = if member == "message" {
            ")".to_owned()
        } else {
            format!(", \"{member}\")")
        };
        self.replace(object.end_byte(), node.end_byte(), &closing);
        Ok(())
    }

    /// `d.has_key(k)` is `_py2_has_key(d, k)`.
    fn call(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let Some((object, name, arguments)) = method_call(node) else {
            return self.plain_call(node);
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

    /// `str(x)` is `_py2_str(x)`.
    fn plain_call(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        for part in children(node) {
            if part.kind() == "identifier" && self.slice(part) == "str" {
                self.replace_leaf(part, "_py2_str")?;
            } else {
                self.visit(part)?;
            }
        }
        Ok(())
    }

    fn string(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let parts = children(node);
        let start = parts
            .first()
            .map(|part| self.slice(*part))
            .unwrap_or_default();
        let backticks = start == "`";
        let prefix = literal::Prefix::of(start, self.features.unicode_literals);
        for part in parts {
            let text = match part.kind() {
                "string_start" if backticks => "_py2_repr(".to_owned(),
                "string_end" if backticks => ")".to_owned(),
                "string_start" => prefix.start(),
                "string_content" => prefix.content(self.slice(part), self.coding),
                _ => continue,
            };
            self.insert(part.start_byte(), &text);
            self.done = part.end_byte();
        }
        Ok(())
    }

    fn identifier(&mut self, node: Node<'_>) -> Result<(), LoadError> {
        let name = self.name(node);
        self.replace_leaf(node, &name)
    }

    /// How an identifier reads in Python 3.
    fn name(&self, node: Node<'_>) -> String {
        let name = self.slice(node);
        if NEW_KEYWORDS.contains(&name) {
            format!("{name}_")
        } else {
            name.to_owned()
        }
    }
}

fn operator(node: Node<'_>) -> &str {
    node.child_by_field_name("operator")
        .map_or("", |operator| operator.kind())
}

fn attribute_parts(node: Node<'_>) -> (Option<Node<'_>>, Option<Node<'_>>) {
    (
        node.child_by_field_name("object"),
        node.child_by_field_name("attribute"),
    )
}

fn subscripts(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children_by_field_name("subscript", &mut cursor)
        .filter(|part| part.kind() != "slice")
        .collect()
}

fn identifiers<'t>(node: Node<'t>, found: &mut Vec<Node<'t>>) {
    if node.kind() == "identifier" {
        found.push(node);
    }
    for child in children(node) {
        identifiers(child, found);
    }
}

fn is_called(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| {
        parent.kind() == "call" && parent.child_by_field_name("function") == Some(node)
    })
}

/// Whether evaluating an operand may do something.
fn holds_call(node: Node<'_>) -> bool {
    match node.kind() {
        "call" => true,
        "yield" | "named_expression" => false,
        _ => children(node).into_iter().any(holds_call),
    }
}

/// `e` and `(e)`.
fn bare_name(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "identifier" => Some(node),
        "parenthesized_expression" => node.named_child(0).and_then(bare_name),
        _ => None,
    }
}

/// `X as e` of an `except`.
fn as_pattern(node: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let class = node.named_child(0)?;
    let target = node.child_by_field_name("alias")?;
    let name = target
        .named_child(0)
        .filter(|name| name.kind() == "identifier")?;
    Some((class, name))
}

/// The patterns of tuple parameters and the names that stand for them, each followed by a comma.
fn unpacking(text: &str, tuples: &[TupleParameter<'_>]) -> (String, String) {
    tuples.iter().fold(
        (String::new(), String::new()),
        |(patterns, names), tuple| {
            let pattern = text[tuple.node.byte_range()].replace('\n', " ");
            (
                format!("{patterns}{pattern}, "),
                format!("{names}{}, ", tuple.name),
            )
        },
    )
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

fn not_provided(node: Node<'_>, what: &str) -> LoadError {
    let mut error = LoadError::new(LoadStage::Translate, format!("{what} is not provided"));
    error.line = Some(line_of(node));
    error
}
