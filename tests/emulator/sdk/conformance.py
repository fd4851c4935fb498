"""The official Python SDK, unmodified, against the emulator.

With an address as argument it goes there in plain HTTP, by a session of ours: what the SDK addresses to Dropbox is sent there.
Without, nothing is ours: the SDK is told where to go by its own environment variables.
Each case is a function; prints how many errors were asserted by tag.
"""

import datetime
import sys
import traceback

import requests
import requests.adapters
import dropbox
from dropbox import files, sharing
from dropbox.dropbox_client import create_session
from dropbox.exceptions import ApiError, AuthError, BadInputError

URL = sys.argv[1] if len(sys.argv) > 1 else None
refusals = 0


class Rewrite(requests.adapters.HTTPAdapter):
    """Sends requests for Dropbox to the emulator."""

    def send(self, request, **kwargs):
        _, _, rest = request.url.partition("://")
        _, _, path = rest.partition("/")
        request.url = URL + "/" + path
        kwargs["proxies"] = {}
        return super().send(request, **kwargs)


def session():
    """How requests go out; `None` is the SDK's own way."""
    if URL is None:
        return None
    rewriting = create_session()
    rewriting.trust_env = False
    rewriting.mount("https://", Rewrite())
    return rewriting


def client(token="emulator-access-token", **kwargs):
    return dropbox.Dropbox(token, session=session(), max_retries_on_error=0, **kwargs)


dbx = client()


def refused(call, *tags):
    """Asserts that a call is refused with these tags, from the outside in."""
    global refusals
    try:
        result = call()
    except ApiError as error:
        value = error.error
        for tag in tags:
            assert value._tag == tag, (value, tags)
            value = value._value
            if isinstance(value, (files.UploadWriteFailed,)):
                value = value.reason
        refusals += 1
        return error
    raise AssertionError(f"not refused: {result}")


def wrong(call, text):
    global refusals
    try:
        call()
    except BadInputError as error:
        assert text in error.message, error.message
        refusals += 1
        return
    raise AssertionError("not refused")


def accounts():
    account = dbx.users_get_current_account()
    assert len(account.account_id) == 40
    assert account.root_info.root_namespace_id == account.root_info.home_namespace_id
    assert account.account_type.is_basic()
    assert dbx.users_get_account(account.account_id).email == account.email
    assert dbx.users_get_account_batch([account.account_id])[0].name.display_name
    refused(lambda: dbx.users_get_account("dbid:" + "x" * 35), "no_account")
    assert dbx.users_get_space_usage().allocation.get_individual().allocated > 0
    assert dbx.check_user("hello").result == "hello"
    try:
        client("nobody").users_get_current_account()
        raise AssertionError("not refused")
    except AuthError as error:
        assert error.error.is_invalid_access_token()
    app = dropbox.Dropbox(app_key="emulator-app", app_secret="emulator-secret", session=dbx._session)
    assert app.check_app("app").result == "app"


def refreshing():
    kwargs = dict(oauth2_refresh_token="emulator-refresh-token", app_key="emulator-app")
    fresh = dropbox.Dropbox(session=session(), app_secret="emulator-secret", **kwargs)
    assert fresh.users_get_current_account().email
    fresh.refresh_access_token()
    bad = dropbox.Dropbox(session=session(), oauth2_refresh_token="x", app_key="emulator-app", app_secret="wrong")
    wrong(bad.users_get_current_account, "invalid_client")


def uploads():
    m = dbx.files_upload(b"hello world", "/up/Hello.txt", client_modified=datetime.datetime(2020, 1, 2, 3, 4, 5))
    assert m.name == "Hello.txt" and m.size == 11 and m.path_lower == "/up/hello.txt"
    assert m.client_modified == datetime.datetime(2020, 1, 2, 3, 4, 5)
    assert m.content_hash == "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423"
    assert dbx.files_upload(b"hello world", "/up/hello.txt").rev == m.rev
    refused(lambda: dbx.files_upload(b"other", "/up/hello.txt"), "path", "conflict", "file")
    refused(lambda: dbx.files_upload(b"hello world", "/up/hello.txt", strict_conflict=True), "path", "conflict", "file")
    refused(lambda: dbx.files_upload(b"x", "/up/hello.txt/below"), "path", "conflict", "file_ancestor")
    refused(lambda: dbx.files_upload(b"x", "/up"), "path", "conflict", "folder")
    refused(lambda: dbx.files_upload(b"x", "/up//x"), "path", "malformed_path")
    refused(lambda: dbx.files_upload(b"x", "/up/desktop.ini"), "path", "disallowed_name")
    refused(lambda: dbx.files_upload(b"x", "/up/hashed", content_hash="0" * 64), "content_hash_mismatch")
    renamed = dbx.files_upload(b"other", "/up/hello.txt", autorename=True)
    assert renamed.name == "hello (2).txt", renamed.name
    new = dbx.files_upload(b"new", "/up/hello.txt", mode=files.WriteMode.update(m.rev))
    assert new.id == m.id and new.rev != m.rev
    refused(lambda: dbx.files_upload(b"newer", "/up/hello.txt", mode=files.WriteMode.update(m.rev)), "path", "conflict", "file")
    copy = dbx.files_upload(b"newer", "/up/hello.txt", mode=files.WriteMode.update(m.rev), autorename=True)
    assert copy.name == "hello (conflicted copy).txt"
    assert dbx.files_upload(b"over", "/up/hello.txt", mode=files.WriteMode.overwrite).id == m.id
    odd = "/up/\u00fc\u4e2d\U0001f600 \"'.txt"
    assert dbx.files_upload(b"x", odd).path_display == odd
    meta, response = dbx.files_download(odd)
    assert meta.path_display == odd and response.content == b"x"


def downloads():
    dbx.files_upload(b"0123456789", "/down/a")
    meta, response = dbx.files_download("/DOWN/A")
    assert response.content == b"0123456789" and meta.size == 10
    _, response = dbx.files_download("id:" + meta.id[3:])
    assert response.content == b"0123456789"
    _, response = dbx.files_download("rev:" + meta.rev)
    assert response.content == b"0123456789"
    refused(lambda: dbx.files_download("/down/none"), "path", "not_found")
    refused(lambda: dbx.files_download("/down"), "path", "not_file")
    refused(lambda: dbx.files_download("id:none"), "path", "not_found")
    refused(lambda: dbx.files_export("/down/a"), "non_exportable")
    refused(lambda: dbx.files_get_preview("/down/a"), "unsupported_extension")
    refused(lambda: dbx.files_get_thumbnail("/down/a"), "unsupported_extension")
    refused(lambda: dbx.files_get_thumbnail_v2(files.PathOrLink.path("/down/a")), "unsupported_extension")
    link = dbx.files_get_temporary_link("/down/a")
    assert requests.get(link.link, timeout=10).content == b"0123456789"
    refused(lambda: dbx.files_get_temporary_link("/down"), "path", "not_file")


def sessions():
    data = bytes(range(256)) * 20000
    start = dbx.files_upload_session_start(data[:1000])
    cursor = files.UploadSessionCursor(start.session_id, 1000)
    dbx.files_upload_session_append_v2(data[1000:3000], cursor)
    error = refused(lambda: dbx.files_upload_session_append_v2(b"x", cursor), "incorrect_offset")
    assert error.error.get_incorrect_offset().correct_offset == 3000
    cursor.offset = 3000
    done = dbx.files_upload_session_finish(data[3000:], cursor, files.CommitInfo("/session/a"))
    assert done.size == len(data)
    refused(lambda: dbx.files_upload_session_finish(b"", cursor, files.CommitInfo("/session/b")), "lookup_failed", "not_found")
    refused(lambda: dbx.files_upload_session_append_v2(b"", files.UploadSessionCursor("none", 0)), "not_found")
    closed = dbx.files_upload_session_start(b"x", close=True)
    refused(lambda: dbx.files_upload_session_append_v2(b"y", files.UploadSessionCursor(closed.session_id, 1)), "closed")
    refused(
        lambda: dbx.files_upload_session_finish(b"", files.UploadSessionCursor(closed.session_id, 1), files.CommitInfo("/session")),
        "path", "conflict", "folder")
    block = 4 * 1024 * 1024
    big = b"ab" * (block // 2) + b"tail"
    concurrent = dbx.files_upload_session_start(b"", session_type=files.UploadSessionType.concurrent).session_id
    refused(lambda: dbx.files_upload_session_append_v2(b"x", files.UploadSessionCursor(concurrent, 1)), "concurrent_session_invalid_offset")
    refused(lambda: dbx.files_upload_session_append_v2(b"x", files.UploadSessionCursor(concurrent, 0)), "concurrent_session_invalid_data_size")
    dbx.files_upload_session_append_v2(big[block:], files.UploadSessionCursor(concurrent, block), close=True)
    end = files.UploadSessionCursor(concurrent, len(big))
    refused(lambda: dbx.files_upload_session_finish(b"", end, files.CommitInfo("/session/big")), "concurrent_session_missing_data")
    dbx.files_upload_session_append_v2(big[:block], files.UploadSessionCursor(concurrent, 0))
    assert dbx.files_upload_session_finish(b"", end, files.CommitInfo("/session/big")).size == len(big)
    refused(
        lambda: dbx.files_upload_session_start(b"", close=True, session_type=files.UploadSessionType.concurrent),
        "concurrent_session_close_not_allowed")
    ids = dbx.files_upload_session_start_batch(2).session_ids
    for n, session in enumerate(ids):
        dbx.files_upload_session_append_v2(b"%d" % n, files.UploadSessionCursor(session, 0), close=n == 0)
    args = [
        files.UploadSessionFinishArg(files.UploadSessionCursor(session, 1), files.CommitInfo(f"/session/batch{n}"))
        for n, session in enumerate(ids)
    ]
    result = dbx.files_upload_session_finish_batch_v2(args)
    assert result.entries[0].get_success().name == "batch0"
    assert result.entries[1].get_failure().get_lookup_failed().is_not_closed()
    dbx.files_upload_session_append_v2(b"", files.UploadSessionCursor(ids[1], 1), close=True)
    job = dbx.files_upload_session_finish_batch(args[1:])
    check = dbx.files_upload_session_finish_batch_check(job.get_async_job_id())
    assert check.get_complete().entries[0].get_success().name == "batch1"
    refused(lambda: dbx.files_upload_session_finish_batch_check("none"), "invalid_async_job_id")


def listings():
    for path in ("/list/A/x", "/list/A/B/y", "/list/z"):
        dbx.files_upload(path.encode(), path)
    flat = dbx.files_list_folder("/list")
    assert [(type(e).__name__, e.name) for e in flat.entries] == [("FolderMetadata", "A"), ("FileMetadata", "z")]
    assert not flat.has_more
    deep = dbx.files_list_folder("/LIST", recursive=True, limit=2)
    names = [e.path_display for e in deep.entries]
    while deep.has_more:
        deep = dbx.files_list_folder_continue(deep.cursor)
        names += [e.path_display for e in deep.entries]
    assert sorted(names) == ["/list", "/list/A", "/list/A/B", "/list/A/B/y", "/list/A/x", "/list/z"], names
    latest = dbx.files_list_folder_get_latest_cursor("/list", recursive=True).cursor
    assert dbx.files_list_folder_continue(latest).entries == []
    dbx.files_delete_v2("/list/A")
    dbx.files_upload(b"new", "/list/new")
    changes = dbx.files_list_folder_continue(latest).entries
    assert [type(e).__name__ for e in changes] == ["DeletedMetadata", "FileMetadata"], changes
    assert dbx.files_list_folder_longpoll(latest).changes
    gone = dbx.files_list_folder("/list", include_deleted=True)
    assert any(isinstance(e, files.DeletedMetadata) and e.name == "A" for e in gone.entries)
    refused(lambda: dbx.files_list_folder("/none"), "path", "not_found")
    refused(lambda: dbx.files_list_folder("/list/z"), "path", "not_folder")
    wrong(lambda: dbx.files_list_folder("/"), "Specify the root folder as an empty string")
    wrong(lambda: dbx.files_list_folder_continue("garbage"), "cursor")
    assert dbx.files_get_metadata("/list/Z").path_display == "/list/z"
    assert isinstance(dbx.files_get_metadata("/list/A", include_deleted=True), files.DeletedMetadata)
    refused(lambda: dbx.files_get_metadata("/list/A"), "path", "not_found")


def folders():
    made = dbx.files_create_folder_v2("/made/Folder").metadata
    assert made.path_display == "/made/Folder"
    refused(lambda: dbx.files_create_folder_v2("/made/folder"), "path", "conflict", "folder")
    assert dbx.files_create_folder_v2("/made/folder", autorename=True).metadata.name == "folder (2)"
    batch = dbx.files_create_folder_batch(["/made/1", "/made/Folder"]).get_complete()
    assert batch.entries[0].get_success().metadata.name == "1"
    assert batch.entries[1].get_failure().get_path().get_conflict().is_folder()
    job = dbx.files_create_folder_batch(["/made/2"], force_async=True).get_async_job_id()
    assert dbx.files_create_folder_batch_check(job).is_complete()
    dbx.files_upload(b"f", "/made/file")
    refused(lambda: dbx.files_create_folder_v2("/made/file"), "path", "conflict", "file")
    refused(lambda: dbx.files_create_folder_v2("/made/file/x"), "path", "conflict", "file_ancestor")
    refused(lambda: dbx.files_delete_v2("/made/file", parent_rev="123456789"), "path_write", "conflict", "file")
    assert dbx.files_delete_v2("/made/FILE").metadata.name == "file"
    refused(lambda: dbx.files_delete_v2("/made/file"), "path_lookup", "not_found")
    job = dbx.files_delete_batch([files.DeleteArg("/made/1"), files.DeleteArg("/made/none")]).get_async_job_id()
    entries = dbx.files_delete_batch_check(job).get_complete().entries
    assert entries[0].get_success().metadata.name == "1"
    assert entries[1].get_failure().get_path_lookup().is_not_found()
    refused(lambda: dbx.files_delete_batch_check("none"), "invalid_async_job_id")
    # 403 with an access error; the SDK reads it as an error of the route that it does not know.
    refused(lambda: dbx.files_permanently_delete("/made"), "other")


def relocation():
    first = dbx.files_upload(b"move me", "/move/a")
    moved = dbx.files_move_v2("/move/a", "/move/Sub/b").metadata
    assert moved.id == first.id and moved.path_display == "/move/Sub/b"
    assert dbx.files_move_v2("/move/Sub/b", "/move/SUB/B").metadata.path_display == "/move/Sub/b"
    copied = dbx.files_copy_v2("/move/sub", "/move/other").metadata
    assert isinstance(copied, files.FolderMetadata)
    refused(lambda: dbx.files_move_v2("/move/none", "/move/x"), "from_lookup", "not_found")
    refused(lambda: dbx.files_move_v2("/move/sub", "/move/sub/x"), "cant_move_folder_into_itself")
    refused(lambda: dbx.files_copy_v2("/move/sub", "/move/other"), "to", "conflict", "folder")
    refused(lambda: dbx.files_copy_v2("/move/sub", "/move/other/b"), "to", "conflict", "file")
    refused(lambda: dbx.files_copy_v2("/move/sub", "/move/other/b/c"), "to", "conflict", "file_ancestor")
    paths = [files.RelocationPath("/move/other", "/move/third"), files.RelocationPath("/move/none", "/move/x")]
    job = dbx.files_move_batch_v2(paths).get_async_job_id()
    entries = dbx.files_move_batch_check_v2(job).get_complete().entries
    assert entries[0].get_success().name == "third"
    assert entries[1].get_failure().get_relocation_error().get_from_lookup().is_not_found()
    job = dbx.files_copy_batch_v2([files.RelocationPath("/move/third", "/move/fourth")]).get_async_job_id()
    assert dbx.files_copy_batch_check_v2(job).get_complete().entries[0].is_success()
    refused(lambda: dbx.files_copy_batch_check_v2("none"), "invalid_async_job_id")
    reference = dbx.files_copy_reference_get("/move/third").copy_reference
    assert dbx.files_copy_reference_save(reference, "/move/fifth").metadata.name == "fifth"
    refused(lambda: dbx.files_copy_reference_save("none", "/move/sixth"), "invalid_copy_reference")
    refused(lambda: dbx.files_copy_reference_get("/none"), "path", "not_found")


def history():
    revs = [dbx.files_upload(text, "/history", mode=files.WriteMode.overwrite).rev for text in (b"1", b"22", b"333")]
    listed = dbx.files_list_revisions("/history", limit=2)
    assert [e.rev for e in listed.entries] == [revs[2], revs[1]] and listed.has_more
    assert dbx.files_restore("/history", revs[0]).size == 1
    refused(lambda: dbx.files_restore("/history", "123456789"), "invalid_revision")
    refused(lambda: dbx.files_restore("/never", revs[0]), "path_lookup", "not_found")
    refused(lambda: dbx.files_list_revisions("/never"), "path", "not_found")
    refused(lambda: dbx.files_list_revisions("/move"), "path", "not_file")
    dbx.files_delete_v2("/history")
    gone = dbx.files_list_revisions("/history")
    assert gone.is_deleted and gone.server_deleted
    found = dbx.files_search_v2("hello", options=files.SearchOptions(path="/up", max_results=1))
    assert found.has_more and found.matches[0].metadata.get_metadata().name.lower().startswith("hello")
    assert dbx.files_search_continue_v2(found.cursor).matches
    refused(lambda: dbx.files_search_v2("x", options=files.SearchOptions(path="/none")), "path", "not_found")


def links():
    dbx.files_upload(b"shared", "/links/a.txt")
    create = dbx.sharing_create_shared_link_with_settings
    link = create("/links/a.txt", sharing.SharedLinkSettings(audience=sharing.LinkAudience.public, access=sharing.RequestedLinkAccessLevel.viewer))
    assert isinstance(link, sharing.FileLinkMetadata) and link.size == 6
    error = refused(lambda: create("/links/a.txt"), "shared_link_already_exists")
    assert error.error.get_shared_link_already_exists().get_metadata().url == link.url
    refused(lambda: create("/links/none"), "path", "not_found")
    expired = sharing.SharedLinkSettings(expires=datetime.datetime(2001, 1, 1))
    refused(lambda: create("/links", expired), "settings_error", "invalid_settings")
    assert dbx.sharing_list_shared_links("/links/a.txt", direct_only=True).links[0].url == link.url
    assert dbx.sharing_list_shared_links().links
    refused(lambda: dbx.sharing_list_shared_links("/none"), "path", "not_found")
    assert dbx.sharing_get_shared_link_metadata(link.url).name == "a.txt"
    _, response = dbx.sharing_get_shared_link_file(link.url)
    assert response.content == b"shared"
    later = sharing.SharedLinkSettings(expires=datetime.datetime(2090, 1, 1))
    assert dbx.sharing_modify_shared_link_settings(link.url, later).expires.year == 2090
    folder = create("/links")
    assert isinstance(folder, sharing.FolderLinkMetadata)
    refused(lambda: dbx.sharing_get_shared_link_file(folder.url), "shared_link_is_directory")
    dbx.sharing_revoke_shared_link(link.url)
    refused(lambda: dbx.sharing_revoke_shared_link(link.url), "shared_link_not_found")
    refused(lambda: dbx.sharing_get_shared_link_metadata(link.url), "shared_link_not_found")
    refused(lambda: dbx.sharing_modify_shared_link_settings(link.url, later), "shared_link_not_found")


def extras():
    dbx.files_upload(b"extra", "/extra")
    dbx.files_tags_add("/extra", "one")
    assert dbx.files_tags_get(["/extra"]).paths_to_tags[0].tags[0].get_user_generated_tag().tag_text == "one"
    dbx.files_tags_remove("/extra", "one")
    refused(lambda: dbx.files_tags_remove("/extra", "one"), "tag_not_present")
    refused(lambda: dbx.files_tags_add("/none", "one"), "path", "not_found")
    locked = dbx.files_lock_file_batch([files.LockFileArg("/extra")]).entries[0].get_success()
    assert locked.lock.content.is_single_user()
    assert dbx.files_get_file_lock_batch([files.LockFileArg("/extra")]).entries[0].is_success()
    dbx.files_unlock_file_batch([files.UnlockFileArg("/extra")])
    link = dbx.files_get_temporary_link("/extra").link
    job = dbx.files_save_url("/saved", link).get_async_job_id()
    status = dbx.files_save_url_check_job_status(job)
    while status.is_in_progress():
        status = dbx.files_save_url_check_job_status(job)
    assert status.get_complete().size == 5
    refused(lambda: dbx.files_save_url("/saved", "nonsense"), "invalid_url")
    refused(lambda: dbx.files_save_url_check_job_status("none"), "invalid_async_job_id")
    up = dbx.files_get_temporary_upload_link(files.CommitInfo("/linked")).link
    sent = requests.post(up, data=b"linked", headers={"Content-Type": "application/octet-stream"}, timeout=10)
    assert sent.status_code == 200 and sent.json()["content-hash"]
    assert dbx.files_get_metadata("/linked").size == 6


failed = []
for case in (accounts, refreshing, uploads, downloads, sessions, listings, folders, relocation, history, links, extras):
    try:
        case()
    except Exception:
        failed.append(case.__name__)
        traceback.print_exc()
if failed:
    sys.exit(f"failed: {', '.join(failed)}")
print(refusals)
