//! A product as the index keeps it: which fields there are, and which words go into them.

use std::collections::BTreeSet;

use base::{Id, MerchantId, ProductId};
use catalog::api::{CATEGORIES, Category, Listed};
use jieba_rs::Jieba;
use tantivy::TantivyDocument;
use tantivy::schema::{
    BytesOptions, FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token};

use crate::spelling;
use crate::text::{self, Kind};
use crate::words;

/// Raised when fields or words change: an index of another form is made anew.
pub(crate) const FORM: u32 = 1;
/// Most characters of a description that are looked at.
const DESCRIPTION_MAX: usize = 2_000;
/// Most words of one field.
const WORDS_MAX: usize = 800;
/// Between the name and the value of a fact, in a word of the field [`Fields::fact`].
pub(crate) const BETWEEN: char = '\u{1f}';

/// The fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// The product's id: what a document is replaced by.
    pub(crate) id: Field,
    /// The merchant's id.
    pub(crate) merchant: Field,
    /// The category's place in the list of categories.
    pub(crate) category: Field,
    /// 1 when it is bought together.
    pub(crate) together: Field,
    /// Facts and options: name, [`BETWEEN`], value.
    pub(crate) fact: Field,
    /// Words of the title.
    pub(crate) word: Field,
    /// Characters and pairs of characters of the title, so that nothing it says is missed however it is cut.
    pub(crate) pair: Field,
    /// Words and pairs of what else is said in short: facts, options, codes, the category, the shop.
    pub(crate) more: Field,
    /// Words of the description.
    pub(crate) body: Field,
    /// The syllables of the title, in their places.
    pub(crate) syllable: Field,
    /// Each word of the title in latin letters.
    pub(crate) spelt: Field,
    /// First letters of the words of the title.
    pub(crate) initials: Field,
    /// First letters of any stretch of the title.
    pub(crate) stretch: Field,
}

/// Names of columns that are read while matches are gathered.
pub(crate) mod column {
    pub(crate) const ID_HIGH: &str = "id_high";
    pub(crate) const ID_LOW: &str = "id_low";
    pub(crate) const MERCHANT_HIGH: &str = "merchant_high";
    pub(crate) const MERCHANT_LOW: &str = "merchant_low";
    pub(crate) const CATEGORY: &str = "category";
    pub(crate) const PRICE: &str = "price";
    pub(crate) const PUBLISHED: &str = "published";
    pub(crate) const TOGETHER: &str = "together";
    pub(crate) const FACT: &str = "fact";
}

fn words_field(record: IndexRecordOption) -> TextOptions {
    let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(record);
    TextOptions::default().set_indexing_options(indexing)
}

/// The form of the index.
pub(crate) fn schema() -> Schema {
    let mut schema = Schema::builder();
    let key = BytesOptions::default().set_indexed();
    schema.add_bytes_field("id", key.clone());
    schema.add_bytes_field("merchant", key);
    for name in
        [column::ID_HIGH, column::ID_LOW, column::MERCHANT_HIGH, column::MERCHANT_LOW, column::PUBLISHED]
    {
        schema.add_u64_field(name, FAST);
    }
    schema.add_u64_field(column::CATEGORY, FAST | INDEXED);
    schema.add_u64_field(column::PRICE, FAST);
    schema.add_u64_field(column::TOGETHER, FAST | INDEXED);
    schema.add_text_field(column::FACT, STRING | FAST);
    let counted = words_field(IndexRecordOption::WithFreqs);
    for name in ["word", "pair", "more", "body", "spelt", "initials", "stretch"] {
        schema.add_text_field(name, counted.clone());
    }
    schema.add_text_field("syllable", words_field(IndexRecordOption::WithFreqsAndPositions));
    schema.build()
}

impl Fields {
    /// The fields of an index.
    ///
    /// # Errors
    /// When one is missing.
    pub(crate) fn of(schema: &Schema) -> tantivy::Result<Self> {
        Ok(Self {
            id: schema.get_field("id")?,
            merchant: schema.get_field("merchant")?,
            category: schema.get_field(column::CATEGORY)?,
            together: schema.get_field(column::TOGETHER)?,
            fact: schema.get_field(column::FACT)?,
            word: schema.get_field("word")?,
            pair: schema.get_field("pair")?,
            more: schema.get_field("more")?,
            body: schema.get_field("body")?,
            syllable: schema.get_field("syllable")?,
            spelt: schema.get_field("spelt")?,
            initials: schema.get_field("initials")?,
            stretch: schema.get_field("stretch")?,
        })
    }
}

/// The two halves of an id, as columns keep it.
pub(crate) fn halves(id: [u8; 16]) -> (u64, u64) {
    let number = u128::from_be_bytes(id);
    let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
    (u64::try_from(number >> 64).unwrap_or(0), low)
}

/// The id with these halves.
pub(crate) fn whole<T: Id>((high, low): (u64, u64)) -> T {
    T::from_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
}

/// The place of a category in the list of categories.
pub(crate) fn category_place(id: base::CategoryId) -> u64 {
    let place = CATEGORIES.iter().position(|category| category.id() == id);
    place.and_then(|place| u64::try_from(place).ok()).unwrap_or(u64::MAX)
}

/// The category at a place.
pub(crate) fn category_at(place: u64) -> Option<&'static Category> {
    usize::try_from(place).ok().and_then(|place| CATEGORIES.get(place))
}

/// Words with their places, on their way into a field.
#[derive(Default)]
struct Tokens {
    tokens: Vec<Token>,
    place: usize,
}

impl Tokens {
    fn put(&mut self, text: impl Into<String>) {
        if self.tokens.len() < WORDS_MAX {
            self.tokens.push(Token { text: text.into(), position: self.place, ..Token::default() });
        }
    }

    fn put_next(&mut self, text: impl Into<String>) {
        self.put(text);
        self.place = self.place.saturating_add(1);
    }

    fn gap(&mut self) {
        self.place = self.place.saturating_add(10);
    }

    fn into_text(self) -> PreTokenizedString {
        PreTokenizedString { text: String::new(), tokens: self.tokens }
    }
}

/// Latin words of a run: as it stands, its parts, its singular.
fn latin(run: &str, into: &mut Tokens) {
    into.put_next(run);
    let parts = text::parts(run);
    if parts.len() > 1 {
        parts.iter().for_each(|part| into.put_next(*part));
    }
    for word in parts.into_iter().filter_map(text::singular) {
        into.put_next(word);
    }
}

fn pairs(run: &str, into: &mut Tokens) {
    let characters: Vec<char> = run.chars().collect();
    characters.iter().for_each(|c| into.put_next(*c));
    characters.windows(2).for_each(|pair| into.put_next(pair.iter().collect::<String>()));
}

/// The words of the title, in the forms in which people type them.
#[derive(Default)]
struct Title {
    words: Tokens,
    pairs: Tokens,
    syllables: Tokens,
    spelt: Tokens,
    initials: Tokens,
    stretches: Tokens,
}

impl Title {
    fn of(jieba: &Jieba, title: &str) -> Self {
        let folded = text::fold(title);
        let runs = text::runs(&folded);
        let mut own = Self::default();
        for measure in text::measures(&folded) {
            own.words.put_next(measure.token);
        }
        // `T-shirt` is looked for as `tshirt` too.
        for (one, two) in runs.iter().zip(runs.iter().skip(1)) {
            let between = folded.get(one.start.saturating_add(one.text.chars().count()));
            if one.kind == Kind::Latin && two.kind == Kind::Latin && between == Some(&'-') {
                own.words.put_next(format!("{}{}", one.text, two.text));
            }
        }
        for run in &runs {
            match run.kind {
                Kind::Latin => latin(&run.text, &mut own.words),
                Kind::Cjk => own.cjk(jieba, &run.text),
            }
        }
        own
    }

    fn cjk(&mut self, jieba: &Jieba, run: &str) {
        pairs(run, &mut self.pairs);
        for word in words::cut_deep(jieba, run) {
            self.words.put_next(word);
            if word.chars().count() > 1 {
                spelling::spelt(word).into_iter().for_each(|spelt| self.spelt.put_next(spelt));
                spelling::initials(word).into_iter().for_each(|letters| self.initials.put_next(letters));
            }
        }
        spelling::initials(run).into_iter().for_each(|letters| self.initials.put_next(letters));
        spelling::stretches(run).into_iter().for_each(|letters| self.stretches.put_next(letters));
        for c in run.chars() {
            spelling::readings(c).into_iter().for_each(|reading| self.syllables.put(reading));
            self.syllables.place = self.syllables.place.saturating_add(1);
        }
        self.syllables.gap();
    }
}

/// Words of a text, and with `with_pairs` its pairs of characters too.
fn words_of(jieba: &Jieba, said: &str, with_pairs: bool, into: &mut Tokens) {
    let folded = text::fold(said);
    text::measures(&folded).into_iter().for_each(|measure| into.put_next(measure.token));
    for run in text::runs(&folded) {
        match run.kind {
            Kind::Latin => latin(&run.text, into),
            Kind::Cjk => {
                words::cut_deep(jieba, &run.text).into_iter().for_each(|word| into.put_next(word));
                if with_pairs {
                    pairs(&run.text, into);
                }
            }
        }
    }
}

fn facts(product: &Listed) -> BTreeSet<(&str, &str)> {
    let facts = product.attributes.iter().map(|fact| (fact.name.as_str(), fact.value.as_str()));
    let options = product.options.iter();
    let options =
        options.flat_map(|option| option.values.iter().map(|value| (option.name.as_str(), value.as_str())));
    facts.chain(options).collect()
}

/// What is said in short besides the title.
fn more(jieba: &Jieba, product: &Listed) -> Tokens {
    let mut more = Tokens::default();
    for (_, value) in facts(product) {
        words_of(jieba, value, true, &mut more);
    }
    if let Some(category) = CATEGORIES.iter().find(|category| category.id() == product.category) {
        words_of(jieba, category.name, true, &mut more);
        words_of(jieba, category.name_en, false, &mut more);
    }
    words_of(jieba, &product.merchant_name, true, &mut more);
    for code in &product.codes {
        more.put_next(text::plain(code));
        words_of(jieba, code, false, &mut more);
    }
    more
}

/// The product as a document.
pub(crate) fn document(fields: &Fields, schema: &Schema, jieba: &Jieba, product: &Listed) -> TantivyDocument {
    let mut made = TantivyDocument::default();
    let mut number = |name: &str, value: u64| {
        if let Ok(field) = schema.get_field(name) {
            made.add_u64(field, value);
        }
    };
    let (high, low) = halves(product.id.bytes());
    number(column::ID_HIGH, high);
    number(column::ID_LOW, low);
    let (high, low) = halves(product.merchant.bytes());
    number(column::MERCHANT_HIGH, high);
    number(column::MERCHANT_LOW, low);
    number(column::CATEGORY, category_place(product.category));
    number(column::PRICE, u64::try_from(product.price_minor).unwrap_or(0));
    number(column::PUBLISHED, u64::try_from(product.published_at.micros()).unwrap_or(0));
    number(column::TOGETHER, u64::from(product.badge.is_some()));
    made.add_bytes(fields.id, &product.id.bytes());
    made.add_bytes(fields.merchant, &product.merchant.bytes());
    for (name, value) in facts(product).into_iter().filter(|(_, value)| !value.is_empty()) {
        made.add_text(fields.fact, fact(name, value));
    }
    let title = Title::of(jieba, &product.title);
    let mut body = Tokens::default();
    let description: String = product.description.chars().take(DESCRIPTION_MAX).collect();
    words_of(jieba, &description, false, &mut body);
    for (field, tokens) in [
        (fields.word, title.words),
        (fields.pair, title.pairs),
        (fields.syllable, title.syllables),
        (fields.spelt, title.spelt),
        (fields.initials, title.initials),
        (fields.stretch, title.stretches),
        (fields.more, more(jieba, product)),
        (fields.body, body),
    ] {
        made.add_pre_tokenized_text(field, tokens.into_text());
    }
    made
}

/// A fact as the index keeps it.
pub(crate) fn fact(name: &str, value: &str) -> String {
    format!("{name}{BETWEEN}{value}")
}

/// The key of a product's document.
pub(crate) fn key(fields: &Fields, product: ProductId) -> tantivy::Term {
    tantivy::Term::from_field_bytes(fields.id, &product.bytes())
}

/// The key of a merchant's documents.
pub(crate) fn merchant_key(fields: &Fields, merchant: MerchantId) -> tantivy::Term {
    tantivy::Term::from_field_bytes(fields.merchant, &merchant.bytes())
}
