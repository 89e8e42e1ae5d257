package io.adapt4j.serve.telemetry;

import io.adapt4j.serve.AccessRecord;
import io.adapt4j.serve.RequestTracing;
import io.adapt4j.serve.ServedRequest;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Exports served requests by OpenTelemetry's semantic conventions for generative AI, version 0.1.0:
 * a span {@code gen_ai.client.inference} of each answer, below the span of the caller if it sends
 * {@code traceparent}, and the metrics {@code gen_ai.server.request.duration}, {@code
 * gen_ai.server.time_to_first_token} and {@code gen_ai.server.time_per_output_token}. Prompts and
 * answers are never exported. Needs {@code io.opentelemetry:opentelemetry-api}. Thread-safe. {@link
 * GenAiTracer} exports what runs in this process; below the span of a request, if a server runs it.
 */
public final class GenAiTelemetry implements RequestTracing {

  private static final String SCOPE = "io.adapt4j.serve";

  /** Operations by path. Other requests do not concern a model. */
  private static final Map<String, String> OPERATIONS =
      Map.of(
          "/v1/chat/completions", "chat",
          "/v1/responses", "chat",
          "/v1/completions", "text_completion",
          "/v1/embeddings", "embeddings",
          "/v1/rerank", "rerank",
          "/v1/rag/ask", "invoke_workflow");

  private static final List<Double> UNTIL_FIRST =
      List.of(
          0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5,
          10.0);
  private static final List<Double> PER_TOKEN =
      List.of(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5);

  private static final TextMapGetter<Map<String, String>> HEADERS = new Headers();

  private final OpenTelemetry openTelemetry;
  private final Tracer tracer;
  private final DoubleHistogram duration;
  private final DoubleHistogram untilFirst;
  private final DoubleHistogram perToken;
  private final @Nullable FormerMetrics former;

  private GenAiTelemetry(OpenTelemetry openTelemetry, boolean formerNames) {
    this.openTelemetry = openTelemetry;
    this.tracer = openTelemetry.getTracer(SCOPE);
    Meter meter = openTelemetry.getMeter(SCOPE);
    this.duration = GenAi.seconds(meter, "gen_ai.server.request.duration");
    this.untilFirst = GenAi.seconds(meter, "gen_ai.server.time_to_first_token", UNTIL_FIRST);
    this.perToken = GenAi.seconds(meter, "gen_ai.server.time_per_output_token", PER_TOKEN);
    this.former = formerNames ? new FormerMetrics(meter) : null;
  }

  /**
   * Exports by the names of today.
   *
   * @param openTelemetry the SDK, or the API that an agent fills
   * @return a listener for {@link io.adapt4j.serve.ModelServer.Builder#telemetry}
   */
  public static GenAiTelemetry of(OpenTelemetry openTelemetry) {
    return new GenAiTelemetry(openTelemetry, false);
  }

  /**
   * Exports also by the names that Spring AI and LangChain4j use: {@code
   * gen_ai.client.operation.duration}, {@code gen_ai.client.token.usage} and the attribute {@code
   * gen_ai.system}.
   *
   * @param openTelemetry the SDK, or the API that an agent fills
   * @return a listener for {@link io.adapt4j.serve.ModelServer.Builder#telemetry}
   */
  public static GenAiTelemetry withFormerNames(OpenTelemetry openTelemetry) {
    return new GenAiTelemetry(openTelemetry, true);
  }

  /** Exports a request, if it concerns a model. */
  @Override
  public void accept(ServedRequest request) {
    AccessRecord record = request.record();
    if (record.method().equals("POST")) {
      begin(record.path(), request.traceHeaders(), record.at())
          .ifPresent(traced -> traced.end(request));
    }
  }

  /** Begins the span of a request, if it concerns a model. */
  @Override
  public Optional<Traced> begin(String path, Map<String, String> traceHeaders, Instant at) {
    String operation = OPERATIONS.get(path);
    if (operation == null) {
      return Optional.empty();
    }
    Context parent =
        openTelemetry
            .getPropagators()
            .getTextMapPropagator()
            .extract(Context.root(), traceHeaders, HEADERS);
    Span span =
        tracer
            .spanBuilder(operation)
            .setSpanKind(SpanKind.INTERNAL)
            .setParent(parent)
            .setStartTimestamp(at)
            .setAllAttributes(GenAi.operation(operation, former != null).build())
            .startSpan();
    return Optional.of(new Request(operation, span, parent.with(span)));
  }

  /** A request whose span has begun. */
  private final class Request implements Traced {

    private final String operation;
    private final Span span;
    private final Context context;

    private Request(String operation, Span span, Context context) {
      this.operation = operation;
      this.span = span;
      this.context = context;
    }

    @Override
    public <T> T within(Supplier<T> work) {
      try (Scope current = context.makeCurrent()) {
        return work.get();
      }
    }

    @Override
    public void end(ServedRequest request) {
      AccessRecord record = request.record();
      Attributes attributes = attributes(record, operation);
      describe(span, request, operation, attributes);
      measure(request, attributes, context);
      span.end(record.at().plus(record.took()));
    }
  }

  private Attributes attributes(AccessRecord record, String operation) {
    AttributesBuilder attributes = GenAi.operation(operation, former != null);
    record.model().ifPresent(model -> attributes.put(GenAi.REQUEST_MODEL, model));
    record.version().ifPresent(version -> attributes.put(GenAi.RESPONSE_MODEL, version));
    if (record.status() >= 400) {
      attributes.put(GenAi.ERROR, String.valueOf(record.status()));
    }
    return attributes.build();
  }

  private static void describe(
      Span span, ServedRequest request, String operation, Attributes attributes) {
    AccessRecord record = request.record();
    record.model().ifPresent(model -> span.updateName(operation + " " + model));
    span.setAllAttributes(attributes);
    if (record.promptTokens() > 0) {
      span.setAttribute(GenAi.INPUT_TOKENS, (long) record.promptTokens());
      span.setAttribute(GenAi.OUTPUT_TOKENS, (long) record.newTokens());
    }
    request
        .timeToFirstText()
        .ifPresent(time -> span.setAttribute(GenAi.FIRST_CHUNK, GenAi.seconds(time)));
    if (record.status() >= 400) {
      span.setStatus(StatusCode.ERROR);
    }
  }

  private void measure(ServedRequest request, Attributes attributes, Context context) {
    AccessRecord record = request.record();
    double seconds = GenAi.seconds(record.took());
    duration.record(seconds, attributes, context);
    request
        .timeToFirstText()
        .ifPresent(
            first -> {
              untilFirst.record(GenAi.seconds(first), attributes, context);
              if (record.newTokens() > 1) {
                double rest = (seconds - GenAi.seconds(first)) / (record.newTokens() - 1);
                perToken.record(rest, attributes, context);
              }
            });
    if (former != null) {
      former.duration(seconds, attributes, context);
      if (record.promptTokens() > 0) {
        former.tokens(record.promptTokens(), record.newTokens(), attributes, context);
      }
    }
  }

  /** Reads the headers of a request. */
  private static final class Headers implements TextMapGetter<Map<String, String>> {

    @Override
    public Iterable<String> keys(Map<String, String> headers) {
      return headers.keySet();
    }

    @Override
    public @Nullable String get(@Nullable Map<String, String> headers, String key) {
      return headers == null ? null : headers.get(key);
    }
  }
}
