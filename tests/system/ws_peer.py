#!/usr/bin/env python3
"""Jetstream over WebSocket against an implementation that is not ours: `ws` of npm, the server most
of the world runs. Installed into a temporary folder; skipped where npm or its registry is not there.
"""
# tests/run: beside others
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import source_drive  # noqa: E402
import http_lab  # noqa: E402
import npm  # noqa: E402

MESSAGES = 3000
START = time.time_ns() // 1000 - 600 * 10**6

SERVER = r"""
const {WebSocketServer} = require("ws");
const fs = require("fs");
const [start, count, folder] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const key = folder ? {key: fs.readFileSync(folder + "/good.key"),
                      cert: fs.readFileSync(folder + "/good.pem")} : null;
const http = key ? require("https").createServer(key) : require("http").createServer();
const server = new WebSocketServer({server: http, perMessageDeflate: true,
    handleProtocols: (protocols) => protocols.has("xrpc.v1.json") ? "xrpc.v1.json" : false});
let connections = 0;
const tell = (what) => console.log(JSON.stringify(what));
server.on("connection", (socket, request) => {
    const number = connections++;
    const cursor = Number(new URL(request.url, "http://a").searchParams.get("cursor") || 0);
    tell({url: request.url, protocol: socket.protocol});
    socket.on("pong", (data) => tell({pong: data.toString()}));
    socket.on("close", (code) => tell({closed: code}));
    socket.on("error", (error) => tell({error: error.message}));
    const isV2 = request.url.includes("subscribeEvents");
    const half = number === 0 ? count / 2 : count;
    for (let i = 0; i < half; i++) {
        // The last is newer than the connection: with it all that was missed has come.
        const us = i === count - 1 ? (Date.now() + 10000) * 1000 : start + i * 1000;
        const time = new Date(Math.floor(us / 1000)).toISOString();
        const text = isV2
            ? {payload: {did: "did:plc:" + i, seq: i + 1, time: time}}
            : {did: "did:plc:" + i, time_us: us, text: "\u20ac\u{1f600}".repeat(i % 500)};
        if ((isV2 && cursor < 1e15 ? i + 1 : us) < cursor) continue;
        const data = Buffer.from(JSON.stringify(text));
        if (i % 7 === 0 && data.length > 10) {
            const middle = data.length >> 1;
            socket.send(data.subarray(0, middle), {fin: false, binary: false});
            socket.send(data.subarray(middle), {fin: true, binary: false});
        } else {
            socket.send(data, {binary: false});
        }
        if (i % 1000 === 0) socket.ping("p" + i);
    }
    if (number === 0) socket.close(1001, "going");
});
http.listen(0, "127.0.0.1", () => tell({port: http.address().port}));
"""


def drive(folder, scheme, path):
    """What source_drive said, and what the server told."""
    secret = [str(folder)] if scheme == "wss" else []
    server = subprocess.Popen(
        ["node", "server.js", str(START), str(MESSAGES), *secret], cwd=folder,
        stdout=subprocess.PIPE, text=True)
    try:
        port = json.loads(server.stdout.readline())["port"]
        trust = [f"ca_file={folder}/ca.pem"] if secret else []
        lines = source_drive.drive(f"{scheme}://127.0.0.1:{port}{path}", *trust,
                             until=f'did:plc:{MESSAGES - 1}"')
        time.sleep(0.3)
    finally:
        server.terminate()
    told = [json.loads(line) for line in server.stdout.read().splitlines()]
    return lines, told


def check(folder, scheme, path, protocol):
    lines, told = drive(folder, scheme, path)
    numbers = [int(number) for line in lines if line.startswith("message ")
               for number in re.findall(r"did:plc:(\d+)", line)]
    # Half of them, then from the cursor on: all, none left out, in order both times.
    half = MESSAGES // 2
    assert numbers[:half] == list(range(half)), numbers[:half][-3:]
    assert numbers[half:] == list(range(numbers[half], MESSAGES)) and numbers[half] < half, lines
    metrics = dict(line.split(" ")[1:] for line in lines if line.startswith("metric "))
    assert metrics["cascaded_source_protocol_errors_total"] == "0", metrics
    gaps = [line.split(" ")[2:] for line in lines if line.startswith("gap ")]
    assert [gap[1:] for gap in gaps] == [["closed_1001", "0"], ["closed_1001", "1"]], gaps
    assert gaps[0][0] == "-" and gaps[1][0] != "-", gaps
    assert {row["protocol"] for row in told if "protocol" in row} == {protocol}, told
    assert {"closed": 1001} in told and {"pong": "p0"} in told, told
    assert {"pong": f"p{MESSAGES - 1000}"} in told, told
    assert not [row for row in told if "error" in row], told


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        why = npm.install(folder, "ws@8")
        if why is not None:
            print(f"skipped: {why}")
            return 77
        (folder / "server.js").write_text(SERVER)
        http_lab.make_certificate(folder, "good")
        cases = [("ws", "/subscribe", ""), ("wss", "/subscribe", ""),
                 ("ws", "/xrpc/network.bsky.jetstream.subscribeEvents", "xrpc.v1.json")]
        print(f"1..{len(cases)}")
        faults = 0
        for number, case in enumerate(cases, 1):
            try:
                check(folder, *case)
                print(f"ok {number} - the npm server over {case[0]} on {case[1]}", flush=True)
            except AssertionError as error:
                faults += 1
                print(f"not ok {number} - the npm server over {case[0]} on {case[1]}\n# "
                      f"{str(error)[:3000]}", flush=True)
        return 1 if faults else 0


sys.exit(main())
