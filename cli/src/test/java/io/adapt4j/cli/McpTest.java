package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.tools.Tool;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.StringReader;
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

/** Models as tools, and tools of others for a model, on the command line. */
@Timeout(120)
class McpTest {

  private static final List<String> COMMAND =
      List.of(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-cp",
          System.getProperty("java.class.path"),
          Adapt4j.class.getName(),
          "mcp",
          CommandsTest.MODEL.toString(),
          "--chat-template",
          "chatml");

  @TempDir private Path folder;

  private record Run(CommandsTest.Result result, List<String> lines) {}

  /** Runs a command whose messages go around the writer of results. */
  private static Run run(String input, Object... arguments) {
    InputStream in = System.in;
    PrintStream out = System.out;
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
    try {
      CommandsTest.Result result = CommandsTest.execute(arguments);
      return new Run(result, written.toString(StandardCharsets.UTF_8).lines().toList());
    } finally {
      System.setIn(in);
      System.setOut(out);
    }
  }

  @Test
  void standardOutputHasMessagesAlone() {
    Run run =
        run(
            """
            {"jsonrpc":"2.0","id":1,"method":"tools/list"}
            {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"generate",\
            "arguments":{"prompt":"Hello","max_tokens":5,"temperature":0}}}
            {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"generate",\
            "arguments":{"prompt":"Hello","max_tokens":7}}}
            """,
            "mcp",
            CommandsTest.MODEL,
            "--chat-template",
            "chatml",
            "--max-new-tokens",
            "6");
    assertThat(run.result().code()).as(run.result().err()).isEqualTo(ExitCode.OK);
    assertThat(run.result().out()).isEmpty();
    assertThat(run.lines()).hasSize(3);
    List<JsonNode> answers =
        run.lines().stream()
            .map(Output::parsed)
            .sorted((a, b) -> a.path("id").asInt() - b.path("id").asInt())
            .toList();
    assertThat(answers.get(0).at("/result/tools/0/name").asText()).isEqualTo("generate");
    assertThat(answers.get(0).at("/result/tools/0/inputSchema/properties/model/enum/0").asText())
        .isEqualTo("stories260K");
    assertThat(answers.get(1).at("/result/structuredContent/usage/completion_tokens").asInt())
        .isEqualTo(5);
    assertThat(answers.get(2).at("/result/content/0/text").asText()).contains("1 to 6, found 7");
  }

  @Test
  void aModelTalksBesideTheToolsOfAFile() throws IOException {
    Path file = folder.resolve("mcp.json");
    Map<String, Object> server =
        Map.of(
            "command",
            COMMAND.get(0),
            "args",
            List.of("-cp", System.getProperty("java.class.path"), SmallMcpServer.class.getName()));
    Files.writeString(file, Output.tree(Map.of("mcpServers", Map.of("small", server))).toString());
    Path saved = folder.resolve("saved.jsonl");
    Run run =
        run(
            "Hello\n/save " + saved + "\n",
            "chat",
            CommandsTest.MODEL,
            "--any-chat-template",
            "--chat-template",
            "chatml",
            "--max-new-tokens",
            "5",
            "--mcp",
            file);
    assertThat(run.result().code()).as(run.result().err()).isEqualTo(ExitCode.OK);
    assertThat(run.result().out().strip()).isNotEmpty();
    JsonNode messages = Output.parsed(Files.readString(saved)).path("messages");
    assertThat(messages).hasSize(2);
    assertThat(messages.at("/1/role").asText()).isEqualTo("assistant");
  }

  @Test
  void aCallIsAskedForUnlessAllAreAllowed() {
    Tool tool = Tool.of("act", "", Map.of(), arguments -> "done");
    List<String> said = new ArrayList<>();
    BufferedReader in = new BufferedReader(new StringReader("y\nno\n"));
    List<String> results = new ArrayList<>();
    try (CalledTools.Opened asks = new CalledTools.Opened(null, false, in, said::add)) {
      for (int i = 0; i < 3; i++) {
        results.add(asks.asked(tool).function().orElseThrow().call(Map.of("a", 1)));
      }
    }
    assertThat(results.get(0)).isEqualTo("done");
    assertThat(results.subList(1, 3)).allMatch(result -> result.contains("does not allow"));
    assertThat(said).hasSize(3).containsOnly("Call act {\"a\":1}? [y/N] ");
    try (CalledTools.Opened all = new CalledTools.Opened(null, true, in, said::add)) {
      assertThat(all.asked(tool).function().orElseThrow().call(Map.of())).isEqualTo("done");
    }
  }

  @Test
  void optionsThatNeedAFileSaySo() {
    CommandsTest.Result result = CommandsTest.execute("chat", CommandsTest.MODEL, "--allow-calls");
    assertThat(result.code()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains("--allow-calls: expected --mcp");
  }

  @Test
  void theProtocolsOwnClientStartsTheCommand() throws Exception {
    String modules = System.getProperty("adapt4j.mcp", System.getenv("ADAPT4J_MCP"));
    assumeTrue(
        modules != null
            && Files.isDirectory(Path.of(modules, "node_modules", "@modelcontextprotocol", "sdk")),
        "ADAPT4J_MCP: no folder with the npm package @modelcontextprotocol/sdk; .ci/mcp makes one"
            + " and prints its name");
    // Where the script lies decides where node looks for packages.
    Path script = Files.createTempFile(Path.of(modules), "start", ".mjs");
    try (InputStream in =
        Objects.requireNonNull(McpTest.class.getResourceAsStream("/mcp-stdio.mjs"))) {
      Files.write(script, in.readAllBytes());
      List<String> command = new ArrayList<>(List.of("node", script.toString()));
      command.addAll(COMMAND);
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(out).isZero();
      JsonNode found = Output.parsed(out);
      assertThat(found.path("tools").toString()).isEqualTo("[\"generate\"]");
      assertThat(found.at("/generated/usage/completion_tokens").asInt()).isEqualTo(9);
      assertThat(found.at("/generated/text").asText()).isNotEmpty();
    } finally {
      Files.delete(script);
    }
  }
}
