package io.adapt4j.verification.kill;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.hash.Hashing;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/** A hub in this process with one repository, slow enough for a download to be killed in it. */
final class SlowHub {

  static final String REPOSITORY = "acme/tiny";

  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final int PIECE = 1 << 16;
  private static final int PIECE_MILLIS = 25;

  private static final Map<String, byte[]> FILES = files();
  private static final String ADDRESS = start();

  private SlowHub() {}

  static String address() {
    return ADDRESS;
  }

  private static Map<String, byte[]> files() {
    Map<String, byte[]> files = new TreeMap<>();
    files.put("config.json", "{\"model_type\": \"llama\"}".getBytes(UTF_8));
    files.put("tokenizer.json", "{}".getBytes(UTF_8));
    byte[] weights = new byte[3 << 20];
    new Random(1).nextBytes(weights);
    files.put("model.safetensors", weights);
    return files;
  }

  private static String start() {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      ExecutorService threads =
          Executors.newCachedThreadPool(
              task -> {
                Thread thread = new Thread(task, "slow-hub");
                thread.setDaemon(true);
                return thread;
              });
      server.setExecutor(threads);
      server.createContext("/", SlowHub::answer);
      server.start();
      return "http://127.0.0.1:" + server.getAddress().getPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
      byte[] content = FILES.get(path.substring(path.lastIndexOf('/') + 1));
      if (path.startsWith("/api/")) {
        String siblings =
            FILES.keySet().stream()
                .map("{\"rfilename\": \"%s\"}"::formatted)
                .collect(Collectors.joining(","));
        byte[] listing =
            "{\"sha\": \"%s\", \"siblings\": [%s]}".formatted(COMMIT, siblings).getBytes(UTF_8);
        exchange.sendResponseHeaders(200, listing.length);
        exchange.getResponseBody().write(listing);
      } else if (content == null) {
        exchange.sendResponseHeaders(404, -1);
      } else {
        send(exchange, content);
      }
    }
  }

  private static void send(HttpExchange exchange, byte[] content) throws IOException {
    String etag = Hashing.sha256().hashBytes(content).toString();
    exchange.getResponseHeaders().set("ETag", '"' + etag + '"');
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(content.length));
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    if (from >= content.length) {
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
    OutputStream out = exchange.getResponseBody();
    for (int at = from; at < content.length; at += PIECE) {
      out.write(content, at, Math.min(PIECE, content.length - at));
      out.flush();
      pause();
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(PIECE_MILLIS);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}
