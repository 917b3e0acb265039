"""Servers on loopback that letters go to: mail by aiosmtpd, webhooks by http.server.  What they do is told to them by the test,
letter by letter; what they took is kept.  Nothing here shares code with the courier: signatures are checked by their vendors' words.
"""
import asyncio
import base64
import datetime
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import re
import ssl
import threading
import urllib.parse

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Mail:
    """A server of mail.  `behave(what, envelope, message)` is asked at "rcpt" and "data": None takes it, a text is the answer, "drop"
    cuts the connection before the answer, "take and drop" after the message was taken, "stall" never answers."""

    def __init__(self, behave=None, tls=None, login=None, light=False):
        """`light`: of a message its Message-ID only."""
        self.behave = behave or (lambda *_: None)
        self.taken, self.asked, self.sessions = [], 0, []
        self.loop = asyncio.new_event_loop()
        self.tls, self.login, self.light = tls, login, light
        ready = threading.Event()
        threading.Thread(target=self.run, args=(ready,), daemon=True).start()
        ready.wait()
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"smtp://127.0.0.1:{self.port}"

    def run(self, ready):
        asyncio.set_event_loop(self.loop)
        more = {"tls_context": self.tls, "require_starttls": True} if self.tls else {}
        if self.login:
            more |= {"authenticator": self.check, "auth_required": True, "auth_require_tls": bool(self.tls)}
        make = self.loop.create_server(lambda: SMTP(self, hostname="sink", loop=self.loop, **more), "127.0.0.1", 0)
        self.server = self.loop.run_until_complete(make)
        ready.set()
        self.loop.run_forever()

    def check(self, _server, _session, _envelope, _mechanism, data):
        return AuthResult(success=(data.login.decode(), data.password.decode()) == self.login, handled=False)

    async def act(self, server, what, envelope, message=None):
        self.asked += 1
        answer = self.behave(what, envelope, message)
        if answer == "stall":
            await asyncio.Event().wait()
        if answer == "take and drop":
            self.taken.append(message)
        if answer in ("drop", "take and drop"):
            server.transport.abort()
            await asyncio.Event().wait()
        return answer

    async def handle_RCPT(self, server, session, envelope, address, _options):
        self.sessions.append(session.ssl is not None)
        answer = await self.act(server, "rcpt", envelope)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, _session, envelope):
        if self.light:
            message = {"Message-ID": re.search(rb"^Message-ID: (\S+)", envelope.content, re.M).group(1).decode()}
        else:
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        answer = await self.act(server, "data", envelope, message)
        if answer is None:
            self.taken.append(message)
        return answer or "250 taken"

    def ids(self):
        return [message["Message-ID"] for message in list(self.taken)]

    def stop(self):
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)


def certificate(folder, host="127.0.0.1"):
    """An authority of one's own and a server's certificate by it: (path of the authority, context of the server)."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def make(name, issuer_name, public, key, extensions):
        builder = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        builder = builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)])).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=2))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(key, hashes.SHA256())

    import ipaddress  # pylint: disable=import-outside-toplevel
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = make("test authority", "test authority", authority_key.public_key(), authority_key, [x509.BasicConstraints(True, None)])
    server = make("sink", "test authority", server_key.public_key(), authority_key,
                  [x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])])
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    both = server.public_bytes(serialization.Encoding.PEM) + server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(both)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    return folder / "ca.pem", context


def mac(key, data):
    return base64.b64encode(hmac.new(key.encode(), data.encode(), hashlib.sha256).digest()).decode()


class Hook:
    """A webhook.  `kind` says how a signature is checked; `behave(number)` gives (status, object) for the n-th good request, or None
    for what the vendor says when all is well."""

    FINE = {"wecom": {"errcode": 0, "errmsg": "ok"}, "dingtalk": {"errcode": 0, "errmsg": "ok"},
            "feishu": {"code": 0, "msg": "success", "data": {}}, "webhook": {}}

    def __init__(self, kind, secret="", behave=None):
        self.kind, self.secret, self.behave = kind, secret, behave or (lambda _: None)
        self.taken, self.wrong, self.asked = [], [], 0
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = hook.take(self.path, self.headers, body)
                data = json.dumps(answer).encode() if not isinstance(answer, bytes) else answer
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{hook.port}/elsewhere")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?access_token=t1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, headers, body):
        message = json.loads(body)
        self.asked += 1
        problem = self.check(urllib.parse.urlsplit(path), headers, body, message)
        if problem:
            self.wrong.append(problem)
            return 403, {"errcode": 310000, "code": 19021, "errmsg": problem}
        answer = self.behave(self.asked)
        if answer is None:
            self.taken.append(message)
            return 200, self.FINE[self.kind]
        return answer

    def check(self, path, headers, body, message):
        """What is wrong with it; None: nothing."""
        now = datetime.datetime.now().timestamp()
        query = dict(urllib.parse.parse_qsl(path.query))
        if path.path != "/hook" or query.get("access_token") != "t1":
            return f"not this hook: {path}"
        if self.kind == "dingtalk":
            stamp = query.get("timestamp", "0")
            if query.get("sign") != mac(self.secret, f"{stamp}\n{self.secret}") or abs(int(stamp) / 1000 - now) > 3600:
                return f"signature: {query}"
        if self.kind == "feishu":
            stamp = message.get("timestamp", "0")
            if message.get("sign") != mac(f"{stamp}\n{self.secret}", "") or abs(int(stamp) - now) > 3600:
                return f"signature: {message}"
        if self.kind == "webhook":
            stamp = headers.get("Rectify-Timestamp", "0")
            wanted = "v1=" + hmac.new(self.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
            if not hmac.compare_digest(headers.get("Rectify-Signature", ""), wanted) or abs(int(stamp) - now) > 300:
                return f"signature: {headers}"
            if headers.get("Rectify-Id") != message["id"]:
                return f"id: {headers}"
        return None

    def stop(self):
        self.server.shutdown()
