"""The Python side of peer.ts: answers "run this case n times" over stdin and stdout, one JSON object per line."""

import json
import sys
import time


def serve(name, version, prepare, ask=None):
    """Serves until stdin ends.

    prepare(spec) builds the inputs of a case and returns a function without arguments that does the work once.
    ask(spec) answers {"ask": spec} with an object, for what is not timed.
    """
    # Whatever a library prints must not end up between two answers.
    answers, sys.stdout = sys.stdout, sys.stderr

    def answer(message):
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    answer({"name": name, "version": version})
    cases = {}
    for line in sys.stdin:
        try:
            message = json.loads(line)
            if message.get("forget"):
                cases.clear()
                answer({})
                continue
            if "ask" in message:
                answer(ask(message["ask"]))
                continue
            key = json.dumps(message["run"], sort_keys=True)
            if key not in cases:
                cases[key] = prepare(message["run"])
            work, repeats = cases[key], message["repeats"]
            start = time.perf_counter()
            for _ in range(repeats):
                work()
            answer({"seconds": time.perf_counter() - start})
        except Exception as error:  # the parent decides what a failed case means
            answer({"error": f"{type(error).__name__}: {error}"})
