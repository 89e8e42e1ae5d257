package io.adapt4j.studio.internal.web;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** A response, independent of the server that sends it. Immutable. */
public final class Response {

  private static final String HTML = "text/html; charset=utf-8";

  private final int status;
  private final String type;
  private final byte[] body;
  private final Map<String, String> headers;

  private Response(int status, String type, byte[] body, Map<String, String> headers) {
    this.status = status;
    this.type = type;
    this.body = body;
    this.headers = Map.copyOf(headers);
  }

  /** Creates a response with a body, which is not copied. */
  public static Response of(String type, byte[] body) {
    return new Response(200, type, body, Map.of());
  }

  public static Response text(int status, String type, String text) {
    return new Response(
        status, type + "; charset=utf-8", text.getBytes(StandardCharsets.UTF_8), Map.of());
  }

  public static Response html(String page) {
    return html(200, page);
  }

  public static Response html(int status, String page) {
    return text(status, "text/html", page);
  }

  /** A redirection after a form, which the browser follows with GET. */
  public static Response see(String location) {
    return new Response(303, HTML, new byte[0], Map.of("Location", location));
  }

  public Response with(String header, String value) {
    return with(Map.of(header, value));
  }

  /** Returns a copy with further headers, which replace those of the same names. */
  Response with(Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.putAll(more);
    return new Response(status, type, body, all);
  }

  public int status() {
    return status;
  }

  String type() {
    return type;
  }

  byte[] body() {
    return body;
  }

  Map<String, String> headers() {
    return headers;
  }
}
