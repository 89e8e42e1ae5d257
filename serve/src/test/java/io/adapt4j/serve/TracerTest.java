package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.rag.trace.Stage;
import io.adapt4j.rag.trace.Trace;
import io.adapt4j.serve.telemetry.GenAiTracer;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolChat;
import io.adapt4j.tools.ToolChoice;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryLogRecordExporter;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What runs in this process as spans, metrics and events of OpenTelemetry. */
class TracerTest {

  private static final List<ChatMessage> ASKED = List.of(ChatMessage.user("Is it warm in Rome?"));
  private static final GenerationOptions SHORT =
      GenerationOptions.builder()
          .temperature(0)
          .maxNewTokens(120)
          .ignoreContextLength(true)
          .build();
  private static final TextGenerator WRITER =
      (messages, options) ->
          new GeneratedText(
              "warm",
              io.adapt4j.core.generate.FinishReason.STOP,
              Optional.of(new TokenUsage(7, 2)),
              false);

  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
  private final InMemoryLogRecordExporter events = InMemoryLogRecordExporter.create();
  private final GenAiTracer tracer =
      GenAiTracer.of(
          OpenTelemetrySdk.builder()
              .setTracerProvider(
                  SdkTracerProvider.builder()
                      .addSpanProcessor(SimpleSpanProcessor.create(spans))
                      .build())
              .setMeterProvider(SdkMeterProvider.builder().registerMetricReader(metrics).build())
              .setLoggerProvider(
                  SdkLoggerProvider.builder()
                      .addLogRecordProcessor(SimpleLogRecordProcessor.create(events))
                      .build())
              .build());

  private Map<String, SpanData> spans() {
    return spans.getFinishedSpanItems().stream()
        .collect(Collectors.toMap(SpanData::getName, Function.identity(), (one, other) -> one));
  }

  private static Object attribute(SpanData span, String name) {
    return span.getAttributes().asMap().entrySet().stream()
        .filter(entry -> entry.getKey().getKey().equals(name))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }

  /** Answers as a Rag does: it generates, and then tells its listener the stages. */
  private static void ask(GenAiTracer to) {
    to.workflow(
        "support",
        () -> {
          to.generator("writer", WRITER).stream(ASKED, SHORT, text -> {});
          Stage search = new Stage("search", Duration.ofMillis(30), Map.of("doc#1", 0.5), "");
          Stage written = new Stage("generate", Duration.ofMillis(50), Map.of(), "");
          to.retrievals()
              .answered(
                  new Trace(
                      "Is it warm?", List.of(search, written), ASKED, 7, Optional.empty(), true));
          return "";
        });
  }

  @Test
  void retrievalAndGenerationAreBelowTheAnswer() {
    ask(tracer);
    Map<String, SpanData> found = spans();
    assertThat(found).containsOnlyKeys("invoke_workflow support", "retrieval", "chat writer");
    SpanData root = found.get("invoke_workflow support");
    SpanData retrieval = found.get("retrieval");
    SpanData chat = found.get("chat writer");
    assertThat(List.of(retrieval, chat))
        .allSatisfy(span -> assertThat(span.getParentSpanId()).isEqualTo(root.getSpanId()));
    assertThat(retrieval.getEndEpochNanos() - retrieval.getStartEpochNanos())
        .isBetween(29_000_000L, 31_000_000L);
    assertThat(attribute(retrieval, "gen_ai.operation.name")).isEqualTo("retrieval");
    assertThat(attribute(chat, "gen_ai.usage.output_tokens")).isEqualTo(2L);
    assertThat(attribute(chat, "gen_ai.response.time_to_first_chunk")).isInstanceOf(Double.class);
    assertThat(metrics.collectAllMetrics())
        .extracting(MetricData::getName)
        .containsExactlyInAnyOrder(
            "gen_ai.client.inference.duration",
            "gen_ai.client.inference.time_to_first_chunk",
            "gen_ai.client.inference.usage.input_tokens",
            "gen_ai.client.inference.usage.output_tokens",
            "gen_ai.client.inference.operation.input_tokens",
            "gen_ai.client.inference.operation.output_tokens",
            "gen_ai.retrieval.duration");
  }

  @Test
  void contentsAreExportedOnlyWhereWanted() {
    ask(tracer);
    assertThat(spans.getFinishedSpanItems().toString()).doesNotContain("warm", "Rome", "doc#1");
    spans.reset();
    ask(tracer.withContents());
    assertThat(attribute(spans().get("chat writer"), "gen_ai.output.messages").toString())
        .contains("\"assistant\"", "\"type\":\"text\"", "\"content\":\"warm\"");
    assertThat(attribute(spans().get("chat writer"), "gen_ai.input.messages").toString())
        .contains("Is it warm in Rome?");
    assertThat(attribute(spans().get("retrieval"), "gen_ai.retrieval.documents").toString())
        .contains("\"id\":\"doc#1\"", "0.5");
  }

  @Test
  void formerNamesAreAdded() {
    ask(tracer.withFormerNames());
    assertThat(attribute(spans().get("chat writer"), "gen_ai.system")).isEqualTo("adapt4j");
    assertThat(metrics.collectAllMetrics())
        .extracting(MetricData::getName)
        .contains("gen_ai.client.operation.duration", "gen_ai.client.token.usage");
  }

  @Test
  void anAgentsAnswersAndToolsAreBelowIt() {
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(Path.of("../examples/models/stories260K")))) {
      model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
      Tool clock =
          Tool.of("clock", "The time.", Map.of("type", "object", "properties", Map.of()))
              .with(
                  arguments -> {
                    throw new IllegalStateException("broken");
                  });
      ToolChat chat =
          ToolChat.of(model).tools(clock).choice(ToolChoice.required()).parallelToolCalls(false);
      tracer.agent("helper", "stories", chat).run(ASKED, SHORT, 2);
      tracer.generate("stories", () -> model.generate("Once", SHORT, text -> {}));
    }
    Map<String, SpanData> found = spans();
    SpanData agent = found.get("invoke_agent helper");
    SpanData tool = found.get("execute_tool clock");
    assertThat(tool.getParentSpanId()).isEqualTo(agent.getSpanId());
    assertThat(tool.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    assertThat(attribute(tool, "error.type")).isEqualTo(IllegalStateException.class.getName());
    assertThat(attribute(tool, "gen_ai.tool.call.id")).isNotNull();
    assertThat(spans.getFinishedSpanItems())
        .filteredOn(span -> span.getName().equals("chat stories"))
        .extracting(SpanData::getParentSpanId)
        .containsExactly(agent.getSpanId(), agent.getSpanId(), "0000000000000000");
    assertThat(metrics.collectAllMetrics())
        .extracting(MetricData::getName)
        .contains("gen_ai.execute_tool.duration", "gen_ai.invoke_agent.duration");
  }

  @Test
  void aFailureOfAGeneratorIsAnError() {
    TextGenerator failing =
        tracer.generator(
            "remote",
            (messages, options) -> {
              throw new IllegalStateException("down");
            });
    assertThatThrownBy(() -> failing.generate("Hi", SHORT)).hasMessage("down");
    assertThat(spans().get("chat remote").getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
  }

  @Test
  void resultsOfAnEvaluationAreEvents() {
    Outcome outcome =
        new Outcome("q1", "?", "a", "a", Map.of("acc", 1.0), OptionalDouble.empty(), Map.of());
    TaskResult result =
        new TaskResult(
            "faq",
            false,
            List.of(TaskMetric.mean("acc")),
            Map.of("acc", new ConfidenceInterval(0.75, 0.5, 0.9, 0.95)),
            List.of(outcome));
    tracer.evaluated(
        new EvaluationReport("support@3", "id", List.of(result), Cost.NONE),
        item -> Optional.of("chatcmpl-" + item.id()));
    List<LogRecordData> found = events.getFinishedLogRecordItems();
    assertThat(found)
        .hasSize(2)
        .allSatisfy(
            event ->
                assertThat(
                        event.getAttributes().get(AttributeKey.stringKey("gen_ai.evaluation.name")))
                    .isEqualTo("faq.acc"));
    assertThat(
            found
                .get(0)
                .getAttributes()
                .get(AttributeKey.doubleKey("gen_ai.evaluation.score.value")))
        .isEqualTo(0.75);
    assertThat(found.get(1).getAttributes().asMap())
        .containsEntry(AttributeKey.stringKey("gen_ai.response.id"), "chatcmpl-q1")
        .containsEntry(AttributeKey.stringKey("gen_ai.evaluation.score.label"), "pass");
    assertThat(found.get(1).toString()).contains("gen_ai.evaluation.result");
  }
}
