package io.adapt4j.tools.mcp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.Future;

/** Carries messages to a server and back. Thread-safe. */
interface Transport extends AutoCloseable {

  /** Id of a message that is not answered. */
  long NO_ID = 0;

  /** Receives what arrives, on the transport's threads. */
  interface Listener {

    /** A message of the server. */
    void received(ObjectNode message);

    /** A request will not be answered. */
    void failed(long id, RuntimeException failure);

    /** No request will be answered any more. */
    void ended(RuntimeException failure);
  }

  void start(Listener listener);

  /** Sends a message; the result is done when the server has it, or cannot get it. */
  Future<?> send(ObjectNode message, long id);

  /** Waits no longer for the answer to a request. */
  void abandon(long id);

  /** Says the version that both sides speak. */
  void speaks(String version, boolean notifies);

  @Override
  void close();
}
