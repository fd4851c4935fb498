"""Where files are: listings, folders, moves, copies, versions, searches."""

from dropbox import files
from harness import dbx, failed, job, refused, wrong

NO_REV = "fffffffff"


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
    for list_folder in (dbx.files_list_folder, dbx.files_list_folder_get_latest_cursor):
        refused(lambda: list_folder("/none"), "path", "not_found")
        refused(lambda: list_folder("/list/z"), "path", "not_folder")
        refused(lambda: list_folder("/list//z"), "path", "malformed_path")
    wrong(lambda: dbx.files_list_folder("/"), "Specify the root folder as an empty string")
    wrong(lambda: dbx.files_list_folder_continue("garbage"), "cursor")
    wrong(lambda: dbx.files_list_folder_longpoll("garbage"), "cursor")
    assert dbx.files_get_metadata("/list/Z").path_display == "/list/z"
    assert isinstance(dbx.files_get_metadata("/list/A", include_deleted=True), files.DeletedMetadata)
    refused(lambda: dbx.files_get_metadata("/list/A"), "path", "not_found")
    refused(lambda: dbx.files_get_metadata("/list/never", include_deleted=True), "path", "not_found")
    refused(lambda: dbx.files_get_metadata("id:none"), "path", "not_found")
    refused(lambda: dbx.files_get_metadata("rev:fffffffff"), "path", "not_found")
    refused(lambda: dbx.files_get_metadata("/list/..", include_deleted=True), "path", "malformed_path")
    refused(lambda: dbx.files_get_metadata("ns:1/list"), "path", "not_found")


def folders():
    make = dbx.files_create_folder_v2
    assert make("/made/Folder").metadata.path_display == "/made/Folder"
    refused(lambda: make("/made/folder"), "path", "conflict", "folder")
    assert make("/made/folder", autorename=True).metadata.name == "folder (2)"
    assert dbx.files_create_folder("/made/old").name == "old"
    refused(lambda: dbx.files_create_folder("/made/old"), "path", "conflict", "folder")
    batch = dbx.files_create_folder_batch(["/made/1", "/made/Folder", "/made/1"]).get_complete().entries
    assert len(batch) == 2 and batch[0].get_success().metadata.name == "1"
    failed(batch[1], "path", "conflict", "folder")
    failed(dbx.files_create_folder_batch(["/made//x"]).get_complete().entries[0], "path", "malformed_path")
    done = job(dbx.files_create_folder_batch(["/made/2"], force_async=True), dbx.files_create_folder_batch_check)
    assert done.get_complete().entries[0].is_success()
    refused(lambda: dbx.files_create_folder_batch_check("none"), "invalid_async_job_id")
    dbx.files_upload(b"f", "/made/file")
    refused(lambda: make("/made/file"), "path", "conflict", "file")
    refused(lambda: make("/made/file/x"), "path", "conflict", "file_ancestor")
    refused(lambda: make("/made/x "), "path", "malformed_path")
    refused(lambda: make("/made/Thumbs.db"), "path", "disallowed_name")


def deletions():
    dbx.files_upload(b"f", "/gone/file")
    dbx.files_create_folder_v2("/gone/1")
    refused(lambda: dbx.files_delete_v2("/gone/file", parent_rev="123456789"), "path_write", "conflict", "file")
    refused(lambda: dbx.files_delete_v2("/gone/1", parent_rev="123456789"), "path_write", "conflict", "folder")
    assert dbx.files_delete_v2("/gone/FILE").metadata.name == "file"
    refused(lambda: dbx.files_delete_v2("/gone/file"), "path_lookup", "not_found")
    refused(lambda: dbx.files_delete_v2("id:none"), "path_lookup", "not_found")
    refused(lambda: dbx.files_delete_v2("/gone//"), "path_lookup", "malformed_path")
    entries = [files.DeleteArg("/gone/1"), files.DeleteArg("/gone/1"), files.DeleteArg("/gone/none")]
    entries = job(dbx.files_delete_batch(entries), dbx.files_delete_batch_check).get_complete().entries
    assert entries[0].get_success().metadata.name == "1"
    failed(entries[1], "path_lookup", "not_found")
    failed(entries[2], "path_lookup", "not_found")
    refused(lambda: dbx.files_delete_batch_check("none"), "invalid_async_job_id")
    assert dbx.files_delete("/gone").name == "gone"
    refused(lambda: dbx.files_delete("/gone"), "path_lookup", "not_found")
    refused(lambda: dbx.files_delete("/gone//"), "path_lookup", "malformed_path")
    # 403 with an access error; the SDK reads it as an error of the route that it does not know.
    refused(lambda: dbx.files_permanently_delete("/list"), "other")


def relocation():
    move, copy = dbx.files_move_v2, dbx.files_copy_v2
    first = dbx.files_upload(b"move me", "/move/a")
    moved = move("/move/a", "/move/Sub/b").metadata
    assert moved.id == first.id and moved.path_display == "/move/Sub/b"
    assert move("/move/Sub/b", "/move/SUB/B").metadata.path_display == "/move/Sub/b"
    assert isinstance(copy("/move/sub", "/move/other").metadata, files.FolderMetadata)
    for relocate in (move, copy, dbx.files_move, dbx.files_copy):
        refused(lambda: relocate("/move/none", "/move/x"), "from_lookup", "not_found")
        refused(lambda: relocate("/move/sub", "/move/other"), "to", "conflict", "folder")
        refused(lambda: relocate("/move/sub", "/move/other/b"), "to", "conflict", "file")
        refused(lambda: relocate("/move/sub", "/move/other/b/c"), "to", "conflict", "file_ancestor")
    refused(lambda: move("/move/sub", "/move/sub/x"), "cant_move_folder_into_itself")
    refused(lambda: copy("/move/sub", "/move/sub/x"), "duplicated_or_nested_paths")
    refused(lambda: move("/move/sub", "/move/\\"), "to", "malformed_path")
    refused(lambda: copy("/move/sub", "/move/.DS_Store"), "to", "disallowed_name")
    refused(lambda: move("/move/sub/", "/move/x"), "from_lookup", "malformed_path")
    assert copy("/move/sub/b", "/move/other/b", autorename=True).metadata.name == "b (2)"
    assert dbx.files_copy("/move/sub", "/move/v1").name == "v1"
    assert dbx.files_move("/move/v1", "/move/v1 moved").name == "v1 moved"


def relocation_batches():
    Path = files.RelocationPath
    dbx.files_upload(b"1", "/batch/one")
    paths = [Path("/batch/one", "/batch/two"), Path("/batch/none", "/batch/x"), Path("/batch/one", "/batch/three")]
    entries = job(dbx.files_copy_batch_v2(paths), dbx.files_copy_batch_check_v2).get_complete().entries
    assert entries[0].get_success().name == "two" and entries[2].get_success().name == "three"
    failed(entries[1], "relocation_error", "from_lookup", "not_found")
    paths = [Path("/batch/one", "/batch/moved"), Path("/batch/one", "/batch/again")]
    entries = job(dbx.files_move_batch_v2(paths), dbx.files_move_batch_check_v2).get_complete().entries
    assert entries[0].get_success().name == "moved"
    failed(entries[1], "relocation_error", "from_lookup", "not_found")
    done = job(dbx.files_copy_batch([Path("/batch/moved", "/batch/old")]), dbx.files_copy_batch_check)
    assert done.get_complete().entries[0].metadata.name == "old"
    done = job(dbx.files_move_batch([Path("/batch/none", "/batch/old")]), dbx.files_move_batch_check)
    assert done.get_failed().get_from_lookup().is_not_found()
    for check in (
        dbx.files_copy_batch_check,
        dbx.files_copy_batch_check_v2,
        dbx.files_move_batch_check,
        dbx.files_move_batch_check_v2,
    ):
        refused(lambda: check("none"), "invalid_async_job_id")
    reference = dbx.files_copy_reference_get("/batch/moved").copy_reference
    assert dbx.files_copy_reference_save(reference, "/batch/saved").metadata.name == "saved"
    refused(lambda: dbx.files_copy_reference_save(reference, "/batch/saved"), "path", "conflict", "file")
    refused(lambda: dbx.files_copy_reference_save(reference, "/batch/saved/x"), "path", "conflict", "file_ancestor")
    refused(lambda: dbx.files_copy_reference_save(reference, "/batch//x"), "path", "malformed_path")
    refused(lambda: dbx.files_copy_reference_save("none", "/batch/x"), "invalid_copy_reference")
    refused(lambda: dbx.files_copy_reference_get("/none"), "path", "not_found")


def history():
    revs = [dbx.files_upload(text, "/history", mode=files.WriteMode.overwrite).rev for text in (b"1", b"22", b"333")]
    listed = dbx.files_list_revisions("/history", limit=2)
    assert [e.rev for e in listed.entries] == [revs[2], revs[1]] and listed.has_more
    rest = dbx.files_list_revisions("/history", before_rev=revs[1])
    assert [e.rev for e in rest.entries] == [revs[0]] and not rest.has_more
    refused(lambda: dbx.files_list_revisions("/history", before_rev=NO_REV), "invalid_before_rev")
    refused(lambda: dbx.files_list_revisions("/never"), "path", "not_found")
    refused(lambda: dbx.files_list_revisions("/move"), "path", "not_file")
    assert dbx.files_restore("/history", revs[0]).size == 1
    refused(lambda: dbx.files_restore("/history", NO_REV), "invalid_revision")
    refused(lambda: dbx.files_restore("/never", revs[0]), "path_lookup", "not_found")
    refused(lambda: dbx.files_restore("/history//x", revs[0]), "path_write", "malformed_path")
    refused(lambda: dbx.files_list_revisions("/history//x"), "path", "malformed_path")
    refused(lambda: dbx.files_list_revisions("id:none"), "path", "not_found")
    dbx.files_delete_v2("/history")
    gone = dbx.files_list_revisions("/history")
    assert gone.is_deleted and gone.server_deleted
    by_id = files.ListRevisionsMode.id
    moved = dbx.files_upload(b"by id", "/moving")
    dbx.files_move_v2("/moving", "/moved away")
    assert len(dbx.files_list_revisions(moved.id, mode=by_id).entries) == 2


def searches():
    for name in ("report one.txt", "report two.txt", "Report three.pdf"):
        dbx.files_upload(name.encode(), "/search/" + name)
    options = files.SearchOptions(path="/search", max_results=1)
    found = dbx.files_search_v2("report", options=options)
    assert found.has_more and "report" in found.matches[0].metadata.get_metadata().name.lower()
    assert dbx.files_search_continue_v2(found.cursor).matches
    only = files.SearchOptions(path="/search", file_extensions=["pdf"], file_categories=[files.FileCategory.pdf])
    assert len(dbx.files_search_v2("report", options=only).matches) == 1
    refused(lambda: dbx.files_search_v2("x", options=files.SearchOptions(path="/none")), "path", "not_found")
    refused(lambda: dbx.files_search_v2("x", options=files.SearchOptions(path="/search//")), "path", "malformed_path")
    refused(lambda: dbx.files_search_v2(" "), "invalid_argument")
    wrong(lambda: dbx.files_search_continue_v2("garbage"), "cursor")
    old = dbx.files_search("/search", "report", max_results=2)
    assert len(old.matches) == 2 and old.more and old.start == 2 and old.matches[0].match_type.is_filename()
    old = dbx.files_search("/search", "report", start=old.start)
    assert len(old.matches) == 1 and not old.more
    dbx.files_delete_v2("/search/report one.txt")
    deleted = dbx.files_search("/search", "one", mode=files.SearchMode.deleted_filename)
    assert isinstance(deleted.matches[0].metadata, files.DeletedMetadata)
    refused(lambda: dbx.files_search("/none", "report"), "path", "not_found")
    refused(lambda: dbx.files_search("/search/report two.txt", "report"), "path", "not_folder")


CASES = (listings, folders, deletions, relocation, relocation_batches, history, searches)
