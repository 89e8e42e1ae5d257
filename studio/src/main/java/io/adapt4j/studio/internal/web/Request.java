package io.adapt4j.studio.internal.web;

import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A request, independent of the server that received it. */
public record Request(
    String method,
    List<String> path,
    Fields query,
    Map<String, List<String>> headers,
    InputStream body) {

  /** Limit of a form's size in bytes. */
  private static final int FORM_BYTES = 1 << 20;

  public Request {
    path = List.copyOf(path);
  }

  public Optional<String> header(String name) {
    return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()).stream().findFirst();
  }

  /** Returns whether the request changes nothing. */
  public boolean isSafe() {
    return method.equals("GET") || method.equals("HEAD");
  }

  public boolean isPost() {
    return method.equals("POST");
  }

  /** Returns a segment of the path; empty beyond its end. */
  public String segment(int index) {
    return index < path.size() ? path.get(index) : "";
  }

  public Fields form() throws IOException {
    String type = header("Content-Type").orElse("").split(";", 2)[0].strip();
    if (!type.equalsIgnoreCase("application/x-www-form-urlencoded")) {
      throw new Refusal(415, "refused_form");
    }
    byte[] bytes = body.readNBytes(FORM_BYTES + 1);
    if (bytes.length > FORM_BYTES) {
      throw new Refusal(413, "refused_large");
    }
    return Fields.parse(bytes);
  }
}
