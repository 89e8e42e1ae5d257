package io.adapt4j.serve.internal.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Parameters in the address of a request. */
public final class Query {

  private Query() {}

  /** Returns the first value of a parameter. */
  public static Optional<String> value(Call call, String name) {
    String query = call.exchange().getRequestURI().getRawQuery();
    for (String part : query == null ? new String[0] : query.split("&", -1)) {
      int equals = part.indexOf('=');
      if (equals > 0 && part.substring(0, equals).equals(name)) {
        try {
          return Optional.of(URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
          throw Fault.parameter(name, "expected a value in URL encoding");
        }
      }
    }
    return Optional.empty();
  }
}
