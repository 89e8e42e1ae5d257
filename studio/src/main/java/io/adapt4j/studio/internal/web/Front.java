package io.adapt4j.studio.internal.web;

import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Requests of any server as those of the router, with paths below the studio's. */
final class Front {

  /** Bytes read and dropped of a refused body, so that the client reads the answer. */
  private static final long MOST_SKIPPED = 8L << 20;

  private final String context;
  private final Router router;

  /** Creates a front for a context path with a slash at its end. */
  Front(String context, Router router) {
    this.context = context;
    this.router = router;
  }

  /** Answers a request, and reads the rest of its body. */
  Response answer(
      String method,
      String path,
      @Nullable String query,
      Map<String, List<String>> headers,
      InputStream body) {
    Request bare = new Request(method, List.of(), new Fields(Map.of()), headers, body);
    Response response = answer(bare, path, query == null ? "" : query);
    skip(body);
    return response;
  }

  private Response answer(Request bare, String path, String query) {
    if ((path + "/").equals(context)) {
      return Response.see(context);
    }
    if (!path.startsWith(context)) {
      return router.refuse(bare, Refusal.notFound());
    }
    try {
      return router.answer(
          new Request(
              bare.method(),
              segments(path.substring(context.length())),
              Fields.parse(query),
              bare.headers(),
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
