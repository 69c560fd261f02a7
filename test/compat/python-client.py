# Runs a script of commands through Debian's python3-redis with its default settings.
# Arguments: port, "single" or "cluster". Standard input: a JSON list of word lists.
# Standard output: a JSON list of replies; an error is {"error": text}.
import json
import sys

import redis

port, kind = int(sys.argv[1]), sys.argv[2]
if kind == 'cluster':
    client = redis.RedisCluster(host='127.0.0.1', port=port)
else:
    client = redis.Redis(host='127.0.0.1', port=port)


def plain(reply):
    if isinstance(reply, bytes):
        return reply.decode('latin-1')
    if isinstance(reply, (list, tuple)):
        return [plain(one) for one in reply]
    if isinstance(reply, dict):
        return {plain(name): plain(value) for name, value in reply.items()}
    return reply


def call(words):
    keyless = words[0] == 'SCAN' or not any(word.startswith('{s}') for word in words[1:])
    try:
        if kind == 'cluster' and keyless:
            node = client.get_random_node()
            return plain(client.execute_command(*words, target_nodes=node))
        return plain(client.execute_command(*words))
    except redis.ResponseError as error:
        return {'error': str(error)}


# The library's own conversions would hide what was answered; INFO's is needed for the topology.
callbacks = redis.Redis.RESPONSE_CALLBACKS
for name in list(callbacks):
    if name != 'INFO':
        del callbacks[name]
if kind == 'cluster':
    client.cluster_response_callbacks.clear()
    client.result_callbacks.clear()
    for node in client.get_nodes():
        client.get_redis_connection(node).response_callbacks.clear()
else:
    client.response_callbacks.clear()
print(json.dumps([call(words) for words in json.load(sys.stdin)]))
