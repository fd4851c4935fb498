"""The official Python SDK, unmodified, as a client of the emulator's team.

The argument is the emulator's address; what the SDK addresses to Dropbox is sent there. Prints how many errors were asserted.
"""

import sys

import dropbox
import requests.adapters
from dropbox import common, files, team
from dropbox.dropbox_client import create_session
from dropbox.exceptions import ApiError, AuthError, BadInputError, PathRootError

URL = sys.argv[1]
refusals = 0


class Rewrite(requests.adapters.HTTPAdapter):
    """Sends requests for Dropbox to the emulator."""

    def send(self, request, **kwargs):
        request.url = URL + "/" + request.url.split("/", 3)[3]
        kwargs["proxies"] = {}
        return super().send(request, **kwargs)


session = create_session()
session.trust_env = False
session.mount("https://", Rewrite())
everyone = dropbox.DropboxTeam("emulator-team-access-token", session=session, max_retries_on_error=0)


def account(name):
    """A client of a member's own."""
    return dropbox.Dropbox(f"emulator-access-token-{name}", session=session, max_retries_on_error=0)


def refused(call, kind, tag):
    """Asserts that a call is refused with an error of a kind that has this outermost tag."""
    global refusals
    try:
        result = call()
    except kind as error:
        assert error.error._tag == tag, error.error
        refusals += 1
        return error
    raise AssertionError(f"not refused: {result}")


def wrong(call, text):
    """Asserts that a request is refused in words that hold this."""
    global refusals
    try:
        result = call()
    except BadInputError as error:
        assert text in error.message, error.message
        refusals += 1
        return
    raise AssertionError(f"not refused: {result}")


# Who is in the team. The SDK checks every field of an answer.
info = everyone.team_get_info()
assert info.team_id.startswith("dbtid:") and info.policies.top_level_content_policy.is_admin_only()
admin = everyone.team_token_get_authenticated_admin().admin_profile
listed = everyone.team_members_list(limit=3)
assert listed.has_more and len(listed.members) == 3
rest = everyone.team_members_list_continue(listed.cursor)
assert not rest.has_more and rest.members[0].profile.status.is_suspended()
assert listed.members[0].role.is_team_admin() and listed.members[0].profile.team_member_id == admin.team_member_id
second = everyone.team_members_list_v2(limit=1)
assert second.members[0].roles[0].name and everyone.team_members_list_continue_v2(second.cursor).members
for go_on in (everyone.team_members_list_continue, everyone.team_members_list_continue_v2):
    refused(lambda: go_on("none"), ApiError, "invalid_cursor")
member, suspended = listed.members[1].profile, rest.members[0].profile
selectors = [team.UserSelectorArg.email(member.email), team.UserSelectorArg.team_member_id("dbmid:none")]
found = everyone.team_members_get_info(selectors)
assert found[0].get_member_info().profile.account_id == member.account_id and found[1].get_id_not_found() == "dbmid:none"
assert everyone.team_members_get_info_v2(selectors).members_info[0].is_member_info()
values = everyone.team_features_get_values([team.Feature.has_distinct_member_homes, team.Feature.upload_api_rate_limit])
assert values.values[0].get_has_distinct_member_homes().get_has_distinct_member_homes()
refused(lambda: everyone.team_features_get_values([]), ApiError, "empty_features_list")
groups = everyone.team_groups_list()
assert groups.groups[0].group_id in member.groups and not everyone.team_groups_list_continue(groups.cursor).groups
refused(lambda: everyone.team_groups_list_continue("none"), ApiError, "invalid_cursor")
namespaces = everyone.team_namespaces_list()
homes = {each.team_member_id: each for each in namespaces.namespaces if each.namespace_type.is_team_member_folder()}
assert homes[member.team_member_id].namespace_id == member.member_folder_id
assert not everyone.team_namespaces_list_continue(namespaces.cursor).has_more
refused(lambda: everyone.team_namespaces_list_continue("none"), ApiError, "invalid_cursor")
folders = everyone.team_team_folder_list()
assert folders.team_folders[0].status.is_active()
refused(lambda: everyone.team_team_folder_list_continue("none"), ApiError, "invalid_cursor")

# As members.
user, boss = everyone.as_user(member.team_member_id), everyone.as_admin(admin.team_member_id)
told = user.users_get_current_account()
assert told.team.id == info.team_id and told.team_member_id == member.team_member_id and told.account_type.is_business()
root = told.root_info
assert isinstance(root, common.TeamRootInfo) and root.home_namespace_id == member.member_folder_id
assert root.root_namespace_id == member.root_folder_id and root.home_path == "/Max Member"
assert account("team-member").users_get_current_account() == told
assert user.users_get_space_usage().allocation.get_team().allocated > 0
user.files_upload(b"mine", "/own.txt")
space = common.PathRoot.root(root.root_namespace_id)
at_root = user.with_path_root(space)
names = [entry.name for entry in at_root.files_list_folder("").entries]
assert names == ["Max Member", "Projects"], names
shared = at_root.files_list_folder("").entries[1].sharing_info.shared_folder_id
assert shared == folders.team_folders[0].team_folder_id
in_folder = user.with_path_root(common.PathRoot.namespace_id(shared))
in_folder.files_upload(b"ours", "/plan.txt")
assert at_root.files_download("/projects/plan.txt")[1].content == b"ours"
assert user.files_get_metadata(f"ns:{shared}/plan.txt").path_lower is None
assert user.with_path_root(common.PathRoot.home).files_get_metadata("/own.txt").path_display == "/own.txt"
for call in (lambda: at_root.files_upload(b"x", "/top.txt"), lambda: at_root.files_create_folder_v2("/Top")):
    error = refused(call, ApiError, "path").error.get_path()
    assert getattr(error, "reason", error).is_no_write_permission(), error
assert refused(lambda: at_root.files_delete_v2("/Projects"), ApiError, "path_write").error.get_path_write().is_team_folder()

# As an admin.
whole = boss.with_path_root(space)
assert whole.files_download("/Max Member/own.txt")[1].content == b"mine"
refused(lambda: whole.files_upload(b"x", "/Max Member/by-admin.txt"), ApiError, "path")
whole.files_upload(b"x", "/Projects/by-admin.txt")
made = whole.files_create_folder_v2("/Sales").metadata
assert made.shared_folder_id in [each.team_folder_id for each in everyone.team_team_folder_list().team_folders]
wrong(lambda: boss.files_search_v2("plan"), "Dropbox-API-Select-Admin")

# Who is refused.
wrong(everyone.as_user("max").users_get_current_account, "Invalid select user id format")
refused(everyone.as_user("dbmid:none").users_get_current_account, AuthError, "invalid_select_user")
refused(everyone.as_admin(member.team_member_id).users_get_current_account, AuthError, "invalid_select_admin")
refused(everyone.as_user(suspended.team_member_id).users_get_current_account, AuthError, "user_suspended")
refused(account("team-suspended").users_get_current_account, AuthError, "user_suspended")
wrong(lambda: dropbox.Dropbox(everyone._oauth2_access_token, session=session).files_list_folder(""), "entire Dropbox Business team")
of_user = dropbox.DropboxTeam("emulator-access-token", session=session)
wrong(of_user.team_get_info, "DfB team management function")
other = homes[admin.team_member_id].namespace_id
refused(lambda: user.with_path_root(common.PathRoot.namespace_id(other)).files_list_folder(""), PathRootError, "no_permission")
moved = user.with_path_root(common.PathRoot.root(other))
error = refused(lambda: moved.files_list_folder(""), PathRootError, "invalid_root")
assert error.error.get_invalid_root() == root
folder_app = dropbox.Dropbox("emulator-folder-access-token", session=session)
wrong(lambda: folder_app.with_path_root(common.PathRoot.home).files_list_folder(""), "not supported for sandbox app")
folder_app.files_upload(b"x", "/x")
path = dropbox.Dropbox("emulator-access-token", session=session).files_list_folder("/Apps", recursive=True).entries[-1]
assert path.path_display == "/Apps/Emulator folder app/x", path
assert isinstance(path, files.FileMetadata)
few = dropbox.DropboxTeam(
    oauth2_refresh_token="emulator-team-refresh-token",
    app_key="emulator-app",
    app_secret="emulator-secret",
    scope=["team_info.read"],
    session=session,
)
few.refresh_access_token(scope=["team_info.read"])
assert few.team_get_info().team_id == info.team_id
refused(few.team_members_list, AuthError, "missing_scope")
refused(few.as_user(member.team_member_id).users_get_current_account, AuthError, "missing_scope")
print(refusals)
