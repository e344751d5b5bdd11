#!/usr/bin/env python3
"""Webhooks verified by an implementation that is not ours: `standardwebhooks` of npm, the library
of the specification's authors. Installed into a temporary folder; skipped where npm or its
registry is not there.
"""
# tests/run: beside others
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import hook_lab  # noqa: E402
import npm  # noqa: E402
from waiting import wait  # noqa: E402

from webhooks import KEY, OLD_KEY, Drive, Place  # noqa: E402

VERIFY = r"""
const {Webhook} = require("standardwebhooks");
const {secret, headers, body} = JSON.parse(require("fs").readFileSync(0, "utf8"));
try {
    const payload = new Webhook(secret).verify(Buffer.from(body, "base64").toString(), headers);
    console.log(JSON.stringify({id: payload.id}));
} catch (error) {
    console.log(JSON.stringify({error: error.message}));
}
"""


def verify(folder, request, key, body=None):
    b64 = hook_lab.base64.b64encode
    told = json.dumps({"secret": "whsec_" + b64(key).decode(), "headers": request["headers"],
                       "body": b64(request["body"] if body is None else body).decode()})
    found = subprocess.run(["node", "verify.js"], cwd=folder, input=told, check=True,
                           capture_output=True, text=True, timeout=60)
    return json.loads(found.stdout)


def check(folder):
    place, hook = Place(), hook_lab.Hook(200)
    drive = Drive(place.server, {"ops": place.hook(hook.url)})
    drive.tell("alert", "viral:x:1:1", "text", "角 \U0001f600 \"\\ \x01 </script>")
    wait("the alert arrives", lambda: hook.requests)
    place.secret.unlink()
    hook_lab.make_secret(place.secret, KEY, OLD_KEY)
    drive.alert("viral:x:2:1")
    wait("the second alert arrives", lambda: len(hook.requests) == 2)
    one, two = hook.requests
    assert verify(folder, one, KEY) == {"id": "viral:x:1:1"}
    assert verify(folder, two, KEY) == verify(folder, two, OLD_KEY) == {"id": "viral:x:2:1"}
    assert "error" in verify(folder, one, OLD_KEY)
    assert "error" in verify(folder, one, KEY, one["body"] + b" ")
    assert "error" in verify(folder, {**one, "headers": {
        **one["headers"], "webhook-id": two["headers"]["webhook-id"]}}, KEY)


def main():
    with tempfile.TemporaryDirectory() as folder:
        why = npm.install(folder, "standardwebhooks@1")
        if why is not None:
            print(f"skipped: {why}")
            return 77
        (pathlib.Path(folder) / "verify.js").write_text(VERIFY)
        check(folder)
    return 0


sys.exit(main())
