// The official JavaScript SDK, unmodified, against the emulator whose address is the first argument.
//
// Only `fetch` is ours: it sends what the SDK addresses to Dropbox there, in plain HTTP. Prints how many errors were asserted by tag.

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

const client = (accessToken = "emulator-access-token") => new Dropbox({ accessToken, fetch });
const dbx = client();
let refusals = 0;

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

(async () => {
  const failed = [];
  for (const suite of [accounts, refreshing, files, sessions, folders, sharing]) {
    try {
      await suite();
    } catch (error) {
      failed.push(suite.name);
      console.error(suite.name, error);
    }
  }
  if (failed.length > 0) {
    process.exit(1);
  }
  console.log(refusals);
})();
