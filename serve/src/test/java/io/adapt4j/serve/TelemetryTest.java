package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.document.Document;
import io.adapt4j.serve.rag.RagAnswers;
import io.adapt4j.serve.telemetry.GenAiTelemetry;
import io.adapt4j.serve.telemetry.GenAiTracer;
import io.adapt4j.serve.version.VersionedModel.Version;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolChat;
import io.adapt4j.tools.ToolChoice;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Served requests as spans and metrics of OpenTelemetry. */
class TelemetryTest {

  private static final String CHAT = "/v1/chat/completions";
  private static final String QUESTION =
      "{'model': 'stories', 'max_tokens': 8, 'messages': [{'role': 'user', 'content': 'secret'}]}";
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String CALLER = "b7ad6b7169203331";

  private static final GenerationOptions SHORT =
      GenerationOptions.builder()
          .temperature(0)
          .maxNewTokens(120)
          .ignoreContextLength(true)
          .build();

  @TempDir private Path folder;

  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
  private final OpenTelemetry sdk =
      OpenTelemetrySdk.builder()
          .setTracerProvider(
              SdkTracerProvider.builder()
                  .addSpanProcessor(SimpleSpanProcessor.create(spans))
                  .build())
          .setMeterProvider(SdkMeterProvider.builder().registerMetricReader(metrics).build())
          .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
          .build();

  private TestServer start(Function<OpenTelemetry, GenAiTelemetry> exporter) {
    return start(exporter, settings -> settings);
  }

  private TestServer start(
      Function<OpenTelemetry, GenAiTelemetry> exporter,
      UnaryOperator<ModelServer.Builder> settings) {
    return TestServer.start(
        server -> settings.apply(server).logContents().telemetry(exporter.apply(sdk)));
  }

  /** Telemetry of a request follows its record in the access log. */
  private SpanData span() throws InterruptedException {
    return spans(1).get(0);
  }

  private List<SpanData> spans(int number) throws InterruptedException {
    long end = System.nanoTime() + 20_000_000_000L;
    while (spans.getFinishedSpanItems().size() < number && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    return spans.getFinishedSpanItems();
  }

  private Map<String, MetricData> metrics() {
    return metrics.collectAllMetrics().stream()
        .collect(Collectors.toMap(MetricData::getName, Function.identity()));
  }

  private static HistogramPointData point(MetricData metric) {
    return metric.getHistogramData().getPoints().iterator().next();
  }

  @Test
  void anAnswerIsASpanBelowThatOfItsCaller() throws Exception {
    try (TestServer server = start(GenAiTelemetry::of)) {
      server.send(
          server
              .request(CHAT, QUESTION)
              .header("traceparent", "00-" + TRACE + "-" + CALLER + "-01")
              .build());
      SpanData span = span();
      assertThat(span.getName()).isEqualTo("chat stories");
      assertThat(span.getKind()).isEqualTo(SpanKind.INTERNAL);
      assertThat(span.getTraceId()).isEqualTo(TRACE);
      assertThat(span.getParentSpanId()).isEqualTo(CALLER);
      assertThat(span.getEndEpochNanos()).isGreaterThan(span.getStartEpochNanos());
      AccessRecord logged = server.log(1).get(0);
      assertThat(span.getAttributes().asMap())
          .containsEntry(AttributeKey.stringKey("gen_ai.operation.name"), "chat")
          .containsEntry(AttributeKey.stringKey("gen_ai.provider.name"), "adapt4j")
          .containsEntry(AttributeKey.stringKey("gen_ai.request.model"), "stories")
          .containsEntry(
              AttributeKey.longKey("gen_ai.usage.input_tokens"), (long) logged.promptTokens())
          .containsEntry(
              AttributeKey.longKey("gen_ai.usage.output_tokens"), (long) logged.newTokens());
    }
  }

  @Test
  void theModelOfTheAnswerIsItsVersion() throws Exception {
    try (LanguageModel model = TestServer.model();
        TestServer server =
            start(
                GenAiTelemetry::of,
                to -> to.model("support", key -> new Version(model, "support@3", () -> {})))) {
      server.post(CHAT, QUESTION.replace("stories", "support"));
      assertThat(span().getAttributes().asMap())
          .containsEntry(AttributeKey.stringKey("gen_ai.request.model"), "support")
          .containsEntry(AttributeKey.stringKey("gen_ai.response.model"), "support@3");
    }
  }

  @Test
  void noContentIsExportedEvenIfItIsLogged() throws Exception {
    try (TestServer server = start(GenAiTelemetry::withFormerNames)) {
      server.post(CHAT, QUESTION);
      assertThat(span().getAttributes().toString()).doesNotContain("secret");
      assertThat(span().getEvents()).isEmpty();
    }
  }

  @Test
  void aStreamHasTheTimesOfItsTokens() throws Exception {
    try (TestServer server = start(GenAiTelemetry::of)) {
      server.events(CHAT, QUESTION.replace("'max_tokens'", "'stream': true, 'max_tokens'"));
      span();
      Map<String, MetricData> found = metrics();
      assertThat(found)
          .containsOnlyKeys(
              "gen_ai.server.request.duration",
              "gen_ai.server.time_to_first_token",
              "gen_ai.server.time_per_output_token");
      double all = point(found.get("gen_ai.server.request.duration")).getSum();
      double first = point(found.get("gen_ai.server.time_to_first_token")).getSum();
      double each = point(found.get("gen_ai.server.time_per_output_token")).getSum();
      int tokens = server.log(1).get(0).newTokens();
      assertThat(first).isBetween(0.0, all);
      assertThat(first + each * (tokens - 1)).isBetween(all * 0.999, all * 1.001);
      assertThat(found.get("gen_ai.server.request.duration").getUnit()).isEqualTo("s");
    }
  }

  @Test
  void formerNamesAreExportedWhereWanted() throws Exception {
    try (TestServer server = start(GenAiTelemetry::withFormerNames)) {
      server.post(CHAT, QUESTION);
      span();
      Map<String, MetricData> found = metrics();
      assertThat(found)
          .containsKeys("gen_ai.client.operation.duration", "gen_ai.client.token.usage");
      assertThat(found.get("gen_ai.client.token.usage").getHistogramData().getPoints())
          .extracting(
              point -> point.getAttributes().get(AttributeKey.stringKey("gen_ai.token.type")))
          .containsExactlyInAnyOrder("input", "output");
    }
  }

  @Test
  void aRefusedRequestIsAnError() throws Exception {
    try (TestServer server = start(GenAiTelemetry::of)) {
      server.post(CHAT, QUESTION.replace("stories", "other"));
      SpanData span = span();
      assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
      assertThat(span.getAttributes().get(AttributeKey.stringKey("error.type"))).isEqualTo("404");
      assertThat(span.getName()).isEqualTo("chat");
    }
  }

  @Test
  void requestsThatConcernNoModelAreLeftOut() throws Exception {
    try (TestServer server = start(GenAiTelemetry::of)) {
      server.get("/health");
      server.post(CHAT, QUESTION);
      span();
      assertThat(spans.getFinishedSpanItems()).hasSize(1);
    }
  }

  @Test
  void retrievalGenerationAndToolsAreBelowTheRequestThatAsks() throws Exception {
    GenAiTracer tracer = GenAiTracer.of(sdk);
    TextGenerator writer = (messages, options) -> GeneratedText.of("Within 30 days [1].");
    Tool clock =
        Tool.of("clock", "The time.", Map.of("type", "object", "properties", Map.of()))
            .with(arguments -> "noon");
    try (LanguageModel model = TestServer.model();
        Rag rag =
            Rag.builder()
                .index(folder.resolve("index"))
                .embeddings(new AskTest.Letters())
                .generator(tracer.generator("writer", writer), TokenBudget.estimated(4096))
                .listener(tracer.retrievals())
                .build()) {
      rag.add(List.of(Document.of("returns", "Goods may be returned within 30 days.")));
      ToolChat chat =
          tracer.agent(
              "helper",
              "stories",
              ToolChat.of(model)
                  .tools(clock)
                  .choice(ToolChoice.required())
                  .parallelToolCalls(false));
      RagAnswers answers = new RagAnswers(rag);
      QuestionAnswering withTools =
          (conversation, onText, cancellation) -> {
            chat.run(conversation, SHORT, 2);
            return answers.answer(conversation, onText, cancellation);
          };
      try (TestServer server =
          start(GenAiTelemetry::of, to -> to.questionAnswering("help", withTools))) {
        server.send(
            server
                .request(
                    "/v1/rag/ask", "{'model': 'help', 'question': 'When may goods be returned?'}")
                .header("traceparent", "00-" + TRACE + "-" + CALLER + "-01")
                .build());
        Map<String, SpanData> found =
            spans(7).stream()
                .collect(Collectors.toMap(SpanData::getName, Function.identity(), (a, b) -> a));
        assertThat(found)
            .containsOnlyKeys(
                "invoke_workflow help",
                "invoke_agent helper",
                "chat stories",
                "execute_tool clock",
                "retrieval",
                "chat writer");
        assertThat(found.values()).allMatch(span -> span.getTraceId().equals(TRACE));
        SpanData request = found.get("invoke_workflow help");
        assertThat(request.getParentSpanId()).isEqualTo(CALLER);
        assertThat(List.of("retrieval", "chat writer", "invoke_agent helper"))
            .allSatisfy(
                name ->
                    assertThat(found.get(name).getParentSpanId()).isEqualTo(request.getSpanId()));
        assertThat(found.get("execute_tool clock").getParentSpanId())
            .isEqualTo(found.get("invoke_agent helper").getSpanId());
        assertThat(request.getStartEpochNanos())
            .isLessThanOrEqualTo(found.get("invoke_agent helper").getStartEpochNanos());
      }
    }
  }
}
