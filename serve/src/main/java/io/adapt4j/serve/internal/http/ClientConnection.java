package io.adapt4j.serve.internal.http;

import com.sun.net.httpserver.HttpExchange;
import java.util.Optional;
import java.util.Set;

/** Connection of a request's client, which can be asked whether it has been closed. */
final class ClientConnection {

  private final ConnectionTable table;
  private final String key;
  private boolean seen;

  ClientConnection(HttpExchange exchange, ConnectionTable table) {
    this.table = table;
    this.key = ConnectionTable.key(exchange.getLocalAddress(), exchange.getRemoteAddress());
  }

  /**
   * Returns whether the client has closed its side since the first call; false where this system
   * does not tell.
   */
  boolean isClosed() {
    return isClosed(table.established());
  }

  /** Looks the connection up at once, so that a client that leaves soon is noticed, too. */
  void find() {
    isClosed(table.establishedNow());
  }

  private boolean isClosed(Optional<Set<String>> established) {
    if (established.isEmpty()) {
      return false;
    }
    boolean open = established.get().contains(key);
    seen |= open;
    return seen && !open;
  }
}
