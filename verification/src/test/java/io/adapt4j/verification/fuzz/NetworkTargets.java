package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.FoldersInMemory;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.text.OpenAiCompatible;
import io.adapt4j.rag.embed.OpenAiEmbeddings;
import io.adapt4j.serve.GroundedAnswer;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.ServerLimits;
import io.adapt4j.tools.mcp.McpClient;
import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Readers of what comes over the network: answers of other servers, requests to ours. */
final class NetworkTargets {

  private static final List<ChatMessage> QUESTION = List.of(ChatMessage.user("Hello"));
  private static final String STREAM =
      """
      data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}

      data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

      data: [DONE]

      """;

  private NetworkTargets() {}

  static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "hub-answer",
            () ->
                List.of(
                    seed(
                        """
                    {"id":"a/b","sha":"0123456789012345678901234567890123456789","siblings":[]}
                    """)),
            NetworkTargets::download),
        new FuzzTarget(
            "openai-answer",
            () ->
                List.of(
                    seed(
                        """
                    {"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},
                     "finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}
                    """)),
            bytes -> Answers.with(bytes).client().generate(QUESTION, GenerationOptions.defaults())),
        new FuzzTarget(
            "openai-stream",
            () -> List.of(seed(STREAM)),
            bytes ->
                Answers.with(bytes).client().stream(
                    QUESTION, GenerationOptions.defaults(), text -> {})),
        new FuzzTarget(
            "embedding-answer",
            () ->
                List.of(
                    seed(
                        """
                        {"object":"list","data":[{"object":"embedding","index":0,
                         "embedding":[0.6,0.8]}],"usage":{"prompt_tokens":1,"total_tokens":1}}
                        """)),
            bytes -> Answers.with(bytes).embeddings().query("Hello")),
        new FuzzTarget(
            "mcp-answer",
            () ->
                List.of(
                    seed(
                        """
                        {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25",
                         "capabilities":{"tools":{}},"serverInfo":{"name":"a","version":"1"}}}
                        """)),
            bytes ->
                McpClient.url("a", URI.create(Answers.with(bytes).address()))
                    .timeout(Duration.ofSeconds(5))
                    .connect()
                    .close()),
        requests(
            "/v1/chat/completions",
            """
            {"model":"stories","messages":[{"role":"user","content":"Hi"}],"max_tokens":2,
             "temperature":0.5,"top_p":0.9,"stop":["x"],"seed":1,"n":1,"logprobs":true,
             "top_logprobs":2,"tools":[{"type":"function","function":{"name":"f",
             "parameters":{"type":"object"}}}],"tool_choice":"none"}
            """),
        requests(
            "/v1/completions",
            """
            {"model":"stories","prompt":["Once","Lily"],"max_tokens":2,"echo":true,"n":1}
            """),
        requests(
            "/v1/responses",
            """
            {"model":"stories","input":[{"role":"user","content":[{"type":"input_text",
             "text":"Hi"}]}],"max_output_tokens":2,"text":{"format":{"type":"text"}}}
            """),
        requests(
            "/v1/embeddings",
            """
            {"model":"embedder","input":["a","b"],"encoding_format":"base64","dimensions":8}
            """),
        requests(
            "/v1/rerank",
            """
            {"model":"reranker","query":"a","documents":["b",{"text":"c"}],"top_n":1,
             "return_documents":true}
            """),
        requests(
            "/v1/rag/ask",
            """
            {"model":"documents","question":"a","stream":false}
            """),
        requests(
            "/mcp",
            """
            {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"generate",
             "arguments":{"prompt":"Hi","max_tokens":2,"messages":[{"role":"user","content":"a"}],
             "temperature":0.5,"model":"stories"}}}
            """));
  }

  private static void download(byte[] bytes) throws IOException {
    Path cache = FoldersInMemory.create("fuzz-hub");
    try {
      Hub.builder()
          .endpoint(Answers.with(bytes).address())
          .anonymous()
          .cache(cache)
          .retries(0)
          .readTimeout(Duration.ofSeconds(5))
          .build()
          .download("a/b");
    } finally {
      MoreFiles.deleteRecursively(cache, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  private static FuzzTarget requests(String path, String seed) {
    return new FuzzTarget(
        "request" + path.replace('/', '-'),
        () -> List.of(seed(seed)),
        bytes -> {
          HttpResponse<String> response = Served.post(path, bytes);
          if (response.statusCode() >= 500) {
            throw new AssertionError(response.statusCode() + ": " + response.body());
          }
          boolean stream =
              response.headers().firstValue("content-type").orElse("").contains("event-stream");
          if (!stream) {
            Json.parseStrictly(response.body());
          }
        });
  }

  private static byte[] seed(String text) {
    return text.getBytes(UTF_8);
  }

  /** A server of answers that say whatever they were told to. */
  private static final class Answers {

    private static final Answers SHARED = new Answers();

    private final HttpServer server;
    private volatile byte[] body = {};

    private Answers() {
      // Otherwise each answer waits 40 ms for the client's acknowledgment.
      System.setProperty("sun.net.httpserver.nodelay", "true");
      try {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      server.createContext(
          "/",
          exchange -> {
            byte[] bytes = body;
            exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
          });
      server.start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(0)));
    }

    static Answers with(byte[] body) {
      SHARED.body = body;
      return SHARED;
    }

    String address() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    OpenAiCompatible client() {
      return OpenAiCompatible.at(URI.create(address() + "/v1"))
          .model("m")
          .retries(0)
          .timeout(Duration.ofSeconds(5))
          .build();
    }

    OpenAiEmbeddings embeddings() {
      return OpenAiEmbeddings.at(URI.create(address() + "/v1"))
          .model("m")
          .dimension(2)
          .retries(0)
          .timeout(Duration.ofSeconds(5))
          .build();
    }
  }

  /** Our server with the stories model of the examples. */
  private static final class Served {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final ModelServer SERVER = start();

    private Served() {}

    private static ModelServer start() {
      ModelSource stories = ModelSource.path(ExampleFiles.example("models/stories260K"));
      LanguageModel model = LanguageModel.load(stories, Precision.FP32);
      TextEmbedder embedder = TextEmbedder.load(stories, Precision.FP32);
      model.useChatTemplate(ChatTemplate.named("chatml"));
      ModelServer server =
          ModelServer.builder()
              .model("stories", model)
              .embedder("embedder", embedder)
              .reranker(
                  "reranker",
                  (query, documents) -> documents.stream().mapToDouble(String::length).toArray())
              .questionAnswering(
                  "documents",
                  (conversation, onText, cancellation) ->
                      new GroundedAnswer("None.", false, true, List.of(), List.of()))
              .limits(ServerLimits.defaults().withNewTokens(4))
              .start();
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    server.close();
                    embedder.close();
                    model.close();
                  }));
      return server;
    }

    static HttpResponse<String> post(String path, byte[] bytes) throws Exception {
      return CLIENT.send(
          HttpRequest.newBuilder(SERVER.address().resolve(path))
              .header("Content-Type", "application/json")
              .timeout(Duration.ofSeconds(20))
              .POST(HttpRequest.BodyPublishers.ofByteArray(bytes))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }
}
