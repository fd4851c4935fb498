"""What is shared, and what hangs on files: links, tags, locks."""

import datetime

from dropbox import files, sharing
from harness import Dropbox, dbx, failed, refused, session, wrong

Settings = sharing.SharedLinkSettings


def links():
    dbx.files_upload(b"shared", "/links/a.txt")
    create = dbx.sharing_create_shared_link_with_settings
    audience, access = sharing.LinkAudience.public, sharing.RequestedLinkAccessLevel.viewer
    link = create("/links/a.txt", Settings(audience=audience, access=access))
    assert isinstance(link, sharing.FileLinkMetadata) and link.size == 6
    assert link.link_permissions.can_revoke and link.link_permissions.resolved_visibility.is_public()
    error = refused(lambda: create("/links/a.txt"), "shared_link_already_exists")
    assert error.error.get_shared_link_already_exists().get_metadata().url == link.url
    refused(lambda: create("/links/none"), "path", "not_found")
    refused(lambda: create("/links//none"), "path", "malformed_path")
    refused(lambda: create("id:none"), "path", "not_found")
    refused(lambda: dbx.sharing_list_shared_links("/links//none"), "path", "malformed_path")
    expired = Settings(expires=datetime.datetime(2001, 1, 1))
    refused(lambda: create("/links", expired), "settings_error", "invalid_settings")
    refused(lambda: create("/links", Settings(require_password=True)), "settings_error", "invalid_settings")
    refused(lambda: create("/links", Settings(audience=sharing.LinkAudience.team)), "settings_error", "not_authorized")
    assert dbx.sharing_list_shared_links("/links/a.txt", direct_only=True).links[0].url == link.url
    assert dbx.sharing_list_shared_links().links
    refused(lambda: dbx.sharing_list_shared_links("/none"), "path", "not_found")
    refused(lambda: dbx.sharing_list_shared_links(cursor="none"), "reset")
    assert dbx.sharing_get_shared_link_metadata(link.url).name == "a.txt"
    assert dbx.sharing_get_shared_link_file(link.url)[1].content == b"shared"
    modify = dbx.sharing_modify_shared_link_settings
    later = Settings(expires=datetime.datetime(2090, 1, 1))
    assert modify(link.url, later).expires.year == 2090
    assert modify(link.url, Settings(), remove_expiration=True).expires is None
    refused(lambda: modify(link.url, expired), "settings_error", "invalid_settings")
    folder = create("/links")
    assert isinstance(folder, sharing.FolderLinkMetadata)
    refused(lambda: dbx.sharing_get_shared_link_file(folder.url), "shared_link_is_directory")
    assert dbx.sharing_get_shared_link_metadata(folder.url, path="/A.txt").name == "a.txt"
    refused(lambda: dbx.sharing_get_shared_link_metadata(folder.url, path="/none"), "shared_link_not_found")
    assert dbx.sharing_get_shared_link_file(folder.url, path="/a.txt")[1].content == b"shared"
    refused(lambda: dbx.sharing_get_shared_link_file(folder.url, path="/none"), "shared_link_not_found")
    dbx.sharing_revoke_shared_link(link.url)
    refused(lambda: dbx.sharing_revoke_shared_link(link.url), "shared_link_not_found")
    refused(lambda: dbx.sharing_get_shared_link_metadata(link.url), "shared_link_not_found")
    refused(lambda: dbx.sharing_get_shared_link_file(link.url), "shared_link_not_found")
    refused(lambda: modify(link.url, later), "shared_link_not_found")


def through_a_link():
    for path in ("/through/a", "/through/sub/b"):
        dbx.files_upload(path.encode(), path)
    password = Settings(require_password=True, link_password="secret")
    url = dbx.sharing_create_shared_link_with_settings("/through", password).url
    shared = files.SharedLink(url, "secret")
    # An app may look through it without a user.
    app = Dropbox(app_key="emulator-app", app_secret="emulator-secret", session=session())
    for looking in (dbx, app):
        page = looking.files_list_folder("", shared_link=shared, limit=1)
        names = [e.name for e in page.entries]
        assert page.has_more and all(e.path_lower is None for e in page.entries)
        page = looking.files_list_folder_continue(page.cursor)
        assert names + [e.name for e in page.entries] == ["a", "sub"]
        assert [e.name for e in looking.files_list_folder("/sub", shared_link=shared).entries] == ["b"]
        refused(lambda: looking.files_list_folder("/none", shared_link=shared), "path", "not_found")
        refused(lambda: looking.files_list_folder("", shared_link=files.SharedLink(url)), "path", "not_found")
    wrong(lambda: app.files_list_folder(""), "shared_link")
    wrong(lambda: dbx.files_list_folder("", shared_link=shared, recursive=True), "recursive")
    refused(lambda: dbx.sharing_get_shared_link_metadata(url), "shared_link_access_denied")
    refused(lambda: app.sharing_get_shared_link_file(url, path="/a"), "shared_link_access_denied")
    assert app.sharing_get_shared_link_file(url, path="/a", link_password="secret")[1].content == b"/through/a"


def old_links():
    dbx.files_upload(b"old", "/old/a")
    made = dbx.sharing_create_shared_link("/old/a")
    assert made.path == "/old/a" and made.visibility.is_public()
    assert dbx.sharing_create_shared_link("/old/a").url == made.url
    assert made.url in [link.url for link in dbx.sharing_get_shared_links("/old/a").links]
    assert dbx.sharing_get_shared_links().links
    refused(lambda: dbx.sharing_create_shared_link("/none"), "path", "not_found")
    refused(lambda: dbx.sharing_get_shared_links("/none"), "path")


def from_others():
    assert dbx.sharing_list_folders().entries == []
    assert dbx.sharing_list_mountable_folders(limit=10).entries == []
    assert dbx.sharing_list_received_files().entries == []
    refused(lambda: dbx.sharing_list_folders_continue("none"), "invalid_cursor")
    refused(lambda: dbx.sharing_list_mountable_folders_continue("none"), "invalid_cursor")
    refused(lambda: dbx.sharing_list_received_files_continue("none"), "invalid_cursor")
    refused(lambda: dbx.sharing_mount_folder("1234"), "access_error", "invalid_id")


def tags():
    dbx.files_upload(b"extra", "/extra")
    dbx.files_tags_add("/extra", "One")
    assert dbx.files_tags_get(["/extra"]).paths_to_tags[0].tags[0].get_user_generated_tag().tag_text == "one"
    dbx.files_tags_remove("/extra", "one")
    refused(lambda: dbx.files_tags_remove("/extra", "one"), "tag_not_present")
    refused(lambda: dbx.files_tags_remove("/none", "one"), "path", "not_found")
    refused(lambda: dbx.files_tags_add("/none", "one"), "path", "not_found")
    refused(lambda: dbx.files_tags_get(["/none"]), "path", "not_found")
    for n in range(20):
        dbx.files_tags_add("/extra", f"tag{n}")
    refused(lambda: dbx.files_tags_add("/extra", "onemore"), "too_many_tags")


def locks():
    dbx.files_upload(b"locked", "/locked")
    arg = [files.LockFileArg("/locked"), files.LockFileArg("/none")]
    entries = dbx.files_lock_file_batch(arg).entries
    assert entries[0].get_success().lock.content.is_single_user()
    failed(entries[1], "path_lookup", "not_found")
    entries = dbx.files_get_file_lock_batch(arg).entries
    assert entries[0].get_success().lock.content.get_single_user().lock_holder_account_id
    failed(entries[1], "path_lookup", "not_found")
    entries = dbx.files_unlock_file_batch([files.UnlockFileArg("/locked")]).entries
    assert entries[0].get_success().lock.content.is_unlocked()


CASES = (links, through_a_link, old_links, from_others, tags, locks)
