"""Says in one line of JSON what kafka-python saw: kafka_python.py BOOTSTRAP TOPIC GROUP"""
import collections
import importlib.util
import json
import sys
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic

bootstrap, topic, group = sys.argv[1:]
patience = 60
result = {}


def eventually(condition, what):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("did not happen in %d s: %s" % (patience, what))
        time.sleep(0.05)


admin = KafkaAdminClient(bootstrap_servers=bootstrap)
resource = ConfigResource(ConfigResourceType.TOPIC, topic)


def retention():
    entries = admin.describe_configs([resource])[0].resources[0][4]
    return next(e[1] for e in entries if e[0] == "retention.ms")


admin.create_topics([NewTopic(topic, 3, 1, topic_configs={"retention.ms": "123456"})])
eventually(lambda: topic in admin.list_topics(), "the topic is listed")
result["retention"] = retention()
admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={"retention.ms": "99999"})])
eventually(lambda: retention() == "99999", "the new retention is described")
result["altered"] = retention()
admin.create_partitions({topic: NewPartitions(4)})
eventually(lambda: len(admin.describe_topics([topic])[0]["partitions"]) == 4, "the topic has four partitions")
result["partitions"] = sorted(p["partition"] for p in admin.describe_topics([topic])[0]["partitions"])

modules = {"none": "json", "gzip": "gzip", "snappy": "snappy", "lz4": "lz4", "zstd": "zstandard"}
result["codecs"] = [codec for codec, module in modules.items() if importlib.util.find_spec(module)]
for codec in result["codecs"]:
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", compression_type=None if codec == "none" else codec)
    sent = [producer.send(topic, key=b"%d" % i, value=codec.encode(), headers=[("n", b"%d" % i)]) for i in range(100)]
    for one in sent:
        one.get(patience)
    producer.close()

consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
                         consumer_timeout_ms=patience * 1000)
counts = collections.Counter()
for record in consumer:
    assert dict(record.headers) == {"n": record.key}, record
    counts[record.value.decode()] += 1
    if sum(counts.values()) == 100 * len(result["codecs"]):
        break
result["consumed"] = counts
consumer.commit()
partitions = [TopicPartition(topic, p) for p in range(4)]
result["ends"] = sum(consumer.end_offsets(partitions).values())
first = next(p for p in partitions if consumer.end_offsets([p])[p] > 0)
result["byTime"] = consumer.offsets_for_times({first: 1})[first].offset
consumer.close()

result["committed"] = sum(o.offset for o in admin.list_consumer_group_offsets(group).values())
eventually(lambda: admin.describe_consumer_groups([group])[0].state == "Empty", "the group is empty")
result["state"] = admin.describe_consumer_groups([group])[0].state
admin.delete_consumer_groups([group])
result["groupLeft"] = group in [g[0] for g in admin.list_consumer_groups()]
admin.delete_topics([topic])
eventually(lambda: topic not in admin.list_topics(), "the topic is gone")
result["topicLeft"] = topic in admin.list_topics()
admin.close()
print(json.dumps(result))
