package io.adapt4j.serve.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.serve.FakeExchange;
import io.adapt4j.serve.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that closes its connection is noticed before anything is written to it. */
@Timeout(60)
@EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux lists its connections in a file")
class LeavingClientsTest {

  private static String connection(ServerSocket server, Socket client) {
    return ConnectionTable.key(
        new InetSocketAddress(server.getInetAddress(), server.getLocalPort()),
        (InetSocketAddress) client.getLocalSocketAddress());
  }

  private static boolean lists(String key) {
    ConnectionTable now =
        new ConnectionTable(List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6")));
    return now.established().orElseThrow().contains(key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void theTableHasAConnectionUntilItsClientCloses(String address) throws IOException {
    InetAddress loopback = InetAddress.getByName(address);
    try (ServerSocket server = new ServerSocket(0, 1, loopback)) {
      Socket client = new Socket(loopback, server.getLocalPort());
      try (Socket accepted = server.accept()) {
        String key = connection(server, client);
        assertThat(lists(key)).isTrue();
        client.close();
        assertThat(lists(key)).isFalse();
        assertThat(accepted.isClosed()).isFalse();
      }
    }
  }

  @Test
  void theTableOfASystemWithoutOneIsUnknown(@TempDir Path folder) {
    ConnectionTable none = new ConnectionTable(List.of(folder.resolve("tcp")));
    assertThat(none.established()).isEmpty();
    assertThat(new ClientConnection(FakeExchange.get("/"), none).isClosed()).isFalse();
  }

  @Test
  void aConnectionThatWasNeverListedIsNotTakenForClosed(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tcp");
    Files.writeString(file, "  sl  local_address rem_address   st tx_queue\n");
    ConnectionTable empty = new ConnectionTable(List.of(file));
    assertThat(new ClientConnection(FakeExchange.get("/"), empty).isClosed()).isFalse();
  }

  @Test
  void aLongTableOfClosedConnectionsDelaysNoNoticeByASecond(@TempDir Path folder) throws Exception {
    String lineOf = "%4d: 0100007F:1F90 0100007F:%04X %s 00000000:00000000 00:00000000 00000000\n";
    StringBuilder closed = new StringBuilder("  sl  local_address rem_address   st tx_queue\n");
    for (int i = 0; i < 60_000; i++) {
      closed.append(lineOf.formatted(i, i + 1, "06"));
    }
    Path file = folder.resolve("tcp");
    Files.writeString(file, closed + lineOf.formatted(60_000, 60_001, "01"));
    ConnectionTable table = new ConnectionTable(List.of(file));
    assertThat(table.established().orElseThrow())
        .containsExactly("0100007F:1F90 0100007F:%04X".formatted(60_001));
    Files.writeString(file, closed);
    long left = System.nanoTime();
    while (!table.established().orElseThrow().isEmpty()) {
      Thread.sleep(10);
    }
    assertThat(System.nanoTime() - left).isLessThan(1_000_000_000);
  }

  /** A request of raw bytes, on a connection to be closed. */
  private static Socket posted(TestServer server, String path, String json) throws IOException {
    Socket socket = new Socket(server.server().address().getHost(), server.server().port());
    byte[] body = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    socket
        .getOutputStream()
        .write(
            "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                .formatted(path, body.length)
                .getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().write(body);
    return socket;
  }

  @Test
  void aLargeBodyThatWaitsForItsTurnIsNotParsed() throws Exception {
    List<Turns.Turn> all = new ArrayList<>();
    for (int i = 0; i < Math.max(1, Runtime.getRuntime().availableProcessors() / 2); i++) {
      all.add(Turns.OF_PROCESS.take(() -> false));
    }
    try (TestServer server = TestServer.start()) {
      Socket socket =
          posted(
              server,
              "/v1/completions",
              "{'model':'stories','prompt':'" + "a ".repeat(50_000) + "'}");
      // Long enough to be in the queue.
      Thread.sleep(500);
      socket.close();
      assertThat(server.log(1).get(0).status()).isEqualTo(Call.LEFT);
      // It never learned which model was asked.
      assertThat(server.log(1).get(0).model()).isEmpty();
    } finally {
      all.forEach(Turns.Turn::close);
    }
  }

  @Test
  void aRerankingThatNobodyWaitsForFreesItsRequest() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    try (TestServer server =
        TestServer.start(
            settings ->
                settings.reranker(
                    "ranker",
                    (query, documents) -> {
                      begun.countDown();
                      try {
                        released.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                      return new double[documents.size()];
                    }))) {
      Socket socket =
          posted(server, "/v1/rerank", "{'model':'ranker','query':'a','documents':['b']}");
      begun.await();
      // Long enough to be seen once.
      Thread.sleep(500);
      socket.close();
      assertThat(server.log(1).get(0).status()).isEqualTo(Call.LEFT);
      released.countDown();
    }
  }
}
