# SPDX-License-Identifier: LGPL-2.1-or-later
"""The look-alike as a child process, and HTTP to it."""
import http.client
import json
import subprocess


class Answer:
    def __init__(self, status, headers, text):
        self.status = status
        self.headers = headers
        self.text = text

    def body(self):
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text


class Sim:
    def __init__(self, path, log):
        self.log = open(log, "w", encoding="utf-8")
        self.process = subprocess.Popen([path], stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.url = self.process.stdout.readline().strip().partition("=")[2]
        self.token = self.process.stdout.readline().strip().partition("=")[2]
        self.port = int(self.url.rpartition(":")[2])
        self.tokens = {}

    def close(self):
        self.process.terminate()
        code = self.process.wait(timeout=10)
        self.process.stdout.close()
        self.log.close()
        return code

    def send(self, method, path, body=None, headers=None, timeout=20):
        """The answer, or None if the connection ended or stayed silent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = dict(headers or {})
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            if body is not None:
                headers.setdefault("Content-Length", str(len(body)))
            for key, value in headers.items():
                connection.putheader(key, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def control(self, method, path, value=None):
        body = None if value is None else json.dumps(value).encode()
        answer = self.send(method, "/_sim/" + path, body)
        assert answer is not None and answer.status == 200, f"control {path}: {answer and answer.text}"
        return answer.body()

    def api(self, method, path, value=None):
        """A call that prepares state; it must succeed."""
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        body = None if value is None else json.dumps(value).encode()
        answer = self.send(method, path, body, headers)
        assert answer is not None and answer.status in (200, 201), f"{method} {path}: {answer and answer.text:.400}"
        return answer.body()["data"]

    def graphql(self, query):
        return self.api("POST", "/graphql", {"query": query})
