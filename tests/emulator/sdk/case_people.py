"""Who calls: accounts, tokens, checks."""

from dropbox import users
from harness import Dropbox, client, dbx, refused, session, unauthorized, wrong

NOBODY = "dbid:" + "x" * 35


def accounts():
    account = dbx.users_get_current_account()
    assert len(account.account_id) == 40
    assert account.root_info.root_namespace_id == account.root_info.home_namespace_id
    assert account.account_type.is_basic()
    assert account.name.display_name and account.locale and account.referral_link
    assert dbx.users_get_account(account.account_id).email == account.email
    assert dbx.users_get_account_batch([account.account_id])[0].name.display_name
    refused(lambda: dbx.users_get_account(NOBODY), "no_account")
    refused(lambda: dbx.users_get_account_batch([account.account_id, NOBODY]), "no_account")
    assert dbx.users_get_space_usage().allocation.get_individual().allocated > 0
    features = [users.UserFeature.file_locking, users.UserFeature.paper_as_files, users.UserFeature.team_shared_dropbox]
    values = dbx.users_features_get_values(features).values
    assert values[0].get_file_locking().is_enabled() and values[1].get_paper_as_files().get_enabled()
    assert values[2].get_team_shared_dropbox().get_enabled() is False
    refused(lambda: dbx.users_features_get_values([]), "empty_features_list")


def checks():
    assert dbx.check_user("hello").result == "hello"
    assert dbx.check_user().result == ""
    app = Dropbox(app_key="emulator-app", app_secret="emulator-secret", session=session())
    assert app.check_app("app").result == "app"
    stranger = Dropbox(app_key="emulator-app", app_secret="wrong", session=session())
    wrong(stranger.check_app, "Invalid app key or secret")


def tokens():
    unauthorized(client("nobody").users_get_current_account, "invalid_access_token")
    kwargs = dict(oauth2_refresh_token="emulator-refresh-token", app_key="emulator-app", session=session())
    fresh = Dropbox(app_secret="emulator-secret", **kwargs)
    assert fresh.users_get_current_account().email
    fresh.refresh_access_token()
    bad = Dropbox(oauth2_refresh_token="x", app_key="emulator-app", app_secret="wrong", session=session())
    wrong(bad.users_get_current_account, "invalid_client")
    few = Dropbox(app_secret="emulator-secret", scope=["files.metadata.read"], **kwargs)
    few.refresh_access_token(scope=["files.metadata.read"])
    error = unauthorized(lambda: few.files_upload(b"x", "/never"), "missing_scope")
    assert error.error.get_missing_scope().required_scope == "files.content.write"
    unauthorized(lambda: few.sharing_list_shared_links(), "missing_scope")


def farewell():
    """Takes the tokens away, so it comes last of all."""
    dbx.auth_token_revoke()
    unauthorized(dbx.users_get_current_account, "invalid_access_token")


CASES = (accounts, checks, tokens)
