package io.adapt4j.serve.telemetry;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.serve.internal.answer.Reply;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Spans and metrics of what runs on this thread, below its current span. */
final class Spans {

  static final String SCOPE = "io.adapt4j";

  private static final AttributeKey<List<String>> FINISH_REASONS =
      AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");
  private static final AttributeKey<String> MODALITY =
      AttributeKey.stringKey("gen_ai.token.modality");
  private static final AttributeKey<String> INPUT = AttributeKey.stringKey("gen_ai.input.messages");
  private static final AttributeKey<String> OUTPUT =
      AttributeKey.stringKey("gen_ai.output.messages");

  private final boolean formerNames;
  private final boolean contents;
  private final Tracer tracer;
  private final Meter meter;
  private final DoubleHistogram duration;
  private final DoubleHistogram untilFirst;
  private final LongCounter inputTokens;
  private final LongCounter outputTokens;
  private final LongHistogram inputs;
  private final LongHistogram outputs;
  private final @Nullable FormerMetrics former;

  Spans(OpenTelemetry openTelemetry, boolean formerNames, boolean contents) {
    this.formerNames = formerNames;
    this.contents = contents;
    this.tracer = openTelemetry.getTracer(SCOPE);
    this.meter = openTelemetry.getMeter(SCOPE);
    String inference = "gen_ai.client.inference.";
    this.duration = GenAi.seconds(meter, inference + "duration");
    this.untilFirst = GenAi.seconds(meter, inference + "time_to_first_chunk");
    this.inputTokens = counter(inference + "usage.input_tokens");
    this.outputTokens = counter(inference + "usage.output_tokens");
    this.inputs = GenAi.tokens(meter, inference + "operation.input_tokens");
    this.outputs = GenAi.tokens(meter, inference + "operation.output_tokens");
    this.former = formerNames ? new FormerMetrics(meter) : null;
  }

  private LongCounter counter(String name) {
    return meter.counterBuilder(name).setUnit("{token}").build();
  }

  /** Result of a call of a model. */
  record Said(List<ChatMessage> messages, List<FinishReason> reasons, Optional<TokenUsage> usage) {

    static Said one(ChatMessage message, FinishReason reason, Optional<TokenUsage> usage) {
      return new Said(List.of(message), List.of(reason), usage);
    }
  }

  boolean hasContents() {
    return contents;
  }

  Attributes operation(String name) {
    return GenAi.operation(name, formerNames).build();
  }

  Attributes operation(String name, AttributeKey<String> key, String value) {
    return GenAi.operation(name, formerNames).put(key, value).build();
  }

  DoubleHistogram seconds(String name) {
    return GenAi.seconds(meter, name);
  }

  SpanBuilder span(String name, Attributes attributes) {
    return tracer.spanBuilder(name).setSpanKind(SpanKind.INTERNAL).setAllAttributes(attributes);
  }

  /** Runs a call of a model as a span, with the metrics of clients. */
  <T> T chat(
      String model, List<ChatMessage> messages, Supplier<T> call, Function<T, Said> described) {
    Attributes attributes = operation("chat", GenAi.REQUEST_MODEL, model);
    return run(
        "chat " + model,
        attributes,
        duration,
        () -> {
          Span span = Span.current();
          if (contents && !messages.isEmpty()) {
            span.setAttribute(INPUT, Contents.messages(messages));
          }
          T result = call.get();
          Said said = described.apply(result);
          span.setAttribute(
              FINISH_REASONS, said.reasons().stream().map(Reply::finishReason).toList());
          if (contents) {
            span.setAttribute(OUTPUT, Contents.messages(said.messages()));
          }
          said.usage().ifPresent(usage -> count(usage, span, attributes));
          return result;
        });
  }

  private void count(TokenUsage usage, Span span, Attributes attributes) {
    long input = usage.promptTokens();
    long output = usage.newTokens();
    span.setAttribute(GenAi.INPUT_TOKENS, input).setAttribute(GenAi.OUTPUT_TOKENS, output);
    Attributes text = attributes.toBuilder().put(MODALITY, "text").build();
    inputTokens.add(input, text);
    outputTokens.add(output, text);
    inputs.record(input, attributes);
    outputs.record(output, attributes);
    if (former != null) {
      former.tokens(input, output, attributes, Context.current());
    }
  }

  /** Tells that the current call of a model has its first text. */
  void first(String model, double seconds) {
    Span.current().setAttribute(GenAi.FIRST_CHUNK, seconds);
    untilFirst.record(seconds, operation("chat", GenAi.REQUEST_MODEL, model));
  }

  /** Runs work within a span, which ends as the work does. */
  <T> T run(
      String name, Attributes attributes, @Nullable DoubleHistogram measure, Supplier<T> work) {
    Span span = span(name, attributes).startSpan();
    long begun = System.nanoTime();
    Attributes measured = attributes;
    try (Scope current = span.makeCurrent()) {
      return work.get();
    } catch (RuntimeException | Error e) {
      String type = e.getClass().getName();
      span.setStatus(StatusCode.ERROR).setAttribute(GenAi.ERROR, type);
      measured = attributes.toBuilder().put(GenAi.ERROR, type).build();
      throw e;
    } finally {
      double seconds = (System.nanoTime() - begun) / 1e9;
      Context context = Context.current().with(span);
      if (measure != null) {
        measure.record(seconds, measured, context);
      }
      if (former != null && measure == duration) {
        former.duration(seconds, measured, context);
      }
      span.end();
    }
  }
}
