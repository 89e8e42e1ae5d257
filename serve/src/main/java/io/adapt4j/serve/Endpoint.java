package io.adapt4j.serve;

import java.io.IOException;

/** Answers the requests to a path that have a JSON object as their body. */
interface Endpoint {

  /**
   * Answers a request.
   *
   * @throws Fault if it cannot be answered as it is
   * @throws IOException if the client has left
   */
  void answer(Call call, Parameters parameters) throws IOException;
}
