"""A Kafka cluster for tests: the program kafka_cluster, which runs librdkafka's mock cluster."""
import os
import subprocess

import processes


class Cluster:
    """Two brokers, without topics."""

    def __init__(self):
        program = os.path.join(os.environ["BUILD"], "tests", "kafka_cluster")
        self.process = processes.start([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True)
        self.brokers = self.process.stdout.readline().strip().split(",")

    def obey(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        assert said == "ok\n", (line, said)

    def topic(self, name, partitions):
        self.obey(f"topic {name} {partitions}")

    def send(self, topic, partition, text=None):
        """A message; without a text one that has no value."""
        self.obey(f"send {topic} {partition}" + (f" {text}" if text is not None else ""))

    def fill(self, topic, partition, count):
        """So many messages of 64 KiB without content."""
        self.obey(f"fill {topic} {partition} {count}")

    def error(self, topic, code):
        """An error of the protocol for the topic; 0 for none."""
        self.obey(f"error {topic} {code}")

    def down(self):
        self.obey("down")

    def up(self):
        self.obey("up")

    def source(self, name, topic, more=""):
        """The section of a source that follows the topic."""
        return (f'source "{name}" {{ url = "kafka://{self.brokers[0]}/{topic}" '
                f'hosts = "{",".join(self.brokers[1:])}" {more} }}\n')
