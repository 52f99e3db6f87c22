"""WeChat Pay's side, with the signature functions of the public SDK `wechatpayv3`.

usage: wechat_pay.py FOLDER    makes keys there, prints the port, serves until its standard input ends
"""

import base64
import datetime
import hashlib
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from wechatpayv3.utils import rsa_sign, rsa_verify

folder = sys.argv[1]
API_KEY = "0123456789abcdef0123456789abcdef"


def make_key(name):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write(name, pem)
    return key


def write(name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


merchant = make_key("merchant.pem")
platform = make_key("platform.pem")
stranger = make_key("stranger.pem")
write("api_v3", API_KEY.encode())
subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "platform")])
today = datetime.datetime.now(datetime.timezone.utc)
certificate = (
    x509.CertificateBuilder()
    .subject_name(subject)
    .issuer_name(subject)
    .public_key(platform.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(today - datetime.timedelta(days=1))
    .not_valid_after(today + datetime.timedelta(days=30))
    .sign(platform, hashes.SHA256())
)
certificate_pem = certificate.public_bytes(serialization.Encoding.PEM)
serial = "%X" % certificate.serial_number
KEY_ID = "PUB_KEY_ID_0123456789"
write(
    "platform_public.pem",
    platform.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ),
)


def seal(text, aad):
    nonce = base64.b32encode(os.urandom(8))[:12].decode()
    sealed = AESGCM(API_KEY.encode()).encrypt(nonce.encode(), text.encode(), aad.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": aad,
        "ciphertext": base64.b64encode(sealed).decode(),
    }


def sign_headers(body, mode="", signer=serial):
    key = stranger if mode == "stranger" else platform
    stamp = int(time.time()) - (301 if mode == "stale" else 0)
    nonce = base64.b16encode(os.urandom(16)).decode()
    return {
        "Wechatpay-Timestamp": str(stamp),
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": signer,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Wechatpay-Signature": rsa_sign(key, "%s\n%s\n%s\n" % (stamp, nonce, body)),
    }


state = {"mode": "", "charges": {}, "refunds": {}, "transfers": {}, "shares": {}, "posts": []}
NOW = "2026-11-22T10:00:00+08:00"


def transaction(number, charge):
    told = {
        "appid": charge["appid"],
        "mchid": charge["mchid"],
        "out_trade_no": number,
        "trade_state": charge["state"],
        "amount": dict(charge["amount"], payer_total=charge["amount"]["total"]),
    }
    if charge["state"] == "SUCCESS":
        told.update(transaction_id="4200" + number[:20], success_time=NOW)
    return told


def refund(number, it):
    return {
        "mchid": "1900000001",
        "out_refund_no": number,
        "out_trade_no": it["out_trade_no"],
        "refund_id": "5030" + number[:20],
        "status": it["state"],
        "success_time": NOW,
        "amount": it["amount"],
    }


def bill():
    head = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
    names = head.split(",")
    lines = []
    yuan = lambda fen: "%d.%02d" % (fen // 100, fen % 100)

    def line(**cells):
        lines.append(",".join("`" + cells.get(name, "") for name in names))

    for number, charge in state["charges"].items():
        if charge["state"] == "SUCCESS":
            line(商户订单号=number, 交易状态="SUCCESS", 货币种类="CNY", 订单金额=yuan(charge["amount"]["total"]), 申请退款金额="0.00")
    for number, it in state["refunds"].items():
        line(商户订单号=it["out_trade_no"], 交易状态="REFUND", 货币种类="CNY", 商户退款单号=number, 退款状态=it["state"], 订单金额="0.00", 申请退款金额=yuan(it["amount"]["refund"]))
    sums = ["总交易单数,应结订单总金额", "`%d,`0.00" % len(lines)]
    return "\ufeff" + "\r\n".join([head] + lines + sums) + "\r\n"


def answer(method, path, body):
    """(status, body): what the interface answers."""
    parts = path.split("?")[0].strip("/").split("/")
    match (method, parts[1:]):
        case ("GET", ["certificates"]):
            sealed = seal(certificate_pem.decode(), "certificate")
            item = {"serial_no": serial, "effective_time": NOW, "expire_time": NOW, "encrypt_certificate": sealed}
            return 200, {"data": [item]}
        case ("POST", ["pay", "transactions", "out-trade-no", number, "close"]):
            charge = state["charges"].get(number)
            if charge and charge["state"] == "SUCCESS":
                return 400, {"code": "ORDERPAID", "message": "paid"}
            if charge:
                charge["state"] = "CLOSED"
            return 204, None
        case ("GET", ["pay", "transactions", "out-trade-no", number]):
            charge = state["charges"].get(number)
            assert path.endswith("?mchid=1900000001")
            return (200, transaction(number, charge)) if charge else (404, {"code": "ORDER_NOT_EXIST"})
        case ("POST", ["pay", "transactions", kind]):
            assert body["mchid"] == "1900000001" and body["amount"]["total"] > 0 and len(body["out_trade_no"]) <= 32
            assert body["notify_url"].startswith("https://") and body["time_expire"]
            if kind == "h5":
                assert body["scene_info"]["h5_info"]["type"] == "Wap" and body["scene_info"]["payer_client_ip"]
            if kind == "jsapi":
                assert body["payer"]["openid"]
            state["charges"].setdefault(body["out_trade_no"], dict(body, state="NOTPAY"))
            shown = {"native": {"code_url": "weixin://wxpay/x"}, "h5": {"h5_url": "https://wx.example/h5?prepay_id=1"}}
            return 200, shown.get(kind, {"prepay_id": "wx201410272009395522657a690389285100"})
        case ("POST", ["refund", "domestic", "refunds"]):
            charge = state["charges"].get(body["out_trade_no"])
            if not charge or body["amount"]["refund"] > charge["amount"]["total"]:
                return 400, {"code": "INVALID_REQUEST", "message": "too much"}
            it = state["refunds"].setdefault(body["out_refund_no"], dict(body, state="PROCESSING"))
            return 200, refund(body["out_refund_no"], it)
        case ("GET", ["refund", "domestic", "refunds", number]):
            it = state["refunds"].get(number)
            return (200, refund(number, it)) if it else (404, {"code": "RESOURCE_NOT_EXISTS"})
        case ("GET", ["bill", "tradebill"]):
            text = bill().encode()
            url = "http://127.0.0.1:%d/v3/billdownload/file?token=x" % port
            return 200, {"hash_type": "SHA1", "hash_value": hashlib.sha1(text).hexdigest(), "download_url": url}
        case ("POST", ["fund-app", "mch-transfer", "transfer-bills"]):
            assert body["transfer_scene_report_infos"][0]["info_type"]
            it = state["transfers"].setdefault(body["out_bill_no"], dict(body, state="WAIT_USER_CONFIRM"))
            return 200, {"out_bill_no": body["out_bill_no"], "state": it["state"], "package_info": "pack"}
        case ("GET", ["fund-app", "mch-transfer", "transfer-bills", "out-bill-no", number]):
            it = state["transfers"].get(number)
            return (200, {"state": it["state"], "package_info": "pack"}) if it else (404, {"code": "NOT_FOUND"})
        case ("POST", ["profitsharing", "orders"]):
            state["shares"][body["out_order_no"]] = body
            return 200, {"state": "PROCESSING", "out_order_no": body["out_order_no"]}
        case ("GET", ["profitsharing", "orders", number]):
            it = state["shares"].get(number)
            told = [{"account": r["account"], "result": "SUCCESS"} for r in (it or {}).get("receivers", [])]
            return (200, {"state": "FINISHED", "receivers": told}) if it else (404, {"code": "RESOURCE_NOT_EXISTS"})
    return 404, {"code": "NO_SUCH_ROUTE", "message": path}


def is_signed(headers, method, path, body):
    words = headers.get("Authorization", "")
    if not words.startswith("WECHATPAY2-SHA256-RSA2048 "):
        return False
    pairs = dict(pair.split("=", 1) for pair in words.split(" ", 1)[1].split(","))
    pairs = {name: value.strip('"') for name, value in pairs.items()}
    if pairs["mchid"] != "1900000001" or pairs["serial_no"] != "MERCHANTSERIAL":
        return False
    if abs(int(pairs["timestamp"]) - time.time()) > 300:
        return False
    first = "%s\n%s\n%s" % (method, path, pairs["timestamp"])
    return rsa_verify(first, pairs["nonce_str"], body, pairs["signature"], merchant.public_key())


def control(path, body):
    """What the test sets up, beside the interface."""
    if path == "/control/mode":
        state["mode"] = body["mode"]
    if path == "/control/pay":
        state["charges"][body["number"]]["state"] = "SUCCESS"
    if path == "/control/refunded":
        state["refunds"][body["number"]]["state"] = body["state"]
    if path == "/control/posts":
        return state["posts"]
    if path == "/control/verify":
        first = "%s\n%s" % (body["app_id"], body["time"])
        return rsa_verify(first, body["nonce"], body["last"], body["sign"], merchant.public_key())
    if path == "/control/notice":
        sealed = dict(seal(json.dumps(body["resource"]), "transaction"), original_type="transaction")
        told = {"id": body["id"], "event_type": body["event"], "resource_type": "encrypt-resource", "resource": sealed}
        text = json.dumps(told, ensure_ascii=False)
        return {"body": text, "headers": sign_headers(text, body.get("mode", ""), body.get("signer", serial))}
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self, method):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path.startswith("/control/"):
            return self.reply(200, {}, json.dumps(control(self.path, json.loads(text or "{}"))).encode())
        if not is_signed(self.headers, method, self.path, text):
            return self.reply(401, {}, b'{"code":"SIGN_ERROR"}')
        if self.path.startswith("/v3/billdownload/"):
            return self.reply(200, {}, bill().encode())
        if method == "POST":
            state["posts"].append([self.path, json.loads(text)])
        mode, state["mode"] = state["mode"], ""
        if mode == "broken":
            return self.reply(500, {}, b"")
        status, told = answer(method, self.path, json.loads(text or "null"))
        if mode == "cut":
            self.close_connection = True
            return self.connection.close()
        body = "" if told is None else json.dumps(told)
        asked = self.headers.get("Wechatpay-Serial")
        headers = {} if mode == "unsigned" else sign_headers(body, mode, asked or serial)
        self.reply(status, headers, body.encode())

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
port = server.server_address[1]
threading.Thread(target=server.serve_forever, daemon=True).start()
print(port, flush=True)
sys.stdin.read()
