//! Functions of Rhai whose result can be far larger than what they are given, bounded before they
//! allocate it, and those that order arrays, which tell of errors of their closure.

use std::sync::Arc;

use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, INT, ImmutableString,
    NativeCallContext, Position,
};

use super::gate::Raised;
use super::run::Run;
use super::weigh::weigh;

/// What a short text takes as a value of its own.
const PIECE: u64 = 64;

/// Puts these before Rhai's own functions of the same names.
pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    pad(engine, run);
    replace(engine, run);
    split(engine, run);
    order(engine);
}

fn pad(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    let pad = move |array: &mut Array, len: INT, item: Dynamic| -> Raised<()> {
        let len = usize::try_from(len).unwrap_or(0);
        let Some(more) = len.checked_sub(array.len()) else {
            return Ok(());
        };
        let limits = &host.host().limits;
        let item_weight = weigh(std::iter::once(&item), limits.nesting).unwrap_or_default();
        let more = more as u64;
        if more.saturating_mul(item_weight.values) > limits.array_size as u64 {
            return Err(too_large("Size of array/BLOB"));
        }
        // What closures captured is not copied, but what is curried onto them is.
        host.gate().charge(more.saturating_mul(item_weight.bytes))?;
        array.resize(len, item);
        Ok(())
    };
    changing("pad", &["array: Array", "len: int", "item: ?"]).register_into_engine(engine, pad);
    pad_text::<ImmutableString>(engine, run);
    pad_text::<char>(engine, run);
}

/// Rhai's own never ends where the padding is empty.
fn pad_text<With: Written>(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    let pad = move |text: &mut ImmutableString, len: INT, with: With| -> Raised<()> {
        let len = usize::try_from(len).unwrap_or(0);
        let with = with.written();
        let Some(mut more) = len.checked_sub(text.chars().count()) else {
            return Ok(());
        };
        let letters = with.chars().count();
        if letters == 0 {
            return Ok(());
        }
        let bytes = (more as u64).saturating_mul(with.len() as u64) / letters as u64;
        bounded_text(&host, bytes.saturating_add(text.len() as u64))?;
        let mut padded = String::with_capacity(text.len() + with.len() * (more / letters + 1));
        padded.push_str(text);
        padded.push_str(&with.repeat(more / letters));
        more %= letters;
        padded.extend(with.chars().take(more));
        *text = padded.into();
        Ok(())
    };
    let parameters = [
        "string: &mut string".to_owned(),
        "len: int".to_owned(),
        format!("padding: {}", With::NAME),
    ];
    changing("pad", &parameters).register_into_engine(engine, pad);
}

fn replace(engine: &mut Engine, run: &Arc<Run>) {
    fn replaced(run: &Run, text: &mut ImmutableString, find: &str, with: &str) -> Raised<()> {
        let found = text.matches(find).count();
        let len = text.len() as u64 - (found * find.len()) as u64
            + (found as u64).saturating_mul(with.len() as u64);
        bounded_text(run, len)?;
        *text = text.replace(find, with).into();
        Ok(())
    }
    fn register<Find: Written, With: Written>(engine: &mut Engine, run: &Arc<Run>) {
        let host = Arc::clone(run);
        let parameters = [
            "string: &mut string".to_owned(),
            format!("find: {}", Find::NAME),
            format!("substitute: {}", With::NAME),
        ];
        changing("replace", &parameters).register_into_engine(
            engine,
            move |text: &mut ImmutableString, find: Find, with: With| -> Raised<()> {
                replaced(&host, text, &find.written(), &with.written())
            },
        );
    }
    register::<ImmutableString, ImmutableString>(engine, run);
    register::<ImmutableString, char>(engine, run);
    register::<char, ImmutableString>(engine, run);
    register::<char, char>(engine, run);
}

/// A text or a character.
trait Written: Clone + Send + Sync + 'static {
    const NAME: &'static str;
    fn written(&self) -> ImmutableString;
}

impl Written for ImmutableString {
    const NAME: &'static str = "string";
    fn written(&self) -> ImmutableString {
        self.clone()
    }
}

impl Written for char {
    const NAME: &'static str = "char";
    fn written(&self) -> ImmutableString {
        self.to_string().into()
    }
}

fn split(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    reading("to_chars", &["string: &mut string"]).register_into_engine(
        engine,
        move |text: &mut ImmutableString| -> Raised<Array> {
            pieces(&host, text.chars().map(Into::into))
        },
    );
    let host = Arc::clone(run);
    reading("split", &["string: &mut string"]).register_into_engine(
        engine,
        move |text: &mut ImmutableString| -> Raised<Array> {
            if text.is_empty() {
                return Ok(vec![text.clone().into()]);
            }
            pieces(&host, text.split_whitespace().map(Into::into))
        },
    );
    by::<ImmutableString>(engine, run);
    by::<char>(engine, run);
}

fn by<At: Written>(engine: &mut Engine, run: &Arc<Run>) {
    for backwards in [false, true] {
        let name = if backwards { "split_rev" } else { "split" };
        let mut parameters = vec![
            "string: &mut string".to_owned(),
            format!("delimiter: {}", At::NAME),
        ];
        let host = Arc::clone(run);
        reading(name, &parameters).register_into_engine(
            engine,
            move |text: &mut ImmutableString, at: At| -> Raised<Array> {
                split_at(&host, text, &at.written(), INT::MAX, backwards)
            },
        );
        let host = Arc::clone(run);
        parameters.push("segments: int".to_owned());
        reading(name, &parameters).register_into_engine(
            engine,
            move |text: &mut ImmutableString, at: At, segments: INT| -> Raised<Array> {
                split_at(&host, text, &at.written(), segments, backwards)
            },
        );
    }
}

fn split_at(
    run: &Run,
    text: &ImmutableString,
    at: &str,
    segments: INT,
    backwards: bool,
) -> Raised<Array> {
    if segments <= 1 || text.is_empty() {
        return Ok(vec![text.clone().into()]);
    }
    let segments = usize::try_from(segments).unwrap_or(usize::MAX);
    if backwards {
        pieces(run, text.rsplitn(segments, at).map(Into::into))
    } else {
        pieces(run, text.splitn(segments, at).map(Into::into))
    }
}

/// Collects pieces, as long as there may be so many.
fn pieces(run: &Run, pieces: impl Iterator<Item = Dynamic>) -> Raised<Array> {
    // A look at the meter for each would take longer than the piece.
    const CHARGED_TOGETHER: usize = 1024;
    let limit = run.host().limits.array_size;
    let mut array = Array::new();
    for piece in pieces {
        if array.len() == limit {
            return Err(too_large("Size of array/BLOB"));
        }
        if array.len().is_multiple_of(CHARGED_TOGETHER) {
            run.gate().check()?;
            run.gate().charge(CHARGED_TOGETHER as u64 * PIECE)?;
        }
        array.push(piece);
    }
    Ok(array)
}

/// The standard library panics where a closure does not order, and Rhai drops the closure's errors.
fn order(engine: &mut Engine) {
    for name in ["sort", "sort_by"] {
        changing(name, &["array: Array", "comparer: Fn"]).register_into_engine(
            engine,
            |context: NativeCallContext, array: &mut Array, comparer: FnPtr| -> Raised<()> {
                *array = ordered(&context, array.clone(), &comparer)?;
                Ok(())
            },
        );
    }
    for name in ["order", "order_by"] {
        reading(name, &["array: Array", "comparer: Fn"]).register_into_engine(
            engine,
            |context: NativeCallContext, array: &mut Array, comparer: FnPtr| {
                ordered(&context, array.clone(), &comparer)
            },
        );
    }
}

/// Merges runs of one, of two, of four ... values: stable, and with an end whatever the closure says.
fn ordered(context: &NativeCallContext<'_>, mut array: Array, comparer: &FnPtr) -> Raised<Array> {
    let mut length = 1;
    while length < array.len() {
        let mut merged = Array::with_capacity(array.len());
        let mut rest = array.into_iter().peekable();
        while rest.peek().is_some() {
            let left: Array = rest.by_ref().take(length).collect();
            let right: Array = rest.by_ref().take(length).collect();
            merge(context, left, right, comparer, &mut merged)?;
        }
        array = merged;
        length *= 2;
    }
    Ok(array)
}

fn merge(
    context: &NativeCallContext<'_>,
    left: Array,
    right: Array,
    comparer: &FnPtr,
    merged: &mut Array,
) -> Raised<()> {
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        if comes_after(context, first, second, comparer)? {
            merged.extend(right.next());
        } else {
            merged.extend(left.next());
        }
    }
    merged.extend(left);
    merged.extend(right);
    Ok(())
}

fn comes_after(
    context: &NativeCallContext<'_>,
    first: &Dynamic,
    second: &Dynamic,
    comparer: &FnPtr,
) -> Raised<bool> {
    let ask = |left: &Dynamic, right: &Dynamic| {
        comparer.call_raw(context, None, [left.clone(), right.clone()])
    };
    let answer = ask(first, second)?;
    if let Ok(number) = answer.as_int() {
        return Ok(number > 0);
    }
    // `true` says that the first comes before the second, `false` maybe that they are equal.
    if let Ok(is_before) = answer.as_bool() {
        return Ok(!is_before && ask(second, first)?.as_bool().unwrap_or(false));
    }
    let message = format!(
        "the closure that orders gave {}: it gives a number, below 0 where the first of two values comes first and above 0 where the second does",
        super::values::article(super::values::kind(&answer)),
    );
    Err(EvalAltResult::ErrorRuntime(message.into(), Position::NONE).into())
}

fn bounded_text(run: &Run, len: u64) -> Raised<()> {
    if len > run.host().limits.string_size as u64 {
        return Err(too_large("Length of string"));
    }
    run.gate().charge(len)
}

/// As Rhai itself says it.
fn too_large(what: &str) -> Box<EvalAltResult> {
    EvalAltResult::ErrorDataTooLarge(what.to_owned(), Position::NONE).into()
}

fn changing(name: &str, parameters: &[impl AsRef<str>]) -> FuncRegistration {
    FuncRegistration::new(name)
        .in_global_namespace()
        .with_purity(false)
        .with_params_info(parameters)
}

fn reading(name: &str, parameters: &[impl AsRef<str>]) -> FuncRegistration {
    FuncRegistration::new(name)
        .in_global_namespace()
        .with_purity(true)
        .with_params_info(parameters)
}
