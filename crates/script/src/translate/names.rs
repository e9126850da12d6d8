//! Where names of a script are bound and used: what Python 2 leaves behind and Python 3 takes away.

use tree_sitter::Node;

use super::children;

/// Whether the name that an `except` clause binds is looked at outside of such clauses. Python 3 forgets it there.
pub(super) fn outlives_clause(clause: Node<'_>, name: &str, text: &str) -> bool {
    let scope = scope_of(clause);
    uses(scope, name, text)
        .into_iter()
        .any(|used| !is_within_clause_of(used, name, text, scope))
}

/// Whether the variable of a list comprehension is looked at after it, before anything else is bound to it.
pub(super) fn outlives_comprehension(comprehension: Node<'_>, name: &str, text: &str) -> bool {
    let scope = scope_of(comprehension);
    // There Python 3 lets nothing be bound from inside.
    if scope.kind() == "class_definition"
        || ancestors(comprehension, scope).any(|at| is_comprehension(at.kind()))
    {
        return false;
    }
    uses(scope, name, text)
        .into_iter()
        .filter(|used| used.start_byte() >= comprehension.end_byte())
        .find(|used| !is_bound_on_the_way(*used, name, text, scope))
        .is_some_and(|used| !is_target(used))
}

/// The function, class or module whose names a node uses.
fn scope_of(node: Node<'_>) -> Node<'_> {
    let mut at = node;
    while let Some(parent) = at.parent() {
        at = parent;
        if matches!(
            at.kind(),
            "function_definition" | "class_definition" | "lambda"
        ) {
            break;
        }
    }
    at
}

/// Every place in a scope where a variable of that name stands, in order.
fn uses<'t>(scope: Node<'t>, name: &str, text: &str) -> Vec<Node<'t>> {
    let mut found = Vec::new();
    collect(scope, name, text, &mut found);
    found
}

fn collect<'t>(node: Node<'t>, name: &str, text: &str, found: &mut Vec<Node<'t>>) {
    if node.kind() == "identifier" {
        if &text[node.byte_range()] == name && !is_member(node) {
            found.push(node);
        }
        return;
    }
    for child in children(node) {
        collect(child, name, text, found);
    }
}

/// `x` of `a.x` and of `f(x=1)`.
fn is_member(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| {
        let field = match parent.kind() {
            "attribute" => "attribute",
            "keyword_argument" => "name",
            _ => return false,
        };
        parent.child_by_field_name(field) == Some(node)
    })
}

fn is_within_clause_of(node: Node<'_>, name: &str, text: &str, scope: Node<'_>) -> bool {
    ancestors(node, scope)
        .any(|at| at.kind() == "except_clause" && names_in_head(at, text).any(|word| word == name))
}

fn names_in_head<'t>(clause: Node<'_>, text: &'t str) -> impl Iterator<Item = &'t str> {
    let end = children(clause)
        .into_iter()
        .find(|part| part.kind() == ":")
        .map_or(clause.end_byte(), |colon| colon.start_byte());
    text[clause.start_byte()..end].split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Whether a comprehension or a lambda around the place has a variable of that name of its own.
fn is_bound_on_the_way(node: Node<'_>, name: &str, text: &str, scope: Node<'_>) -> bool {
    ancestors(node, scope).any(|at| match at.kind() {
        "lambda" => at
            .child_by_field_name("parameters")
            .is_some_and(|parameters| !uses(parameters, name, text).is_empty()),
        kind if is_comprehension(kind) => children(at)
            .into_iter()
            .filter(|part| part.kind() == "for_in_clause")
            .filter_map(|clause| clause.child_by_field_name("left"))
            .any(|target| !uses(target, name, text).is_empty()),
        _ => false,
    })
}

/// Whether something is put there or taken away: `a.x = 1`, `del a.x`.
pub(super) fn is_stored(node: Node<'_>) -> bool {
    let is_deleted = node
        .parent()
        .is_some_and(|parent| parent.kind() == "delete_statement");
    let is_augmented = node.parent().is_some_and(|parent| {
        parent.kind() == "augmented_assignment" && parent.child_by_field_name("left") == Some(node)
    });
    is_target(node) || is_deleted || is_augmented
}

fn is_comprehension(kind: &str) -> bool {
    kind.ends_with("comprehension") || kind == "generator_expression"
}

/// Whether the place is one where a value is put, not looked at.
fn is_target(node: Node<'_>) -> bool {
    let mut at = node;
    while let Some(parent) = at.parent() {
        match parent.kind() {
            "assignment" | "for_statement" | "for_in_clause" => {
                return parent.child_by_field_name("left") == Some(at);
            }
            "pattern_list" | "tuple_pattern" | "list_pattern" => at = parent,
            _ => return false,
        }
    }
    false
}

fn ancestors<'t>(node: Node<'t>, scope: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    std::iter::successors(
        node.parent(),
        move |at| {
            if *at == scope { None } else { at.parent() }
        },
    )
}
