package io.adapt4j.tools.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.tools.Tool;
import io.adapt4j.tools.mcp.McpException.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers in a process of their own that do something wrong: each ends in a clear error. */
@Timeout(120)
class HostileServerTest {

  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofSeconds(5);

  private static McpClient.Builder server(String fault) {
    return McpClient.command(
            "bad",
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                HostileServer.class.getName(),
                fault))
        .environment("A_TOKEN", "secret-value")
        .timeout(LONG);
  }

  /** Connects with a time limit that a busy machine may need to start the server. */
  private static McpClient connectedFor(Duration time, String fault) {
    while (true) {
      try {
        return server(fault).timeout(time).connect();
      } catch (McpException e) {
        assertThat(e.kind()).isEqualTo(Kind.TIMEOUT);
      }
    }
  }

  private static McpException failure(ThrowingCallable call) {
    McpException[] found = new McpException[1];
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(McpException.class, e -> found[0] = e)
        .hasMessageStartingWith("MCP server 'bad': ")
        .message()
        .hasSizeLessThan(700)
        .doesNotContain("secret-value", "\u001b");
    return found[0];
  }

  @ParameterizedTest
  @CsvSource({
    "no list, PROTOCOL, no array 'tools'",
    "twice, PROTOCOL, two tools called 'act'",
    "many, LIMIT, more than 128 tools",
    "pages, LIMIT, more than 100 pages",
    "type, PROTOCOL, tool 'act'",
    "bomb, LIMIT, the tool 'act'"
  })
  void listsThatCannotBeUsedAreRefused(String fault, Kind kind, String problem) {
    try (McpClient client = server(fault).maxTools(128).connect()) {
      McpException failure = failure(client::tools);
      assertThat(failure.kind()).isEqualTo(kind);
      assertThat(failure).hasMessageContaining(problem);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "garbage, PROTOCOL, no messages",
    "huge, LIMIT, '4,194,304 bytes'",
    "error, REFUSED, 'no [31m (hidden) here (code -32000)'",
    "dies, UNAVAILABLE, 'with status 3; it said: out of luck with (hidden)'"
  })
  void callsThatFailSayWhy(String fault, Kind kind, String problem) {
    try (McpClient client = server(fault).connect()) {
      McpException failure = failure(() -> client.call("act", Map.of()));
      assertThat(failure.kind()).isEqualTo(kind);
      assertThat(failure).hasMessageContaining(problem);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"silent", "wrong id"})
  void anAnswerThatDoesNotComeIsWaitedForOnlySoLong(String fault) {
    try (McpClient client = connectedFor(SHORT, fault)) {
      assertThat(failure(() -> client.call("act", Map.of())).kind()).isEqualTo(Kind.TIMEOUT);
      client.ping();
    }
  }

  @Test
  void aServerThatDoesNotReadIsNotWaitedForEither() {
    McpException failure = failure(() -> server("deaf").timeout(Duration.ofSeconds(2)).connect());
    assertThat(failure.kind()).isEqualTo(Kind.TIMEOUT);
  }

  @Test
  void aServerThatHasEndedIsStartedAgain() {
    try (McpClient client = server("dies").connect()) {
      failure(() -> client.call("act", Map.of()));
      client.ping();
      assertThat(client.tools()).hasSize(1);
    }
  }

  @Test
  void anUnknownVersionIsRefused() {
    assertThat(failure(() -> server("version").connect()))
        .hasMessageContaining("'1999-01-01'")
        .hasMessageContaining("2025-11-25");
  }

  @Test
  void aProgramThatIsNotThereIsNamedWithoutItsArguments() {
    assertThat(
            failure(
                () ->
                    McpClient.command("bad", List.of("no-such-program", "--key=secret-value"))
                        .connect()))
        .hasMessageContaining("'no-such-program' cannot be started");
  }

  @Test
  void someLinesThatAreNoMessagesAreSkippedButNotMany() {
    try (McpClient client = server("banner").connect()) {
      assertThat(client.call("act", Map.of())).isEqualTo("done");
    }
    assertThat(failure(() -> server("chatter").connect()).kind()).isEqualTo(Kind.PROTOCOL);
  }

  @Test
  void requestsOfTheServerAreAnsweredBesideOurs() {
    try (McpClient client = server("asks").connect()) {
      assertThat(client.call("act", Map.of())).isEqualTo("done");
      client.ping();
    }
  }

  @Test
  void toolsAreListedAgainAfterAChange() {
    try (McpClient client = server("changes").connect()) {
      assertThat(client.tools()).extracting(Tool::name).containsExactly("act");
      client.call("act", Map.of());
      assertThat(client.tools()).extracting(Tool::name).containsExactly("act", "more_one");
    }
  }

  @Test
  void aSchemaThatCannotBeEnforcedAllowsAnyArguments() {
    try (McpClient client = server("keyword").connect()) {
      assertThat(client.tools()).hasSize(1).noneMatch(Tool::isStrict);
    }
  }

  @Test
  void aClosedClientSaysSo() {
    McpClient client = server("none").connect();
    client.close();
    client.close();
    assertThatThrownBy(client::ping)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }
}
