package io.adapt4j.studio.internal.web;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The studio on the JDK's HTTP server. */
public final class HttpFront implements HttpHandler {

  private final Front front;

  /** Creates a front for a context path with a slash at its end. */
  public HttpFront(String context, Router router) {
    this.front = new Front(context, router);
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Map<String, List<String>> headers = new LinkedHashMap<>();
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values));
      Response response =
          front.answer(
              exchange.getRequestMethod(),
              String.valueOf(exchange.getRequestURI().getRawPath()),
              exchange.getRequestURI().getRawQuery(),
              headers,
              exchange.getRequestBody());
      response.headers().forEach(exchange.getResponseHeaders()::set);
      exchange.getResponseHeaders().set("Content-Type", response.type());
      boolean empty = response.body().length == 0 || exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(response.status(), empty ? -1 : response.body().length);
      if (!empty) {
        exchange.getResponseBody().write(response.body());
      }
    }
  }
}
