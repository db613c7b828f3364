//! Traces that begin elsewhere: the header `traceparent` of W3C's Trace Context.

use axum::http::HeaderMap;
use tracing::Span;

/// Makes a request's span a child of the one that the client names, if it names one. Without the
/// feature `otel` no span is sent anywhere, and there is nothing to do.
#[cfg(not(feature = "otel"))]
pub fn take_over(_span: &Span, _headers: &HeaderMap) {}

/// Makes a request's span a child of the one that the client names, if it names one.
#[cfg(feature = "otel")]
pub fn take_over(span: &Span, headers: &HeaderMap) {
    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry::trace::TraceContextExt;
    use opentelemetry_http::HeaderExtractor;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    if parent.span().span_context().is_valid() {
        // Where no layer sends spans, there is none to give a parent.
        span.set_parent(parent).ok();
    }
}
