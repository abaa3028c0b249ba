"""A target that speaks HTTP/2 without TLS, and calls of gRPC's kind."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from drydock.region.dataplane.balancer.spec import Target

Headers = dict[str, str]


class Http2Target:
    """Answers GET with what it was sent. POST is a call: its `code` stands in the trailers if there is
    a message (`/echo`), in the headers otherwise."""

    def __init__(self, code: int = 12) -> None:
        self.code = code
        self.calls: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def target(self) -> Target:
        host, port = self._socket.getsockname()
        return Target(host, port)

    def die(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, wire: socket.socket) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        requests: dict[int, Headers] = {}
        with wire:
            try:
                wire.sendall(state.data_to_send())
                while data := wire.recv(65536):
                    for event in state.receive_data(data):
                        self._handle(state, event, requests)
                    wire.sendall(state.data_to_send())
            except (OSError, h2.exceptions.ProtocolError):
                return

    def _handle(
        self,
        state: h2.connection.H2Connection,
        event: h2.events.Event,
        requests: dict[int, Headers],
    ) -> None:
        if isinstance(event, h2.events.RequestReceived):
            requests[event.stream_id] = {
                name.decode(): value.decode() for name, value in event.headers
            }
        elif isinstance(event, h2.events.DataReceived):
            state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self._answer(state, event.stream_id, requests.pop(event.stream_id))

    def _answer(self, state: h2.connection.H2Connection, stream: int, request: Headers) -> None:
        self.calls.append(request[":path"])
        ok = [(":status", "200")]
        if request[":method"] != "POST":
            state.send_headers(stream, [*ok, ("content-type", "application/json")])
            state.send_data(stream, json.dumps(request).encode(), end_stream=True)
            return
        grpc = [*ok, ("content-type", "application/grpc")]
        if request[":path"] == "/echo":
            state.send_headers(stream, grpc)
            state.send_data(stream, b"\0\0\0\0\0")
            state.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        else:
            state.send_headers(stream, [*grpc, ("grpc-status", str(self.code))], end_stream=True)


NewTarget = Callable[..., Http2Target]
