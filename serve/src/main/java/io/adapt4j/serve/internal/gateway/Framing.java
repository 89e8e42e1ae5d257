package io.adapt4j.serve.internal.gateway;

import com.sun.net.httpserver.Headers;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Checks of the end of requests. If the end is given twice or ambiguously, a proxy may see another
 * end and take the rest for the request of another client (request smuggling).
 */
final class Framing {

  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");

  private Framing() {}

  private static boolean isClear(Headers headers) {
    List<String> lengths = headers.getOrDefault("Content-Length", List.of());
    List<String> encodings = headers.getOrDefault("Transfer-Encoding", List.of());
    if (encodings.isEmpty()) {
      return lengths.isEmpty() || (lengths.size() == 1 && LENGTH.matcher(lengths.get(0)).matches());
    }
    return lengths.isEmpty()
        && encodings.size() == 1
        && encodings.get(0).equalsIgnoreCase("chunked");
  }

  /** Refuses a request with an ambiguous end, and whatever follows on its connection. */
  static void require(Call call) {
    if (!isClear(call.exchange().getRequestHeaders())) {
      call.set("Connection", "close");
      throw Fault.invalid(
          400,
          null,
          "unclear_length",
          "The request must have one Content-Length, or 'Transfer-Encoding: chunked', or neither.");
    }
  }
}
