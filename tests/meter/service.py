"""A service that the project calls: things by number, and a model that speaks OpenAI's protocol."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Any

USAGE = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
EMBEDDED = {"prompt_tokens": 5, "total_tokens": 5}


class Service:
    """``failures``: answers with 500 that the model "flaky" still gives; ``broken``: a page.

    The model "stumbling" fails at the first try of each question.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.broken = 1
        self.traceparents: list[str | None] = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: the client's machine waits for the second

            def do_GET(self) -> None:
                service.traceparents.append(self.headers["traceparent"])
                if self.path.startswith("/moved/"):
                    self.answer({}, 302, self.path.replace("moved", "things"))
                elif self.path == "/broken/once" and service.broken > 0:
                    service.broken -= 1
                    self.answer({}, 500)
                else:
                    self.answer({"id": self.path})

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path.startswith("/things/"):
                    self.answer({"id": self.path})
                elif self.path.endswith("/embeddings"):
                    self.answer(embeddings(asked))
                elif asked.get("model") == "broken":
                    self.answer({"error": {"message": "never"}}, 500)
                elif asked.get("model") == "flaky" and service.failures > 0:
                    service.failures -= 1
                    self.answer({"error": {"message": "later"}}, 500)
                elif asked.get("model") == "stumbling" and self.first_try():
                    self.answer({"error": {"message": "later"}}, 500)
                elif asked.get("stream"):
                    self.stream(asked["model"])
                else:
                    self.answer(chat(asked["model"]))

            def first_try(self) -> bool:
                return self.headers["x-stainless-retry-count"] == "0"

            def answer(self, found: dict[str, Any], status: int = 200, to: str = "") -> None:
                body = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("retry-after-ms", "1")
                if to:
                    self.send_header("Location", to)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def stream(self, model: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                for chunk in chunks(model):
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                    self.wfile.flush()
                self.wfile.write(b"data: [DONE]\n\n")
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def chat(model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": 'wares, and "usage" of {them}'}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    told = {"id": "1", "object": "chat.completion", "created": 1, "model": f"{model}-7b"}
    return {**told, "choices": [choice], "usage": USAGE}


def chunks(model: str) -> list[dict[str, Any]]:
    told = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": f"{model}-7b"}
    pieces = [
        {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
        for word in ("wares", " and", " more")
    ]
    return [{**told, **piece} for piece in (*pieces, {"choices": [], "usage": USAGE})]


def embeddings(asked: dict[str, Any]) -> dict[str, Any]:
    data = [
        {"object": "embedding", "index": n, "embedding": [0.5] * asked.get("dimensions", 800)}
        for n, _ in enumerate(asked["input"])
    ]
    return {"object": "list", "data": data, "model": f"{asked['model']}-v2", "usage": EMBEDDED}
