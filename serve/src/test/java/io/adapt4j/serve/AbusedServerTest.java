package io.adapt4j.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes that no proper client sends. Whatever they are, others are answered afterwards. */
@Timeout(120)
class AbusedServerTest {

  private static final String CHAT = "/v1/chat/completions";
  private static final String ASK =
      "{\"model\":\"stories\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
  private static final String HIDDEN = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n";
  private static final int CONNECTIONS = 20;

  private static TestServer server;

  @BeforeAll
  static void start() {
    server =
        TestServer.start(
            s ->
                s.limits(
                    ServerLimits.defaults().withBodyBytes(20_000).withConnections(CONNECTIONS)));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void othersAreAnswered() throws Exception {
    assertThat(server.post(CHAT, ASK).statusCode()).isEqualTo(200);
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(server.server().address().getHost(), server.server().port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  /** Sends bytes, says that there are no more, and returns what comes back. */
  private static String send(String bytes) throws IOException {
    try (Socket socket = connect()) {
      try {
        socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
        socket.shutdownOutput();
        return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
      } catch (SocketException e) {
        return "reset";
      }
    }
  }

  private static String post(String headers, String body) {
    return "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n%s"
        .formatted(CHAT, headers, body);
  }

  private static String chunk(String text) {
    return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
  }

  private static long answers(String said) {
    return said.split("HTTP/1.1 ", -1).length - 1L;
  }

  @Test
  void chunkedBodiesAndHttp10AreUnderstood() throws Exception {
    String chunked = chunk(ASK.substring(0, 9)) + chunk(ASK.substring(9)) + "0\r\n\r\n";
    assertThat(send(post("Transfer-Encoding: chunked\r\n", chunked))).startsWith("HTTP/1.1 200");
    String old =
        "POST %s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s";
    assertThat(send(old.formatted(CHAT, ASK.length(), ASK))).contains(" 200 ", "\"choices\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Checksum: abc\r\n\r\n", "A: b\r\nC: d\r\n\r\n", "Content-Length: 5\r\n\r\n"})
  void aTrailerMeansNothingAndEndsTheConnection(String trailer) throws Exception {
    String chunked = chunk(ASK.substring(0, 9)) + chunk(ASK.substring(9)) + "0\r\n" + trailer;
    String said = send(post("Transfer-Encoding: chunked\r\n", chunked + HIDDEN));
    assertThat(said).startsWith("HTTP/1.1 200").contains("\"choices\"", "Connection: close");
    assertThat(answers(said)).as(said).isOne();
  }

  @Test
  void aBodyMayBeAsLongAsTheLimitAndNoLonger() throws Exception {
    String ask = ASK + " ".repeat(20_000 - ASK.length());
    assertThat(send(post("Content-Length: 20000\r\n", ask))).startsWith("HTTP/1.1 200");
    assertThat(send(post("Transfer-Encoding: chunked\r\n", chunk(ask) + "0\r\n\r\n")))
        .startsWith("HTTP/1.1 200");
    assertThat(send(post("Content-Length: 20001\r\n", ask + " ")))
        .startsWith("HTTP/1.1 413")
        .contains("longer than 20000 bytes");
    assertThat(send(post("Transfer-Encoding: chunked\r\n", chunk(ask + " ") + "0\r\n\r\n")))
        .startsWith("HTTP/1.1 413");
  }

  /** A proxy before the server may have taken the other length for the right one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 05a\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 5a\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n",
        "Content-Length : 5\r\n",
      })
  void aRequestOfTwoLengthsHidesNoOther(String headers) throws Exception {
    String said = send(post(headers, "0\r\n\r\n" + HIDDEN));
    assertThat(answers(said)).as(said).isLessThanOrEqualTo(1);
    assertThat(said).as(said).matches("(?s)(HTTP/1.1 (4|501).*|reset)?");
    assertThat(said).doesNotContain("\"object\":\"list\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"zz\r\n", "-5\r\nabcde\r\n", "7fffffff\r\nab", "ffffffffff\r\nab", "5\r\nabcdeXX"})
  void aBadChunkIsNoBody(String body) throws Exception {
    String said = send(post("Transfer-Encoding: chunked\r\n", body + HIDDEN));
    assertThat(said).as(said).doesNotContain("\"object\":\"list\"", " 200 ");
  }

  @Test
  void requestsInOneGoAreAnsweredInTheirOrder() throws Exception {
    String ask = post("Content-Length: " + ASK.length() + "\r\n", ASK);
    String said = send(ask + HIDDEN + ask);
    assertThat(answers(said)).as(said).isEqualTo(3);
    assertThat(said.indexOf("\"choices\"")).isLessThan(said.indexOf("\"object\":\"list\""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /health\r\n\r\n",
        "GET /health HTTP/9.9 extra\r\nHost: localhost\r\n\r\n",
        "GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET //v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n",
        "GET /health HTTP/1.1\r\nno colon\r\n\r\n",
      })
  void whatIsNoRequestEndsInAnErrorOrNothing(String bytes) throws Exception {
    String said = send(bytes);
    // From 22 on the JDK's server names the kind of a URI's error, and no more of it.
    String own = said.replace("URISyntaxException thrown", "");
    assertThat(own).as(said).doesNotContain("root:", "Exception", "\tat ");
    assertThat(answers(said)).isLessThanOrEqualTo(1);
  }

  @Test
  void bytesThatAreNoUtf8AreRefused() throws Exception {
    String body = ASK.replace("Hi", "\u00ff\u00fe");
    assertThat(send(post("Content-Length: " + body.length() + "\r\n", body)))
        .startsWith("HTTP/1.1 400")
        .contains("not valid UTF-8");
  }

  @Test
  void headersWithoutEndAreCutOff() throws Exception {
    String many = "a: b\r\n".repeat(100_000);
    String large = "a: " + "b".repeat(2 << 20) + "\r\n";
    String line = "GET /" + "x".repeat(2 << 20) + " HTTP/1.1\r\n\r\n";
    for (String request : List.of(post(many, ""), post(large, ""), line)) {
      assertThat(send(request)).doesNotContain(" 200 ");
    }
  }

  @Test
  void anEndlessBodyIsCutOff() throws Exception {
    String head = post("Transfer-Encoding: chunked\r\n", "");
    String piece = chunk("x".repeat(1 << 16));
    long sent = 0;
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(head.getBytes(ISO_8859_1));
      byte[] bytes = piece.getBytes(ISO_8859_1);
      while (sent < 512L << 20) {
        out.write(bytes);
        sent += bytes.length;
      }
    } catch (IOException e) {
      // As it should be.
    }
    assertThat(sent).isLessThan(256L << 20);
  }

  /** They take places for at most a minute, not more than the server has. */
  @Test
  void clientsThatSendSlowlyTakePlacesUntilTheyLeave() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < CONNECTIONS / 2; i++) {
        slow.add(slow());
      }
      othersAreAnswered();
      for (int i = 0; i < 4 * CONNECTIONS; i++) {
        slow.add(slow());
      }
      Thread.sleep(300);
      assertThatThrownBy(this::othersAreAnswered).isInstanceOf(IOException.class);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
    Thread.sleep(300);
  }

  private static Socket slow() throws IOException {
    Socket socket = connect();
    socket.getOutputStream().write("POST / HTTP/1.1\r\nHost: lo".getBytes(US_ASCII));
    return socket;
  }
}
