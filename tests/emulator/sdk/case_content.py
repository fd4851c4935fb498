"""What files hold: uploads, sessions, downloads, archives."""

import datetime
import io
import struct
import zipfile
import zlib

import requests

from dropbox import files
from harness import dbx, failed, job, refused, wrong

BLOCK = 4 * 1024 * 1024
Cursor = files.UploadSessionCursor
Commit = files.CommitInfo
Mode = files.WriteMode


def uploads():
    up = dbx.files_upload
    m = up(b"hello world", "/up/Hello.txt", client_modified=datetime.datetime(2020, 1, 2, 3, 4, 5))
    assert m.name == "Hello.txt" and m.size == 11 and m.path_lower == "/up/hello.txt"
    assert m.client_modified == datetime.datetime(2020, 1, 2, 3, 4, 5)
    assert m.content_hash == "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423"
    assert up(b"hello world", "/up/hello.txt").rev == m.rev
    refused(lambda: up(b"other", "/up/hello.txt"), "path", "conflict", "file")
    refused(lambda: up(b"hello world", "/up/hello.txt", strict_conflict=True), "path", "conflict", "file")
    refused(lambda: up(b"x", "/up/hello.txt/below"), "path", "conflict", "file_ancestor")
    refused(lambda: up(b"x", "/up"), "path", "conflict", "folder")
    refused(lambda: up(b"x", "/up", mode=Mode.overwrite), "path", "conflict", "folder")
    refused(lambda: up(b"x", "/up//x"), "path", "malformed_path")
    refused(lambda: up(b"x", "/up/" + "n" * 256), "path", "malformed_path")
    refused(lambda: up(b"x", "/up/desktop.ini"), "path", "disallowed_name")
    refused(lambda: up(b"x", "/up/hashed", content_hash="0" * 64), "content_hash_mismatch")
    error = refused(lambda: up(b"kept", "/up"), "path", "conflict", "folder")
    kept = error.error.get_path().upload_session_id
    assert dbx.files_upload_session_finish(b"", Cursor(kept, 4), Commit("/up/kept")).size == 4
    renamed = up(b"other", "/up/hello.txt", autorename=True)
    assert renamed.name == "hello (2).txt", renamed.name
    new = up(b"new", "/up/hello.txt", mode=Mode.update(m.rev))
    assert new.id == m.id and new.rev != m.rev
    refused(lambda: up(b"newer", "/up/hello.txt", mode=Mode.update(m.rev)), "path", "conflict", "file")
    refused(
        lambda: up(b"x", "/up/none", mode=Mode.update(m.rev), strict_conflict=True), "path", "conflict", "file"
    )
    copy = up(b"newer", "/up/hello.txt", mode=Mode.update(m.rev), autorename=True)
    assert copy.name == "hello (conflicted copy).txt"
    assert up(b"over", "/up/hello.txt", mode=Mode.overwrite).id == m.id
    odd = "/up/\u00fc\u4e2d\U0001f600 \"'.txt"
    assert up(b"x", odd).path_display == odd
    meta, response = dbx.files_download(odd)
    assert meta.path_display == odd and response.content == b"x"
    assert dbx.files_alpha_upload(b"alpha", "/up/alpha").size == 5
    refused(lambda: dbx.files_alpha_upload(b"beta", "/up/alpha"), "path", "conflict", "file")
    assert dbx.files_alpha_get_metadata("/up/alpha").size == 5
    refused(lambda: dbx.files_alpha_get_metadata("/up/none"), "path", "not_found")


def picture():
    """A PNG of one grey pixel."""
    chunks = b""
    for name, data in ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\x80")), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


def downloads():
    dbx.files_upload(b"0123456789", "/down/a")
    meta, response = dbx.files_download("/DOWN/A")
    assert response.content == b"0123456789" and meta.size == 10
    for name in (meta.id, "rev:" + meta.rev):
        assert dbx.files_download(name)[1].content == b"0123456789"
    refused(lambda: dbx.files_download("/down/none"), "path", "not_found")
    refused(lambda: dbx.files_download("/down"), "path", "not_file")
    refused(lambda: dbx.files_download("id:none"), "path", "not_found")
    refused(lambda: dbx.files_download("rev:fffffffff"), "path", "not_found")
    refused(lambda: dbx.files_download("/down/"), "path", "malformed_path")
    refused(lambda: dbx.files_export("/down/a"), "non_exportable")
    refused(lambda: dbx.files_export("/down/none"), "path", "not_found")
    refused(lambda: dbx.files_export("/down"), "path", "not_file")
    refused(lambda: dbx.files_get_thumbnail("/down"), "path", "not_file")
    refused(lambda: dbx.files_get_preview("/down/a"), "unsupported_extension")
    refused(lambda: dbx.files_get_preview("/down"), "path", "not_file")
    refused(lambda: dbx.files_get_thumbnail("/down/a"), "unsupported_extension")
    refused(lambda: dbx.files_get_thumbnail("/down/none"), "path", "not_found")
    refused(lambda: dbx.files_get_thumbnail_v2(files.PathOrLink.path("/down/a")), "unsupported_extension")
    refused(lambda: dbx.files_get_thumbnail_v2(files.PathOrLink.path("/none")), "path", "not_found")
    entry = files.ThumbnailArg("/down/a")
    failed(dbx.files_get_thumbnail_batch([entry]).entries[0], "unsupported_extension")
    refused(lambda: dbx.files_get_thumbnail_v2(files.PathOrLink.link(files.SharedLinkFileInfo("none"))), "not_found")
    dbx.files_upload(b"no picture", "/down/broken.png")
    refused(lambda: dbx.files_get_thumbnail("/down/broken.png"), "conversion_error")
    dbx.files_upload(picture(), "/down/a.png")
    result, response = dbx.files_get_thumbnail("/down/a.png")
    assert result.name == "a.png" and response.content.startswith(b"\xff\xd8")
    png = dict(format=files.ThumbnailFormat.png, size=files.ThumbnailSize.w32h32)
    result, response = dbx.files_get_thumbnail_v2(files.PathOrLink.path("/down/a.png"), **png)
    assert result.file_metadata.name == "a.png" and response.content.startswith(b"\x89PNG")
    entries = dbx.files_get_thumbnail_batch([files.ThumbnailArg("/down/a.png", **png)]).entries
    assert entries[0].get_success().thumbnail.startswith("iVBOR")
    refused(lambda: dbx.files_get_thumbnail_batch([entry] * 26), "too_many_files")
    link = dbx.files_get_temporary_link("/down/a")
    assert requests.get(link.link, timeout=10).content == b"0123456789"
    refused(lambda: dbx.files_get_temporary_link("/down"), "path", "not_file")
    refused(lambda: dbx.files_get_temporary_link("/none"), "path", "not_found")


def archives():
    for path in ("/zip/Me/a.txt", "/zip/Me/Sub/\u00fc.txt"):
        dbx.files_upload(path.encode(), path)
    dbx.files_create_folder_v2("/zip/Me/Empty")
    result, response = dbx.files_download_zip("/zip/me")
    assert result.metadata.name == "Me"
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == ["Me/", "Me/Empty/", "Me/Sub/", "Me/Sub/\u00fc.txt", "Me/a.txt"]
    assert archive.read("Me/a.txt") == b"/zip/Me/a.txt"
    refused(lambda: dbx.files_download_zip("/zip/me/a.txt"), "path", "not_folder")
    refused(lambda: dbx.files_download_zip("/zip/none"), "path", "not_found")


def sessions():
    append, finish = dbx.files_upload_session_append_v2, dbx.files_upload_session_finish
    data = bytes(range(256)) * 20000
    start = dbx.files_upload_session_start(data[:1000])
    cursor = Cursor(start.session_id, 1000)
    append(data[1000:3000], cursor)
    error = refused(lambda: append(b"x", cursor), "incorrect_offset")
    assert error.error.get_incorrect_offset().correct_offset == 3000
    refused(lambda: append(b"x", Cursor(start.session_id, 2**64 - 1)), "incorrect_offset")
    refused(lambda: finish(b"", cursor, Commit("/session/a")), "lookup_failed", "incorrect_offset")
    cursor.offset = 3000
    refused(lambda: append(b"x", cursor, content_hash="0" * 64), "content_hash_mismatch")
    refused(lambda: finish(b"x", cursor, Commit("/s"), content_hash="0" * 64), "content_hash_mismatch")
    assert finish(data[3000:], cursor, Commit("/session/a")).size == len(data)
    refused(lambda: finish(b"", cursor, Commit("/session/b")), "lookup_failed", "not_found")
    refused(lambda: append(b"", Cursor("none", 0)), "not_found")
    refused(lambda: dbx.files_upload_session_start(b"x", content_hash="0" * 64), "content_hash_mismatch")
    closed = dbx.files_upload_session_start(b"x", close=True)
    refused(lambda: append(b"y", Cursor(closed.session_id, 1)), "closed")
    refused(
        lambda: finish(b"", Cursor(closed.session_id, 1), Commit("/session")), "path", "conflict", "folder"
    )
    for path, *tags in (("/session//", "malformed_path"), ("/session/.dropbox", "disallowed_name")):
        refused(lambda: finish(b"", Cursor(closed.session_id, 1), Commit(path)), "path", *tags)
    below = Commit("/session/a/below")
    refused(lambda: finish(b"", Cursor(closed.session_id, 1), below), "path", "conflict", "file_ancestor")
    first = dbx.files_upload_session_start(b"1").session_id
    dbx.files_upload_session_append(b"2", first, 1)
    refused(lambda: dbx.files_upload_session_append(b"3", first, 1), "incorrect_offset")
    refused(lambda: dbx.files_upload_session_append(b"3", "none", 1), "not_found")
    assert finish(b"3", Cursor(first, 2), Commit("/session/first")).size == 3


def concurrent_sessions():
    append, finish = dbx.files_upload_session_append_v2, dbx.files_upload_session_finish
    concurrent = files.UploadSessionType.concurrent
    big = b"ab" * (BLOCK // 2) + b"tail"
    session = dbx.files_upload_session_start(b"", session_type=concurrent).session_id
    refused(lambda: append(b"x", Cursor(session, 1)), "concurrent_session_invalid_offset")
    refused(lambda: append(b"x", Cursor(session, 0)), "concurrent_session_invalid_data_size")
    refused(lambda: append(b"x", Cursor(session, 2**64 - BLOCK), close=True), "too_large")
    append(big[BLOCK:], Cursor(session, BLOCK), close=True)
    end = Cursor(session, len(big))
    refused(lambda: finish(b"", end, Commit("/session/big")), "concurrent_session_missing_data")
    append(big[:BLOCK], Cursor(session, 0))
    refused(lambda: finish(b"x", end, Commit("/session/big")), "concurrent_session_data_not_allowed")
    assert finish(b"", end, Commit("/session/big")).size == len(big)
    start = dbx.files_upload_session_start
    refused(lambda: start(b"", close=True, session_type=concurrent), "concurrent_session_close_not_allowed")
    refused(lambda: start(b"x", session_type=concurrent), "concurrent_session_data_not_allowed")
    open_one = start(b"", session_type=concurrent).session_id
    refused(lambda: finish(b"", Cursor(open_one, 0), Commit("/session/open")), "concurrent_session_not_closed")


def session_batches():
    ids = dbx.files_upload_session_start_batch(2).session_ids
    Entry = files.UploadSessionAppendBatchArgEntry
    pieces = [Entry(Cursor(ids[0], 0), 1, close=True), Entry(Cursor("none", 0), 2), Entry(Cursor(ids[1], 0), 1)]
    result = dbx.files_upload_session_append_batch(b"axxb", pieces).entries
    assert result[0].is_success() and result[2].is_success()
    failed(result[1], "not_found")
    assert dbx.files_upload_session_append_batch(b"", []).entries == []
    one = [Entry(Cursor(ids[1], 1), 3)]
    refused(lambda: dbx.files_upload_session_append_batch(b"ab", one), "length_mismatch")
    refused(lambda: dbx.files_upload_session_append_batch(b"abc", one, content_hash="0" * 64), "content_hash_mismatch")
    vast = [Entry(Cursor(ids[1], 1), 2**63), Entry(Cursor(ids[1], 1), 2**63)]
    refused(lambda: dbx.files_upload_session_append_batch(b"", vast), "payload_too_large")
    args = [files.UploadSessionFinishArg(Cursor(id, 1), Commit(f"/session/batch{n}")) for n, id in enumerate(ids)]
    result = dbx.files_upload_session_finish_batch_v2(args).entries
    assert result[0].get_success().name == "batch0"
    failed(result[1], "lookup_failed", "not_closed")
    dbx.files_upload_session_append_v2(b"", Cursor(ids[1], 1), close=True)
    done = job(dbx.files_upload_session_finish_batch(args[1:]), dbx.files_upload_session_finish_batch_check)
    assert done.get_complete().entries[0].get_success().name == "batch1"
    refused(lambda: dbx.files_upload_session_finish_batch_check("none"), "invalid_async_job_id")


def by_link():
    commit = Commit("/linked")
    up = dbx.files_get_temporary_upload_link(commit, duration=60.5).link
    kind = {"Content-Type": "application/octet-stream"}
    sent = requests.post(up, data=b"linked", headers=kind, timeout=10)
    assert sent.status_code == 200 and sent.json()["content-hash"]
    assert requests.post(up, data=b"again", headers=kind, timeout=10).status_code == 404
    assert dbx.files_get_metadata("/linked").size == 6
    link = dbx.files_get_temporary_link("/linked").link
    done = job(dbx.files_save_url("/saved", link), dbx.files_save_url_check_job_status)
    assert done.get_complete().size == 6
    refused(lambda: dbx.files_save_url("/saved", "nonsense"), "invalid_url")
    refused(lambda: dbx.files_save_url_check_job_status("none"), "invalid_async_job_id")
    lost = job(dbx.files_save_url("/saved", link + "x"), dbx.files_save_url_check_job_status)
    assert lost.get_failed().is_download_failed()


CASES = (uploads, downloads, archives, sessions, concurrent_sessions, session_batches, by_link)
