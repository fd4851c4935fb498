// The official JavaScript SDK, unmodified, against the emulator whose address is the first argument.
//
// Only `fetch` is ours: it sends what the SDK addresses to Dropbox there, in plain HTTP. Prints, as JSON: the calls, the errors that
// were asserted by their tags, the routes that were called, and those that the SDK has a method for and the emulator serves, but
// nothing here called.

"use strict";

const assert = require("node:assert/strict");
const { createRequire } = require("node:module");

// The packages are where the second argument says.
const packages = createRequire(process.argv[3] + "/");
const { Dropbox, DropboxAuth, DropboxResponseError } = packages("dropbox");
const nodeFetch = packages("node-fetch");

const URL_HERE = process.argv[2];
const HOSTS = /^https:\/\/(api|content|notify)\.(dropboxapi|dropbox)\.com/;
const fetch = (url, options) => nodeFetch(String(url).replace(HOSTS, URL_HERE), options);

let calls = 0;
let refusals = 0;
const routes = new Set();

/** The SDK's client, which also counts. */
class Counted extends Dropbox {
  request(route, ...rest) {
    calls += 1;
    routes.add(route);
    return super.request(route, ...rest);
  }
}

const client = (accessToken = "emulator-access-token") => new Counted({ accessToken, fetch });
const dbx = client();

/** Every route that the SDK has a method for. */
function routesOfTheSdk() {
  const found = new Set();
  for (const method of Object.values(dbx)) {
    const [, route, auth] = /this\.request\('([^']+)', (?:arg|null), '([a-z, ]+)'/.exec(method) || [];
    if (route && auth !== "team") {
      found.add(route);
    }
  }
  return found;
}

/** Whether the emulator has such a route: without any token it then asks for one, or for an argument. */
async function isServed(route) {
  const answer = await nodeFetch(`${URL_HERE}/2/${route}`, { method: "POST" });
  return !(await answer.text()).startsWith("Unknown API function");
}

/** Asserts that a call is refused with this status and these tags, from the outside in. */
async function refused(call, status, ...tags) {
  const error = await call.then(
    () => assert.fail(`not refused: ${tags}`),
    (error) => error,
  );
  assert.ok(error instanceof DropboxResponseError, String(error.stack || error));
  assert.equal(error.status, status, JSON.stringify(error.error));
  let value = error.error.error;
  for (const tag of tags) {
    assert.equal(value[".tag"], tag, JSON.stringify(error.error));
    value = value[tag] || value.reason || value;
  }
  refusals += 1;
  return error;
}

/** Asserts that an entry of a batch failed with these tags. */
function failed(entry, ...tags) {
  for (const tag of ["failure", ...tags]) {
    assert.equal(entry[".tag"], tag, JSON.stringify(entry));
    entry = entry[tag] || entry;
  }
  refusals += 1;
}

/** What a launched job comes to. */
async function job({ result }, check) {
  let status = (await dbx[check]({ async_job_id: result.async_job_id })).result;
  while (status[".tag"] === "in_progress") {
    // Waiting is no question.
    calls -= 1;
    status = (await dbx[check]({ async_job_id: result.async_job_id })).result;
  }
  return status;
}

async function accounts() {
  const { result } = await dbx.usersGetCurrentAccount();
  assert.equal(result.account_id.length, 40);
  const again = await dbx.usersGetAccount({ account_id: result.account_id });
  assert.equal(again.result.email, result.email);
  assert.ok((await dbx.usersGetSpaceUsage()).result.allocation.allocated > 0);
  assert.equal((await dbx.checkUser({ query: "hello" })).result.result, "hello");
  await refused(client("nobody").usersGetCurrentAccount(), 401, "invalid_access_token");
}

async function refreshing() {
  const settings = { clientId: "emulator-app", clientSecret: "emulator-secret", fetch };
  const auth = new DropboxAuth({ ...settings, refreshToken: "emulator-refresh-token" });
  await auth.refreshAccessToken();
  const fresh = new Dropbox({ auth, fetch });
  assert.ok((await fresh.usersGetCurrentAccount()).result.email);
  const wrong = new DropboxAuth({ ...settings, refreshToken: "wrong" });
  await assert.rejects(wrong.refreshAccessToken(), { status: 400 });
  const asked = await auth.getAuthenticationUrl("http://localhost", "state", "code", "offline", null, "none", true);
  assert.ok(asked.includes("code_challenge="));
}

async function files() {
  const contents = Buffer.from("hello world");
  const up = await dbx.filesUpload({ path: "/Größe/Hello.txt", contents });
  assert.equal(up.result.size, 11);
  assert.equal(up.result.path_lower, "/größe/hello.txt");
  await refused(dbx.filesUpload({ path: "/Größe/Hello.txt", contents: "other" }), 409, "path", "conflict", "file");
  const renamed = await dbx.filesUpload({ path: "/Größe/Hello.txt", contents: "other", autorename: true });
  assert.equal(renamed.result.name, "Hello (2).txt");
  const mode = { ".tag": "update", update: up.result.rev };
  await dbx.filesUpload({ path: "/Größe/Hello.txt", contents: "new", mode });
  await refused(dbx.filesUpload({ path: "/Größe/Hello.txt", contents: "newer", mode }), 409, "path", "conflict", "file");
  const down = await dbx.filesDownload({ path: "/größe/hello.txt" });
  assert.equal(down.result.fileBinary.toString(), "new");
  assert.equal(down.result.name, "Hello.txt");
  const old = await dbx.filesDownload({ path: `rev:${up.result.rev}` });
  assert.deepEqual(old.result.fileBinary, contents);
  await refused(dbx.filesDownload({ path: "/none" }), 409, "path", "not_found");
  await refused(dbx.filesDownload({ path: "/Größe" }), 409, "path", "not_file");
  assert.equal((await dbx.filesGetMetadata({ path: up.result.id })).result[".tag"], "file");
  await refused(dbx.filesGetMetadata({ path: "/none" }), 409, "path", "not_found");
  const revisions = await dbx.filesListRevisions({ path: "/Größe/Hello.txt" });
  assert.equal(revisions.result.entries.length, 2);
  const restored = await dbx.filesRestore({ path: "/Größe/Hello.txt", rev: up.result.rev });
  assert.equal(restored.result.content_hash, up.result.content_hash);
  await refused(dbx.filesRestore({ path: "/Größe/Hello.txt", rev: "fffffffff" }), 409, "invalid_revision");
  const { link } = (await dbx.filesGetTemporaryLink({ path: "/Größe/Hello.txt" })).result;
  assert.equal(await (await fetch(link)).text(), "hello world");
}

async function sessions() {
  const { session_id } = (await dbx.filesUploadSessionStart({ contents: "abc" })).result;
  const cursor = { session_id, offset: 3 };
  await dbx.filesUploadSessionAppendV2({ cursor, contents: "def" });
  const refusal = await refused(dbx.filesUploadSessionAppendV2({ cursor, contents: "x" }), 409, "incorrect_offset");
  assert.equal(refusal.error.error.correct_offset, 6);
  const commit = { path: "/session" };
  const done = await dbx.filesUploadSessionFinish({ cursor: { session_id, offset: 6 }, commit, contents: "ghi" });
  assert.equal(done.result.size, 9);
  await refused(dbx.filesUploadSessionFinish({ cursor, commit, contents: "" }), 409, "lookup_failed", "not_found");
  const closed = (await dbx.filesUploadSessionStart({ contents: "batch", close: true })).result;
  const entries = [
    { cursor: { session_id: closed.session_id, offset: 5 }, commit: { path: "/batched" } },
    { cursor: { session_id: "none", offset: 0 }, commit: { path: "/never" } },
  ];
  const batch = (await dbx.filesUploadSessionFinishBatchV2({ entries })).result.entries;
  assert.deepEqual(batch.map((entry) => entry[".tag"]), ["success", "failure"]);
}

async function folders() {
  await dbx.filesCreateFolderV2({ path: "/folder" });
  await refused(dbx.filesCreateFolderV2({ path: "/folder" }), 409, "path", "conflict", "folder");
  for (const name of ["a", "b", "c"]) {
    await dbx.filesUpload({ path: `/folder/${name}`, contents: name });
  }
  let page = (await dbx.filesListFolder({ path: "/folder", limit: 2 })).result;
  const names = page.entries.map((entry) => entry.name);
  while (page.has_more) {
    page = (await dbx.filesListFolderContinue({ cursor: page.cursor })).result;
    names.push(...page.entries.map((entry) => entry.name));
  }
  assert.deepEqual(names.sort(), ["a", "b", "c"]);
  const longpoll = dbx.filesListFolderLongpoll({ cursor: page.cursor, timeout: 30 });
  await dbx.filesDeleteV2({ path: "/folder/a" });
  assert.equal((await longpoll).result.changes, true);
  const changes = (await dbx.filesListFolderContinue({ cursor: page.cursor })).result.entries;
  assert.deepEqual(changes.map((entry) => [entry[".tag"], entry.name]), [["deleted", "a"]]);
  await refused(dbx.filesListFolder({ path: "/none" }), 409, "path", "not_found");
  await refused(dbx.filesListFolder({ path: "/folder/b" }), 409, "path", "not_folder");
  await refused(dbx.filesDeleteV2({ path: "/none" }), 409, "path_lookup", "not_found");
  await dbx.filesMoveV2({ from_path: "/folder/b", to_path: "/folder/moved" });
  await dbx.filesCopyV2({ from_path: "/folder", to_path: "/copy" });
  await refused(dbx.filesMoveV2({ from_path: "/none", to_path: "/x" }), 409, "from_lookup", "not_found");
  await refused(dbx.filesCopyV2({ from_path: "/folder", to_path: "/copy" }), 409, "to", "conflict", "folder");
  const job = (await dbx.filesDeleteBatch({ entries: [{ path: "/copy" }, { path: "/none" }] })).result;
  const checked = (await dbx.filesDeleteBatchCheck({ async_job_id: job.async_job_id })).result;
  assert.deepEqual(checked.entries.map((entry) => entry[".tag"]), ["success", "failure"]);
  await refused(dbx.filesDeleteBatchCheck({ async_job_id: "none" }), 409, "invalid_async_job_id");
}

async function sharing() {
  await dbx.filesUpload({ path: "/shared.txt", contents: "shared" });
  const { url } = (await dbx.sharingCreateSharedLinkWithSettings({ path: "/shared.txt" })).result;
  await refused(
    dbx.sharingCreateSharedLinkWithSettings({ path: "/shared.txt" }),
    409,
    "shared_link_already_exists",
  );
  assert.equal((await dbx.sharingListSharedLinks({ path: "/shared.txt" })).result.links.length, 1);
  assert.equal((await dbx.sharingGetSharedLinkMetadata({ url })).result.name, "shared.txt");
  const file = (await dbx.sharingGetSharedLinkFile({ url })).result;
  assert.equal(file.fileBinary.toString(), "shared");
  await dbx.sharingRevokeSharedLink({ url });
  await refused(dbx.sharingGetSharedLinkMetadata({ url }), 409, "shared_link_not_found");
  await dbx.filesTagsAdd({ path: "/shared.txt", tag_text: "one" });
  const tags = (await dbx.filesTagsGet({ paths: ["/shared.txt"] })).result.paths_to_tags[0].tags;
  assert.equal(tags[0].tag_text, "one");
  await refused(dbx.filesTagsRemove({ path: "/shared.txt", tag_text: "two" }), 409, "tag_not_present");
  await refused(dbx.filesSaveUrlCheckJobStatus({ async_job_id: "none" }), 409, "invalid_async_job_id");
  const copy_reference = "none";
  await refused(dbx.filesCopyReferenceSave({ copy_reference, path: "/x" }), 409, "invalid_copy_reference");
  assert.ok((await dbx.filesSearchV2({ query: "shared" })).result.matches.length >= 1);
}

/** Refusals of the routes that no other case has: the method, the argument, the tags. */
const REFUSED = [
  ["usersGetAccount", { account_id: `dbid:${"x".repeat(35)}` }, "no_account"],
  ["usersGetAccountBatch", { account_ids: [`dbid:${"x".repeat(35)}`] }, "no_account"],
  ["usersFeaturesGetValues", { features: [] }, "empty_features_list"],
  ["filesAlphaGetMetadata", { path: "/none" }, "path", "not_found"],
  ["filesAlphaUpload", { path: "/table/file", contents: "other" }, "path", "conflict", "file"],
  ["filesCopy", { from_path: "/none", to_path: "/x" }, "from_lookup", "not_found"],
  ["filesMove", { from_path: "/table", to_path: "/table/x" }, "cant_move_folder_into_itself"],
  ["filesCopyBatchCheck", { async_job_id: "none" }, "invalid_async_job_id"],
  ["filesCopyBatchCheckV2", { async_job_id: "none" }, "invalid_async_job_id"],
  ["filesMoveBatchCheck", { async_job_id: "none" }, "invalid_async_job_id"],
  ["filesMoveBatchCheckV2", { async_job_id: "none" }, "invalid_async_job_id"],
  ["filesCreateFolderBatchCheck", { async_job_id: "none" }, "invalid_async_job_id"],
  ["filesUploadSessionFinishBatchCheck", { async_job_id: "none" }, "invalid_async_job_id"],
  ["filesCopyReferenceGet", { path: "/none" }, "path", "not_found"],
  ["filesCreateFolder", { path: "/table/file/x" }, "path", "conflict", "file_ancestor"],
  ["filesCreateFolderV2", { path: "/table//x" }, "path", "malformed_path"],
  ["filesDelete", { path: "/none" }, "path_lookup", "not_found"],
  ["filesDownloadZip", { path: "/table/file" }, "path", "not_folder"],
  ["filesExport", { path: "/table/file" }, "non_exportable"],
  ["filesGetPreview", { path: "/table/file" }, "unsupported_extension"],
  ["filesGetThumbnail", { path: "/table/file" }, "unsupported_extension"],
  ["filesGetThumbnailV2", { resource: { ".tag": "path", path: "/none" } }, "path", "not_found"],
  ["filesGetThumbnailBatch", { entries: Array(26).fill({ path: "/none" }) }, "too_many_files"],
  ["filesListFolderGetLatestCursor", { path: "/none" }, "path", "not_found"],
  ["filesListRevisions", { path: "/none" }, "path", "not_found"],
  ["filesSaveUrl", { path: "/x", url: "nonsense" }, "invalid_url"],
  ["filesSearch", { path: "/none", query: "x" }, "path", "not_found"],
  ["filesSearchV2", { query: "x", options: { path: "/none" } }, "path", "not_found"],
  ["filesUploadSessionAppend", { session_id: "none", offset: 0, contents: "x" }, "not_found"],
  ["sharingCreateSharedLink", { path: "/none" }, "path", "not_found"],
  ["sharingCreateSharedLinkWithSettings", { path: "/none" }, "path", "not_found"],
  ["sharingGetSharedLinkFile", { url: "none" }, "shared_link_not_found"],
  ["sharingListSharedLinks", { path: "/none" }, "path", "not_found"],
  ["sharingModifySharedLinkSettings", { url: "none", settings: {} }, "shared_link_not_found"],
  ["sharingRevokeSharedLink", { url: "none" }, "shared_link_not_found"],
  ["sharingListFoldersContinue", { cursor: "none" }, "invalid_cursor"],
  ["sharingListMountableFoldersContinue", { cursor: "none" }, "invalid_cursor"],
  ["sharingListReceivedFilesContinue", { cursor: "none" }, "invalid_cursor"],
  ["sharingMountFolder", { shared_folder_id: "1" }, "access_error", "invalid_id"],
];

async function table() {
  await dbx.filesUpload({ path: "/table/file", contents: "file" });
  for (const [method, arg, ...tags] of REFUSED) {
    await refused(dbx[method](arg), 409, ...tags);
  }
  await refused(dbx.filesPermanentlyDelete({ path: "/table" }), 403, "invalid_account_type", "endpoint");
  assert.equal((await dbx.usersFeaturesGetValues({ features: [{ ".tag": "file_locking" }] })).result.values.length, 1);
  const app = new Counted({ clientId: "emulator-app", clientSecret: "emulator-secret", fetch });
  assert.equal((await app.checkApp({ query: "app" })).result.result, "app");
}

async function batches() {
  for (const name of ["1", "2"]) {
    await dbx.filesUpload({ path: `/batches/${name}`, contents: name });
  }
  const entries = [
    { from_path: "/batches/1", to_path: "/batches/copy" },
    { from_path: "/none", to_path: "/x" },
  ];
  const copied = await job(await dbx.filesCopyBatchV2({ entries }), "filesCopyBatchCheckV2");
  assert.equal(copied.entries[0].success.name, "copy");
  failed(copied.entries[1], "relocation_error", "from_lookup", "not_found");
  const moved = await job(await dbx.filesMoveBatchV2({ entries }), "filesMoveBatchCheckV2");
  failed(moved.entries[0], "relocation_error", "to", "conflict", "file");
  const one = [{ from_path: "/batches/2", to_path: "/batches/two" }];
  const old = await job(await dbx.filesMoveBatch({ entries: one }), "filesMoveBatchCheck");
  assert.equal(old.entries[0].metadata.name, "two");
  const fails = await job(await dbx.filesCopyBatch({ entries: one }), "filesCopyBatchCheck");
  assert.equal(fails.failed.from_lookup[".tag"], "not_found");
  const paths = ["/batches/made", "/batches/two"];
  const made = (await dbx.filesCreateFolderBatch({ paths })).result.entries;
  assert.equal(made[0].metadata.name, "made");
  failed(made[1], "path", "conflict", "file");
  const locks = { entries: [{ path: "/batches/two" }, { path: "/none" }] };
  for (const method of ["filesLockFileBatch", "filesGetFileLockBatch", "filesUnlockFileBatch"]) {
    const { entries } = (await dbx[method](locks)).result;
    assert.equal(entries[0].metadata.name, "two");
    failed(entries[1], "path_lookup", "not_found");
  }
  const { session_ids } = (await dbx.filesUploadSessionStartBatch({ num_sessions: 1 })).result;
  const cursor = { session_id: session_ids[0], offset: 0 };
  await dbx.filesUploadSessionAppendV2({ cursor, close: true, contents: "abc" });
  const commits = [{ cursor: { ...cursor, offset: 3 }, commit: { path: "/batches/session" } }];
  const done = await job(
    await dbx.filesUploadSessionFinishBatch({ entries: commits }),
    "filesUploadSessionFinishBatchCheck",
  );
  assert.equal(done.entries[0].name, "session");
}

async function others() {
  await dbx.filesUpload({ path: "/others/a.txt", contents: "zipped" });
  const zip = (await dbx.filesDownloadZip({ path: "/others" })).result;
  assert.equal(zip.metadata.name, "others");
  assert.equal(zip.fileBinary.subarray(0, 2).toString(), "PK");
  const found = (await dbx.filesSearch({ path: "/others", query: "a" })).result;
  assert.equal(found.matches[0].metadata.name, "a.txt");
  const { url } = (await dbx.sharingCreateSharedLink({ path: "/others" })).result;
  assert.equal((await dbx.sharingGetSharedLinks({ path: "/others" })).result.links[0].url, url);
  const through = (await dbx.filesListFolder({ path: "", shared_link: { url } })).result;
  assert.equal(through.entries[0].name, "a.txt");
  for (const list of ["sharingListFolders", "sharingListMountableFolders", "sharingListReceivedFiles"]) {
    assert.deepEqual((await dbx[list]({})).result.entries, []);
  }
  const commit_info = { path: "/others/linked" };
  assert.ok((await dbx.filesGetTemporaryUploadLink({ commit_info })).result.link.startsWith("http"));
  await assert.rejects(dbx.filesSearchContinueV2({ cursor: "none" }), { status: 400 });
}

/** Takes the tokens away, so it comes last of all. */
async function farewell() {
  await dbx.authTokenRevoke();
  await refused(dbx.usersGetCurrentAccount(), 401, "invalid_access_token");
}

(async () => {
  const broken = [];
  for (const suite of [accounts, refreshing, files, sessions, folders, sharing, table, batches, others, farewell]) {
    try {
      await suite();
    } catch (error) {
      broken.push(suite.name);
      console.error(suite.name, error);
    }
  }
  if (broken.length > 0) {
    process.exit(1);
  }
  assert.ok((await isServed("files/upload")) && !(await isServed("files/nothing")));
  const left_out = [];
  const known = routesOfTheSdk();
  assert.deepEqual([...routes].filter((route) => !known.has(route)), [], "the SDK's list is whole");
  for (const route of known) {
    if (!routes.has(route) && (await isServed(route))) {
      left_out.push(route);
    }
  }
  console.log(JSON.stringify({ calls, refusals, routes: [...routes], left_out }));
})();
