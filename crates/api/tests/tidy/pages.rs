//! The pages in docs/ and the manifests of the published packages: complete, listed, of one shape.

/// What a registry shows of a package, and what keeps its archive small.
const SHOWN: [&str; 7] =
    ["description", "license", "categories", "keywords", "readme", "documentation", "include"];

/// The parts of a page that records a choice, in their order.
const PARTS: [&str; 5] = ["Context", "Choice", "Rejected", "Measured", "What would change it"];

/// Refuses the manifest of a published package that leaves a field out. `repository` is for whoever publishes to say.
pub(crate) fn manifests_are_complete(path: &str, text: &str) -> Vec<String> {
    let says = |field: &&&str| text.lines().any(|line| line.starts_with(**field) && line.contains('='));
    let missing = SHOWN.iter().filter(|field| !says(field));
    missing.map(|field| format!("{path}: the package says no `{field}`")).collect()
}

/// Refuses a page about a choice that has no number and title, or not the parts that the template has.
pub(crate) fn choices_have_one_shape(path: &str, text: &str) -> Vec<String> {
    let number = path.rsplit('/').next().and_then(|name| name.get(..4)).unwrap_or_default();
    let mut offences = Vec::new();
    if title(text).strip_prefix(number).is_none_or(|rest| !rest.starts_with(": ")) {
        offences.push(format!("{path}:1: begin with `# {number}: ` and the choice in one sentence"));
    }
    let mut parts = text.lines().filter_map(|line| line.strip_prefix("## "));
    let missing = PARTS.iter().find(|part| !parts.any(|found| found == **part));
    offences.extend(missing.map(|part| format!("{path}: the part `{part}` is missing or not in its place")));
    offences
}

/// Compares a list of pages with the pages there are: each link is a page's, and each page has one.
///
/// With `titled`, a line of the list also holds its page's title, so that a list read alone is true.
pub(crate) fn the_list_is_complete(
    list: (&str, &str),
    pages: &[(String, String)],
    titled: bool,
) -> Vec<String> {
    let (path, text) = list;
    let mut offences = Vec::new();
    for (page, contents) in pages {
        let link = format!("({page})");
        let title = title(contents).split_once(": ").map_or("", |(_, title)| title);
        let listed = |line: &str| line.contains(&link) && (!titled || line.contains(title));
        if !text.lines().any(listed) {
            offences.push(format!("{path}: no line for {page} `{title}`"));
        }
    }
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    let gone = links.filter(|link| !pages.iter().any(|(page, _)| page == link));
    offences.extend(gone.map(|link| format!("{path}: {link} is no page")));
    offences
}

/// Refuses a relative link, outside of code, that leads to no file; `exists` is asked by paths from the root.
pub(crate) fn links_lead_somewhere(path: &str, text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let prose = text.split("```").step_by(2).collect::<Vec<_>>().concat();
    let links = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    let dead = links
        .map(|link| link.split('#').next().unwrap_or(link))
        .filter(|link| !link.is_empty() && !link.contains("://") && !exists(&resolved(path, link)));
    dead.map(|link| format!("{path}: the link {link} leads nowhere")).collect()
}

/// The path that `link` means on the page at `path`.
fn resolved(path: &str, link: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn title(text: &str) -> &str {
    text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default()
}

#[test]
fn each_rule_catches_a_planted_offence() {
    let manifest = SHOWN.map(|field| format!("{field}.workspace = true\n")).concat();
    assert!(manifests_are_complete("Cargo.toml", &manifest).is_empty());
    let offences = manifests_are_complete("Cargo.toml", &manifest.replace("readme", "# readme"));
    assert!(offences[0].contains("readme"), "{offences:?}");

    let shape = |text: &str| choices_have_one_shape("docs/decisions/0042-x.md", text).len();
    let parts = PARTS.map(|part| format!("## {part}\n")).concat();
    assert_eq!(shape(&format!("# 0042: A choice\n{parts}")), 0);
    assert_eq!(shape(&format!("# 0042 A choice\n{parts}")), 1);
    assert_eq!(shape(&format!("# 0041: A choice\n{}", parts.replace("## Rejected\n", ""))), 2);

    let links = |text: &str| links_lead_somewhere("docs/a/b.md", text, &|path| path == "docs/c.md").len();
    assert_eq!(links("[c](../c.md#part), [web](https://docs.rs), [here](#here)\n```\n[d](d.md)\n```\n"), 0);
    assert_eq!(links("[c](c.md), [c](../../c.md)"), 2);

    let pages = [("0042-x.md".to_owned(), "# 0042: A choice\n".to_owned())];
    let list = |text: &str| the_list_is_complete(("README.md", text), &pages, true).len();
    assert_eq!(list("* [0042](0042-x.md): A choice\n"), 0);
    assert_eq!(list("* [0042](0042-x.md): Another\n"), 1);
    assert_eq!(list("* [0042](0042-x.md): A choice\n* [0043](0043-y.md): Gone\n"), 1);
}
