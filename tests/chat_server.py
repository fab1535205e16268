"""A server of OpenAI's chat completions in a process of its own, which can be told to die in the middle of an answer.

    python chat_server.py PORT REPLIES DIES_AFTER [KEY]

REPLIES: JSON list of answers that go round and round; a question without a schema is answered "yes". DIES_AFTER: it kills
itself while it sends the answer after so many, 0 = never. KEY: who does not send it is refused, and each answer repeats it as
its id. The first line of its output is the port that it listens on.
"""

import http.server
import json
import os
import signal
import sys
from typing import Any


class Handler(http.server.BaseHTTPRequestHandler):
    replies: tuple[str, ...] = ()
    key, dies_after, answered = "", 0, 0

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.key and self.headers["Authorization"] != f"Bearer {self.key}":
            self.send_error(401)
            return
        text = "yes"
        if "response_format" in asked:
            text = self.replies[Handler.answered % len(self.replies)]
            Handler.answered += 1
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        told = {"id": self.key or "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.dies_after and Handler.answered > self.dies_after:
            self.wfile.write(body[:20])
            self.wfile.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None: ...


if __name__ == "__main__":
    Handler.replies, Handler.dies_after = tuple(json.loads(sys.argv[2])), int(sys.argv[3])
    Handler.key = sys.argv[4] if len(sys.argv) > 4 else ""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
