package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A request and its answer, on the thread that handles it. */
final class Call {

  /** The status of an answer that the client did not wait for, as in nginx. */
  static final int LEFT = 499;

  private final HttpExchange exchange;
  private final Instant at = Instant.now();
  private final long start = System.nanoTime();
  private final boolean keepsContents;
  private final ClientConnection connection;
  private final Map<Integer, StringBuilder> answers = new TreeMap<>();

  private @Nullable OutputStream out;
  private int status;
  private Optional<String> model = Optional.empty();
  private Optional<Turns.Turn> turn = Optional.empty();
  private Usage usage = new Usage(0, 0);
  private @Nullable String body;
  private @Nullable Duration untilText;

  Call(HttpExchange exchange, boolean keepsContents) {
    this.exchange = exchange;
    this.keepsContents = keepsContents;
    this.connection = new ClientConnection(exchange, ConnectionTable.OF_MACHINE);
  }

  HttpExchange exchange() {
    return exchange;
  }

  String method() {
    return exchange.getRequestMethod();
  }

  /** Refuses a request with another method. */
  void requireMethod(String allowed) {
    if (!method().equals(allowed)) {
      set("Allow", allowed);
      throw Fault.invalid(
          405,
          null,
          "method_not_allowed",
          "Only " + allowed + " is allowed at " + path() + ", found " + method() + ".");
    }
  }

  String path() {
    return String.valueOf(exchange.getRequestURI().getPath());
  }

  /** A header of the request. */
  Optional<String> header(String name) {
    return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
  }

  Duration age() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** Holds a turn for the preparation of the answer. */
  void holds(Turns.Turn taken) {
    turn = Optional.of(taken);
  }

  boolean hasTurn() {
    return turn.isPresent();
  }

  /** Ends the turn, if it holds one. */
  void endTurn() {
    turn.ifPresent(Turns.Turn::close);
    turn = Optional.empty();
  }

  /** Begins to watch the client of a request that may take long. */
  void watchClient() {
    connection.find();
  }

  /** Returns whether the client is known to have closed the connection. */
  boolean isAbandoned() {
    return connection.isClosed();
  }

  /** Ends a request whose client has left before it is written to. */
  void requireClient() throws IOException {
    if (isAbandoned()) {
      throw new IOException("the client has closed the connection");
    }
  }

  /** Returns whether the status has been sent and cannot change. */
  boolean isCommitted() {
    return out != null;
  }

  /** Returns whether events are sent, so that an error can be an event. */
  boolean isStream() {
    return String.valueOf(exchange.getResponseHeaders().getFirst("Content-Type"))
        .startsWith("text/event-stream");
  }

  int status() {
    return status;
  }

  void left() {
    status = LEFT;
  }

  Optional<String> model() {
    return model;
  }

  void asks(String name) {
    model = Optional.of(name);
  }

  Usage usage() {
    return usage;
  }

  void took(Usage tokens) {
    usage = tokens;
  }

  /** The time until the first text of a stream, if any. */
  Optional<Duration> untilText() {
    return Optional.ofNullable(untilText);
  }

  /** Records a piece of a choice. */
  void answered(int choice, String piece) {
    if (untilText == null) {
      untilText = age();
    }
    keep(choice, piece);
  }

  /** Keeps the text of a choice for the log, if that includes contents. */
  void keep(int choice, String piece) {
    if (keepsContents) {
      answers.computeIfAbsent(choice, first -> new StringBuilder()).append(piece);
    }
  }

  void readBody(String text) {
    if (keepsContents) {
      body = text;
    }
  }

  void set(String header, String value) {
    exchange.getResponseHeaders().set(header, value);
  }

  void send(int code, JsonNode json) throws IOException {
    send(code, "application/json", Json.compact(json));
  }

  void send(int code, String type, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    set("Content-Type", type);
    status = code;
    boolean empty = bytes.length == 0 || method().equals("HEAD");
    exchange.sendResponseHeaders(code, empty ? -1 : bytes.length);
    OutputStream body = exchange.getResponseBody();
    out = body;
    if (!empty) {
      body.write(bytes);
    }
    body.close();
  }

  /** Begins an answer of unknown length. */
  void begin(String type) throws IOException {
    set("Content-Type", type);
    set("Cache-Control", "no-store");
    status = 200;
    exchange.sendResponseHeaders(200, 0);
    out = exchange.getResponseBody();
  }

  /**
   * Writes a part of an answer that has begun. Throws an exception once the client has
   * disconnected.
   */
  void write(String text) throws IOException {
    OutputStream body = out;
    if (body == null) {
      throw new IllegalStateException("the answer has not begun");
    }
    body.write(text.getBytes(StandardCharsets.UTF_8));
    body.flush();
  }

  /** Ends an answer that has begun. */
  void end() throws IOException {
    OutputStream body = out;
    if (body != null) {
      body.close();
    }
  }

  AccessRecord record() {
    return new AccessRecord(
        at,
        exchange.getRemoteAddress().getAddress().getHostAddress(),
        method(),
        path(),
        status,
        age(),
        model,
        usage.promptTokens(),
        usage.newTokens(),
        Optional.ofNullable(body),
        keepsContents ? Optional.of(String.join("\n", answers.values())) : Optional.empty());
  }
}
