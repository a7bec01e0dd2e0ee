"""A Hub on this machine: the endpoints that fetching and pushing ask, over real HTTP, with repositories in memory."""

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

TOKEN = "hf_let_me_in"


@dataclass
class Repository:
    """Commits by hash, branches by name; `closed` is "private", "gated" or nothing."""

    commits: dict = field(default_factory=dict)  # {commit: {path: bytes}}
    branches: dict = field(default_factory=dict)
    closed: str = ""

    def commit(self, files, branch="main"):
        said = json.dumps([branch, len(self.commits), sorted((k, v.hex()) for k, v in files.items())])
        name = hashlib.sha1(said.encode()).hexdigest()
        self.commits[name], self.branches[branch] = files, name
        return name

    def at(self, revision):
        return self.branches.get(revision, revision if revision in self.commits else None)


class Hub:
    """What the server holds, and every request it was sent."""

    def __init__(self):
        self.address = ""
        self.repositories, self.blobs, self.asked, self.down = {}, {}, [], False

    def add(self, name, files, closed=""):
        """A repository with one commit on main; returns the commit."""
        self.repositories[name] = Repository(closed=closed)
        return self.repositories[name].commit(files)


@contextmanager
def served():
    """A Hub at its `address`, until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        hub.address = f"http://127.0.0.1:{server.server_port}"
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def _oid(mode, data):
    """How git, or git LFS, calls a file."""
    return (
        hashlib.sha256(data).hexdigest()
        if mode == "lfs"
        else hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10  # seconds that an idle connection is kept
    hub: Hub

    def do_GET(self):
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *said):
        pass

    def _answer(self):
        path = unquote(self.path.split("?")[0])
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.asked.append(f"{self.command} {path}")
        if self.hub.down:
            return self._send(503, {})
        for pattern, handle in ROUTES:
            found = re.fullmatch(pattern, path)
            if found:
                return handle(self, body, *found.groups())
        self._send(404, {}, {"X-Error-Code": "RepoNotFound"})

    def _send(self, status, said, headers=None):
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _open(self, name, revision, write=False):
        """(repository, commit), or None when the refusal has been sent."""
        found, given = self.hub.repositories.get(name), self.headers.get("Authorization")
        if given not in (None, f"Bearer {TOKEN}"):
            told = {"X-Error-Message": "Invalid credentials in Authorization header"}
            return self._send(401, {}, told)
        if found is None or (given is None and (found.closed == "private" or write)):
            return self._send(404 if given else 401, {}, {"X-Error-Code": "RepoNotFound"})
        if given is None and found.closed == "gated":
            return self._send(403, {}, {"X-Error-Code": "GatedRepo"})
        if found.at(revision) is None:
            return self._send(404, {}, {"X-Error-Code": "RevisionNotFound"})
        return found, found.at(revision)

    def about(self, body, name, revision):
        opened = self._open(name, revision or "main")
        if opened:
            files = [{"rfilename": path} for path in opened[0].commits[opened[1]]]
            private = opened[0].closed == "private"
            self._send(200, {"id": name, "sha": opened[1], "siblings": files, "private": private})

    def resolve(self, body, name, revision, path):
        opened = self._open(name, revision)
        if not opened:
            return
        data, at = opened[0].commits[opened[1]].get(path), {"X-Repo-Commit": opened[1]}
        if data is None:
            return self._send(404, {}, {"X-Error-Code": "EntryNotFound", **at})
        self._send(200, data, {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', **at})

    def create(self, body):
        asked = json.loads(body)
        name = f"{asked.get('organization') or 'me'}/{asked['name']}"
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send(401, {}, {"X-Error-Message": "Invalid credentials in Authorization header"})
        known = name in self.hub.repositories
        if not known:
            closed = asked.get("visibility") == "private" or asked.get("private")
            self.hub.add(name, {}, "private" if closed else "")
        url = f"http://{self.headers['Host']}/{name}"
        self._send(409 if known else 200, {"url": url, "id": name})

    def branch(self, body, name, branch):
        opened = self._open(name, "main", write=True)
        if opened:
            opened[0].branches.setdefault(branch, opened[1])
            self._send(200, {})

    def preupload(self, body, name, revision):
        opened = self._open(name, revision, write=True)
        if opened:
            held = opened[0].commits[opened[1]]
            modes = []
            for path in (file["path"] for file in json.loads(body)["files"]):
                mode = "lfs" if path.endswith(".safetensors") else "regular"
                oid = _oid(mode, held[path]) if path in held else None
                modes.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
            self._send(200, {"files": modes})

    def batch(self, body, name):
        base, objects = f"http://{self.headers['Host']}", []
        for one in json.loads(body)["objects"]:
            actions = {"upload": {"href": f"{base}/lfs/{one['oid']}"}, "verify": {"href": f"{base}/verify"}}
            objects.append({**one, "actions": actions})
        self._send(200, {"transfer": "basic", "objects": objects})

    def store(self, body, oid):
        self.hub.blobs[oid] = body
        self._send(200 if hashlib.sha256(body).hexdigest() == oid else 422, {})

    def verify(self, body):
        self._send(200 if json.loads(body)["oid"] in self.hub.blobs else 404, {})

    def commit(self, body, name, revision):
        opened = self._open(name, revision, write=True)
        if not opened:
            return
        files = dict(opened[0].commits[opened[1]])
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "lfsFile":
                files[line["value"]["path"]] = self.hub.blobs[line["value"]["oid"]]
        oid = opened[0].commit(files, revision)
        self._send(200, {"commitUrl": f"http://{self.headers['Host']}/{name}/commit/{oid}", "commitOid": oid})

    def card(self, body):
        good = "license:" in json.loads(body)["content"]
        errors = [] if good else [{"message": "no license"}]
        self._send(200 if good else 400, {"errors": errors, "warnings": []})

    def weights(self, body, path):
        """Plain files for `register`: any repository's main, without its rules."""
        name, file = path.rsplit("/", 1)
        self._send(200, self.hub.repositories[name].commits[self.hub.repositories[name].at("main")][file])


REPO = r"([\w.-]+/[\w.-]+)"
ROUTES = [
    (rf"/api/models/{REPO}(?:/revision/(.+))?", _Handler.about),
    (rf"/{REPO}/resolve/([^/]+)/(.+)", _Handler.resolve),
    (r"/api/repos/create", _Handler.create),
    (rf"/api/models/{REPO}/branch/(.+)", _Handler.branch),
    (rf"/api/models/{REPO}/preupload/(.+)", _Handler.preupload),
    (rf"/{REPO}\.git/info/lfs/objects/batch", _Handler.batch),
    (r"/lfs/(\w+)", _Handler.store),
    (r"/verify", _Handler.verify),
    (rf"/api/models/{REPO}/commit/(.+)", _Handler.commit),
    (r"/api/validate-yaml", _Handler.card),
    (r"/plain/(.+)", _Handler.weights),
]
