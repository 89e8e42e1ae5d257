package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.SmallEmbedder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's own client for JavaScript asks the server, where {@code .ci/openai-client} put it. */
@Timeout(120)
class OpenAiClientTest {

  private static final String KEY = "a-key";

  @TempDir private Path folder;

  /** The folder with the client. Without it the test is skipped. */
  private static Path client() {
    String folder =
        System.getProperty("adapt4j.openai.client", System.getenv("ADAPT4J_OPENAI_CLIENT"));
    assumeTrue(
        folder != null && Files.isDirectory(Path.of(folder, "node_modules", "openai")),
        "ADAPT4J_OPENAI_CLIENT: no folder with the npm package openai; .ci/openai-client makes one"
            + " and prints its name");
    return Path.of(folder);
  }

  @Test
  void itGetsWhatTheModelAnswers() throws Exception {
    Path client = client();
    try (TextEmbedder embedder =
            TextEmbedder.load(ModelSource.path(SmallEmbedder.write(folder)), Precision.FP32);
        TestServer server = TestServer.start(s -> s.apiKey(KEY).embedder("vectors", embedder))) {
      JsonNode found = run(client, "/openai-client.mjs", server);
      Generation alone =
          server
              .languageModel()
              .chat(
                  List.of(ChatMessage.user("Tell me of Lily.")),
                  GenerationOptions.greedy().toBuilder().maxNewTokens(20).build(),
                  piece -> {});
      assertThat(found.path("chat").asText()).isNotEmpty().isEqualTo(alone.text());
      assertThat(found.path("streamed").asText()).isEqualTo(alone.text());
      assertThat(found.path("pieces").asInt()).isGreaterThan(5);
      assertThat(found.at("/usage/completion_tokens").asInt()).isEqualTo(20);
      assertThat(found.at("/usage/prompt_tokens").asInt()).isEqualTo(alone.promptTokens());
      assertThat(found.path("finish").asText()).isEqualTo("length");
      assertThat(found.path("choices").asInt()).isEqualTo(3);
      assertThat(found.path("tokens").asText()).isEqualTo(alone.text());
      assertThat(found.path("tops").asInt()).isEqualTo(2);
      assertResponses(found, alone);
      assertThat(found.path("completion").asText())
          .isEqualTo(
              server
                  .languageModel()
                  .generate(
                      "Once upon a time",
                      GenerationOptions.greedy().toBuilder().maxNewTokens(8).build()));
      float[] vector = embedder.embed("a cat");
      for (String form : List.of("base64", "float")) {
        assertThat(found.path(form)).hasSize(vector.length);
        for (int i = 0; i < vector.length; i++) {
          assertThat((float) found.path(form).get(i).doubleValue()).isEqualTo(vector[i]);
        }
      }
      assertThat(found.path("models").toString()).isEqualTo("[\"stories\",\"vectors\"]");
      assertThat(found.path("errors").toString())
          .isEqualTo(
              "[\"AuthenticationError 401 invalid_api_key\","
                  + "\"NotFoundError 404 model_not_found\","
                  + "\"BadRequestError 400 unsupported_parameter\","
                  + "\"BadRequestError 400 previous_response_not_found\","
                  + "\"BadRequestError 400 context_length_exceeded\","
                  + "\"BadRequestError 400 context_length_exceeded\"]");
    }
  }

  private static void assertResponses(JsonNode found, Generation alone) {
    for (String way : List.of("response", "responseDeltas", "responseFinal")) {
      assertThat(found.path(way).asText()).as(way).isEqualTo(alone.text());
    }
    assertThat(found.path("responseStatus").asText()).isEqualTo("incomplete max_output_tokens");
    assertThat(found.at("/responseUsage/input_tokens").asInt()).isEqualTo(alone.promptTokens());
    assertThat(found.at("/responseUsage/output_tokens").asInt()).isEqualTo(20);
    List<String> events = new ArrayList<>();
    found.path("responseEvents").forEach(type -> events.add(type.asText()));
    assertThat(events)
        .startsWith(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta")
        .endsWith(
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.incomplete");
  }

  @Test
  void itHasTheModelCallTools() throws Exception {
    Path client = client();
    try (TestServer server = TestServer.start(s -> s.apiKey(KEY))) {
      server.languageModel().useAnyChatTemplate(ChatTemplate.of(ToolCallsTest.TEMPLATE, Map.of()));
      JsonNode found = run(client, "/openai-tools.mjs", server);
      assertThat(found.path("finish").asText()).isEqualTo("tool_calls");
      assertThat(found.path("content").isNull()).isTrue();
      String arguments = found.at("/call/function/arguments").asText();
      assertThat(Json.parse(arguments).path("city").asText()).isIn("Rome", "Oslo");
      assertThat(found.path("streamedFinish").asText()).isEqualTo("tool_calls");
      assertThat(found.at("/streamedCall/function/name").asText()).isEqualTo("weather");
      assertThat(found.at("/streamedCall/function/arguments").asText()).isEqualTo(arguments);
      assertThat(found.path("deltas").asText()).isEqualTo(arguments);
      assertThat(found.path("ran")).hasSize(1);
      assertThat(found.path("last").asText()).isEqualTo("tool");
      assertThat(found.at("/shaped/city").asText()).isIn("Rome", "Oslo");
      assertThat(found.path("answered").asText()).isNotEmpty();
      assertCallInResponse(found);
      assertThat(found.at("/responseShaped/city").asText()).isIn("Rome", "Oslo");
      assertThat(found.path("responseAnswered").asText())
          .isEqualTo(found.path("answered").asText());
    }
  }

  @Test
  void itContinuesResponsesAndConversations() throws Exception {
    Path client = client();
    try (TestServer server = TestServer.start(s -> s.apiKey(KEY))) {
      JsonNode found = run(client, "/openai-conversations.mjs", server);
      String first = found.path("first").asText();
      String second =
          server
              .languageModel()
              .chat(
                  List.of(
                      ChatMessage.user("Hello"),
                      ChatMessage.assistant(first),
                      ChatMessage.user("Why?")),
                  GenerationOptions.greedy().toBuilder().maxNewTokens(12).build());
      assertThat(found.path("second").asText()).isNotEmpty().isEqualTo(second);
      assertThat(found.path("third").asText()).isEqualTo(second);
      assertThat(found.path("last").asText()).isEqualTo("response.incomplete");
      assertThat(found.path("same").booleanValue()).isTrue();
      assertThat(found.path("inputs"))
          .extracting(JsonNode::asText)
          .containsExactly("user: Hello", "assistant: " + first, "user: Why?");
      assertThat(found.path("items").toString())
          .isEqualTo("[\"assistant\",\"user\",\"assistant\",\"user\"]");
      assertThat(found.path("item").asText()).isEqualTo("Hello");
      assertThat(found.path("topic").asText()).isEqualTo("dogs");
      assertThat(found.path("left").asInt()).isEqualTo(3);
      assertThat(found.path("deleted").booleanValue()).isTrue();
      assertThat(found.path("errors").toString())
          .isEqualTo(
              "[\"NotFoundError 404 null\",\"NotFoundError 404 null\","
                  + "\"BadRequestError 400 previous_response_not_found\"]");
    }
  }

  private static void assertCallInResponse(JsonNode found) throws IOException {
    assertThat(found.path("responseStatus").asText()).isEqualTo("completed");
    String arguments = found.at("/responseCall/arguments").asText();
    assertThat(found.at("/responseCall/type").asText()).isEqualTo("function_call");
    assertThat(arguments).isEqualTo(found.at("/call/function/arguments").asText());
    assertThat(found.path("responseDeltas").asText()).isEqualTo(arguments);
    assertThat(found.path("responseSnapshot").asText()).isEqualTo(arguments);
    assertThat(found.path("responseParsed")).isEqualTo(Json.parse(arguments));
    List<String> events = new ArrayList<>();
    found.path("responseEvents").forEach(type -> events.add(type.asText()));
    assertThat(events)
        .startsWith(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.function_call_arguments.delta")
        .endsWith(
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.completed");
  }

  private static JsonNode run(Path client, String name, TestServer server)
      throws IOException, InterruptedException {
    String script =
        Files.readString(
            Path.of(Objects.requireNonNull(OpenAiClientTest.class.getResource(name)).getPath()));
    // Where it lies decides where node looks for packages.
    Path copy = Files.createTempFile(client, "ask", ".mjs");
    try {
      Files.writeString(copy, script);
      Process process =
          new ProcessBuilder("node", copy.toString(), server.uri("/v1").toString(), KEY)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(out).isZero();
      return Json.parse(out);
    } finally {
      Files.delete(copy);
    }
  }
}
