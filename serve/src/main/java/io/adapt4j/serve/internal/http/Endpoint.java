package io.adapt4j.serve.internal.http;

import java.io.IOException;

/** Answers the requests to a path that have a JSON object as their body. */
public interface Endpoint {

  /**
   * Answers a request. Throws a Fault if it cannot be answered, and an IOException if the client
   * has disconnected.
   */
  void answer(Call call, Parameters parameters) throws IOException;
}
