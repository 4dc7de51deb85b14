"""Runs what it is sent in a test's machine, as root. Only images that a test made have it."""
import http.server
import json
import os
import subprocess


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        script = self.rfile.read(int(self.headers["Content-Length"])).decode()
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, stdin=subprocess.DEVNULL)
        answer = json.dumps({"exitCode": done.returncode, "output": done.stdout.decode(errors="replace"), "error": done.stderr.decode(errors="replace")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
os.environ["HOME"] = "/root"
http.server.ThreadingHTTPServer(("0.0.0.0", 7070), Handler).serve_forever()
