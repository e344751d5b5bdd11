"""A Redis Cluster of a test's own: three masters, each with a replica, on loopback."""
import contextlib
import subprocess

import processes
from redis_server import RedisServer, free_port
from waiting import PATIENCE, wait

NODE_TIMEOUT_MS = 1000
SLOTS = 16384


class Cluster:
    """nodes: those that run, by their port."""

    def __init__(self, *options):
        folder = processes.folder()
        self.nodes = {}
        for number in range(6):
            # The port of the cluster's own messages must be given: it is 10000 above otherwise.
            port, bus = free_port(), free_port()
            node_folder = folder / str(number)
            node_folder.mkdir()
            self.nodes[port] = RedisServer(
                "--port", str(port), "--cluster-enabled", "yes", "--cluster-port", str(bus),
                "--cluster-node-timeout", str(NODE_TIMEOUT_MS),
                "--repl-diskless-sync-delay", "0", *options, folder=node_folder)
        ports = [f"127.0.0.1:{port}" for port in self.nodes]
        subprocess.run(["redis-cli", "--cluster", "create", *ports, "--cluster-replicas", "1",
                        "--cluster-yes"], check=True, capture_output=True, timeout=PATIENCE)
        wait("the cluster is up", self.is_up)

    def is_up(self):
        """Whether all nodes see all slots served and have their replicas linked."""
        for node in self.nodes.values():
            if "cluster_state:ok" not in self.say(node, "CLUSTER", "INFO"):
                return False
            replication = node.client.info("replication")
            if replication["role"] == "slave" and replication["master_link_status"] != "up":
                return False
        return sum(node.client.info("replication")["role"] == "master"
                   for node in self.nodes.values()) == 3

    @staticmethod
    def say(node, *words):
        """The answer of a node, as text where it is one."""
        answer = node.client.execute_command(*words)
        return answer.decode() if isinstance(answer, bytes) else answer

    def url(self, *ports):
        return "cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports or self.nodes)

    def slot(self, key):
        return int(self.say(next(iter(self.nodes.values())), "CLUSTER", "KEYSLOT", key))

    def port_of(self, slot):
        """The port of the slot's master, as a running node sees it."""
        for node in self.nodes.values():
            for first, last, master, *_ in self.say(node, "CLUSTER", "SLOTS"):
                if first <= slot <= last:
                    return master[1]
        return None

    def replica_of(self, master):
        """The port of the master's replica."""
        return next(port for port, node in self.nodes.items()
                    if node.client.info("replication").get("master_port") == master)

    def owner(self, key):
        return self.nodes[self.port_of(self.slot(key))]

    def kill(self, port):
        self.nodes.pop(port).kill()

    def move(self, slot, begun=lambda: None):
        """The slot with all its keys to another master. Calls begun() while half of them are there."""
        source_port = self.port_of(slot)
        source = self.nodes[source_port]
        target_port = next(port for port, node in self.nodes.items() if port != source_port and
                           node.client.info("replication")["role"] == "master")
        target = self.nodes[target_port]
        source_id, target_id = self.say(source, "CLUSTER", "MYID"), self.say(target, "CLUSTER", "MYID")
        self.say(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
        self.say(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
        left = self.say(source, "CLUSTER", "COUNTKEYSINSLOT", slot)
        half = left // 2
        while keys := self.say(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
            self.say(source, "MIGRATE", "127.0.0.1", target_port, "", 0, PATIENCE * 1000, "REPLACE",
                     "KEYS", *keys)
            left -= len(keys)
            if left <= half:
                begun()
                half = -1
        for node in (target, source, *self.nodes.values()):
            # A replica refuses; it hears of it.
            with contextlib.suppress(Exception):
                self.say(node, "CLUSTER", "SETSLOT", slot, "NODE", target_id)
        wait("the slot has moved", lambda: self.port_of(slot) == target_port)
