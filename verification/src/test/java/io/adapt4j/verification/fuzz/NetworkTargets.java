package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.FoldersInMemory;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.tools.mcp.McpClient;
import io.adapt4j.tools.mcp.McpException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Readers of what other servers answer. */
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
        mcpTools());
  }

  /** Answers of a server one after the other; notifications have one too. */
  private static FuzzTarget mcpTools() {
    Map<String, byte[]> answers = new LinkedHashMap<>();
    answers.put(
        "initialized",
        seed(
            """
            {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25",
             "capabilities":{"tools":{}},
             "serverInfo":{"name":"a","version":"1"}}}
            """));
    answers.put("notified", new byte[0]);
    answers.put(
        "listed",
        seed(
            """
            {"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"f","description":"d","inputSchema":
             {"type":"object","properties":{"a":{"type":"string"}}},"annotations":{}}]}}
            """));
    answers.put(
        "called",
        seed(
            """
            {"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"t"},
             {"type":"text","text":"u"}],"structuredContent":{"a":1},"isError":false}}
            """));
    Parts parts = new Parts(answers);
    return new FuzzTarget(
        "mcp-tools",
        parts::seeds,
        bytes -> {
          try (McpClient client =
              McpClient.url("a", URI.create(Answers.with(parts.with(bytes).values()).address()))
                  .timeout(Duration.ofSeconds(5))
                  .connect()) {
            client.tools();
            client.call("f", Map.of("a", "b"));
          } catch (McpException e) {
            // Every answer has come.
            if (e.kind() == McpException.Kind.TIMEOUT) {
              throw new AssertionError(e);
            }
            throw e;
          }
        });
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

  private static byte[] seed(String text) {
    return text.getBytes(UTF_8);
  }
}
