//! The expansion, as a function from syntax to tokens, so that tests can read it.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, LitInt, LitStr, Result, Token, Type, Variant};

const USAGE: &str = "write #[problem(404, \"thing.not_found\")], #[problem(transparent)] or #[problem(internal)] on the variant";

/// What a variant's attribute says.
enum Answer {
    Own {
        status: u16,
        code: LitStr,
        retry_after_s: Option<u32>,
    },
    /// The inner error answers.
    Inner,
}

impl Parse for Answer {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(Span::call_site(), USAGE));
        }
        if input.peek(Ident) {
            let word: Ident = input.parse()?;
            if word != "transparent" && word != "internal" {
                return Err(Error::new(word.span(), format!("unknown word `{word}`: {USAGE}")));
            }
            if !input.is_empty() {
                return Err(input.error(format!("`{word}` takes nothing more")));
            }
            return Ok(Self::Inner);
        }
        let status: LitInt = input.parse().map_err(|error| Error::new(error.span(), USAGE))?;
        let status_value = status.base10_parse::<u16>().unwrap_or(0);
        if !(400..=599).contains(&status_value) {
            return Err(Error::new(
                status.span(),
                format!("status {status} is not an error: use 400 to 599"),
            ));
        }
        input.parse::<Token![,]>().map_err(|error| Error::new(error.span(), USAGE))?;
        let code: LitStr = input.parse().map_err(|error| Error::new(error.span(), USAGE))?;
        if !is_code(&code.value()) {
            let text =
                format!("code {:?} is not dotted lower case, such as \"order.not_found\"", code.value());
            return Err(Error::new(code.span(), text));
        }
        Ok(Self::Own { status: status_value, code, retry_after_s: parse_retry_after(input)? })
    }
}

fn parse_retry_after(input: ParseStream<'_>) -> Result<Option<u32>> {
    if input.is_empty() {
        return Ok(None);
    }
    input.parse::<Token![,]>()?;
    if input.is_empty() {
        return Ok(None);
    }
    let word: Ident = input.parse()?;
    if word != "retry_after" {
        return Err(Error::new(
            word.span(),
            format!("unknown word `{word}`: only `retry_after = seconds` may follow"),
        ));
    }
    input.parse::<Token![=]>()?;
    let seconds: LitInt = input.parse()?;
    input.parse::<Option<Token![,]>>()?;
    if !input.is_empty() {
        return Err(input.error("nothing may follow `retry_after`"));
    }
    seconds.base10_parse().map(Some)
}

/// At least two parts of `a-z`, `0-9` and `_`, joined by dots.
fn is_code(code: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    code.contains('.') && code.split('.').all(part)
}

fn answer_of(variant: &Variant) -> Result<Answer> {
    let is_problem = |attribute: &&Attribute| attribute.path().is_ident("problem");
    let mut found = variant.attrs.iter().filter(is_problem);
    let Some(first) = found.next() else {
        let text = format!("variant `{}` has no #[problem(…)]: {USAGE}", variant.ident);
        return Err(Error::new(variant.span(), text));
    };
    if let Some(second) = found.next() {
        return Err(Error::new(second.span(), "a variant has one #[problem(…)]"));
    }
    first.parse_args()
}

/// The field of a variant whose inner error answers: its pattern and its type.
fn inner_of(variant: &Variant) -> Result<(TokenStream, &Type)> {
    let fields: Vec<_> = variant.fields.iter().collect();
    let [field] = fields.as_slice() else {
        let text =
            format!("variant `{}` hands on to an inner error, so it has exactly one field", variant.ident);
        return Err(Error::new(variant.span(), text));
    };
    let pattern = match &field.ident {
        Some(name) => quote!({ #name: inner }),
        None => quote!((inner)),
    };
    Ok((pattern, &field.ty))
}

/// The implementations for one enum.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new(
            input.span(),
            "Problem is derived for enums: one variant per thing a client can act on",
        ));
    };
    if data.variants.is_empty() {
        return Err(Error::new(input.span(), "an enum without variants has no problem to tell of"));
    }
    let mut arms = Vec::new();
    let mut documented = Vec::new();
    let mut statuses = BTreeMap::new();
    let mut errors: Option<Error> = None;
    for variant in &data.variants {
        match expand_variant(variant, &mut statuses) {
            Ok((arm, document)) => {
                arms.push(arm);
                documented.push(document);
            }
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    match errors {
        Some(errors) => Err(errors),
        None => Ok(implementations(input, &arms, &documented)),
    }
}

/// The arm of `problem()` and the statement of `documented()` for one variant.
fn expand_variant(
    variant: &Variant,
    statuses: &mut BTreeMap<String, u16>,
) -> Result<(TokenStream, TokenStream)> {
    let name = &variant.ident;
    match answer_of(variant)? {
        Answer::Own { status, code, retry_after_s } => {
            if *statuses.entry(code.value()).or_insert(status) != status {
                let text = format!("code {:?} has another status above: a code has one status", code.value());
                return Err(Error::new(code.span(), text));
            }
            let pattern = match &variant.fields {
                Fields::Named(_) => quote!({ .. }),
                Fields::Unnamed(_) => quote!((..)),
                Fields::Unit => quote!(),
            };
            let retry_after = retry_after_s.map(|seconds| quote!(.with_retry_after(#seconds)));
            let arm = quote! {
                Self::#name #pattern => ::base::Problem::new(
                    #status, #code, ::std::string::ToString::to_string(self),
                ) #retry_after
            };
            Ok((arm, quote!(documented.push((#status, #code));)))
        }
        Answer::Inner => {
            let (pattern, of) = inner_of(variant)?;
            let arm = quote!(Self::#name #pattern => ::rest::ToProblem::problem(inner));
            Ok((arm, quote!(documented.extend(<#of as ::rest::ToProblem>::documented());)))
        }
    }
}

fn implementations(input: &DeriveInput, arms: &[TokenStream], documented: &[TokenStream]) -> TokenStream {
    let name = &input.ident;
    let (generics, of, bounds) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics ::rest::ToProblem for #name #of #bounds {
            fn problem(&self) -> ::base::Problem {
                match self { #(#arms,)* }
            }

            fn documented() -> ::std::vec::Vec<(u16, &'static str)> {
                let mut documented = ::std::vec::Vec::new();
                #(#documented)*
                documented
            }
        }

        #[automatically_derived]
        impl #generics ::utoipa::IntoResponses for #name #of #bounds {
            fn responses() -> ::std::collections::BTreeMap<
                ::std::string::String,
                ::utoipa::openapi::RefOr<::utoipa::openapi::Response>,
            > {
                let mut codes = ::std::collections::BTreeMap::<u16, ::std::vec::Vec<&'static str>>::new();
                for (status, code) in <Self as ::rest::ToProblem>::documented() {
                    let of_status = codes.entry(status).or_default();
                    if !of_status.contains(&code) {
                        of_status.push(code);
                    }
                }
                let response = |codes: &[&'static str]| {
                    let name = <::base::Problem as ::utoipa::ToSchema>::name();
                    let schema = ::utoipa::openapi::Ref::from_schema_name(name);
                    let content = ::utoipa::openapi::ContentBuilder::new()
                        .schema(::std::option::Option::Some(schema))
                        .build();
                    ::utoipa::openapi::ResponseBuilder::new()
                        .description(::std::format!("`{}`", codes.join("`, `")))
                        .content("application/problem+json", content)
                        .build()
                };
                codes
                    .iter()
                    .map(|(status, codes)| (::std::string::ToString::to_string(status), response(codes).into()))
                    .collect()
            }
        }

        #[automatically_derived]
        impl #generics ::axum::response::IntoResponse for #name #of #bounds {
            fn into_response(self) -> ::axum::response::Response {
                ::rest::problem_response(&::rest::ToProblem::problem(&self))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn tokens(input: &DeriveInput) -> String {
        expand(input).unwrap().to_string()
    }

    fn refusal(input: &DeriveInput) -> String {
        expand(input).unwrap_err().into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn every_kind_of_variant_answers() {
        let text = tokens(&parse_quote! {
            pub enum CancelOrderError {
                #[error("order not found")] #[problem(404, "order.not_found")] NotFound,
                #[problem(409, "order.already_shipped")] Shipped { shipped_at: Timestamp },
                #[problem(409, "order.busy", retry_after = 3)] Busy(u8),
                #[problem(transparent)] Hold(#[from] stock::api::HoldError),
                #[problem(internal)] Db { #[from] source: db::DbError },
            }
        });
        for part in [
            quote!(Self::NotFound => ::base::Problem::new(404u16, "order.not_found", ::std::string::ToString::to_string(self),),),
            quote!(Self::Shipped { .. } => ::base::Problem::new),
            quote!((409u16, "order.already_shipped", ::std::string::ToString::to_string(self),)),
            quote!(Self::Busy(..) => ::base::Problem::new),
            quote!(.with_retry_after(3u32)),
            quote!(Self::Hold(inner) => ::rest::ToProblem::problem(inner)),
            quote!(Self::Db { source: inner } => ::rest::ToProblem::problem(inner)),
            quote!(documented.push((404u16, "order.not_found"));),
            quote!(documented.extend(<stock::api::HoldError as ::rest::ToProblem>::documented());),
            quote!(impl ::utoipa::IntoResponses for CancelOrderError),
            quote!(impl ::axum::response::IntoResponse for CancelOrderError),
        ] {
            assert!(text.contains(&part.to_string()), "missing {part} in {text}");
        }
        assert_eq!(text.matches("with_retry_after").count(), 1);
    }

    #[test]
    fn generics_are_kept() {
        let text = tokens(&parse_quote! {
            enum Wrapped<E: Cause> where E: Send { #[problem(transparent)] Inner(E) }
        });
        let head = quote!(impl<E: Cause> ::rest::ToProblem for Wrapped<E> where E: Send);
        assert!(text.contains(&head.to_string()), "{text}");
    }

    #[test]
    fn all_variants_are_told_of_at_once() {
        let text = refusal(&parse_quote! { enum X { A, #[problem(404)] B } });
        assert!(text.contains("variant `A` has no #[problem(…)]"), "{text}");
        assert!(text.matches("write #[problem").count() == 2, "{text}");
    }

    #[test]
    fn mistakes_are_named() {
        let cases: [(DeriveInput, &str); 11] = [
            (parse_quote! { enum X { #[problem(200, "a.b")] A } }, "status 200 is not an error"),
            (parse_quote! { enum X { #[problem(99999, "a.b")] A } }, "status 99999 is not an error"),
            (parse_quote! { enum X { #[problem(404, "NotFound")] A } }, "is not dotted lower case"),
            (parse_quote! { enum X { #[problem(404, "a..b")] A } }, "is not dotted lower case"),
            (parse_quote! { enum X { #[problem(opaque)] A } }, "unknown word `opaque`"),
            (parse_quote! { enum X { #[problem(404, "a.b", after = 1)] A } }, "unknown word `after`"),
            (parse_quote! { enum X { #[problem(transparent)] A } }, "exactly one field"),
            (
                parse_quote! { enum X { #[problem(404, "a.b")] #[problem(404, "a.b")] A } },
                "has one #[problem",
            ),
            (
                parse_quote! { enum X { #[problem(404, "a.b")] A, #[problem(409, "a.b")] B } },
                "another status above",
            ),
            (parse_quote! { enum X {} }, "without variants"),
            (parse_quote! { struct X; }, "derived for enums"),
        ];
        for (input, wanted) in cases {
            let text = refusal(&input);
            assert!(text.contains(wanted), "{text:?} should say {wanted:?}");
        }
    }
}
