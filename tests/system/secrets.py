#!/usr/bin/env python3
"""No message repeats a password or a token: of an address, however malformed the address is, or
given in place of the path of its file.

    secrets.py     (BUILD names the folder of the build)
"""
# tests/run: beside others
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from tap import case, run_cases  # noqa: E402

BUILD = os.environ["BUILD"]
FOLDER = processes.folder()
SECRET = "Pw-of-nobody-1"
REDIS = ["redis://u:{}@h:x", "redis://:{}@[::1", "redis://:{}@h:1/x", "redis:/u:{}@h", "http://u:{}@h",
         "redis://u:{}%zz@h", "redis://u:pa/{}@host", "redis://u:{}@bad host:1", "redis//:{}@h",
         "redis://:{}@h:99999", "rediss://:a#{}@h", "unix://:{}@h", "redis://:{}@h/0?x", "{}:@",
         "redis://:{}@127.0.0.1:1", "rediss://u:{}@127.0.0.1:1/2"]
HTTP = ["https://u:{}@h/x", "https://u:pa/{}@h", "https://{}/@h:x:y", "https://u:{}", "https:/u:{}@h/",
        "u:{}@h", "https://[u:{}@h", "wss://u:{}@h/subscribe", "https://h/x?token={}#",
        "https://h:{}/x", "https://h/ x?{}"]


def said(*arguments, config=None):
    """What a program printed; few of these addresses can be used, and nobody is there."""
    arguments = [*arguments]
    if config is not None:
        path = pathlib.Path(FOLDER, "bad.conf")
        path.write_text(config, encoding="utf-8")
        arguments += ["-c", str(path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)
    assert done.returncode in (0, 64, 65, 66, 69, 78), (arguments, done)
    return done.stdout + done.stderr


def check(text, *about):
    assert SECRET not in text, (about, text)


@case
def addresses_of_redis_are_not_repeated():
    for form in REDIS:
        url = form.format(SECRET)
        check(said(f"{BUILD}/cascadectl", "-r", url, "top", "-1"), "cascadectl", url)
        check(said(f"{BUILD}/cascaded", "-o", f"redis.url={url}", "/dev/null"), "-o", url)
        check(said(f"{BUILD}/cascaded", "/dev/null", config=f'redis {{ url = "{url}" }}\n'), url)


@case
def addresses_of_sources_and_webhooks_are_not_repeated():
    for form in HTTP:
        url = form.format(SECRET)
        for config in (f'source "x" {{ url = "{url}" }}\n',
                       'source "b" { url = "wss://jetstream.example/subscribe" '
                       f'hosts = {{"{url}"}} }}\n',
                       'source "m" { url = "https://m.example/api/v1/streaming/user" '
                       f'api_url = "{url}" }}\n',
                       f'names {{ url = "{url}" }}\n',
                       f'webhook "w" {{ url = "{url}" secret_file = "/nonexistent" }}\n'):
            check(said(f"{BUILD}/cascaded", "-t", config=config), config)


@case
def an_address_in_a_wrong_place_is_not_repeated():
    for form in HTTP[:-1] + REDIS[:4]:
        url = form.format(SECRET)
        if "://" not in url and "@" not in url:
            continue
        for arguments in (["-o", f"redis.flush={url}"], ["-o", url.replace("=", ":")],
                          ["-o", f"top={url}"], [url], ["-c", url], ["--backtest", url]):
            check(said(f"{BUILD}/cascaded", *arguments), arguments)


@case
def a_secret_in_place_of_its_file_is_not_repeated():
    x = 'source "x" { url = "https://h/x" '
    hook = 'webhook "w" { url = "https://h/" '
    bluesky = 'source "b" { url = "wss://jetstream.example/subscribe" '
    forms = ['redis { password_file = "%s" }', 'redis { url = "rediss://h:1" ca_file = "%s" }',
             'redis { url = "rediss://h:1" cert_file = "%s" key_file = "%s" }',
             'redis { url = "rediss://h:1" cert_file = "/dev/null" key_file = "%s" }',
             'http { token_file = "%s" }', x + 'token_file = "%s" }', x + 'ca_file = "%s" }',
             bluesky + 'dictionary_file = "%s" }', hook + 'secret_file = "%s" }',
             hook + 'secret_file = "/dev/null" ca_file = "%s" }']
    for form in forms:
        for secret in (SECRET, SECRET + "==", "ab/" + SECRET, "/" + SECRET, "/ab/" + SECRET,
                       "/dev/" + SECRET, SECRET * 40):
            config = form.replace("%s", secret)
            for arguments in (["-t"], ["/dev/null"]):
                text = said(f"{BUILD}/cascaded", *arguments, config=config + "\n")
                check(text, arguments, config)
                assert "_file" in text or arguments != ["-t"] or form.startswith(x), text
    for option in ("redis.password_file", "http.token_file", "redis.password", "redis.secret"):
        check(said(f"{BUILD}/cascaded", "-o", f"{option}={SECRET}", "/dev/null"), option)
    check(said(f"{BUILD}/cascaded", f"--token={SECRET}"), "--token")


if __name__ == "__main__":
    run_cases()
