package io.adapt4j.serve.telemetry;

import io.adapt4j.serve.AccessRecord;
import io.adapt4j.serve.ServedRequest;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Exports served requests by OpenTelemetry's semantic conventions for generative AI, version 0.1.0:
 * a span {@code gen_ai.client.inference} of each answer, below the span of the caller if it sends
 * {@code traceparent}, and the metrics {@code gen_ai.server.request.duration}, {@code
 * gen_ai.server.time_to_first_token} and {@code gen_ai.server.time_per_output_token}. Prompts and
 * answers are never exported. Needs {@code io.opentelemetry:opentelemetry-api}. Thread-safe.
 */
public final class GenAiTelemetry implements Consumer<ServedRequest> {

  private static final String SCOPE = "io.adapt4j.serve";
  private static final String PROVIDER = "adapt4j";

  private static final AttributeKey<String> OPERATION =
      AttributeKey.stringKey("gen_ai.operation.name");
  private static final AttributeKey<String> PROVIDER_NAME =
      AttributeKey.stringKey("gen_ai.provider.name");
  private static final AttributeKey<String> FORMER_PROVIDER =
      AttributeKey.stringKey("gen_ai.system");
  private static final AttributeKey<String> REQUEST_MODEL =
      AttributeKey.stringKey("gen_ai.request.model");
  private static final AttributeKey<String> RESPONSE_MODEL =
      AttributeKey.stringKey("gen_ai.response.model");
  private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
  private static final AttributeKey<String> TOKEN_TYPE =
      AttributeKey.stringKey("gen_ai.token.type");
  private static final AttributeKey<Long> INPUT_TOKENS =
      AttributeKey.longKey("gen_ai.usage.input_tokens");
  private static final AttributeKey<Long> OUTPUT_TOKENS =
      AttributeKey.longKey("gen_ai.usage.output_tokens");
  private static final AttributeKey<Double> FIRST_CHUNK =
      AttributeKey.doubleKey("gen_ai.response.time_to_first_chunk");

  /** Operations by path. Other requests do not concern a model. */
  private static final Map<String, String> OPERATIONS =
      Map.of(
          "/v1/chat/completions", "chat",
          "/v1/responses", "chat",
          "/v1/completions", "text_completion",
          "/v1/embeddings", "embeddings",
          "/v1/rerank", "rerank",
          "/v1/rag/ask", "invoke_workflow");

  private static final List<Double> SECONDS =
      List.of(
          0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92);
  private static final List<Double> UNTIL_FIRST =
      List.of(
          0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5,
          10.0);
  private static final List<Double> PER_TOKEN =
      List.of(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5);
  private static final List<Long> TOKENS =
      List.of(
          1L, 4L, 16L, 64L, 256L, 1024L, 4096L, 16384L, 65536L, 262144L, 1048576L, 4194304L,
          16777216L, 67108864L);

  private static final TextMapGetter<Map<String, String>> HEADERS = new Headers();

  private final OpenTelemetry openTelemetry;
  private final Tracer tracer;
  private final DoubleHistogram duration;
  private final DoubleHistogram untilFirst;
  private final DoubleHistogram perToken;
  private final @Nullable DoubleHistogram formerDuration;
  private final @Nullable LongHistogram formerTokens;

  private GenAiTelemetry(OpenTelemetry openTelemetry, boolean formerNames) {
    this.openTelemetry = openTelemetry;
    this.tracer = openTelemetry.getTracer(SCOPE);
    Meter meter = openTelemetry.getMeter(SCOPE);
    this.duration = seconds(meter, "gen_ai.server.request.duration", SECONDS);
    this.untilFirst = seconds(meter, "gen_ai.server.time_to_first_token", UNTIL_FIRST);
    this.perToken = seconds(meter, "gen_ai.server.time_per_output_token", PER_TOKEN);
    this.formerDuration =
        formerNames ? seconds(meter, "gen_ai.client.operation.duration", SECONDS) : null;
    this.formerTokens =
        formerNames
            ? meter
                .histogramBuilder("gen_ai.client.token.usage")
                .ofLongs()
                .setUnit("{token}")
                .setExplicitBucketBoundariesAdvice(TOKENS)
                .build()
            : null;
  }

  private static DoubleHistogram seconds(Meter meter, String name, List<Double> bounds) {
    return meter
        .histogramBuilder(name)
        .setUnit("s")
        .setExplicitBucketBoundariesAdvice(bounds)
        .build();
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
    String operation = OPERATIONS.get(record.path());
    if (operation == null || !record.method().equals("POST")) {
      return;
    }
    Context parent =
        openTelemetry
            .getPropagators()
            .getTextMapPropagator()
            .extract(Context.root(), request.traceHeaders(), HEADERS);
    Attributes attributes = attributes(record, operation);
    Span span = span(request, operation, attributes, parent);
    Context context = parent.with(span);
    measure(request, attributes, context);
    span.end(record.at().plus(record.took()));
  }

  private Attributes attributes(AccessRecord record, String operation) {
    AttributesBuilder attributes =
        Attributes.builder().put(OPERATION, operation).put(PROVIDER_NAME, PROVIDER);
    record.model().ifPresent(model -> attributes.put(REQUEST_MODEL, model));
    record.version().ifPresent(version -> attributes.put(RESPONSE_MODEL, version));
    if (record.status() >= 400) {
      attributes.put(ERROR, String.valueOf(record.status()));
    }
    if (formerDuration != null) {
      attributes.put(FORMER_PROVIDER, PROVIDER);
    }
    return attributes.build();
  }

  private Span span(
      ServedRequest request, String operation, Attributes attributes, Context parent) {
    AccessRecord record = request.record();
    SpanBuilder builder =
        tracer
            .spanBuilder(record.model().map(model -> operation + " " + model).orElse(operation))
            .setSpanKind(SpanKind.INTERNAL)
            .setParent(parent)
            .setStartTimestamp(record.at())
            .setAllAttributes(attributes);
    if (record.promptTokens() > 0) {
      builder.setAttribute(INPUT_TOKENS, (long) record.promptTokens());
      builder.setAttribute(OUTPUT_TOKENS, (long) record.newTokens());
    }
    request.timeToFirstText().ifPresent(time -> builder.setAttribute(FIRST_CHUNK, inSeconds(time)));
    Span span = builder.startSpan();
    if (record.status() >= 400) {
      span.setStatus(StatusCode.ERROR);
    }
    return span;
  }

  private void measure(ServedRequest request, Attributes attributes, Context context) {
    AccessRecord record = request.record();
    double seconds = inSeconds(record.took());
    duration.record(seconds, attributes, context);
    request
        .timeToFirstText()
        .ifPresent(
            first -> {
              untilFirst.record(inSeconds(first), attributes, context);
              if (record.newTokens() > 1) {
                double rest = (seconds - inSeconds(first)) / (record.newTokens() - 1);
                perToken.record(rest, attributes, context);
              }
            });
    if (formerDuration != null) {
      formerDuration.record(seconds, attributes, context);
    }
    if (formerTokens != null && record.promptTokens() > 0) {
      AttributesBuilder input = attributes.toBuilder().put(TOKEN_TYPE, "input");
      formerTokens.record(record.promptTokens(), input.build(), context);
      AttributesBuilder output = attributes.toBuilder().put(TOKEN_TYPE, "output");
      formerTokens.record(record.newTokens(), output.build(), context);
    }
  }

  private static double inSeconds(Duration duration) {
    return duration.toNanos() / 1e9;
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
