//! From a file's text to its tree, and no further than a person could follow: depth and number of nodes have bounds.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::{Content, Member, Node, Place, Scalar, Style};
use crate::config::error::{Finding, Report, line_and_column};

/// How deep maps and lists may nest; the grammar needs about ten.
const DEPTH: usize = 64;
/// How many nodes a file may have once its aliases are followed: they could multiply without end.
const NODES: usize = 100_000;

/// Parses the text of a file into its tree.
///
/// Reports what is no single YAML document of maps, lists and scalars. Of repeated keys and of tags there is a tree all the same, so
/// that the rest can be judged; the others end the search.
pub(in super::super) fn parse(text: &str, report: &mut Report) -> Option<Node> {
    let mut builder = Builder {
        text,
        parser: Parser::new_from_str(text),
        offsets: Offsets::of(text),
        anchors: HashMap::new(),
        nodes: 0,
        report,
    };
    match builder.document() {
        Ok(root) => Some(root),
        Err(finding) => {
            report.push(*finding);
            None
        }
    }
}

/// Turns the parser's places, in characters, into bytes.
struct Offsets {
    /// The byte at which each character begins, and the end of the text.
    bytes: Vec<usize>,
}

impl Offsets {
    fn of(text: &str) -> Self {
        Self { bytes: text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect() }
    }

    fn byte(&self, character: usize) -> usize {
        self.bytes.get(character).or(self.bytes.last()).copied().unwrap_or_default()
    }

    fn span(&self, span: Span) -> Range<usize> {
        self.byte(span.start.index())..self.byte(span.end.index())
    }
}

struct Builder<'t, 'r> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    offsets: Offsets,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    report: &'r mut Report,
}

/// Boxed, as it travels up through every level.
type Refusal = Box<Finding>;

impl<'t> Builder<'t, '_> {
    fn document(&mut self) -> Result<Node, Refusal> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if root.is_some() => {
                    let refusal = Finding::error(self.place(span, ""), "a second document begins here")
                        .help("a pipeline file is one document: put each pipeline into a file of its own");
                    return Err(Box::new(refusal));
                }
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                other => root = Some(self.node(other, span, String::new(), None, 0)?),
            }
        }
        root.ok_or_else(|| {
            Box::new(
                Finding::error(Place { span: 0..0, pointer: String::new() }, "the file is empty")
                    .help("a pipeline file begins with `version: 1`"),
            )
        })
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Refusal> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(self.not_yaml(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn not_yaml(&self, error: &ScanError) -> Refusal {
        let at = self.offsets.byte(error.marker().index());
        let place = Place { span: at..at, pointer: String::new() };
        let said = |words: &str| error.info().contains(words);
        let help = if said("tabs ") {
            "indent with blanks: YAML takes no tabs there"
        } else if said("unprintable") {
            "remove the control character; in a text in double quotes it is written as an escape, such as \"\\u0007\""
        } else if said("recursion limit") {
            "brackets open here that nobody closes, or the file is none that a person wrote"
        } else if said("mapping values are not allowed") {
            "a text with `: ` in it needs quotes; else look at the indentation of this line and of those above"
        } else if self.text[..at].ends_with('$') || self.text[at..].starts_with("${") {
            "between brackets a `${}` needs quotes: \"${NAME}\""
        } else {
            "look at the indentation, the quotes and the brackets here and in the lines above"
        };
        Box::new(Finding::error(place, "this is not YAML").cause(error.info()).help(help))
    }

    fn place(&self, span: Span, pointer: &str) -> Place {
        Place { span: self.offsets.span(span), pointer: pointer.to_owned() }
    }

    /// Builds the node that begins with `event`. `key` is the place of the key that it is the value of.
    fn node(
        &mut self,
        event: Event<'t>,
        span: Span,
        pointer: String,
        key: Option<&Place>,
        depth: usize,
    ) -> Result<Node, Refusal> {
        let mut place = self.place(span, &pointer);
        self.count(1, &place)?;
        if depth > DEPTH {
            return Err(Box::new(Finding::error(place, format!("maps and lists nest deeper than {DEPTH} levels"))));
        }
        let (anchor, tagged, content) = match event {
            Event::Alias(anchor) => return self.alias(anchor, place),
            Event::Scalar(text, style, anchor, tag) => {
                let style = if style == ScalarStyle::Plain { Style::Plain } else { Style::Quoted };
                (anchor, tag.is_some(), Content::Scalar(Scalar { text: text.into_owned(), style, secret: false }))
            }
            Event::SequenceStart(anchor, tag) => (anchor, tag.is_some(), self.list(&pointer, depth)?),
            Event::MappingStart(anchor, tag) => (anchor, tag.is_some(), self.map(&pointer, depth)?),
            _ => return Err(Box::new(Finding::error(place, "a value must stand here"))),
        };
        if tagged {
            let finding = Finding::error(place.clone(), "a tag stands here");
            self.report.push(finding.help("remove it: types follow from the text and its quotes"));
        }
        match (&content, key) {
            (Content::Map(_) | Content::List(_), Some(key)) => place.span = key.span.clone(),
            (Content::Scalar(scalar), Some(key)) if scalar.text.is_empty() && scalar.style == Style::Plain => {
                place.span = key.span.clone();
            }
            (Content::Map(members), None) => {
                if let Some(first) = members.first() {
                    place.span = first.place.span.clone();
                }
            }
            _ => {}
        }
        let node = Node { place, content };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn count(&mut self, more: usize, place: &Place) -> Result<(), Refusal> {
        self.nodes += more;
        if self.nodes > NODES {
            let refusal =
                Finding::error(place.clone(), format!("the file holds over {NODES} values once its aliases are followed"));
            return Err(Box::new(refusal));
        }
        Ok(())
    }

    fn list(&mut self, pointer: &str, depth: usize) -> Result<Content, Refusal> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Content::List(items));
            }
            items.push(self.node(event, span, format!("{pointer}/{}", items.len()), None, depth + 1)?);
        }
    }

    fn map(&mut self, pointer: &str, depth: usize) -> Result<Content, Refusal> {
        let mut members: Vec<Member> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            let name = match event {
                Event::MappingEnd => return Ok(Content::Map(members)),
                Event::Scalar(name, ..) => name.into_owned(),
                _ => return Err(Box::new(Finding::error(self.place(span, pointer), "a key must be a plain text"))),
            };
            let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            let place = self.place(span, &below);
            let (event, span) = self.next()?;
            let value = self.node(event, span, below, Some(&place), depth + 1)?;
            match places.get(&name).and_then(|at| members.get_mut(*at)) {
                None => {
                    places.insert(name.clone(), members.len());
                    members.push(Member { name, place, value });
                }
                Some(first) => {
                    let (line, column) = line_and_column(self.text, first.place.span.start);
                    let finding =
                        Finding::error(place, format!("the key `{name}` stands twice in one map, first at {line}:{column}"));
                    self.report.push(finding.help("remove one of the two; which of them would count is nobody's guess"));
                    first.value.join(value);
                }
            }
        }
    }

    /// A copy of an anchored node: its text is where the anchor is, its pointer where the alias is.
    fn alias(&mut self, anchor: usize, place: Place) -> Result<Node, Refusal> {
        let Some(anchored) = self.anchors.get(&anchor).cloned() else {
            return Err(Box::new(Finding::error(place, "this alias stands inside its own anchor")));
        };
        self.count(anchored.size(), &place)?;
        Ok(anchored.moved(&place.pointer))
    }
}
