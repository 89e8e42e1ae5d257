package io.adapt4j.studio.internal.web;

import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** The style sheet, scripts and images in the jar. */
final class StaticFiles {

  private static final Map<String, String> TYPES =
      Map.of(
          "studio.css", "text/css; charset=utf-8",
          "studio.js", "text/javascript; charset=utf-8",
          "icon.svg", "image/svg+xml");

  private final Map<String, Response> files = new LinkedHashMap<>();

  StaticFiles() {
    TYPES.forEach((name, type) -> files.put(name, response(name, type)));
  }

  private static Response response(String name, String type) {
    try (InputStream in = StaticFiles.class.getResourceAsStream("static/" + name)) {
      byte[] bytes = Objects.requireNonNull(in, name).readAllBytes();
      return Response.of(type, bytes).with("Cache-Control", "no-cache");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a file; only names of the list exist, so that no path leads elsewhere. */
  Response file(Request request) {
    Response file = request.path().size() == 2 ? files.get(request.path().get(1)) : null;
    if (file == null || !request.isSafe()) {
      throw Refusal.notFound();
    }
    return file;
  }
}
