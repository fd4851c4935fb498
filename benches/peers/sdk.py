"""A file, or all files of a folder, to a folder at Dropbox, as the SDK's documentation does it."""

import os
import sys

import dropbox
from dropbox.files import CommitInfo, UploadSessionCursor

PIECE = 8 * 1024 * 1024

here, there = sys.argv[1:]
dbx = dropbox.Dropbox("emulator-access-token")


def upload(path, target):
    with open(path, "rb") as file:
        if os.path.getsize(path) <= PIECE:
            dbx.files_upload(file.read(), target)
            return
        started = dbx.files_upload_session_start(file.read(PIECE))
        cursor = UploadSessionCursor(session_id=started.session_id, offset=file.tell())
        while piece := file.read(PIECE):
            dbx.files_upload_session_append_v2(piece, cursor)
            cursor.offset = file.tell()
        dbx.files_upload_session_finish(b"", cursor, CommitInfo(path=target))


if os.path.isdir(here):
    for name in sorted(os.listdir(here)):
        upload(os.path.join(here, name), f"{there}/{name}")
else:
    upload(here, f"{there}/{os.path.basename(here)}")
