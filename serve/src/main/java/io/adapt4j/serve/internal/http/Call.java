package io.adapt4j.serve.internal.http;

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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A request and its answer, on the thread that handles it. */
public final class Call {

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
  private Optional<String> asker = Optional.empty();
  private Optional<String> version = Optional.empty();
  private Runnable releasing = () -> {};
  private Work work = Work.PLAIN;
  private Optional<Turns.Turn> turn = Optional.empty();
  private Usage usage = new Usage(0, 0);
  private @Nullable String body;
  private @Nullable Duration untilText;

  public Call(HttpExchange exchange, boolean keepsContents) {
    this.exchange = exchange;
    this.keepsContents = keepsContents;
    this.connection = new ClientConnection(exchange, ConnectionTable.OF_MACHINE);
  }

  public HttpExchange exchange() {
    return exchange;
  }

  public String method() {
    return exchange.getRequestMethod();
  }

  /** Refuses a request with another method. */
  public void requireMethod(String allowed) {
    if (!method().equals(allowed)) {
      set("Allow", allowed);
      throw Fault.invalid(
          405,
          null,
          "method_not_allowed",
          "Only " + allowed + " is allowed at " + path() + ", found " + method() + ".");
    }
  }

  public String path() {
    return String.valueOf(exchange.getRequestURI().getPath());
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
  }

  public Duration age() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** Holds a turn for the preparation of the answer. */
  void holds(Turns.Turn taken) {
    turn = Optional.of(taken);
  }

  public boolean hasTurn() {
    return turn.isPresent();
  }

  /** Ends the turn, if it holds one. */
  public void endTurn() {
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
  public void requireClient() throws IOException {
    if (isAbandoned()) {
      throw new IOException("the client has closed the connection");
    }
  }

  /** Returns whether the status has been sent and cannot change. */
  public boolean isCommitted() {
    return out != null;
  }

  /** Returns whether events are sent, so that an error can be an event. */
  public boolean isStream() {
    return String.valueOf(exchange.getResponseHeaders().getFirst("Content-Type"))
        .startsWith("text/event-stream");
  }

  public int status() {
    return status;
  }

  public void left() {
    status = LEFT;
  }

  public Optional<String> model() {
    return model;
  }

  public void asks(String name) {
    model = Optional.of(name);
  }

  /** Notes who asks, as far as the request says it. */
  public void askedBy(String name) {
    asker = Optional.of(name);
  }

  /** Name of the client, for fair shares: from the request, else its key, else its address. */
  public String asker() {
    return asker
        .or(() -> header("x-adapt4j-customer"))
        .or(() -> header("Authorization").map(key -> "key " + Integer.toHexString(key.hashCode())))
        .orElseGet(this::client);
  }

  /** The name of the version that answers, if the model has any. */
  public Optional<String> version() {
    return version;
  }

  /** Notes and tells the version that answers, to be released at the end. */
  public void answeredBy(String name, Runnable release) {
    version = Optional.of(name);
    releasing = release;
    set("x-adapt4j-version", name);
  }

  /** Releases the version that answered. */
  public void release() {
    releasing.run();
  }

  /** Sets the surroundings in which the answer is computed. */
  public void computeBy(Work surroundings) {
    work = surroundings;
  }

  /** The surroundings in which the answer is computed, also on other threads. */
  public Work work() {
    return work;
  }

  public Usage usage() {
    return usage;
  }

  public void took(Usage tokens) {
    usage = tokens;
  }

  /** The time until the first text of a stream, if any. */
  public Optional<Duration> untilText() {
    return Optional.ofNullable(untilText);
  }

  public void answered(int choice, String piece) {
    if (untilText == null) {
      untilText = age();
    }
    keep(choice, piece);
  }

  /** Keeps the text of a choice for the log, if that includes contents. */
  public void keep(int choice, String piece) {
    if (keepsContents) {
      answers.computeIfAbsent(choice, first -> new StringBuilder()).append(piece);
    }
  }

  /** Keeps the body for the log, if that includes contents. */
  void keepBody(Supplier<String> text) {
    if (keepsContents) {
      body = text.get();
    }
  }

  public void set(String header, String value) {
    exchange.getResponseHeaders().set(header, value);
  }

  public void send(int code, JsonNode json) throws IOException {
    send(code, "application/json", Json.compact(json));
  }

  public void send(int code, String type, String text) throws IOException {
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
  public void begin(String type) throws IOException {
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
  public void write(String text) throws IOException {
    OutputStream body = out;
    if (body == null) {
      throw new IllegalStateException("the answer has not begun");
    }
    body.write(text.getBytes(StandardCharsets.UTF_8));
    body.flush();
  }

  /** Ends an answer that has begun. */
  public void end() throws IOException {
    OutputStream body = out;
    if (body != null) {
      body.close();
    }
  }

  public Instant at() {
    return at;
  }

  public String client() {
    return exchange.getRemoteAddress().getAddress().getHostAddress();
  }

  /** The body, if the log includes contents. */
  public Optional<String> body() {
    return Optional.ofNullable(body);
  }

  /** The texts of all choices, if the log includes contents. */
  public Optional<String> answer() {
    return keepsContents ? Optional.of(String.join("\n", answers.values())) : Optional.empty();
  }
}
