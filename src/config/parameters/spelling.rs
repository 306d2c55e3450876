//! Misspelt names of parameters: what stands below them is judged as though they had been spelt right.

use serde_json::Value;

use super::super::draft::{Content, Member, Node};
use super::super::fields::meant;
use super::schema;

/// Corrects the names below `node` that are certainly misspelt, and tells `misspelt` of each: the path of its map, and the name as it
/// stands there with its place. What is unknown for another reason is left as it is.
pub(super) fn corrected(schema: &Value, node: &Node, misspelt: &mut impl FnMut(&[String], &Member)) -> Node {
    let mut node = node.clone();
    correct(schema, &mut node, &mut Vec::new(), misspelt);
    node
}

fn correct(schema: &Value, node: &mut Node, path: &mut Vec<String>, misspelt: &mut impl FnMut(&[String], &Member)) {
    match &mut node.content {
        Content::Scalar(_) => {}
        Content::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                correct(schema, item, path, misspelt);
                path.pop();
            }
        }
        Content::Map(members) => {
            let known = schema::closed_members_at(schema, path);
            let known = || known.iter().map(String::as_str);
            for index in 0..members.len() {
                let member = &members[index];
                if !known().any(|name| name == member.name)
                    && let Some(meant) = meant(member, members, known())
                {
                    let meant = meant.to_owned();
                    misspelt(path, member);
                    members[index].name = meant;
                }
                path.push(members[index].name.clone());
                correct(schema, &mut members[index].value, path, misspelt);
                path.pop();
            }
        }
    }
}
