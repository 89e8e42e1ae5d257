package io.adapt4j.verification.fuzz;

import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.text.OpenAiCompatible;
import io.adapt4j.rag.embed.OpenAiEmbeddings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;

/** A server of answers that say whatever they were told to. */
final class Answers {

  private static final Answers SHARED = new Answers();
  private static final byte[] NONE = {};

  private final HttpServer server;
  private Iterator<byte[]> bodies = List.<byte[]>of().iterator();
  private byte[] last = NONE;

  private Answers() {
    // Otherwise each answer waits 40 ms for the client's acknowledgment.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext(
        "/",
        exchange -> {
          byte[] bytes = next();
          exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(0)));
  }

  private synchronized byte[] next() {
    if (bodies.hasNext()) {
      last = bodies.next();
    }
    return last;
  }

  private synchronized void set(Collection<byte[]> answers) {
    bodies = answers.iterator();
    last = NONE;
  }

  /** Gives one answer to all requests. */
  static Answers with(byte[] body) {
    return with(List.of(body));
  }

  /** Gives one answer after the other, and the last again and again. */
  static Answers with(Collection<byte[]> bodies) {
    SHARED.set(bodies);
    return SHARED;
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  OpenAiCompatible client() {
    return OpenAiCompatible.at(URI.create(address() + "/v1"))
        .model("m")
        .retries(0)
        .timeout(Duration.ofSeconds(5))
        .build();
  }

  OpenAiEmbeddings embeddings() {
    return OpenAiEmbeddings.at(URI.create(address() + "/v1"))
        .model("m")
        .dimension(2)
        .retries(0)
        .timeout(Duration.ofSeconds(5))
        .build();
  }
}
