package io.adapt4j.serve.internal.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads from the public internet alone, within limits. */
@Timeout(60)
class PublicDownloadTest {

  private static final Duration TEN_SECONDS = Duration.ofSeconds(10);

  private final List<String> asked = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  private String url(String host, String path) {
    return "http://" + host + ":" + server.getAddress().getPort() + path;
  }

  /** All names but those of the inner network lead to the server of the test, as a public one. */
  private PublicDownload download() {
    return new PublicDownload(
        host -> {
          asked.add(host);
          return InetAddress.getAllByName(host.equals("inner.example") ? "10.0.0.1" : "127.0.0.1");
        },
        InetAddress::isLoopbackAddress);
  }

  private String get(String path) throws IOException {
    byte[] body = download().get(url("pictures.example", path), 100, TEN_SECONDS);
    return new String(body, StandardCharsets.US_ASCII);
  }

  private void answer(String path, int status, String location, int length, String body) {
    server.createContext(
        path,
        exchange -> {
          if (!location.isEmpty()) {
            exchange.getResponseHeaders().set("Location", location);
          }
          exchange.sendResponseHeaders(status, length);
          write(exchange, body);
        });
  }

  private static void write(HttpExchange exchange, String body) throws IOException {
    try (exchange) {
      exchange.getResponseBody().write(body.getBytes(StandardCharsets.US_ASCII));
    }
  }

  @Test
  void aBodyComesWithOrWithoutItsLengthAndAfterARedirect() throws IOException {
    answer("/whole", 200, "", 5, "whole");
    answer("/chunks", 200, "", 0, "chunks");
    answer("/moved", 302, "/whole", -1, "");
    assertThat(get("/whole")).isEqualTo("whole");
    assertThat(get("/chunks")).isEqualTo("chunks");
    assertThat(get("/moved?a=b")).isEqualTo("whole");
  }

  @Test
  void aNameIsResolvedOnceSoThatItCannotChangeAfterTheCheck() throws IOException {
    answer("/whole", 200, "", 5, "whole");
    get("/whole");
    assertThat(asked).containsExactly("pictures.example");
  }

  @Test
  void aRedirectToAnInnerAddressIsRefused() {
    answer("/moved", 302, url("inner.example", "/"), -1, "");
    answer("/file", 302, "file:///etc/passwd", -1, "");
    answer("/round", 302, "/round", -1, "");
    assertThatThrownBy(() -> get("/moved")).hasMessageContaining("inner.example is not at");
    assertThatThrownBy(() -> get("/file")).hasMessageContaining("http or https");
    assertThatThrownBy(() -> get("/round")).hasMessageContaining("redirects");
  }

  @Test
  void longBodiesAndOtherAnswersAreRefused() {
    answer("/long", 200, "", 101, "x".repeat(101));
    answer("/longer", 200, "", 0, "x".repeat(101));
    answer("/none", 404, "", 4, "none");
    assertThatThrownBy(() -> get("/long")).hasMessageContaining("at most 100 bytes");
    assertThatThrownBy(() -> get("/longer")).hasMessageContaining("at most 100 bytes");
    assertThatThrownBy(() -> get("/none")).hasMessageContaining("found 404");
  }

  @Test
  void aSilentServerEndsWithTheTime() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String url = "http://pictures.example:" + silent.getLocalPort() + "/";
      for (String scheme : List.of("http:", "https:")) {
        assertThatThrownBy(
                () -> download().get(url.replace("http:", scheme), 100, Duration.ofMillis(300)))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("too long");
      }
    }
  }

  @Test
  void threeRedirectsAreFollowedAndNoMore() throws IOException {
    answer("/1", 301, "/2", -1, "");
    answer("/2", 303, "/3", -1, "");
    answer("/3", 307, "/whole", -1, "");
    answer("/0", 308, "/1", -1, "");
    answer("/whole", 200, "", 5, "whole");
    assertThat(get("/1")).isEqualTo("whole");
    assertThatThrownBy(() -> get("/0")).hasMessageContaining("at most 3 redirects");
  }

  @ParameterizedTest
  @CsvSource({"'', /", "/a%20b?c=d%26, /a%20b?c=d%26", "?q, /?q", "/ä, /%C3%A4"})
  void aRequestNamesPathQueryAndHost(String path, String target) throws IOException {
    server.createContext(
        "/",
        exchange -> {
          String host = exchange.getRequestHeaders().getFirst("Host");
          exchange.sendResponseHeaders(200, 0);
          write(exchange, host + exchange.getRequestURI().toASCIIString());
        });
    assertThat("http://" + get(path)).isEqualTo(url("pictures.example", target));
  }

  /** Answers one connection with a text. */
  private String raw(String answer) throws IOException {
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    threads.execute(
        () -> {
          try (server;
              Socket client = server.accept()) {
            InputStream request = client.getInputStream();
            for (int line = 0; line < 7; line++) {
              while (request.read() != '\n') {}
            }
            client.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
          } catch (IOException e) {
            // The client has seen enough.
          }
        });
    String url = "http://pictures.example:" + server.getLocalPort() + "/";
    return new String(download().get(url, 100, TEN_SECONDS), StandardCharsets.US_ASCII);
  }

  @Test
  void aBodyMayEndWithTheConnectionOrComeInChunks() throws IOException {
    String hundred = "x".repeat(100);
    String chunk = "32;a=b\r\n" + "y".repeat(50) + "\r\n";
    String chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n" + chunk;
    assertThat(raw("HTTP/1.1 200\r\n\r\n" + hundred)).isEqualTo(hundred);
    assertThat(raw(chunks + chunk + "0\r\n\r\n")).isEqualTo("y".repeat(100));
    assertThat(raw("HTTP/1.0 200\ncontent-length:100\n\n" + hundred)).isEqualTo(hundred);
    assertThat(raw("HTTP/1.1 200\r\nContent-Length: -5\r\n\r\n" + hundred)).isEmpty();
    for (String longer :
        List.of(
            "HTTP/1.1 200\r\n\r\n" + hundred + "\0",
            chunks + chunk + "1\r\nz\r\n0\r\n\r\n",
            "HTTP/1.1 200\r\nContent-Length: 99999999999\r\n\r\n")) {
      assertThatThrownBy(() -> raw(longer)).hasMessageContaining("at most 100 bytes");
    }
  }

  @Test
  void otherAnswersAreRefused() throws IOException {
    String ok = "HTTP/1.1 200 OK\r\n";
    Map<String, String> refused = new LinkedHashMap<>();
    refused.put("SSH-2.0-OpenSSH\r\n\r\n", "an answer in HTTP");
    refused.put("HTTP/1.1 two\r\n\r\n", "an answer in HTTP");
    refused.put("HTTP/1.1\r\n\r\n", "an answer in HTTP");
    refused.put(ok + "Content-Encoding: gzip\r\n\r\n", "found a Content-Encoding");
    refused.put(ok + "Content-Length: ten\r\n\r\n", "the length of an answer");
    refused.put(ok + "Content-Length: 10\r\n\r\nshort", "ends early");
    refused.put(ok + "Content-Length: 10\r\n", "ends early");
    for (Map.Entry<String, String> answer : refused.entrySet()) {
      assertThatThrownBy(() -> raw(answer.getKey()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(answer.getValue());
    }
    // The limit counts all of a header but the ends of lines.
    int rest = (1 << 15) - "HTTP/1.1 200\r\r".length();
    String header = "HTTP/1.1 200\r\nA:" + "b".repeat(rest - 3);
    assertThat(raw(header + "\r\n\r\nwhole")).isEqualTo("whole");
    assertThatThrownBy(() -> raw(header + "b\r\n\r\n")).hasMessageContaining("shorter header");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://me@example.org/",
        "http:///",
        "http://127.1/",
        "http://example.org:65536/",
        "http://a b/",
        "//example.org/"
      })
  void otherUrlsAreRefused(String url) {
    assertThatThrownBy(() -> download().get(url, 100, TEN_SECONDS))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected a URL");
    assertThat(asked).isEmpty();
  }

  @Test
  void everyPortIsTaken() {
    assertThatThrownBy(() -> download().get("http://a.example:65535/", 100, TEN_SECONDS))
        .isInstanceOf(ConnectException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1/",
        "http://localhost/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://172.31.0.1/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://168.63.129.16/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[fd00:ec2::254]/",
        "http://[ff02::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/"
      })
  void otherAddressesAreRefused(String url) {
    assertThatThrownBy(() -> new PublicDownload().get(url, 100, TEN_SECONDS))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not at an address of the public internet");
  }
}
