package io.adapt4j.serve.internal.http;

import java.io.IOException;

/** Answers the requests to a path. */
public interface Endpoint {

  /**
   * Answers a request. Throws a Fault if it cannot be answered, and an IOException if the client
   * has disconnected.
   */
  void answer(Call call, Parameters parameters) throws IOException;

  /** Reads the body of a request: a JSON object, unless the endpoint takes another form. */
  default Parameters read(Call call, Limits limits) throws IOException {
    return new Parameters(Body.read(call, limits));
  }
}
