package io.adapt4j.tools.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Throwables;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolChat;
import io.adapt4j.tools.ToolChoice;
import io.adapt4j.tools.ToolRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that name servers. */
@Timeout(120)
class McpServersTest {

  @TempDir private Path folder;

  private Path file(String json) throws IOException {
    Path file = folder.resolve("mcp.json");
    Files.writeString(file, json.replace('\'', '"'));
    return file;
  }

  private Path serversNamed(String... names) throws IOException {
    Map<String, Object> servers = new LinkedHashMap<>();
    for (String name : names) {
      servers.put(
          name,
          Map.of(
              "type",
              "stdio",
              "command",
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "args",
              List.of(
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  HostileServer.class.getName(),
                  "none"),
              "env",
              Map.of("A_TOKEN", "of ${PATH}")));
    }
    servers.put("off", Map.of("command", "no-such-program", "disabled", true));
    Path file = folder.resolve("mcp.json");
    new ObjectMapper().writeValue(file.toFile(), Map.of("mcpServers", servers));
    return file;
  }

  @Test
  void aModelCallsTheToolsOfServers() throws IOException {
    try (McpServers servers = McpServers.open(serversNamed("files", "more"));
        LanguageModel model =
            LanguageModel.load(
                ModelSource.path(Path.of("../examples/models/stories260K")), Precision.FP32)) {
      assertThat(servers.clients()).extracting(McpClient::name).containsExactly("files", "more");
      assertThat(servers.tools()).extracting(Tool::name).containsExactly("files_act", "more_act");
      model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
      ToolRun run =
          ToolChat.of(model)
              .tools(servers.tools())
              .choice(ToolChoice.named("more_act"))
              .parallelToolCalls(false)
              .run(
                  List.of(ChatMessage.user("Act!")),
                  GenerationOptions.builder()
                      .maxNewTokens(200)
                      .seed(1)
                      .ignoreContextLength(true)
                      .build(),
                  2);
      assertThat(run.messages())
          .filteredOn(message -> message.role().equals("tool"))
          .extracting(ChatMessage::content)
          .containsOnly("done")
          .isNotEmpty();
    }
  }

  @Test
  void aToolOfOneServerKeepsItsName() throws IOException {
    try (McpServers servers = McpServers.open(serversNamed("files"))) {
      assertThat(servers.tools()).extracting(Tool::name).containsExactly("act");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{'servers':{}} | mcpServers: expected an object of servers by name, found none",
        "{'mcpServers':{'a':{}}} | mcpServers.a: expected one of command and url",
        "{'mcpServers':{'a':{'command':1}}} | mcpServers.a.command: expected a text, found number",
        "{'mcpServers':{'a':{'command':'x','args':'y'}}} | mcpServers.a.args: expected an array of texts, found string",
        "{'mcpServers':{'a':{'command':'x','env':{'K':2}}}} | mcpServers.a.env.K: expected a text, found number",
        "{'mcpServers':{'a':{'command':'x','env':{'K':'${NO_SUCH_VARIABLE}'}}}} | mcpServers.a.env.K: the environment variable NO_SUCH_VARIABLE is not set",
        "{'mcpServers':{'a':{'command':'x','headers':{'K':'v'}}}} | mcpServers.a.headers: expected none",
        "{'mcpServers':{'a':{'command':'x','sandbox':true}}} | mcpServers.a.sandbox: not supported",
        "{'mcpServers':{'a':{'url':'ftp://secret'}}} | mcpServers.a.url: expected an address of http or https",
        "{'mcpServers':{'a':{'url':'http://a b?k=secret'}}} | mcpServers.a.url: expected an address of http or https",
        "{'mcpServers':{'a':{'url':'http://a/','type':'sse'}}} | mcpServers.a.type: expected http",
        "{'mcpServers':{'a':{'url':'http://a/','headers':{'K':'secret ä'}}}} | mcpServers.a.headers: expected visible characters",
        "{'mcpServers': | expected JSON with the object \"mcpServers\"",
      })
  void wrongFieldsAreNamedWithoutTheirValues(String json, String problem) throws IOException {
    Path file = file(json);
    assertThatThrownBy(() -> McpServers.open(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(problem.replace('\'', '"'))
        .satisfies(e -> assertThat(Throwables.getStackTraceAsString(e)).doesNotContain("secret"));
  }
}
