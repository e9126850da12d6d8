//! Tuples as parameters: `def f(a, (b, c))` takes one value there and unpacks it first.

use tree_sitter::Node;

use super::children;

/// A tuple among the parameters of a function or a lambda.
pub(super) struct TupleParameter<'t> {
    pub node: Node<'t>,
    /// The name that takes the value.
    pub name: String,
}

/// The tuples among the parameters of a `def` or a `lambda`, in order.
pub(super) fn tuples(function: Node<'_>) -> Vec<TupleParameter<'_>> {
    let Some(parameters) = function.child_by_field_name("parameters") else {
        return Vec::new();
    };
    children(parameters)
        .into_iter()
        .filter_map(|parameter| match parameter.kind() {
            "tuple_pattern" => Some(parameter),
            "default_parameter" => parameter
                .child_by_field_name("name")
                .filter(|name| name.kind() == "tuple_pattern"),
            _ => None,
        })
        .map(|node| TupleParameter {
            node,
            name: format!("_py2_at{}", node.start_byte()),
        })
        .collect()
}

/// The first statement of a body, and whether another may stand before it on its line.
pub(super) fn first_statement(body: Node<'_>) -> Option<(Node<'_>, bool)> {
    let first = children(body)
        .into_iter()
        .find(|part| part.is_named() && part.kind() != "comment")?;
    let is_compound = matches!(
        first.kind(),
        "if_statement"
            | "for_statement"
            | "while_statement"
            | "try_statement"
            | "with_statement"
            | "match_statement"
            | "function_definition"
            | "class_definition"
            | "decorated_definition"
    );
    Some((first, !is_compound))
}
