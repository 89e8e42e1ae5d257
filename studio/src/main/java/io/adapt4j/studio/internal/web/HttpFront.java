package io.adapt4j.studio.internal.web;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The studio on the JDK's HTTP server. */
public final class HttpFront implements HttpHandler {

  /** Bytes read and dropped of a refused body, so that the client reads the answer. */
  private static final long MOST_SKIPPED = 8L << 20;

  private final String context;
  private final Router router;

  /** Creates a front for a context path with a slash at its end. */
  public HttpFront(String context, Router router) {
    this.context = context;
    this.router = router;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Response response = answer(exchange);
      response.headers().forEach(exchange.getResponseHeaders()::set);
      exchange.getResponseHeaders().set("Content-Type", response.type());
      skip(exchange.getRequestBody());
      boolean empty = response.body().length == 0 || exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(response.status(), empty ? -1 : response.body().length);
      if (!empty) {
        exchange.getResponseBody().write(response.body());
      }
    }
  }

  private Response answer(HttpExchange exchange) {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values));
    Request bare =
        new Request(
            exchange.getRequestMethod(),
            List.of(),
            new Fields(Map.of()),
            headers,
            exchange.getRequestBody());
    String path = String.valueOf(exchange.getRequestURI().getRawPath());
    if ((path + "/").equals(context)) {
      return Response.see(context);
    }
    if (!path.startsWith(context)) {
      return router.refuse(bare, Refusal.notFound());
    }
    try {
      String query = exchange.getRequestURI().getRawQuery();
      return router.answer(
          new Request(
              bare.method(),
              segments(path.substring(context.length())),
              Fields.parse(query == null ? "" : query),
              headers,
              bare.body()));
    } catch (Refusal undecodable) {
      return router.refuse(bare, undecodable);
    }
  }

  /** Decodes the segments of a path; none may name a folder or have a separator. */
  private static List<String> segments(String path) {
    List<String> segments = new ArrayList<>();
    for (String raw : path.split("/", -1)) {
      String segment = Fields.decode(raw.replace("+", "%2B"));
      if (segment.equals(".") || segment.equals("..") || segment.matches("(?s).*[/\\\\].*")) {
        throw Refusal.notFound();
      }
      segments.add(segment);
    }
    return segments;
  }

  private static void skip(InputStream body) {
    byte[] buffer = new byte[1 << 16];
    long left = MOST_SKIPPED;
    try {
      int read = 0;
      while (left > 0 && read >= 0) {
        read = body.read(buffer);
        left -= read;
      }
    } catch (IOException e) {
      // The client has left, or the screen has closed the body.
    }
  }
}
