package io.adapt4j.core.hub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A hub over real HTTP with one repository, and a second server that stands for the content server
 * large files lie on. Answers can be replaced, one request at a time.
 */
final class TestHub implements AutoCloseable {

  static final String REPOSITORY = "acme/tiny";
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /** An answer in place of the usual one. */
  @FunctionalInterface
  interface Reply {
    void send(HttpExchange exchange, byte[] content) throws IOException;
  }

  record Request(String method, String path, Map<String, String> headers, boolean toContentServer) {
    Optional<String> header(String name) {
      return Optional.ofNullable(headers.get(name));
    }
  }

  private record Scripted(
      String method, String path, boolean contentServer, Deque<Reply> replies) {}

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server = start(this::serve);
  private final HttpServer contentServer = start(this::serveContent);
  private final Map<String, byte[]> files = new TreeMap<>();
  private final Set<String> large = new TreeSet<>();
  private final List<Scripted> script = new CopyOnWriteArrayList<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final Map<String, String> names = new ConcurrentHashMap<>();
  final List<Duration> waits = Collections.synchronizedList(new CopyOnWriteArrayList<>());

  private String commit = COMMIT;

  static TestHub empty() {
    return new TestHub();
  }

  /** A small model: configuration, tokenizer and weights. */
  static TestHub withModel() {
    return new TestHub()
        .file("config.json", "{\"model_type\":\"llama\"}")
        .file("tokenizer.json", "{}")
        .file("README.md", "# Tiny")
        .file(".gitattributes", "*.safetensors filter=lfs")
        .large("model.safetensors", bytes(300_000, 1));
  }

  TestHub file(String name, String content) {
    files.put(name, content.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  TestHub large(String name, byte[] content) {
    files.put(name, content);
    large.add(name);
    return this;
  }

  /** The content does not match its hash from now on. */
  void corrupt(String name, byte[] served) {
    names.put(name, etag(name));
    files.put(name, served);
  }

  void commit(String sha) {
    commit = sha;
  }

  /** The next requests of a method to a path are answered in this way. */
  void reply(String method, String pathPart, Reply... replies) {
    script.add(new Scripted(method, pathPart, false, new ArrayDeque<>(Arrays.asList(replies))));
  }

  /** The next requests for a large file's content are answered in this way. */
  void replyFromContentServer(String name, Reply... replies) {
    script.add(new Scripted("GET", name, true, new ArrayDeque<>(Arrays.asList(replies))));
  }

  Hub.Builder hub(Path cache) {
    return Hub.builder(Map.of("HOME", cache.resolve("home").toString()))
        .endpoint(address())
        .cache(cache)
        .sleeper(waits::add);
  }

  String address() {
    return address(server);
  }

  String contentAddress() {
    return address(contentServer);
  }

  List<Request> requests() {
    return requests;
  }

  List<Request> requests(String method, String pathPart) {
    return requests.stream()
        .filter(request -> request.method().equals(method) && request.path().contains(pathPart))
        .toList();
  }

  byte[] content(String name) {
    return files.get(name);
  }

  String etag(String name) {
    if (names.containsKey(name)) {
      return names.get(name);
    }
    return large.contains(name) ? sha256(files.get(name)) : gitHash(files.get(name));
  }

  @Override
  public void close() {
    server.stop(0);
    contentServer.stop(0);
    threads.shutdownNow();
  }

  static byte[] bytes(int count, int seed) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static String sha256(byte[] content) {
    return hash("SHA-256", content);
  }

  static String gitHash(byte[] content) {
    byte[] header = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] all = Arrays.copyOf(header, header.length + content.length);
    System.arraycopy(content, 0, all, header.length, content.length);
    return hash("SHA-1", all);
  }

  private static String hash(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A status with headers, given as name, value, name, value. */
  static Reply status(int status, String... headers) {
    return (exchange, content) -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
    };
  }

  /** Promises the rest of the file, sends some bytes of it and closes the connection. */
  static Reply cutAfter(int count) {
    return (exchange, content) -> {
      int from = rangeStart(exchange);
      partHeaders(exchange, from, content.length);
      exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
      exchange.getResponseBody().write(content, from, count);
      exchange.getResponseBody().flush();
    };
  }

  /** Sends some bytes of the file, then nothing, with the connection open. */
  static Reply stallAfter(int count) {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, count);
      exchange.getResponseBody().flush();
      try {
        Thread.sleep(5_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }

  /** Begins the file from the front whatever part was asked for, and closes the connection. */
  static Reply wholeCutAfter(int count) {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, count);
      exchange.getResponseBody().flush();
    };
  }

  /** Sends the whole file whatever part was asked for. */
  static Reply whole() {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content);
    };
  }

  private HttpServer start(HttpHandler handler) {
    try {
      HttpServer httpServer =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      httpServer.createContext("/", handler);
      httpServer.setExecutor(threads);
      httpServer.start();
      return httpServer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String address(HttpServer server) {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void record(HttpExchange exchange, boolean toContentServer) {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
    requests.add(
        new Request(
            exchange.getRequestMethod(),
            exchange.getRequestURI().getRawPath(),
            headers,
            toContentServer));
  }

  private Optional<Reply> scripted(HttpExchange exchange, boolean contentServer) {
    synchronized (script) {
      for (Scripted scripted : script) {
        if (scripted.contentServer() == contentServer
            && scripted.method().equals(exchange.getRequestMethod())
            && exchange.getRequestURI().getRawPath().contains(scripted.path())
            && !scripted.replies().isEmpty()) {
          return Optional.of(scripted.replies().poll());
        }
      }
      return Optional.empty();
    }
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      record(exchange, false);
      String path = exchange.getRequestURI().getPath();
      String name =
          URLDecoder.decode(path.replaceFirst(".*/resolve/[^/]+/", ""), StandardCharsets.UTF_8);
      Optional<Reply> reply = scripted(exchange, false);
      if (reply.isPresent()) {
        reply.get().send(exchange, files.getOrDefault(name, new byte[0]));
      } else if (path.startsWith("/api/")) {
        serveListing(exchange);
      } else if (files.containsKey(name)) {
        serveFile(exchange, name);
      } else {
        status(404, "X-Error-Code", "EntryNotFound", "X-Repo-Commit", commit).send(exchange, null);
      }
    }
  }

  private void serveListing(HttpExchange exchange) throws IOException {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("id", REPOSITORY).put("sha", commit);
    ArrayNode siblings = answer.putArray("siblings");
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      ObjectNode sibling = siblings.addObject();
      sibling.put("rfilename", file.getKey());
      sibling.put("size", file.getValue().length).put("blobId", gitHash(file.getValue()));
      if (large.contains(file.getKey())) {
        sibling
            .putObject("lfs")
            .put("sha256", sha256(file.getValue()))
            .put("size", file.getValue().length);
      }
    }
    byte[] json = answer.toString().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, json.length);
    exchange.getResponseBody().write(json);
  }

  private void serveFile(HttpExchange exchange, String name) throws IOException {
    byte[] content = files.get(name);
    Headers headers = exchange.getResponseHeaders();
    headers.set("X-Repo-Commit", commit);
    if (large.contains(name)) {
      headers.set("X-Linked-Etag", "\"" + etag(name) + "\"");
      headers.set("X-Linked-Size", Integer.toString(content.length));
      headers.set("ETag", "\"of-the-redirect\"");
      headers.set(
          "Location",
          contentAddress() + exchange.getRequestURI().getRawPath() + "?signature=x%3D%7E");
      exchange.sendResponseHeaders(302, -1);
      return;
    }
    headers.set("ETag", "\"" + etag(name) + "\"");
    sendContent(exchange, content);
  }

  private void serveContent(HttpExchange exchange) throws IOException {
    try (exchange) {
      record(exchange, true);
      byte[] content =
          files.get(exchange.getRequestURI().getPath().replaceFirst(".*/resolve/[^/]+/", ""));
      Optional<Reply> reply = scripted(exchange, true);
      if (reply.isPresent()) {
        reply.get().send(exchange, content);
      } else {
        sendContent(exchange, content);
      }
    }
  }

  private static void sendContent(HttpExchange exchange, byte[] content) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(content.length));
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    int from = rangeStart(exchange);
    if (from > 0 && from >= content.length) {
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    partHeaders(exchange, from, content.length);
    int count = content.length - from;
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, count == 0 ? -1 : count);
    exchange.getResponseBody().write(content, from, count);
  }

  private static int rangeStart(HttpExchange exchange) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    return range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
  }

  private static void partHeaders(HttpExchange exchange, int from, int length) {
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (length - 1) + "/" + length);
    }
  }
}
