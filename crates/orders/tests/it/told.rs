//! What real providers tell, late, twice, out of order, forged and with wrong amounts: the money ends right (INV-18,
//! INV-50). Nobody answers at the provider's address, so all that is known is what was told.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use base::Clock;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use payments::api::{Kind, Means, Providers};
use payments::api::{WechatPay, WechatPaySettings};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use testkit::{Answer, App, Parts, app_test};

use crate::world::*;

const API_KEY: &str = "0123456789abcdef0123456789abcdef";

/// What the test's provider signs with.
struct Keys {
    folder: tempfile::TempDir,
}

impl Keys {
    /// Fresh keys, made by openssl.
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ours", "theirs", "stranger"] {
            let file = folder.path().join(name);
            openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"], &file);
        }
        let theirs = folder.path().join("theirs");
        openssl(&["pkey", "-in", theirs.to_str().unwrap(), "-pubout", "-out"], &folder.path().join("public"));
        std::fs::write(folder.path().join("api"), API_KEY).unwrap();
        Self { folder }
    }

    fn sign(&self, name: &str, text: &[u8]) -> String {
        let pem = std::fs::read_to_string(self.folder.path().join(name)).unwrap();
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).unwrap();
        STANDARD.encode(signature)
    }
}

fn openssl(arguments: &[&str], out: &Path) {
    let made = Command::new("openssl").args(arguments).arg(out).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn parts_with_wechat_pay() -> Parts {
    let mut parts = parts();
    let keys = Keys::make();
    let settings = WechatPaySettings {
        app_id: "wx1".to_owned(),
        merchant: "1900000001".to_owned(),
        certificate_serial: "A".to_owned(),
        private_key_file: keys.folder.path().join("ours"),
        api_v3_key_file: keys.folder.path().join("api"),
        public_key_file: Some(keys.folder.path().join("public")),
        public_key_id: Some("PUB_KEY_ID_1".to_owned()),
        kinds: vec![Kind::Native],
        // Nothing listens there.
        base_url: "http://127.0.0.1:1".to_owned(),
    };
    let means = Means {
        clock: Arc::new(base::SystemClock::default()),
        rng: Arc::new(base::SystemRng),
        public_url: "https://shop.example".to_owned(),
    };
    let provider = WechatPay::new(&settings, means).unwrap();
    parts.extensions.push(Arc::new(Providers::new(vec![Arc::new(provider)])));
    parts.extensions.push(Arc::new(keys));
    parts
}

/// A notice, as it is told.
struct Told<'a> {
    id: &'a str,
    event: &'a str,
    resource: Value,
    signer: &'a str,
    late_s: i64,
}

impl Default for Told<'_> {
    fn default() -> Self {
        Self { id: "n1", event: "TRANSACTION.SUCCESS", resource: Value::Null, signer: "theirs", late_s: 0 }
    }
}

async fn tell(app: &App, told: Told<'_>) -> Answer {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, API_KEY.as_bytes()).unwrap());
    let mut sealed = told.resource.to_string().into_bytes();
    let nonce = Nonce::try_assume_unique_for_key(b"abcdefghijkl").unwrap();
    key.seal_in_place_append_tag(nonce, Aad::from(b"transaction"), &mut sealed).unwrap();
    let resource = json!({
        "algorithm": "AEAD_AES_256_GCM", "nonce": "abcdefghijkl", "associated_data": "transaction",
        "ciphertext": STANDARD.encode(sealed),
    });
    let body = json!({ "id": told.id, "event_type": told.event, "resource": resource }).to_string();
    let time = (app.store.clock.now().micros() / 1_000_000 - told.late_s).to_string();
    let keys: Arc<Keys> = app.ctx.extension().unwrap();
    let signature = keys.sign(told.signer, format!("{time}\nnonce\n{body}\n").as_bytes());
    let request = Request::post("/api/v1/providers/wechat_pay/notices")
        .header("wechatpay-timestamp", time)
        .header("wechatpay-nonce", "nonce")
        .header("wechatpay-serial", "PUB_KEY_ID_1")
        .header("wechatpay-signature", signature);
    app.send(request.body(Body::from(body)).unwrap()).await
}

/// The number a provider knows a payment or refund by.
fn number(id: &str) -> String {
    id.split_once('_').unwrap().1.to_owned()
}

fn paid(app: &App, payment: &Value, amount: i64) -> Value {
    json!({
        "mchid": "1900000001", "appid": "wx1", "out_trade_no": number(payment["id"].as_str().unwrap()),
        "trade_state": "SUCCESS", "success_time": app.store.clock.now(),
        "amount": { "total": amount, "currency": "CNY" },
    })
}

/// What the payer's page says.
async fn seen(app: &App, who: &Someone, payment: &Value) -> String {
    let path = format!("/api/v1/payments/{}", payment["id"].as_str().unwrap());
    app.get(&path, &who.token).await.expect(200)["state"].as_str().unwrap().to_owned()
}

/// Money that lies with the provider, and how much of it belongs to no order.
async fn lies(app: &App) -> (i64, i64) {
    let account = |kind| {
        ledger::api::Account::new(
            ledger::api::Owner::Provider("wechat_pay"),
            kind,
            ledger::api::Asset::Money(base::Currency::CNY),
        )
    };
    let (bank, clearing) = (account(ledger::api::Kind::Bank), account(ledger::api::Kind::Clearing));
    let read = move |rx: &mut db::Rx| {
        let (bank, clearing) = (ledger::api::balance(rx, &bank)?, ledger::api::balance(rx, &clearing)?);
        Ok((bank.posted_dr - bank.posted_cr, clearing.posted_cr - clearing.posted_dr))
    };
    app.store.db.read::<_, db::DbError, _>(read).await.unwrap()
}

app_test!(forged_stale_and_foreign_notices_change_nothing, parts_with_wechat_pay, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(&app, &buyer, &order, "wechat_pay").await.expect(201);
    let resource = paid(&app, &payment, 1_000);
    let forged = Told { signer: "stranger", resource: resource.clone(), ..Told::default() };
    tell(&app, forged).await.expect_problem(401, "callback.forged");
    let stale = Told { late_s: 301, resource: resource.clone(), ..Told::default() };
    tell(&app, stale).await.expect_problem(401, "callback.forged");
    let mut other = resource.clone();
    other["mchid"] = json!("1900000002");
    tell(&app, Told { resource: other, ..Told::default() }).await.expect_problem(400, "callback.malformed");
    let mut unknown = resource.clone();
    unknown["out_trade_no"] = json!("0".repeat(32));
    tell(&app, Told { resource: unknown, ..Told::default() }).await.expect_problem(404, "payment.not_found");
    app.settle().await;
    assert_eq!((state(&app, &buyer, &order).await.as_str(), lies(&app).await), ("unpaid", (0, 0)));
    tell(&app, Told { resource, ..Told::default() }).await.expect(204);
    app.settle().await;
    assert_eq!((state(&app, &buyer, &order).await.as_str(), lies(&app).await), ("confirmed", (1_000, 0)));
    app.audit().await;
});

app_test!(told_many_times_and_at_once_is_paid_once, parts_with_wechat_pay, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(&app, &buyer, &order, "wechat_pay").await.expect(201);
    let resource = paid(&app, &payment, 1_000);
    // The same notice, and another one about the same charge.
    let one = |id| tell(&app, Told { id, resource: resource.clone(), ..Told::default() });
    let answers = futures_util::future::join_all([one("n1"), one("n1"), one("n2"), one("n3")]).await;
    assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
    app.settle().await;
    assert_eq!((state(&app, &buyer, &order).await.as_str(), lies(&app).await), ("confirmed", (1_000, 0)));
    assert_eq!(available(&app, sku).await, 9);
    app.audit().await;
});

app_test!(a_wrong_amount_and_late_money_go_back_when_the_refund_is_told, parts_with_wechat_pay, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let first = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(&app, &buyer, &first, "wechat_pay").await.expect(201);
    let resource = paid(&app, &payment, 999);
    tell(&app, Told { resource, ..Told::default() }).await.expect(204);
    // The right amount for the same charge does not come a second time: a charge is paid once.
    let resource = paid(&app, &payment, 1_000);
    tell(&app, Told { id: "n2", resource, ..Told::default() }).await.expect(204);
    app.settle().await;
    assert_eq!((state(&app, &buyer, &first).await.as_str(), lies(&app).await), ("unpaid", (999, 999)));
    // Another order: the money comes after it was cancelled.
    let second = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let late = pay(&app, &buyer, &second, "wechat_pay").await.expect(201);
    app.pass(3_600).await;
    assert_eq!(state(&app, &buyer, &second).await, "cancelled");
    let resource = paid(&app, &late, 1_000);
    tell(&app, Told { id: "n3", resource, ..Told::default() }).await.expect(204);
    app.settle().await;
    assert_eq!((seen(&app, &buyer, &late).await.as_str(), lies(&app).await), ("returned", (1_999, 1_999)));
    let waiting = |rx: &mut db::Rx| {
        rx.list("SELECT id FROM payments_refund ORDER BY id LIMIT 10", &[], |row| {
            row.get::<base::RefundId>(0)
        })
    };
    let refunds = app.store.db.read::<_, db::DbError, _>(waiting).await.unwrap();
    assert_eq!(refunds.len(), 2);
    for refund in refunds {
        let back = json!({
            "mchid": "1900000001", "out_refund_no": number(&refund.to_string()),
            "success_time": app.store.clock.now(),
        });
        for id in ["r1", "r1", "r2"] {
            let id = format!("{id} {refund}");
            let told = Told { id: &id, event: "REFUND.SUCCESS", resource: back.clone(), ..Told::default() };
            tell(&app, told).await.expect(204);
        }
    }
    app.settle().await;
    assert_eq!(lies(&app).await, (0, 0));
    assert_eq!(available(&app, sku).await, 10);
    app.audit().await;
});

app_test!(a_refund_told_before_the_job_has_heard_counts_once, parts_with_wechat_pay, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(&app, &buyer, &order, "wechat_pay").await.expect(201);
    let resource = paid(&app, &payment, 1_000);
    tell(&app, Told { resource, ..Told::default() }).await.expect(204);
    app.settle().await;
    let path = format!("/api/v1/orders/{order}/cancel");
    app.post(&path, &buyer.token, json!({ "reason": "不要了" })).await.expect(200);
    let id = |rx: &mut db::Rx| {
        rx.one("SELECT id FROM payments_refund ORDER BY id LIMIT 1", &[], |row| row.get::<base::RefundId>(0))
    };
    let refund = app.store.db.read::<_, db::DbError, _>(id).await.unwrap();
    let back = json!({
        "mchid": "1900000001", "out_refund_no": number(&refund.to_string()), "success_time": app.store.clock.now(),
    });
    let told = Told { id: "r1", event: "REFUND.SUCCESS", resource: back, ..Told::default() };
    tell(&app, told).await.expect(204);
    app.pass(600).await;
    assert_eq!((state(&app, &buyer, &order).await.as_str(), lies(&app).await), ("refunded", (0, 0)));
    app.audit().await;
});
