package io.adapt4j.serve.telemetry;

import io.adapt4j.rag.trace.Stage;
import io.adapt4j.rag.trace.Trace;
import io.adapt4j.rag.trace.TraceListener;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Spans of retrieval, made at the end of an answer from the durations of its stages. */
record TracedRetrievals(Spans spans, DoubleHistogram seconds) implements TraceListener {

  /** Stages that come after retrieval; before it a conversation may be condensed. */
  private static final List<String> AFTER = List.of("prompt", "generate", "check");

  @Override
  public void answered(Trace trace) {
    Duration took = Duration.ZERO;
    Duration after = Duration.ZERO;
    Map<String, Double> found = Map.of();
    for (Stage stage : trace.stages()) {
      if (AFTER.contains(stage.name())) {
        after = after.plus(stage.duration());
      } else if (!stage.name().equals("condense")) {
        took = took.plus(stage.duration());
        found = stage.candidates().isEmpty() ? found : stage.candidates();
      }
    }
    Instant end = Instant.now().minus(after);
    Attributes attributes = spans.operation("retrieval");
    SpanBuilder builder = spans.span("retrieval", attributes).setStartTimestamp(end.minus(took));
    if (spans.hasContents()) {
      builder.setAttribute("gen_ai.retrieval.query.text", trace.question());
      builder.setAttribute(
          "gen_ai.retrieval.documents",
          Contents.json(
              found.entrySet().stream()
                  .map(one -> Map.of("id", one.getKey(), "score", one.getValue()))
                  .toList()));
    }
    Span span = builder.startSpan();
    seconds.record(GenAi.seconds(took), attributes);
    span.end(end);
  }
}
