//! A server with shoppers who have money.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::http::Http;
use testkit::process::{Place, Running, sign_in};

/// Owners of the demo's shops.
const OWNERS: [&str; 3] = ["13800009001", "13800009002", "13800009003"];

/// A server over a fresh demo store.
pub(crate) struct World {
    pub(crate) server: Running,
    pub(crate) place: Place,
    owners: Vec<String>,
    _folder: tempfile::TempDir,
}

/// Somebody with a session, an address and money.
pub(crate) struct Person {
    pub(crate) http: Http,
    pub(crate) address: String,
}

/// Rows that one file may have.
const PRODUCTS_PER_FILE: usize = 50_000;
/// Names of categories, and words that titles are made of.
const CATEGORIES: [&str; 8] =
    ["新鲜水果", "粮油调味", "家居日用", "美妆个护", "服饰鞋包", "数码家电", "母婴玩具", "汽车用品"];
pub(crate) const WORDS: [&str; 12] =
    ["有机", "轻便", "家用", "便携", "加厚", "儿童", "山野", "复古", "智能", "纯棉", "手工", "经典"];

/// Things, and how they are spelt.
pub(crate) const NOUNS: [(&str, &str); 102] = [
    ("苹果", "pingguo"),
    ("香蕉", "xiangjiao"),
    ("葡萄", "putao"),
    ("柚子", "youzi"),
    ("草莓", "caomei"),
    ("荔枝", "lizhi"),
    ("西瓜", "xigua"),
    ("柠檬", "ningmeng"),
    ("芒果", "mangguo"),
    ("樱桃", "yingtao"),
    ("蓝莓", "lanmei"),
    ("菠萝", "boluo"),
    ("土豆", "tudou"),
    ("番茄", "fanqie"),
    ("黄瓜", "huanggua"),
    ("茄子", "qiezi"),
    ("洋葱", "yangcong"),
    ("大蒜", "dasuan"),
    ("生姜", "shengjiang"),
    ("香菇", "xianggu"),
    ("豆腐", "doufu"),
    ("菠菜", "bocai"),
    ("山药", "shanyao"),
    ("鸡蛋", "jidan"),
    ("牛肉", "niurou"),
    ("羊肉", "yangrou"),
    ("排骨", "paigu"),
    ("鸡翅", "jichi"),
    ("鱿鱼", "youyu"),
    ("带鱼", "daiyu"),
    ("大米", "dami"),
    ("小米", "xiaomi"),
    ("面粉", "mianfen"),
    ("挂面", "guamian"),
    ("酱油", "jiangyou"),
    ("陈醋", "chencu"),
    ("蜂蜜", "fengmi"),
    ("红糖", "hongtang"),
    ("燕麦", "yanmai"),
    ("海苔", "haitai"),
    ("薯片", "shupian"),
    ("饼干", "binggan"),
    ("核桃", "hetao"),
    ("腰果", "yaoguo"),
    ("果冻", "guodong"),
    ("月饼", "yuebing"),
    ("龙井", "longjing"),
    ("红茶", "hongcha"),
    ("咖啡", "kafei"),
    ("果汁", "guozhi"),
    ("啤酒", "pijiu"),
    ("牛奶", "niunai"),
    ("酸奶", "suannai"),
    ("黄油", "huangyou"),
    ("毛巾", "maojin"),
    ("水杯", "shuibei"),
    ("炒锅", "chaoguo"),
    ("菜刀", "caidao"),
    ("筷子", "kuaizi"),
    ("饭碗", "fanwan"),
    ("雨伞", "yusan"),
    ("枕头", "zhentou"),
    ("床单", "chuangdan"),
    ("衣架", "yijia"),
    ("拖鞋", "tuoxie"),
    ("拖把", "tuoba"),
    ("抽纸", "chouzhi"),
    ("肥皂", "feizao"),
    ("牙膏", "yagao"),
    ("牙刷", "yashua"),
    ("面膜", "mianmo"),
    ("口红", "kouhong"),
    ("香水", "xiangshui"),
    ("奶瓶", "naiping"),
    ("积木", "jimu"),
    ("推车", "tuiche"),
    ("衬衫", "chenshan"),
    ("毛衣", "maoyi"),
    ("裙子", "qunzi"),
    ("外套", "waitao"),
    ("袜子", "wazi"),
    ("帽子", "maozi"),
    ("围巾", "weijin"),
    ("凉鞋", "liangxie"),
    ("书包", "shubao"),
    ("手机", "shouji"),
    ("耳机", "erji"),
    ("键盘", "jianpan"),
    ("鼠标", "shubiao"),
    ("台灯", "taideng"),
    ("电视", "dianshi"),
    ("冰箱", "bingxiang"),
    ("空调", "kongtiao"),
    ("水壶", "shuihu"),
    ("花盆", "huapen"),
    ("玫瑰", "meigui"),
    ("狗粮", "gouliang"),
    ("猫砂", "maosha"),
    ("鱼缸", "yugang"),
    ("轮胎", "luntai"),
    ("机油", "jiyou"),
    ("脚垫", "jiaodian"),
];

/// Imports made-up products, in a shop of their own.
fn import(place: &Place, numbers: std::ops::Range<usize>) -> Result<()> {
    let mut file = String::from("商品编码,商品名称,分类,价格,库存,状态\n");
    let first = numbers.start;
    for n in numbers {
        let pick = |list: &[&'static str], by: usize| list.get(by % list.len().max(1)).copied().unwrap_or("");
        let (category, a, b) = (pick(&CATEGORIES, n), pick(&WORDS, n / 8), pick(&WORDS, n / 96));
        let (noun, _) = NOUNS.get(n.wrapping_mul(37) % NOUNS.len()).copied().unwrap_or_default();
        let price = 5 + n.wrapping_mul(7_919) % 90_000;
        file.push_str(&format!(
            "b{n},{a}{b}{noun} {}kg 第{n}号,{category},{}.{:02},100,active\n",
            n % 9 + 1,
            price / 100,
            price % 100
        ));
    }
    let path = place.folder.join("products.csv");
    std::fs::write(&path, file)?;
    let path = path.to_string_lossy();
    let shop = format!("大店{first}");
    let output = place.run(&["import", "catalog", &path, "--open-shop", &shop]);
    ensure!(output.status.success(), "import: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

impl World {
    /// Fills a store and starts a server on it.
    pub(crate) async fn open(program: &std::path::Path, database: Option<String>) -> Result<Self> {
        Self::open_with(program, database, 0).await
    }

    /// The same, with so many products more, in all categories.
    pub(crate) async fn open_with(
        program: &std::path::Path,
        database: Option<String>,
        products: usize,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = std::path::absolute(program)?;
        ensure!(program.exists(), "{} is not there: cargo build --release -p server", program.display());
        let place = Place { program, folder: folder.path().to_path_buf(), database };
        place.fill();
        for first in (0..products).step_by(PRODUCTS_PER_FILE) {
            import(&place, first..products.min(first + PRODUCTS_PER_FILE))?;
        }
        let server = place.serve(&[("TUAN_LOG", "off"), ("TUAN_ANONYMOUS_WRITES_PER_MINUTE", "1000000")]);
        let mut owners = Vec::new();
        for phone in OWNERS {
            owners.push(sign_in(server.address, phone).await?);
        }
        Ok(Self { server, place, owners, _folder: folder })
    }

    /// Checks every invariant. A figure of a store that does not add up is worth nothing.
    pub(crate) async fn audit(&self) -> Result<()> {
        let place = self.place.clone();
        let audit = move || {
            if let Some(url) = &place.database {
                testkit::analyze_database(url);
            }
            place.audit();
        };
        Ok(tokio::task::spawn_blocking(audit).await?)
    }

    /// Sign-in codes are limited per address and hour: the demo's clock makes an hour pass.
    async fn let_an_hour_pass(&self) -> Result<()> {
        let body = json!({ "seconds": 3_601 });
        let path = "/api/v1/demo/clock/advance";
        let moved = Http::new(self.server.address, "").send("POST", path, "", &body).await?;
        ensure!(moved.status < 300, "clock: {}", String::from_utf8_lossy(&moved.body));
        Ok(())
    }

    /// Somebody with `fen` in the wallet.
    pub(crate) async fn person(&self, number: usize, fen: i64) -> Result<Person> {
        if number % 20 == 19 {
            self.let_an_hour_pass().await?;
        }
        let token = sign_in(self.server.address, &format!("1370{number:07}")).await?;
        let mut http = Http::new(self.server.address, &token);
        let home = json!({
            "name": "客", "phone": "13700000000", "region": "浙江省杭州市", "street": "一号", "is_default": true
        });
        let made = http.send("POST", "/api/v1/me/addresses", &format!("home-{number}"), &home).await?.json();
        let address = made.get("id").and_then(Value::as_str).context("an address")?.to_owned();
        let body = json!({ "amount_minor": fen });
        let funded =
            http.send("POST", "/api/v1/demo/wallet-top-ups", &format!("fund-{number}"), &body).await?;
        ensure!(funded.status == 201, "top-up: {}", String::from_utf8_lossy(&funded.body));
        Ok(Person { http, address })
    }

    /// SKUs of live products, with what one of each costs with delivery.
    pub(crate) async fn skus(&self, most: usize) -> Result<Vec<(String, i64)>> {
        let mut http = Http::new(self.server.address, "");
        let list = http.send("GET", "/api/v1/products?limit=50", "", &Value::Null).await?.json();
        let mut found = Vec::new();
        for card in list.get("items").and_then(Value::as_array).context("products")? {
            let id = card.get("id").and_then(Value::as_str).context("an id")?;
            let product = http.send("GET", &format!("/api/v1/products/{id}"), "", &Value::Null).await?.json();
            for sku in product.get("skus").and_then(Value::as_array).context("skus")? {
                let sku = sku.get("id").and_then(Value::as_str).context("an id")?.to_owned();
                let body = json!({ "items": [{ "sku": sku, "qty": 1 }] });
                let quote = http.send("POST", "/api/v1/quotes", "", &body).await?.json();
                let total =
                    quote.pointer("/total/amount_minor").and_then(Value::as_i64).context("a total")?;
                found.push((sku, total));
            }
            if found.len() >= most {
                break;
            }
        }
        found.truncate(most);
        Ok(found)
    }

    /// Changes how much there is of a SKU, whoever sells it.
    pub(crate) async fn adjust(&self, sku: &str, delta: i64) -> Result<()> {
        for token in &self.owners {
            let body = json!({ "delta": delta, "reason": "stocking" });
            let path = format!("/api/v1/skus/{sku}/stock/adjust");
            let key = format!("adjust-{sku}-{delta}");
            let answer = Http::new(self.server.address, token).send("POST", &path, &key, &body).await?;
            if answer.status == 200 {
                return Ok(());
            }
        }
        anyhow::bail!("nobody sells {sku}")
    }
}
