#!/usr/bin/env python3
"""Drives /v1/completions of any server with streams side by side, and prints rates and latencies as a JSON object.

    load.py PORT STREAMS REQUESTS [PROMPT_TOKENS [ANSWER_TOKENS]]

Prompts are random tokens, each its own, so that no server has any of them in a cache. Needs nothing but Python.
"""

import http.client
import json
import multiprocessing
import random
import sys
import threading
import time

MOST_PROCESSES = 8


def answer(port, seed, prompt_tokens, answer_tokens):
    """Asks for one answer: seconds to its first token and to its end, and its tokens."""
    tokens = random.Random(seed)
    body = {
        "prompt": [tokens.randrange(1000, 40000) for _ in range(prompt_tokens)],
        "max_tokens": answer_tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
        # llama-server's: an answer doesn't end early, and nothing is taken from a cache.
        "ignore_eos": True,
        "cache_prompt": False,
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    began = time.perf_counter()
    connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    if response.status != 200:
        sys.exit(f"{response.status}: {response.read().decode()}")
    first = usage = None
    for line in iter(response.readline, b""):
        if line.startswith(b"data: [DONE]"):
            break
        if line.startswith(b"data:"):
            first = first or time.perf_counter() - began
            usage = json.loads(line[5:]).get("usage") or usage
    connection.close()
    return first, time.perf_counter() - began, usage["completion_tokens"]


def share(arguments):
    """Asks for the answers of some seeds, from as many threads as are wanted."""
    port, seeds, threads, sizes = arguments
    waiting, answers, lock = list(seeds), [], threading.Lock()

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                seed = waiting.pop()
            result = answer(port, seed, *sizes)
            with lock:
                answers.append(result)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return answers


def quantile(values, share_of_all):
    return round(1e3 * sorted(values)[min(len(values) - 1, int(share_of_all * len(values)))], 1)


def main():
    port, streams, requests = map(int, sys.argv[1:4])
    sizes = (int((sys.argv[4:] + ["200"])[0]), int((sys.argv[5:] + ["100"])[0]))
    processes = min(MOST_PROCESSES, streams)
    # What is compiled and allocated when it is first used.
    share((port, range(10**6, 10**6 + streams), streams, sizes))
    parts = [(port, range(index, requests, processes), streams // processes, sizes) for index in range(processes)]
    with multiprocessing.Pool(processes) as pool:
        pool.map(len, [[]] * processes)
        began = time.perf_counter()
        answers = [answer for part in pool.map(share, parts, chunksize=1) for answer in part]
        seconds = time.perf_counter() - began
    if len(answers) < requests:
        sys.exit(f"{requests - len(answers)} requests failed")
    first, whole, tokens = zip(*answers)
    report = {
        "streams": streams,
        "requests": len(answers),
        "requests_per_s": round(len(answers) / seconds, 2),
        "tokens_per_s": round(sum(tokens) / seconds),
        "ttft_ms": {"p50": quantile(first, 0.5), "p95": quantile(first, 0.95)},
        "whole_ms": {"p50": quantile(whole, 0.5), "p95": quantile(whole, 0.95)},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
