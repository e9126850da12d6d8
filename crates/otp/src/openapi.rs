//! The OpenAPI 3.1 document, written from the calls as they are declared.

use serde_json::{Map, Value, json};

use crate::{
    answer::Document,
    operation::{Access, Field, Need, Operation, Shape},
    routes,
};

/// Refusals of calls that read a body.
const OF_A_BODY: [u16; 4] = [400, 408, 413, 415];

/// `GET /openapi.json`: for everybody, since it says nothing about this installation.
pub async fn show() -> Document {
    Document::of(document())
}

/// The whole document.
pub fn document() -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::from_iter([("Error".to_owned(), error())]);
    for operation in routes::operations() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.verb.as_str()] = described(operation);
        collect_named(operation.answer, &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sallyport passcode service",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Sends six digits and says whether they came back right, in time and once. Speaks Stytch's consumer API.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "project": { "type": "http", "scheme": "basic" } },
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut described = json!({
        "summary": operation.about,
        "operationId": id(operation),
        "parameters": parameters(operation),
        "security": match operation.access {
            Access::Project => json!([{ "project": [] }]),
            Access::Everybody => json!([]),
        },
        "responses": responses(operation),
    });
    if let Some(body) = operation.body {
        described["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": object(body) } },
        });
    }
    described
}

/// Such as `post_v1_users_search`.
fn id(operation: &Operation) -> String {
    let path = operation.path.replace(['{', '}'], "").replace('/', "_");
    format!("{}{path}", operation.verb.as_str())
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let in_path = operation
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": schema(Shape::FilledText) })
        });
    let in_query = operation.query.iter().map(|field| {
        json!({
            "name": field.name,
            "in": "query",
            "required": field.need == Need::Required,
            "description": field.about,
            "schema": schema(field.shape),
        })
    });
    in_path.chain(in_query).collect()
}

fn responses(operation: &Operation) -> Value {
    let mut statuses = vec![400, 500];
    if operation.access == Access::Project {
        statuses.push(401);
    }
    if operation.body.is_some() {
        statuses.extend(OF_A_BODY);
    }
    statuses.extend(operation.refusals);
    let mut responses = Map::from_iter([("200".to_owned(), success(operation))]);
    for status in statuses {
        responses.insert(
            status.to_string(),
            json!({
                "description": "Refused; error_type says why",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
            }),
        );
    }
    Value::Object(responses)
}

fn success(operation: &Operation) -> Value {
    let mut schema = object(operation.answer);
    schema["properties"]["status_code"] = json!({ "const": 200 });
    schema["properties"]["request_id"] = json!({ "type": "string" });
    if let Some(required) = schema["required"].as_array_mut() {
        required.extend([json!("status_code"), json!("request_id")]);
    }
    json!({ "description": "Done", "content": { "application/json": { "schema": schema } } })
}

fn error() -> Value {
    json!({
        "type": "object",
        "properties": {
            "status_code": { "type": "integer", "minimum": 400, "maximum": 599 },
            "request_id": { "type": "string" },
            "error_type": { "type": "string", "minLength": 1 },
            "error_message": { "type": "string", "minLength": 1 },
            "error_url": { "type": "string", "minLength": 1 },
        },
        "required": ["status_code", "request_id", "error_type", "error_message", "error_url"],
        "additionalProperties": false,
    })
}

fn object(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_owned(), property(field)))
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.need != Need::Optional)
        .map(|field| field.name)
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn property(field: &Field) -> Value {
    let mut property = match field.need {
        Need::Required => schema(field.shape),
        Need::Optional | Need::Nullable => or_null(schema(field.shape)),
    };
    if !field.about.is_empty() {
        property["description"] = json!(field.about);
    }
    if let Some(example) = field.example {
        property["examples"] = json!([example]);
    }
    property
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn schema(shape: Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::FilledText => json!({ "type": "string", "minLength": 1 }),
        Shape::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
        Shape::OneOf(texts) => json!({ "type": "string", "enum": texts }),
        Shape::Integer { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Time => json!({ "type": "string", "format": "date-time" }),
        Shape::Object(fields) => object(fields),
        Shape::Map => json!({ "type": "object" }),
        Shape::List(item) => json!({ "type": "array", "items": schema(*item) }),
        Shape::Any => json!({ "not": { "type": "null" } }),
        Shape::Named(name, _) => json!({ "$ref": format!("#/components/schemas/{name}") }),
    }
}

fn collect_named(fields: &[Field], schemas: &mut Map<String, Value>) {
    for field in fields {
        collect_shape(field.shape, schemas);
    }
}

fn collect_shape(shape: Shape, schemas: &mut Map<String, Value>) {
    match shape {
        Shape::Named(name, fields) => {
            schemas.insert(name.to_owned(), object(fields));
            collect_named(fields, schemas);
        }
        Shape::List(item) => collect_shape(*item, schemas),
        Shape::Object(fields) => collect_named(fields, schemas),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reference_is_described_and_every_call_has_a_name_of_its_own() {
        let document = document();
        let text = document.to_string();
        for part in text.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(
                document["components"]["schemas"][name].is_object(),
                "{name}"
            );
        }
        let ids: BTreeSet<String> = routes::operations().into_iter().map(id).collect();
        assert_eq!(ids.len(), routes::operations().len());
    }

    #[test]
    fn null_is_taken_where_a_field_may_be_absent() {
        let field = Field::optional("limit", Shape::Integer { least: 1, most: 9 }, "x");
        assert_eq!(
            property(&field),
            json!({
                "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 9 }, { "type": "null" }],
                "description": "x",
            })
        );
    }
}
