//! Apps, and what their users allowed them: codes, access tokens, refresh tokens.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::mint::Mint;
use super::AccountId;
use super::account::standing_token;
use super::register::Register;

/// How long an access token lasts: four hours.
const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_hours(4);

/// How long a code lasts: ten minutes.
const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// Every scope that a route of users asks for, and those that any app may have besides.
pub(in super::super) const SCOPES: [&str; 12] = [
    "account_info.read",
    "account_info.write",
    "contacts.read",
    "file_requests.read",
    "files.content.read",
    "files.content.write",
    "files.metadata.read",
    "files.metadata.write",
    "files.permanent_delete",
    "sharing.read",
    "sharing.write",
    "openid",
];

/// The scopes that only an admin can give, for a whole team.
pub(in super::super) const TEAM_SCOPES: [&str; 18] = [
    "events.read",
    "files.team_metadata.read",
    "files.team_metadata.write",
    "groups.read",
    "groups.write",
    "members.delete",
    "members.read",
    "members.write",
    "sessions.list",
    "sessions.modify",
    "team_data.content.read",
    "team_data.content.write",
    "team_data.governance.read",
    "team_data.governance.write",
    "team_data.member",
    "team_data.team_space",
    "team_info.read",
    "team_info.write",
];

/// Whether scopes ask for a team: tokens with them act for the team, not for whoever gave them.
pub(in super::super) fn are_of_team(scopes: &[String]) -> bool {
    let of_team = |scope: &String| TEAM_SCOPES.contains(&scope.as_str());
    scopes.iter().any(of_team)
}

/// What of an account an app may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum AppAccess {
    /// Everything, and teams.
    Full,
    /// A folder of its own.
    Folder,
}

/// An app.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct App {
    pub(in super::super) key: &'static str,
    pub(in super::super) secret: &'static str,
    pub(in super::super) name: &'static str,
    pub(in super::super) redirect_uris: &'static [&'static str],
    pub(in super::super) access: AppAccess,
}

/// The app that has everything.
const FULL_APP: App = App {
    key: "emulator-app",
    secret: "emulator-secret",
    name: "Emulator app",
    redirect_uris: &["http://localhost", "http://localhost:9999"],
    access: AppAccess::Full,
};

/// The app that has a folder.
const FOLDER_APP: App = App {
    key: "emulator-folder-app",
    secret: "emulator-folder-secret",
    name: "Emulator folder app",
    access: AppAccess::Folder,
    ..FULL_APP
};

/// The apps that the emulator knows.
const APPS: [App; 2] = [FULL_APP, FOLDER_APP];

impl App {
    /// Whether it can be given a scope.
    pub(in super::super) fn may_have(&self, scope: &str) -> bool {
        SCOPES.contains(&scope) || self.access == AppAccess::Full && TEAM_SCOPES.contains(&scope)
    }

    pub(in super::super) fn of(key: &str) -> Option<App> {
        APPS.into_iter().find(|app| app.key == key)
    }
}

/// What a user allowed an app, and the tokens that come of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Grant {
    id: GrantId,
    account: AccountId,
    app: Cow<'static, str>,
    scopes: Vec<String>,
    /// Whether the code was exchanged with a verifier: then the refresh needs no secret.
    public: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct GrantId(u64);

/// What a token opens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Access {
    pub(in super::super) account: AccountId,
    /// `None`: it never expires.
    pub(in super::super) expires: Option<Timestamp>,
    pub(in super::super) scopes: Vec<String>,
    /// Whether it acts for a team. One that was narrowed still does.
    pub(in super::super) of_team: bool,
    app: Cow<'static, str>,
    grant: GrantId,
}

impl Access {
    /// The app that has it.
    pub(in super::super) fn app(&self) -> App {
        App::of(&self.app).expect("only apps that exist are given tokens")
    }
}

/// What an app asks a user for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Request {
    pub(in super::super) app: Cow<'static, str>,
    pub(in super::super) redirect_uri: Option<String>,
    pub(in super::super) challenge: Option<Challenge>,
    pub(in super::super) scopes: Vec<String>,
    /// Whether a refresh token is wanted.
    pub(in super::super) offline: bool,
}

/// What binds a code to who asked for it (RFC 7636).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Challenge {
    Plain(String),
    S256(String),
}

impl Challenge {
    fn admits(&self, verifier: &str) -> bool {
        match self {
            Challenge::Plain(challenge) => challenge == verifier,
            Challenge::S256(challenge) => {
                *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
            }
        }
    }
}

/// A code that waits to be exchanged.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Code {
    request: Request,
    account: AccountId,
    expires: Timestamp,
}

/// How an app shows that a code is its own.
pub(in super::super) struct Proof<'a> {
    pub(in super::super) app: &'a str,
    pub(in super::super) with_secret: bool,
    pub(in super::super) verifier: Option<&'a str>,
    pub(in super::super) redirect_uri: Option<&'a str>,
}

/// Tokens for an app.
#[derive(Debug)]
pub(in super::super) struct Tokens {
    pub(in super::super) access: String,
    pub(in super::super) refresh: Option<String>,
    pub(in super::super) account: AccountId,
    pub(in super::super) scopes: Vec<String>,
    pub(in super::super) lifetime: SignedDuration,
}

/// Why no tokens are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum TokenError {
    NoSuchCode,
    WrongRedirectUri,
    WrongVerifier,
    NoSecret,
    NoSuchRefreshToken,
    WrongScope,
}

/// Who may call.
#[derive(Debug)]
pub(in super::super) struct Grants {
    /// How long the access tokens last that are given from now on.
    pub(in super::super) lifetime: SignedDuration,
    /// Whether a refresh token is good once, and brings the next one.
    pub(in super::super) rotates: bool,
    /// Redirect URIs that are registered with every app besides its own.
    pub(in super::super) redirect_uris: Vec<String>,
    pub(super) codes: Register<Code>,
    pub(super) access: Register<Access>,
    pub(super) refresh: Register<Grant>,
}

impl Grants {
    pub(super) fn new(lasting: bool) -> Grants {
        Grants {
            lifetime: ACCESS_LIFETIME,
            rotates: false,
            redirect_uris: Vec::new(),
            codes: Register::new(lasting),
            access: Register::new(lasting),
            refresh: Register::new(lasting),
        }
    }

    /// The standing tokens of an account: they open all that their app can have, and never expire. The name is what they are
    /// told apart by.
    pub(in super::super) fn add_standing(&mut self, name: &str, account: AccountId) {
        self.add_forever("", FULL_APP, &SCOPES, name, account);
        self.add_forever("folder-", FOLDER_APP, &SCOPES, name, account);
    }

    /// The standing tokens of the team, which an admin gave.
    pub(in super::super) fn add_team_standing(&mut self, admin: AccountId) {
        let scopes = [&SCOPES[..], &TEAM_SCOPES].concat();
        self.add_forever("team-", FULL_APP, &scopes, "", admin);
    }

    fn add_forever(
        &mut self,
        kind: &str,
        app: App,
        scopes: &[&str],
        name: &str,
        account: AccountId,
    ) {
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let grant = Grant {
            id: self.next_id(),
            account,
            app: app.key.into(),
            scopes: scopes.clone(),
            public: true,
        };
        let access = Access {
            account,
            expires: None,
            of_team: are_of_team(&scopes),
            scopes,
            app: app.key.into(),
            grant: grant.id,
        };
        let token = |what: &str| standing_token(&format!("{kind}{what}"), name);
        self.access.insert(token("access"), access);
        self.refresh.insert(token("refresh"), grant);
    }

    /// An id that no token refers to.
    fn next_id(&self) -> GrantId {
        let refresh = self.refresh.values().map(|grant| grant.id);
        let access = self.access.values().map(|access| access.grant);
        let last = refresh.chain(access).max();
        last.map_or(GrantId(0), |last| GrantId(last.0 + 1))
    }

    pub(in super::super) fn is_registered(&self, app: App, redirect_uri: &str) -> bool {
        app.redirect_uris.contains(&redirect_uri)
            || self.redirect_uris.iter().any(|uri| uri == redirect_uri)
    }

    pub(in super::super) fn access(&self, token: &str) -> Option<&Access> {
        self.access.get(token)
    }

    /// A user said yes: the code for the app.
    pub(in super::super) fn allow(
        &mut self,
        request: Request,
        account: AccountId,
        now: Timestamp,
        mint: &mut Mint,
    ) -> String {
        self.codes.retain(|code| code.expires > now);
        let code = mint.code();
        let expires = now + CODE_LIFETIME;
        let waiting = Code {
            request,
            account,
            expires,
        };
        self.codes.insert(code.clone(), waiting);
        code
    }

    /// Exchanges a code. It is spent, whether the proof is right or not.
    pub(in super::super) fn exchange(
        &mut self,
        code: &str,
        proof: &Proof<'_>,
        now: Timestamp,
        mint: &mut Mint,
    ) -> Result<Tokens, TokenError> {
        let code = self.codes.remove(code);
        let fresh = |code: &Code| code.expires > now && code.request.app == proof.app;
        let code = code.filter(fresh).ok_or(TokenError::NoSuchCode)?;
        let Request {
            app,
            redirect_uri,
            challenge,
            scopes,
            offline,
        } = code.request;
        if redirect_uri.as_deref() != proof.redirect_uri {
            return Err(TokenError::WrongRedirectUri);
        }
        match (&challenge, proof.verifier) {
            (Some(challenge), Some(verifier)) if challenge.admits(verifier) => {}
            (None, None) if proof.with_secret => {}
            (None, None) => return Err(TokenError::NoSecret),
            _ => return Err(TokenError::WrongVerifier),
        }
        let grant = Grant {
            id: self.next_id(),
            account: code.account,
            app,
            scopes: scopes.clone(),
            public: challenge.is_some(),
        };
        let refresh = offline.then(|| mint.refresh_token());
        let access = self.issue(&grant, scopes.clone(), now, mint);
        if let Some(refresh) = &refresh {
            self.refresh.insert(refresh.clone(), grant);
        }
        Ok(Tokens {
            access,
            refresh,
            account: code.account,
            scopes,
            lifetime: self.lifetime,
        })
    }

    /// A new access token for who holds a refresh token; `scopes` may narrow it.
    pub(in super::super) fn refresh(
        &mut self,
        token: &str,
        proof: &Proof<'_>,
        scopes: Option<Vec<String>>,
        now: Timestamp,
        mint: &mut Mint,
    ) -> Result<Tokens, TokenError> {
        let grant = self.refresh.get(token).cloned();
        let grant = grant.ok_or(TokenError::NoSuchRefreshToken)?;
        if grant.app != proof.app {
            return Err(TokenError::NoSuchRefreshToken);
        }
        if !grant.public && !proof.with_secret {
            return Err(TokenError::NoSecret);
        }
        let scopes = scopes.unwrap_or_else(|| grant.scopes.clone());
        if scopes.iter().any(|scope| !grant.scopes.contains(scope)) {
            return Err(TokenError::WrongScope);
        }
        Ok(Tokens {
            access: self.issue(&grant, scopes.clone(), now, mint),
            refresh: None,
            account: grant.account,
            scopes,
            lifetime: self.lifetime,
        })
    }

    /// Another refresh token to the same ends as this one, which stays good unless they are good once.
    pub(in super::super) fn renew(&mut self, token: &str, mint: &mut Mint) -> Option<String> {
        let grant = self.refresh.get(token)?.clone();
        let renewed = mint.refresh_token();
        if self.rotates {
            self.refresh.remove(token);
        }
        self.refresh.insert(renewed.clone(), grant);
        Some(renewed)
    }

    fn issue(
        &mut self,
        grant: &Grant,
        scopes: Vec<String>,
        now: Timestamp,
        mint: &mut Mint,
    ) -> String {
        let token = mint.access_token();
        let access = Access {
            account: grant.account,
            expires: Some(now + self.lifetime),
            of_team: are_of_team(&grant.scopes),
            scopes,
            app: grant.app.clone(),
            grant: grant.id,
        };
        self.access.insert(token.clone(), access);
        token
    }

    /// Ends a token, the refresh token that it came from, and all its siblings.
    pub(in super::super) fn revoke(&mut self, token: &str) {
        let Some(grant) = self.access.get(token).map(|access| access.grant) else {
            return;
        };
        self.access.retain(|access| access.grant != grant);
        self.refresh.retain(|kept| kept.id != grant);
    }
}
