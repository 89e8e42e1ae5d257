package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallEmbedder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.mcp.McpClient;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The served models as tools of the Model Context Protocol. */
@Timeout(120)
class McpTest {

  private static final String KEY = "a-key";
  private static final String LIST = "{'jsonrpc':'2.0','id':1,'method':'tools/list'}";

  @TempDir private Path folder;

  /** Documents that know one sentence. */
  private static final class Handbook implements QuestionAnswering.Searchable {

    @Override
    public GroundedAnswer answer(
        List<ChatMessage> conversation, Consumer<String> onText, CancellationToken cancellation) {
      return new GroundedAnswer(
          "Within 30 days [1].",
          true,
          true,
          List.of(
              new GroundedAnswer.Citation(
                  1, "terms", "Terms", 0, 15, "Within 30 days.", 0.9, true, List.of())),
          List.of());
    }

    @Override
    public List<QuestionAnswering.Passage> search(String question) {
      return List.of(
          new QuestionAnswering.Passage("terms", "Terms", 0, 15, "Within 30 days.", 0.9));
    }
  }

  private TestServer all(TextEmbedder embedder) {
    return TestServer.start(
        s ->
            s.apiKey(KEY)
                .embedder("vectors", embedder)
                .reranker(
                    "ranker",
                    (query, texts) -> texts.stream().mapToDouble(String::length).toArray())
                .questionAnswering("handbook", new Handbook()));
  }

  private TextEmbedder embedder() throws IOException {
    return TextEmbedder.load(ModelSource.path(SmallEmbedder.write(folder)), Precision.FP32);
  }

  private static String alone(LanguageModel model) {
    return model
        .chat(
            List.of(ChatMessage.user("Tell me of Lily.")),
            GenerationOptions.greedy().toBuilder().maxNewTokens(20).build(),
            piece -> {})
        .text();
  }

  private static HttpResponse<String> post(TestServer server, String json, String... headers)
      throws Exception {
    HttpRequest.Builder request = server.request("/mcp", json);
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return server.send(request.build());
  }

  @Test
  void whatIsLoadedIsOfferedAndAnswersAsItsEndpointDoes() throws Exception {
    try (TextEmbedder embedder = embedder();
        TestServer server = all(embedder);
        McpClient client =
            McpClient.url("ours", server.uri("/mcp"))
                .header("Authorization", "Bearer " + KEY)
                .connect()) {
      assertThat(client.tools())
          .extracting(Tool::name)
          .containsExactly("generate", "ask", "search", "embed", "rerank");
      JsonNode generated =
          Json.parse(
              client.call(
                  "generate",
                  Map.of("prompt", "Tell me of Lily.", "max_tokens", 20, "temperature", 0)));
      assertThat(generated.path("text").asText()).isEqualTo(alone(server.languageModel()));
      assertThat(generated.path("finish_reason").asText()).isEqualTo("length");
      JsonNode asked = Json.parse(client.call("ask", Map.of("question", "When?")));
      assertThat(asked.at("/citations/0/text").asText()).isEqualTo("Within 30 days.");
      assertThat(asked.has("id")).isFalse();
      JsonNode found = Json.parse(client.call("search", Map.of("question", "When?")));
      assertThat(found.at("/passages/0/document_id").asText()).isEqualTo("terms");
      JsonNode vectors = Json.parse(client.call("embed", Map.of("texts", List.of("a", "b"))));
      assertThat(vectors.path("vectors")).hasSize(2);
      JsonNode ranked =
          Json.parse(
              client.call(
                  "rerank", Map.of("query", "a", "documents", List.of("aa", "aaaa"), "top_n", 1)));
      assertThat(ranked.at("/results/0/index").asInt()).isEqualTo(1);
      List<AccessRecord> log = server.log(5);
      assertThat(log)
          .anySatisfy(
              entry -> {
                assertThat(entry.path()).isEqualTo("/mcp");
                assertThat(entry.model()).contains("stories");
                assertThat(entry.newTokens()).isEqualTo(20);
              });
    }
  }

  @Test
  void aWrongArgumentIsAResultThatSaysSo() throws Exception {
    try (TestServer server = TestServer.start();
        McpClient client = McpClient.url("ours", server.uri("/mcp")).connect()) {
      assertThat(client.tools()).extracting(Tool::name).containsExactly("generate");
      assertThat(client.call("generate", Map.of())).startsWith("Error: prompt: expected");
      assertThat(client.call("generate", Map.of("prompt", "Hi", "model", "none")))
          .startsWith("Error: The model 'none' does not exist");
      assertThat(client.call("generate", Map.of("prompt", "Hi", "colour", "red")))
          .contains("colour");
      assertThat(client.call("generate", Map.of("prompt", "Hi", "max_tokens", 0)))
          .startsWith("Error: max_tokens: expected an integer from 1");
      assertThat(client.call("generate", Map.of("prompt", "word ".repeat(2_000))))
          .contains("maximum context length");
    }
  }

  @Test
  void theConversationBeforeThePromptCounts() throws Exception {
    try (TestServer server = TestServer.start();
        McpClient client = McpClient.url("ours", server.uri("/mcp")).connect()) {
      List<ChatMessage> talk =
          List.of(
              ChatMessage.system("Be brief."),
              ChatMessage.user("Who?"),
              ChatMessage.assistant("Lily."),
              ChatMessage.user("Why?"));
      String text =
          server
              .languageModel()
              .chat(talk, GenerationOptions.greedy().toBuilder().maxNewTokens(9).build());
      JsonNode generated =
          Json.parse(
              client.call(
                  "generate",
                  Map.of(
                      "system",
                      "Be brief.",
                      "messages",
                      List.of(
                          Map.of("role", "user", "content", "Who?"),
                          Map.of("role", "assistant", "content", "Lily.")),
                      "prompt",
                      "Why?",
                      "max_tokens",
                      9,
                      "temperature",
                      0)));
      assertThat(generated.path("text").asText()).isEqualTo(text);
    }
  }

  @Test
  void requestsAreGuardedAsThoseOfOtherEndpoints() throws Exception {
    try (TestServer server =
        TestServer.start(s -> s.apiKey(KEY).allowOrigin("https://example.org"))) {
      String key = "Bearer " + KEY;
      assertThat(post(server, LIST).statusCode()).isEqualTo(401);
      assertThat(post(server, LIST, "Authorization", key).statusCode()).isEqualTo(200);
      assertThat(
              post(server, LIST, "Authorization", key, "Origin", "https://evil.example")
                  .statusCode())
          .isEqualTo(403);
      for (String origin : List.of("https://example.org", server.server().address().toString())) {
        assertThat(post(server, LIST, "Authorization", key, "Origin", origin).statusCode())
            .isEqualTo(200);
      }
      assertThat(
              post(server, LIST, "Authorization", key, "MCP-Protocol-Version", "1.0").statusCode())
          .isEqualTo(400);
      HttpResponse<String> get =
          server.send(
              HttpRequest.newBuilder(server.uri("/mcp")).header("Authorization", key).build());
      assertThat(get.statusCode()).isEqualTo(405);
    }
  }

  @Test
  void messagesThatAreNoneAreRefused() throws Exception {
    try (TestServer server = TestServer.start()) {
      assertThat(post(server, "{").statusCode()).isEqualTo(400);
      assertThat(post(server, "[]").statusCode()).isEqualTo(400);
      assertThat(Json.parse(post(server, "{'id':1}").body()).at("/error/code").asInt())
          .isEqualTo(-32600);
      HttpResponse<String> taken =
          post(server, "{'jsonrpc':'2.0','method':'notifications/initialized'}");
      assertThat(taken.statusCode()).isEqualTo(202);
      assertThat(taken.body()).isEmpty();
      String unknown = "{'jsonrpc':'2.0','id':'x','method':'prompts/list'}";
      JsonNode answer = Json.parse(post(server, unknown).body());
      assertThat(answer.at("/error/code").asInt()).isEqualTo(-32601);
      assertThat(answer.path("id").asText()).isEqualTo("x");
      String old =
          "{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'protocolVersion':'%s'}}";
      assertThat(Json.parse(post(server, old.formatted("2025-06-18")).body()).toString())
          .contains("\"protocolVersion\":\"2025-06-18\"");
      assertThat(Json.parse(post(server, old.formatted("1999-01-01")).body()).toString())
          .contains("\"protocolVersion\":\"2025-11-25\"");
    }
  }

  @Test
  void aCallIsCancelledByItsSessionAlone() throws Exception {
    String call =
        "{'jsonrpc':'2.0','id':7,'method':'tools/call','params':{'name':'generate',"
            + "'arguments':{'prompt':'Hi','max_tokens':5}}}";
    String cancel = "{'jsonrpc':'2.0','method':'notifications/cancelled','params':{'requestId':7}}";
    try (TestServer server = TestServer.start();
        TestServer.Held held = server.hold()) {
      CompletableFuture<Integer> answer =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return post(server, call, "Mcp-Session-Id", "mine").statusCode();
                } catch (Exception e) {
                  return 0;
                }
              });
      for (int i = 0; i < 20; i++) {
        post(server, cancel, "Mcp-Session-Id", "other");
        Thread.sleep(50);
      }
      assertThat(answer).isNotDone();
      // A notification before the call has begun has no effect.
      while (!answer.isDone()) {
        post(server, cancel, "Mcp-Session-Id", "mine");
        Thread.sleep(50);
      }
      assertThat(answer.get()).isZero();
    }
  }

  @Test
  void streamsHaveMessagesAlone() throws Exception {
    try (LanguageModel model = TestServer.model()) {
      String call =
          "{'jsonrpc':'2.0','id':%d,'method':'tools/call','params':{'name':'generate','arguments':"
              + "{'prompt':'Tell me of Lily.','max_tokens':20,'temperature':0}}}\n";
      String in =
          "{'jsonrpc':'2.0','id':0,'method':'initialize','params':{'protocolVersion':'2025-11-25'}}\n"
              + "\n{'jsonrpc':'2.0','method':'notifications/initialized'}\nnothing\n"
              + call.formatted(1)
              + call.formatted(2)
              + "x".repeat(3_000)
              + "\n"
              + "{'jsonrpc':'2.0','id':3,'method':'ping'}";
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ModelServer.builder()
          .model("stories", model)
          .limits(ServerLimits.defaults().withBodyBytes(2_000))
          .serveTools(
              new ByteArrayInputStream(in.replace('\'', '"').getBytes(StandardCharsets.UTF_8)),
              out);
      List<JsonNode> answers =
          out.toString(StandardCharsets.UTF_8).lines().map(line -> Json.written(line)).toList();
      assertThat(answers).hasSize(6);
      assertThat(answers)
          .filteredOn(answer -> answer.has("error"))
          .extracting(answer -> answer.at("/error/code").asInt())
          .containsExactlyInAnyOrder(-32700, -32600);
      assertThat(answers)
          .filteredOn(answer -> List.of(1, 2).contains(answer.path("id").asInt()))
          .hasSize(2)
          .allSatisfy(
              answer ->
                  assertThat(answer.at("/result/structuredContent/text").asText())
                      .isEqualTo(alone(model)));
      assertThat(answers).anyMatch(answer -> answer.path("id").asInt() == 3);
    }
  }

  /** The folder with the protocol's own client. Without it the test is skipped. */
  private static Path client() {
    String folder = System.getProperty("adapt4j.mcp", System.getenv("ADAPT4J_MCP"));
    assumeTrue(
        folder != null
            && Files.isDirectory(Path.of(folder, "node_modules", "@modelcontextprotocol", "sdk")),
        "ADAPT4J_MCP: no folder with the npm package @modelcontextprotocol/sdk; .ci/mcp makes one"
            + " and prints its name");
    return Path.of(folder);
  }

  @Test
  void theProtocolsOwnClientUsesTheTools() throws Exception {
    Path client = client();
    try (TextEmbedder embedder = embedder();
        TestServer server = all(embedder)) {
      JsonNode found = run(client, "/mcp-client.mjs", server);
      assertThat(found.path("version").asText()).isEqualTo("adapt4j");
      assertThat(found.path("tools").toString())
          .isEqualTo("[\"generate\",\"ask\",\"search\",\"embed\",\"rerank\"]");
      assertThat(found.at("/generated/text").asText()).isEqualTo(alone(server.languageModel()));
      assertThat(found.at("/asked/answer").asText()).isEqualTo("Within 30 days [1].");
      assertThat(found.at("/searched/passages/0/title").asText()).isEqualTo("Terms");
      float[] vector = embedder.embed("a cat");
      assertThat((float) found.at("/vectors/0/0").doubleValue()).isEqualTo(vector[0]);
      assertThat(found.at("/vectors/0")).hasSize(vector.length);
      assertThat(found.at("/ranked/0/index").asInt()).isEqualTo(1);
      assertThat(found.at("/wrong/0").asBoolean()).isTrue();
      assertThat(found.at("/wrong/1").asText()).contains("'none' does not exist");
      assertThat(found.path("unknown").asInt()).isEqualTo(-32602);
    }
  }

  @Test
  void theProtocolsNewerClientNeedsNoSession() throws Exception {
    Path client = client();
    try (TestServer server = TestServer.start(s -> s.apiKey(KEY))) {
      JsonNode found = run(client, "/mcp-newer.mjs", server);
      assertThat(found.path("version").asText()).isEqualTo("2026-07-28");
      assertThat(found.path("tools").toString()).isEqualTo("[\"generate\"]");
      assertThat(found.at("/generated/text").asText()).isEqualTo(alone(server.languageModel()));
    }
  }

  @Test
  void aRequestWithoutSessionSaysTheSameInItsHeaders() throws Exception {
    String list =
        "{'jsonrpc':'2.0','id':1,'method':'%s','params':"
            + "{'_meta':{'io.modelcontextprotocol/protocolVersion':'%s'}}}";
    try (TestServer server = TestServer.start()) {
      String[] headers = {"MCP-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/list"};
      HttpResponse<String> listed =
          post(server, list.formatted("tools/list", "2026-07-28"), headers);
      assertThat(listed.statusCode()).isEqualTo(200);
      assertThat(Json.parse(listed.body()).at("/result/resultType").asText()).isEqualTo("complete");
      HttpResponse<String> other = post(server, list.formatted("ping", "2026-07-28"), headers);
      assertThat(other.statusCode()).isEqualTo(400);
      assertThat(Json.parse(other.body()).at("/error/code").asInt()).isEqualTo(-32020);
      HttpResponse<String> newer =
          post(
              server,
              list.formatted("tools/list", "2099-01-01"),
              "MCP-Protocol-Version",
              "2099-01-01",
              "Mcp-Method",
              "tools/list");
      assertThat(newer.statusCode()).isEqualTo(400);
      assertThat(Json.parse(newer.body()).at("/error/data/supported/0").asText())
          .isEqualTo("2026-07-28");
      HttpResponse<String> unknown =
          post(
              server,
              list.formatted("prompts/list", "2026-07-28"),
              "MCP-Protocol-Version",
              "2026-07-28",
              "Mcp-Method",
              "prompts/list");
      assertThat(unknown.statusCode()).isEqualTo(404);
    }
  }

  private static JsonNode run(Path client, String name, TestServer server)
      throws IOException, InterruptedException {
    String script =
        Files.readString(
            Path.of(Objects.requireNonNull(McpTest.class.getResource(name)).getPath()));
    // Where it lies decides where node looks for packages.
    Path copy = Files.createTempFile(client, "use", ".mjs");
    try {
      Files.writeString(copy, script);
      Process process =
          new ProcessBuilder("node", copy.toString(), server.uri("/mcp").toString(), KEY)
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
