"""Stripe's side, with webhook signatures made by the public SDK `stripe`.

usage: stripe_side.py FOLDER    writes secrets there, prints the port, serves until its standard input ends
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import stripe

folder = sys.argv[1]
for name, text in [("secret_key", "sk_test_1"), ("old", "whsec_old"), ("new", "whsec_new")]:
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)
intents, refunds, answers, mode = {}, {}, {}, {"next": ""}


def control(name, body):
    if name == "mode":
        mode["next"] = body["mode"]
    if name == "pay":
        intent = next(it for it in intents.values() if it["metadata"]["payment"] == body["number"])
        intent.update(status="succeeded", amount_received=intent["amount"])
    if name == "notice":
        text = json.dumps(body["event"])
        stamp = int(time.time()) - body.get("late_s", 0)
        header = stripe.WebhookSignature.generate_signature_header(text, body["secret"], stamp)
        if not body.get("late_s"):
            # What the SDK makes it believes, too.
            stripe.Webhook.construct_event(text, header, body["secret"])
        return {"body": text, "headers": {"stripe-signature": header}}
    return None


def make(path, form):
    if path == "/v1/payment_intents":
        assert form["automatic_payment_methods[enabled]"] == "true" and form["currency"].islower()
        id = "pi_%d" % (len(intents) + 1)
        metadata = {"payment": form["metadata[payment]"]}
        intents[id] = {"id": id, "object": "payment_intent", "status": "requires_payment_method", "amount": int(form["amount"])}
        intents[id].update(currency=form["currency"], client_secret=id + "_secret", amount_received=0, metadata=metadata)
        return 200, intents[id]
    if path.endswith("/cancel"):
        intent = intents[path.split("/")[3]]
        if intent["status"] == "succeeded":
            return 400, {"error": {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}}
        intent["status"] = "canceled"
        return 200, intent
    if path == "/v1/refunds":
        intent = intents[form["payment_intent"]]
        if int(form["amount"]) > intent["amount_received"]:
            return 400, {"error": {"type": "invalid_request_error", "code": "amount_too_large"}}
        id = "re_%d" % (len(refunds) + 1)
        metadata = {"refund": form["metadata[refund]"]}
        refunds[id] = {"id": id, "status": "succeeded", "amount": int(form["amount"]), "currency": intent["currency"]}
        refunds[id].update(payment_intent=intent["id"], metadata=metadata)
        return 200, refunds[id]
    return 404, {"error": {"type": "invalid_request_error"}}


def find(path, query):
    every = {"payment_intents": intents, "refunds": refunds}[path.split("/")[2]]
    if path.endswith("/search"):
        wanted = query["query"][0].split("'")[3]
        return 200, {"data": [it for it in intents.values() if it["metadata"]["payment"] == wanted]}
    if len(path.split("/")) > 3:
        it = every.get(path.split("/")[3])
        return (200, it) if it else (404, {"error": {"type": "invalid_request_error"}})
    items = [it for it in every.values() if it.get("payment_intent") in (query.get("payment_intent") or [it.get("payment_intent")])]
    after = query.get("starting_after", [None])[0]
    if after:
        items = items[[it["id"] for it in items].index(after) + 1 :]
    # One at a time, so that pages are turned.
    return 200, {"data": items[:1] if "created[gte]" in query else items, "has_more": len(items) > 1 and "created[gte]" in query}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urlparse(self.path)
        assert self.headers["Authorization"] == "Bearer sk_test_1"
        self.reply(*find(url.path, parse_qs(url.query)))

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path.startswith("/control/"):
            return self.reply(200, control(self.path[9:], json.loads(text)))
        assert self.headers["Authorization"] == "Bearer sk_test_1"
        form = {name: values[0] for name, values in parse_qs(text).items()}
        key = self.headers["Idempotency-Key"]
        if key not in answers:
            answers[key] = make(self.path, form)
        now, mode["next"] = mode["next"], ""
        if now == "cut":
            return self.connection.close()
        self.reply(*answers[key])


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
