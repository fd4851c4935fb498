//! `sharing/`: links to files and folders.

use axum::http::HeaderValue;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::answer::{API_RESULT, Answer, Refusal, header_safe};
use super::super::call::{Call, Caller, Outcome};
use super::super::fault::FaultKind;
use super::super::fields::Fields;
use super::super::names;
use super::super::path_arg::Pattern;
use super::super::quirk::Quirk;
use super::super::state::links::{LinkSettings, SharedLink};
use super::super::state::tree::Node;
use super::super::state::{AccountId, State};
use super::super::tag::{nested, tag};
use super::super::wire;
use super::download;

const AUDIENCES: [&str; 6] = [
    "public",
    "team",
    "no_one",
    "password",
    "members",
    "public_logged_in_only",
];

pub(super) fn create(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Read)?;
    let given = call.arg.optional_fields("settings")?;
    call.arg.finish()?;
    let now = call.shared.clock.now();
    let mut settings = LinkSettings::default();
    if let Some(given) = given {
        read_settings(call, given, &mut settings, now, call.is_of_team())?;
    }
    let caller = call.caller();
    let mut state = call.shared.state();
    let (_, node) = state
        .find(&caller.view, &path)
        .map_err(|error| Refusal::Route(nested("path", wire::lookup_error(error))))?;
    if let Some(known) = link_to(&state, &caller, &node) {
        if call.quirk(Quirk::LinkExistsBare) {
            return Err(Refusal::Route(tag("shared_link_already_exists")));
        }
        let metadata = nested("metadata", metadata(&state, known, &node));
        return Err(Refusal::Route(nested(
            "shared_link_already_exists",
            metadata,
        )));
    }
    let link = make(&mut state, &caller, &node, settings);
    Ok(Answer::json(&metadata(&state, &link, &node)))
}

/// The caller's link to this item.
pub(super) fn link_to<'a>(
    state: &'a State,
    caller: &Caller,
    node: &Node,
) -> Option<&'a SharedLink> {
    let mut links = state.links.values();
    links.find(|link| link.owner == caller.account && link.item == node.id())
}

/// Makes a link.
pub(super) fn make(
    state: &mut State,
    caller: &Caller,
    node: &Node,
    settings: LinkSettings,
) -> SharedLink {
    let (letters, key) = (state.mint.link_id(), state.mint.link_id());
    let kind = match node {
        Node::File(_) => "fi",
        Node::Folder(_) => "fo",
    };
    let name = url::form_urlencoded::byte_serialize(names::name(node.display()).as_bytes());
    let name: String = name.collect();
    let link = SharedLink {
        url: format!("https://www.dropbox.com/scl/{kind}/{letters}/{name}?rlkey={key}&dl=0"),
        id: state.mint.file_id(),
        owner: caller.account,
        tree: caller.view.tree,
        item: node.id().to_owned(),
        settings,
    };
    state.links.push(link.clone());
    link
}

/// The caller's links to what is there; those to `path` and, unless `direct`, to the folders above it, where one is given.
pub(super) fn links_of<'a>(
    state: &'a State,
    caller: &Caller,
    path: Option<&'a str>,
    direct: bool,
) -> impl Iterator<Item = (&'a SharedLink, Node)> {
    let owner = caller.account;
    let own = state.links.values().filter(move |link| link.owner == owner);
    own.filter_map(move |link| {
        let (lower, node) = state.linked(link)?;
        let covered = match path {
            None => true,
            Some(path) if direct => lower == path,
            Some(path) => names::is_within(path, &lower),
        };
        covered.then_some((link, node))
    })
}

pub(super) fn list(call: &mut Call) -> Outcome {
    let path = call.arg.optional_path("path", Pattern::Read)?;
    let cursor = call.arg.optional_text("cursor")?;
    let direct = call.arg.nullable_flag("direct_only")?.unwrap_or(false);
    call.arg.finish()?;
    if cursor.is_some() || matches!(call.fault(), Some(FaultKind::ResetCursor)) {
        // All links are on the first page, so no cursor was ever given.
        return Err(Refusal::Route(tag("reset")));
    }
    let caller = call.caller();
    let state = call.shared.state();
    let wanted = match &path {
        None => None,
        Some(path) => {
            let found = state.find(&caller.view, path);
            let refuse = |error| Refusal::Route(nested("path", wire::lookup_error(error)));
            Some(found.map_err(refuse)?.0)
        }
    };
    let links: Vec<Value> = links_of(&state, &caller, wanted.as_deref(), direct)
        .map(|(link, node)| metadata(&state, link, &node))
        .collect();
    Ok(Answer::json(&json!({ "links": links, "has_more": false })))
}

pub(super) fn modify(call: &mut Call) -> Outcome {
    let url = call.arg.text("url")?;
    let given = call.arg.fields("settings")?;
    let forever = call.arg.flag("remove_expiration")?;
    call.arg.finish()?;
    let now = call.shared.clock.now();
    let owner = call.caller().account;
    let of_team = call.is_of_team();
    let mut state = call.shared.state();
    let found = state.link(&url, now).filter(|link| link.owner == owner);
    let found = found.cloned();
    let mut link = found.ok_or_else(|| Refusal::Route(tag("shared_link_not_found")))?;
    read_settings(call, given, &mut link.settings, now, of_team)?;
    if forever {
        link.settings.expires = None;
    }
    let settings = link.settings.clone();
    state.links.change(
        |kept| kept.id == link.id,
        |kept| kept.settings = settings.clone(),
    );
    let (_, node) = state
        .linked(&link)
        .ok_or_else(|| Refusal::Route(tag("shared_link_not_found")))?;
    Ok(Answer::json(&metadata(&state, &link, &node)))
}

pub(super) fn revoke(call: &mut Call) -> Outcome {
    let url = call.arg.text("url")?;
    call.arg.finish()?;
    let owner = call.caller().account;
    let now = call.shared.clock.now();
    let mut state = call.shared.state();
    let id = state
        .link(&url, now)
        .filter(|link| link.owner == owner)
        .map(|link| link.id.clone());
    let id = id.ok_or_else(|| Refusal::Route(tag("shared_link_not_found")))?;
    state.links.retain(|link| link.id != id);
    Ok(Answer::null())
}

pub(super) fn get_metadata(call: &mut Call) -> Outcome {
    let (link, _, node) = follow(call)?;
    let state = call.shared.state();
    Ok(Answer::json(&metadata(&state, &link, &node)))
}

pub(super) fn get_file(call: &mut Call) -> Outcome {
    let (link, _, node) = follow(call)?;
    let Node::File(file) = &node else {
        return Err(Refusal::Route(tag("shared_link_is_directory")));
    };
    let metadata = metadata(&call.shared.state(), &link, &node).to_string();
    let metadata =
        HeaderValue::try_from(header_safe(&metadata)).expect("escaped JSON is printable ASCII");
    let etag = download::etag(file);
    let answer = download::content(&call.parts.headers, &etag, &file.blob);
    Ok(answer.with(API_RESULT, metadata))
}

/// Who comes by a link.
#[derive(Debug, Default)]
pub(super) struct Visitor {
    /// Nobody knows who comes in a browser, or with the key of an app.
    account: Option<AccountId>,
    password: Option<String>,
}

impl Visitor {
    pub(super) fn of(call: &Call, password: Option<String>) -> Visitor {
        let caller = call.caller.as_ref();
        Visitor {
            account: caller.map(|caller| caller.account),
            password,
        }
    }

    /// Whether the settings of a link let the visitor in.
    fn may_follow(&self, state: &State, link: &SharedLink) -> bool {
        let knows_password =
            link.settings.password.is_none() || link.settings.password == self.password;
        let is_of_team = |account| state.account(account).member.is_some();
        let is_meant = match &*link.settings.audience {
            "team" => self.account.is_some_and(is_of_team),
            "no_one" => self.account == Some(link.owner),
            _ => true,
        };
        knows_password && is_meant
    }
}

/// The link of this address, for whom it is meant and who knows its password. The error is a tag.
pub(super) fn open<'a>(
    state: &'a State,
    url: &str,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<&'a SharedLink, &'static str> {
    let link = state.link(url, now).ok_or("shared_link_not_found")?;
    if visitor.may_follow(state, link) {
        Ok(link)
    } else {
        Err("shared_link_access_denied")
    }
}

/// Finds what a link, and a path below it, lead to.
fn follow(call: &mut Call) -> Result<(SharedLink, String, Node), Refusal> {
    let url = call.arg.text("url")?;
    let below = call.arg.optional_text("path")?;
    if let Some(below) = &below {
        call.arg.check_path("path", below, Pattern::Plain)?;
    }
    let password = call.arg.optional_text("link_password")?;
    call.arg.finish()?;
    let visitor = Visitor::of(call, password);
    let (state, now) = (call.shared.state(), call.shared.clock.now());
    resolve(&state, &url, below.as_deref(), &visitor, now)
        .map_err(|error| Refusal::Route(tag(error)))
}

/// What the link of this address leads to, and a path below it. The error is a tag.
pub(super) fn resolve(
    state: &State,
    url: &str,
    below: Option<&str>,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<(SharedLink, String, Node), &'static str> {
    const MISSING: &str = "shared_link_not_found";
    let link = open(state, url, visitor, now)?.clone();
    let (lower, node) = state.linked(&link).ok_or(MISSING)?;
    let Some(below) = below.filter(|below| !matches!(*below, "" | "/")) else {
        return Ok((link, lower, node));
    };
    let place = state.quirks.place(below).map_err(|_| MISSING)?;
    let lower = format!("{lower}{}", place.lower);
    let node = state.tree(link.tree).node(&lower).cloned();
    Ok((link, lower, node.ok_or(MISSING)?))
}

/// Reads `SharedLinkSettings` over what was set before.
fn read_settings(
    call: &Call,
    mut given: Fields,
    settings: &mut LinkSettings,
    now: Timestamp,
    of_team: bool,
) -> Result<(), Refusal> {
    let refuse = |name| Err(Refusal::Route(nested("settings_error", tag(name))));
    let require_password = given.nullable_flag("require_password")?;
    let password = given.optional_text("link_password")?;
    let expires = given.optional_time("expires")?;
    let audience = given.optional_tag("audience", &AUDIENCES)?;
    given.optional_tag("access", &["viewer", "editor", "max", "default"])?;
    let visibility =
        given.optional_tag("requested_visibility", &["public", "team_only", "password"])?;
    let allow_download = given.nullable_flag("allow_download")?;
    given.finish()?;
    let with_password = require_password == Some(true) || visibility == Some("password");
    if with_password && password.is_none() || expires.is_some_and(|expires| expires <= now) {
        return refuse("invalid_settings");
    }
    let team_only = matches!(audience, Some("team" | "public_logged_in_only"))
        || visibility == Some("team_only");
    if team_only && !of_team {
        return refuse("not_authorized");
    }
    if (password.is_some() || expires.is_some()) && call.quirk(Quirk::LinkSettingsRefused) {
        return refuse("not_authorized");
    }
    let audience = if team_only { Some("team") } else { audience };
    if let Some(audience) = audience {
        settings.audience = audience.into();
    }
    settings.expires = expires.or(settings.expires);
    settings.allow_download = allow_download.unwrap_or(settings.allow_download);
    settings.password = match require_password {
        Some(false) => None,
        _ => password.or(settings.password.take()),
    };
    Ok(())
}

/// `SharedLinkMetadata`
pub(super) fn metadata(state: &State, link: &SharedLink, node: &Node) -> Value {
    let view = &state.account(link.owner).home;
    let lower = state.quirks.fold(node.display());
    let mut described = json!(wire::metadata(view, &lower, node));
    let kept = [
        ".tag",
        "name",
        "path_lower",
        "client_modified",
        "server_modified",
        "rev",
        "size",
    ];
    if let Value::Object(fields) = &mut described {
        fields.retain(|name, _| kept.contains(&name.as_str()));
    }
    described["url"] = link.url.clone().into();
    described["id"] = node.id().into();
    if let Some(expires) = link.settings.expires {
        described["expires"] = json!(expires);
    }
    described["link_permissions"] = permissions(&link.settings);
    described
}

/// `LinkPermissions`; strict decoders want every required flag.
fn permissions(settings: &LinkSettings) -> Value {
    let visibility = match (&settings.password, &*settings.audience) {
        (Some(_), _) | (_, "password") => "password",
        (None, "no_one") => "no_one",
        (None, "team") => "team_only",
        _ => "public",
    };
    json!({
        "resolved_visibility": tag(visibility),
        "requested_visibility": tag(if visibility == "no_one" { "public" } else { visibility }),
        "can_revoke": true,
        "visibility_policies": [
            { "policy": tag("public"), "resolved_policy": tag("public"), "allowed": true },
            { "policy": tag("password"), "resolved_policy": tag("password"), "allowed": true },
        ],
        "can_set_expiry": true,
        "can_remove_expiry": true,
        "allow_download": settings.allow_download,
        "can_allow_download": true,
        "can_disallow_download": true,
        "allow_comments": true,
        "team_restricts_comments": false,
        "effective_audience": tag(&settings.audience),
        "link_access_level": tag("viewer"),
        "can_set_password": true,
        "can_remove_password": true,
        "require_password": settings.password.is_some(),
    })
}
