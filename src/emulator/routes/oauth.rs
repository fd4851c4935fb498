//! `/oauth2/authorize`, `/oauth2/token`

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use url::form_urlencoded;

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::consent;
use super::super::quirk::Quirk;
use super::super::state::grant::{
    App, Challenge, Grants, Proof, Request, SCOPES, TokenError, Tokens, are_of_team,
};
use super::super::state::{AccountId, State};

/// Bytes in a form, at most.
const LARGEST_FORM: usize = 64 * 1024;

/// Shows the page on GET; on POST somebody has pressed one of its buttons.
pub(super) async fn authorize(call: &mut Call) -> Outcome {
    let form = Form::read(call)
        .await
        .map_err(|_| page_error("The form is too large."))?;
    let (app, request) = read_request(&form, &call.shared.state().grants)?;
    if call.parts.method == Method::GET {
        let state = call.shared.state();
        let accounts = state.offered(&request.scopes).into_iter();
        let page = consent::page(app.name, &request.scopes, accounts, &form.0);
        return Ok(Answer::html(StatusCode::OK, page));
    }
    let to = request.redirect_uri.clone();
    let state = form.field("state").map(str::to_owned);
    let mut told: Vec<(&str, String)> = Vec::new();
    let mut fragment = false;
    if form.field("decision") == Some("allow") {
        let now = call.shared.clock.now();
        let mut locked = call.shared.state();
        let locked = &mut *locked;
        let account = locked.choose(form.field("account"), &request.scopes)?;
        let implicit = form.field("response_type") == Some("token");
        let offline = request.offline;
        let code = locked.grants.allow(request, account, now, &mut locked.mint);
        if implicit {
            fragment = true;
            let proof = Proof {
                app: app.key,
                with_secret: true,
                verifier: None,
                redirect_uri: to.as_deref(),
            };
            let tokens = locked.grants.exchange(&code, &proof, now, &mut locked.mint);
            let tokens =
                tokens.map_err(|_| page_error("The implicit grant takes no code_challenge."))?;
            let whose = locked.whose(&tokens);
            told.push(("access_token", tokens.access));
            told.push(("token_type", "bearer".to_owned()));
            told.extend(whose);
            told.push(("scope", tokens.scopes.join(" ")));
        } else if to.is_none() {
            return Ok(Answer::html(
                StatusCode::OK,
                consent::code_page(&code, offline),
            ));
        } else {
            told.push(("code", code));
        }
    } else {
        told.push(("error", "access_denied".to_owned()));
        told.push((
            "error_description",
            "The user chose not to give your app access to their Dropbox account.".to_owned(),
        ));
    }
    let Some(to) = to else {
        return Ok(Answer::html(StatusCode::OK, consent::denied_page()));
    };
    told.extend(state.map(|state| ("state", state)));
    Ok(redirect(&to, &told, fragment))
}

impl State {
    /// The accounts among which a person may choose for an app that asks for these scopes, the likeliest first.
    fn offered(&self, scopes: &[String]) -> Vec<&str> {
        if are_of_team(scopes) {
            // Only an admin can give a team away.
            return vec![&self.account(self.team_admin()).name];
        }
        let default = self.default_account();
        let others = self
            .accounts()
            .filter(|(id, account)| *id != default && !account.is_suspended());
        let others = others.map(|(_, account)| account.name.as_str());
        std::iter::once(self.account(default).name.as_str())
            .chain(others)
            .collect()
    }

    /// The account that a person chose, which may be a new one.
    fn choose(&mut self, name: Option<&str>, scopes: &[String]) -> Result<AccountId, Refusal> {
        let of_team = are_of_team(scopes);
        let chosen = match name.filter(|name| !name.is_empty()) {
            None if of_team => self.team_admin(),
            None => self.default_account(),
            Some(name) => self.account_named(name),
        };
        if of_team && chosen != self.team_admin() {
            return Err(page_error("Only an admin can connect an app to the team."));
        }
        if self.account(chosen).is_suspended() {
            return Err(page_error("This account is suspended."));
        }
        Ok(chosen)
    }

    /// Whose the tokens are, as an app is told: an account's, or a team's.
    fn whose(&self, tokens: &Tokens) -> [(&'static str, String); 2] {
        let uid = ("uid", tokens.account.number().to_string());
        if are_of_team(&tokens.scopes) {
            return [uid, ("team_id", self.team.id.clone())];
        }
        [uid, ("account_id", self.account(tokens.account).id.clone())]
    }
}

fn redirect(to: &str, told: &[(&str, String)], fragment: bool) -> Answer {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(told)
        .finish();
    let joint = match (fragment, to.contains('?')) {
        (true, _) => '#',
        (false, true) => '&',
        (false, false) => '?',
    };
    let to = HeaderValue::try_from(format!("{to}{joint}{query}"))
        .expect("a registered address and an encoded query are ASCII");
    Answer::text(StatusCode::FOUND, "").with(header::LOCATION, to)
}

/// Reads who asks for what; everything wrong is told to the person, not to the app.
fn read_request(form: &Form, grants: &Grants) -> Result<(App, Request), Refusal> {
    let app = form.field("client_id").and_then(App::of);
    let app = app.ok_or_else(|| page_error("Invalid client_id: there is no app with this key."))?;
    let redirect_uri = form
        .field("redirect_uri")
        .filter(|uri| !uri.is_empty())
        .map(str::to_owned);
    if let Some(uri) = &redirect_uri
        && !grants.is_registered(app, uri)
    {
        return Err(page_error(&format!(
            "Invalid redirect_uri: \"{uri}\". It must exactly match one of the redirect URIs you've pre-configured for your app (including the path)."
        )));
    }
    match form.field("response_type") {
        Some("code") => {}
        Some("token") if redirect_uri.is_some() => {}
        _ => {
            return Err(page_error(
                "Invalid response_type: expecting \"code\", or \"token\" with a redirect_uri.",
            ));
        }
    }
    let challenge = match (
        form.field("code_challenge"),
        form.field("code_challenge_method"),
    ) {
        (None, _) => None,
        (Some(challenge), Some("S256")) => Some(Challenge::S256(challenge.to_owned())),
        (Some(challenge), Some("plain") | None) => Some(Challenge::Plain(challenge.to_owned())),
        (Some(_), Some(_)) => {
            return Err(page_error(
                "Invalid code_challenge_method: expecting \"S256\" or \"plain\".",
            ));
        }
    };
    let scopes = match form.field("scope").filter(|scope| !scope.trim().is_empty()) {
        None => SCOPES.map(str::to_owned).into(),
        Some(given) => scopes(given, app)
            .ok_or_else(|| page_error("Invalid scope: the app does not have it."))?,
    };
    let offline = match form.field("token_access_type") {
        Some("offline") => true,
        None | Some("online" | "legacy") => false,
        Some(_) => {
            return Err(page_error(
                "Invalid token_access_type: expecting \"offline\", \"online\" or \"legacy\".",
            ));
        }
    };
    Ok((
        app,
        Request {
            app: app.key.into(),
            redirect_uri,
            challenge,
            scopes,
            offline,
        },
    ))
}

fn scopes(given: &str, app: App) -> Option<Vec<String>> {
    let given: Vec<String> = given.split_whitespace().map(str::to_owned).collect();
    given
        .iter()
        .all(|scope| app.may_have(scope))
        .then_some(given)
}

fn page_error(text: &str) -> Refusal {
    Refusal::Other(Box::new(Answer::html(
        StatusCode::BAD_REQUEST,
        consent::error_page(text),
    )))
}

pub(super) async fn token(call: &mut Call) -> Outcome {
    let form = Form::read(call).await?;
    let (key, secret) = form.client(&call.parts.headers)?;
    let app = App::of(&key).filter(|app| secret.as_ref().is_none_or(|secret| secret == app.secret));
    let app = app.ok_or_else(|| refuse("invalid_client", "Invalid client_id or client_secret"))?;
    let proof = Proof {
        app: app.key,
        with_secret: secret.is_some(),
        verifier: form.field("code_verifier"),
        redirect_uri: form.field("redirect_uri").filter(|uri| !uri.is_empty()),
    };
    match form.field("grant_type") {
        Some("authorization_code") => exchange(call, &form, &proof),
        Some("refresh_token") => refresh(call, &form, app, &proof),
        Some(other) => Err(refuse(
            "unsupported_grant_type",
            &format!("grant_type {other:?} is not supported"),
        )),
        None => Err(refuse(
            "invalid_request",
            "missing required field \"grant_type\"",
        )),
    }
}

fn exchange(call: &Call, form: &Form, proof: &Proof<'_>) -> Outcome {
    let code = form.required("code")?;
    let now = call.shared.clock.now();
    let mut state = call.shared.state();
    let state = &mut *state;
    let tokens = state
        .grants
        .exchange(code, proof, now, &mut state.mint)
        .map_err(token_error)?;
    let mut result = json!({
        "access_token": tokens.access,
        "token_type": "bearer",
        "expires_in": tokens.lifetime.as_secs(),
        "scope": tokens.scopes.join(" "),
    });
    for (name, id) in state.whose(&tokens) {
        result[name] = id.into();
    }
    if let Some(refresh) = tokens.refresh {
        result["refresh_token"] = refresh.into();
    }
    Ok(Answer::json(&result))
}

fn refresh(call: &Call, form: &Form, app: App, proof: &Proof<'_>) -> Outcome {
    let token = form.required("refresh_token")?;
    let narrowed = match form.field("scope") {
        None => None,
        Some(given) => Some(scopes(given, app).ok_or_else(|| token_error(TokenError::WrongScope))?),
    };
    let told = narrowed.is_some();
    let now = call.shared.clock.now();
    let mut state = call.shared.state();
    let state = &mut *state;
    let refreshed = state
        .grants
        .refresh(token, proof, narrowed, now, &mut state.mint);
    let tokens = refreshed.map_err(token_error)?;
    let lifetime = tokens.lifetime.as_secs();
    let mut result =
        json!({ "access_token": tokens.access, "token_type": "bearer", "expires_in": lifetime });
    if told {
        result["scope"] = tokens.scopes.join(" ").into();
    }
    if state.grants.rotates || call.quirk(Quirk::RefreshTokensRotate) {
        result["refresh_token"] = json!(state.grants.renew(token, &mut state.mint));
    }
    Ok(Answer::json(&result))
}

fn token_error(error: TokenError) -> Refusal {
    match error {
        TokenError::NoSuchCode => refuse("invalid_grant", "code doesn't exist or has expired"),
        TokenError::WrongRedirectUri => refuse("invalid_grant", "redirect_uri mismatch"),
        TokenError::WrongVerifier => refuse("invalid_grant", "invalid code verifier"),
        TokenError::NoSecret => refuse(
            "invalid_client",
            "client_secret or code_verifier is required",
        ),
        TokenError::NoSuchRefreshToken => {
            refuse("invalid_grant", "refresh token is invalid or revoked")
        }
        TokenError::WrongScope => refuse("invalid_scope", "the scope was not granted"),
    }
}

/// 400 with an error of RFC 6749, 5.2.
fn refuse(error: &str, description: &str) -> Refusal {
    let body = json!({ "error": error, "error_description": description });
    Refusal::Other(Box::new(Answer::failure(StatusCode::BAD_REQUEST, &body)))
}

/// The parameters, wherever the client put them: body, query string, or both. Of a name that comes twice the first counts.
struct Form(HashMap<String, String>);

impl Form {
    async fn read(call: &mut Call) -> Result<Form, Refusal> {
        let too_large = |_| refuse("invalid_request", "the form is too large");
        let body = call.body.collect(LARGEST_FORM).await.map_err(too_large)?;
        let form = call
            .parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(is_form);
        let body: &[u8] = if form { &body } else { &[] };
        let query = call.parts.uri.query().unwrap_or_default();
        let mut fields = HashMap::new();
        for (name, value) in
            form_urlencoded::parse(body).chain(form_urlencoded::parse(query.as_bytes()))
        {
            fields
                .entry(name.into_owned())
                .or_insert_with(|| value.into_owned());
        }
        Ok(Form(fields))
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn required(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || {
            refuse(
                "invalid_request",
                &format!("missing required field \"{name}\""),
            )
        };
        self.field(name).ok_or_else(missing)
    }

    /// The app's key and secret, from the form or by HTTP Basic; not both (RFC 6749, 2.3).
    fn client(&self, headers: &HeaderMap) -> Result<(String, Option<String>), Refusal> {
        match (basic(headers), self.field("client_id")) {
            (Some(_), Some(_)) => Err(refuse("invalid_request", "unknown field \"client_id\"")),
            (None, None) => Err(refuse(
                "invalid_request",
                "missing required field \"client_id\"",
            )),
            (None, Some(key)) => Ok((
                key.to_owned(),
                self.field("client_secret").map(str::to_owned),
            )),
            (Some(pair), None) => {
                let (key, secret) =
                    pair.map_err(|_| refuse("invalid_client", "malformed Basic credentials"))?;
                Ok((key, Some(secret)))
            }
        }
    }
}

/// Credentials that are not Base64 of a text.
#[derive(Debug)]
pub(in super::super) struct MalformedCredentials;

/// The key and secret of an app, if they come by HTTP Basic.
pub(in super::super) fn basic(
    headers: &HeaderMap,
) -> Option<Result<(String, String), MalformedCredentials>> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let encoded = given.strip_prefix("Basic ")?;
    let pair = STANDARD
        .decode(encoded.trim())
        .ok()
        .and_then(|pair| String::from_utf8(pair).ok());
    let pair = pair.ok_or(MalformedCredentials);
    Some(pair.map(|pair| {
        let (key, secret) = pair.split_once(':').unwrap_or((&pair, ""));
        (key.to_owned(), secret.to_owned())
    }))
}

fn is_form(kind: &HeaderValue) -> bool {
    kind.to_str().is_ok_and(|kind| {
        kind.trim_start()
            .starts_with("application/x-www-form-urlencoded")
    })
}
