package io.adapt4j.tools.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.Json;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.mcp.McpException.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The protocol's own reference server, where {@code .ci/mcp} put it. */
@Timeout(60)
class ReferenceServerTest {

  /** The program of the server. Without it the test is skipped. */
  private static Path program() {
    String folder = System.getProperty("adapt4j.mcp", System.getenv("ADAPT4J_MCP"));
    Path program =
        Path.of(
            String.valueOf(folder),
            "node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    assumeTrue(
        folder != null && Files.isRegularFile(program),
        "ADAPT4J_MCP: no folder with the npm package @modelcontextprotocol/server-everything;"
            + " .ci/mcp makes one and prints its name");
    return program;
  }

  private static Tool tool(McpClient client, String name) {
    return client.tools().stream()
        .filter(tool -> tool.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static String call(McpClient client, String name, Map<String, Object> arguments) {
    return tool(client, name).function().orElseThrow().call(arguments);
  }

  private static void assertWorks(McpClient client) throws IOException {
    client.ping();
    assertThat(tool(client, "get-sum").parameters().get("required")).isEqualTo(List.of("a", "b"));
    assertThat(call(client, "echo", Map.of("message", "Grüße"))).isEqualTo("Echo: Grüße");
    assertThat(call(client, "get-sum", Map.of("a", 2, "b", 3)))
        .isEqualTo("The sum of 2 and 3 is 5.");
    assertThat(call(client, "get-sum", Map.of("a", "two"))).startsWith("Error: ");
    String weather = call(client, "get-structured-content", Map.of("location", "Chicago"));
    assertThat(Json.parse(weather).path("conditions").isTextual()).isTrue();
    assertThat(call(client, "get-resource-links", Map.of("count", 2))).contains("://");
    assertThatThrownBy(() -> client.call("get-tiny-image", Map.of()))
        .isInstanceOfSatisfying(
            McpException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONTENT))
        .hasMessageContaining("get-tiny-image")
        .hasMessageContaining("image/png");
    assertThat(client.call("no-such-tool", Map.of())).startsWith("Error: ");
  }

  @Test
  void itsToolsWorkThroughItsProcess() throws IOException {
    McpClient.Builder settings =
        McpClient.command("everything", List.of("node", program().toString(), "stdio"))
            .environment("A_TOKEN", "secret-value");
    try (McpClient client = settings.connect()) {
      assertWorks(client);
      assertThat(call(client, "get-env", Map.of()))
          .contains("A_TOKEN", "PATH")
          .doesNotContain("ADAPT4J_MCP");
    }
  }

  @Test
  void itsToolsWorkOverHttp() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    ProcessBuilder builder = new ProcessBuilder("node", program().toString(), "streamableHttp");
    builder.environment().put("PORT", Integer.toString(port));
    Process process = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    try (BufferedReader said = process.errorReader()) {
      assertThat(said.lines().anyMatch(line -> line.contains("listening on port"))).isTrue();
      URI url = URI.create("http://127.0.0.1:" + port + "/mcp");
      try (McpClient client = McpClient.url("everything", url).connect()) {
        assertWorks(client);
      }
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aCallThatTakesTooLongIsGivenUp() {
    McpClient.Builder settings =
        McpClient.command("everything", List.of("node", program().toString(), "stdio"))
            .timeout(Duration.ofSeconds(5));
    try (McpClient client = settings.connect()) {
      assertThatThrownBy(
              () -> client.call("trigger-long-running-operation", Map.of("duration", 600)))
          .asInstanceOf(InstanceOfAssertFactories.type(McpException.class))
          .extracting(McpException::kind)
          .isEqualTo(Kind.TIMEOUT);
      client.ping();
    }
  }
}
