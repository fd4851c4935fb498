//! Every route with an argument that it takes; what the cases spoil.

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Rpc,
    Upload,
    Download,
}

/// A route, how it is called, and an argument that is well formed. `Null` stands for none.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) route: &'static str,
    pub(super) style: Style,
    pub(super) arg: Value,
}

const ID: &str = "id:aaaaaaaaaaaaaaaaaaaaaa";
const REV: &str = "0123456789abcdef";
const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn commit() -> Value {
    json!({"path": "/new", "mode": {".tag": "update", "update": REV}, "autorename": true, "mute": false,
        "strict_conflict": true, "client_modified": "2024-02-29T12:00:00Z"})
}

fn cursor() -> Value {
    json!({"session_id": "pid_upload_session:none", "offset": 4_194_304})
}

/// A well-formed call of every route of the API proper.
#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn samples() -> Vec<Sample> {
    use Style::{Download, Rpc, Upload};
    let job = json!({"async_job_id": "none"});
    let entries = json!({"entries": [{"path": "/none"}]});
    let relocation = json!({"from_path": "/none", "to_path": "/new", "autorename": true, "allow_ownership_transfer": false});
    let relocations =
        json!({"entries": [{"from_path": "/none", "to_path": ID}], "autorename": false});
    let deletion = json!({"path": ID, "parent_rev": REV});
    let finish = json!({"cursor": cursor(), "commit": commit(), "content_hash": HASH});
    let finishes = json!({"entries": [finish]});
    let listing = json!({"path": "", "recursive": true, "include_deleted": true, "limit": 7, "include_mounted_folders": true});
    let upload = {
        let mut upload = commit();
        upload["content_hash"] = HASH.into();
        upload
    };
    let metadata = json!({"path": "/none", "include_deleted": true, "include_media_info": false});
    let link =
        json!({"url": "https://www.dropbox.com/scl/fi/none", "path": "/x", "link_password": "p"});
    let settings = json!({"require_password": false, "audience": "public", "expires": "2030-01-01T00:00:00Z", "allow_download": true});
    let tag = json!({"path": "/none", "tag_text": "word"});
    let thumbnail = json!({"resource": {".tag": "path", "path": "/none"}, "format": "jpeg", "size": "w64h64", "mode": "strict"});
    let old_thumbnail =
        json!({"path": "/none", "format": "jpeg", "size": "w64h64", "mode": "strict"});
    let members = json!({"members": [{".tag": "email", "email": "a@b.example"}]});
    let everybody = json!({"limit": 7, "include_removed": true});
    let folders = json!({"limit": 7, "actions": [{".tag": "unmount"}]});
    let more = json!({"cursor": "none"});
    let calls = [
        ("auth/token/revoke", Rpc, Value::Null),
        ("check/app", Rpc, json!({"query": "q"})),
        ("check/user", Rpc, json!({"query": "q"})),
        ("files/alpha/get_metadata", Rpc, metadata.clone()),
        ("files/alpha/upload", Upload, upload.clone()),
        ("files/copy", Rpc, relocation.clone()),
        ("files/copy_batch", Rpc, relocations.clone()),
        ("files/copy_batch/check", Rpc, job.clone()),
        ("files/copy_batch/check_v2", Rpc, job.clone()),
        ("files/copy_batch_v2", Rpc, relocations.clone()),
        ("files/copy_reference/get", Rpc, json!({"path": "/none"})),
        (
            "files/copy_reference/save",
            Rpc,
            json!({"copy_reference": "none", "path": "/new"}),
        ),
        ("files/copy_v2", Rpc, relocation.clone()),
        (
            "files/create_folder",
            Rpc,
            json!({"path": "/kept.txt", "autorename": false}),
        ),
        (
            "files/create_folder_batch",
            Rpc,
            json!({"paths": ["/kept.txt"], "autorename": false, "force_async": true}),
        ),
        ("files/create_folder_batch/check", Rpc, job.clone()),
        (
            "files/create_folder_v2",
            Rpc,
            json!({"path": "/kept.txt", "autorename": false}),
        ),
        ("files/delete", Rpc, deletion.clone()),
        ("files/delete_batch", Rpc, json!({"entries": [deletion]})),
        ("files/delete_batch/check", Rpc, job.clone()),
        ("files/delete_v2", Rpc, deletion.clone()),
        (
            "files/download",
            Download,
            json!({"path": "/none", "rev": REV}),
        ),
        ("files/download_zip", Download, json!({"path": "/none"})),
        (
            "files/export",
            Download,
            json!({"path": "/none", "export_format": "html"}),
        ),
        ("files/get_file_lock_batch", Rpc, entries.clone()),
        ("files/get_metadata", Rpc, metadata),
        (
            "files/get_preview",
            Download,
            json!({"path": "/none", "rev": REV}),
        ),
        ("files/get_temporary_link", Rpc, json!({"path": "/none"})),
        (
            "files/get_temporary_upload_link",
            Rpc,
            json!({"commit_info": commit(), "duration": 100}),
        ),
        ("files/get_thumbnail", Download, old_thumbnail.clone()),
        (
            "files/get_thumbnail_batch",
            Rpc,
            json!({"entries": [old_thumbnail]}),
        ),
        ("files/get_thumbnail_v2", Download, thumbnail),
        ("files/list_folder", Rpc, listing.clone()),
        ("files/list_folder/continue", Rpc, json!({"cursor": "none"})),
        ("files/list_folder/get_latest_cursor", Rpc, listing),
        (
            "files/list_folder/longpoll",
            Rpc,
            json!({"cursor": "none", "timeout": 30}),
        ),
        (
            "files/list_revisions",
            Rpc,
            json!({"path": "/none", "mode": "path", "limit": 10, "before_rev": REV}),
        ),
        ("files/lock_file_batch", Rpc, entries.clone()),
        ("files/move", Rpc, relocation.clone()),
        ("files/move_batch", Rpc, relocations.clone()),
        ("files/move_batch/check", Rpc, job.clone()),
        ("files/move_batch/check_v2", Rpc, job.clone()),
        ("files/move_batch_v2", Rpc, relocations),
        ("files/move_v2", Rpc, relocation),
        ("files/permanently_delete", Rpc, deletion),
        ("files/restore", Rpc, json!({"path": "/none", "rev": REV})),
        (
            "files/save_url",
            Rpc,
            json!({"path": "/new", "url": "none"}),
        ),
        ("files/save_url/check_job_status", Rpc, job.clone()),
        (
            "files/search",
            Rpc,
            json!({"path": "", "query": "q", "start": 1, "max_results": 7, "mode": "filename"}),
        ),
        ("files/search/continue_v2", Rpc, json!({"cursor": "none"})),
        (
            "files/search_v2",
            Rpc,
            json!({"query": "q", "options": {"path": "", "max_results": 7, "order_by": "relevance", "file_status": "active",
                "filename_only": true, "file_extensions": ["txt"], "file_categories": ["image"]},
                "match_field_options": {"include_highlights": false}}),
        ),
        ("files/tags/add", Rpc, tag.clone()),
        ("files/tags/get", Rpc, json!({"paths": ["/none"]})),
        ("files/tags/remove", Rpc, tag),
        ("files/unlock_file_batch", Rpc, entries),
        ("files/upload", Upload, upload),
        ("files/upload_session/append", Upload, cursor()),
        (
            "files/upload_session/append_batch",
            Upload,
            json!({"entries": [{"cursor": cursor(), "length": 3, "close": true}], "content_hash": HASH}),
        ),
        (
            "files/upload_session/append_v2",
            Upload,
            json!({"cursor": cursor(), "close": true, "content_hash": HASH}),
        ),
        ("files/upload_session/finish", Upload, finish),
        ("files/upload_session/finish_batch", Rpc, finishes.clone()),
        ("files/upload_session/finish_batch/check", Rpc, job),
        ("files/upload_session/finish_batch_v2", Rpc, finishes),
        (
            "files/upload_session/start",
            Upload,
            json!({"close": true, "session_type": "sequential", "content_hash": HASH}),
        ),
        (
            "files/upload_session/start_batch",
            Rpc,
            json!({"num_sessions": 2, "session_type": "concurrent"}),
        ),
        (
            "sharing/create_shared_link",
            Rpc,
            json!({"path": "/none", "short_url": true, "pending_upload": "file"}),
        ),
        (
            "sharing/create_shared_link_with_settings",
            Rpc,
            json!({"path": "/none", "settings": settings}),
        ),
        ("sharing/get_shared_link_file", Download, link.clone()),
        ("sharing/get_shared_link_metadata", Rpc, link),
        ("sharing/get_shared_links", Rpc, json!({"path": "/none"})),
        ("sharing/list_folders", Rpc, folders.clone()),
        ("sharing/list_folders/continue", Rpc, more.clone()),
        ("sharing/list_mountable_folders", Rpc, folders.clone()),
        ("sharing/list_mountable_folders/continue", Rpc, more.clone()),
        ("sharing/list_received_files", Rpc, folders),
        ("sharing/list_received_files/continue", Rpc, more),
        (
            "sharing/mount_folder",
            Rpc,
            json!({"shared_folder_id": "1"}),
        ),
        (
            "sharing/list_shared_links",
            Rpc,
            json!({"path": "/none", "direct_only": true}),
        ),
        (
            "sharing/modify_shared_link_settings",
            Rpc,
            json!({"url": "none", "settings": {"audience": "public"}, "remove_expiration": true}),
        ),
        ("sharing/revoke_shared_link", Rpc, json!({"url": "none"})),
        (
            "team/features/get_values",
            Rpc,
            json!({"features": [{".tag": "has_team_shared_dropbox"}]}),
        ),
        ("team/get_info", Rpc, Value::Null),
        ("team/groups/list", Rpc, json!({"limit": 7})),
        ("team/groups/list/continue", Rpc, json!({"cursor": "none"})),
        ("team/members/get_info", Rpc, members.clone()),
        ("team/members/get_info_v2", Rpc, members),
        ("team/members/list", Rpc, everybody.clone()),
        ("team/members/list/continue", Rpc, json!({"cursor": "none"})),
        (
            "team/members/list/continue_v2",
            Rpc,
            json!({"cursor": "none"}),
        ),
        ("team/members/list_v2", Rpc, everybody),
        ("team/namespaces/list", Rpc, json!({"limit": 7})),
        (
            "team/namespaces/list/continue",
            Rpc,
            json!({"cursor": "none"}),
        ),
        ("team/team_folder/list", Rpc, json!({"limit": 7})),
        (
            "team/team_folder/list/continue",
            Rpc,
            json!({"cursor": "none"}),
        ),
        ("team/token/get_authenticated_admin", Rpc, Value::Null),
        (
            "users/features/get_values",
            Rpc,
            json!({"features": [{".tag": "paper_as_files"}]}),
        ),
        (
            "users/get_account",
            Rpc,
            json!({"account_id": "dbid:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}),
        ),
        (
            "users/get_account_batch",
            Rpc,
            json!({"account_ids": ["dbid:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}),
        ),
        ("users/get_current_account", Rpc, Value::Null),
        ("users/get_space_usage", Rpc, Value::Null),
    ];
    calls
        .map(|(route, style, arg)| Sample { route, style, arg })
        .into()
}
