package io.adapt4j.serve.internal.answer;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Places for answers, shared by clients. One client may take all of them. While another that has
 * less than its share is told to come back, nobody gets more than an equal share. Thread-safe.
 */
final class ClientShares {

  private final int places;
  private final Map<String, Integer> taken = new HashMap<>();

  /** Refused clients with less than their share, and until when they are expected to come back. */
  private final Map<String, Long> expected = new HashMap<>();

  ClientShares(int places) {
    this.places = places;
  }

  /** Returns the number of places that are taken. */
  synchronized int used() {
    return taken.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Takes places, all or none. */
  synchronized boolean take(String client, int count, long nanos) {
    expected.values().removeIf(until -> until < nanos);
    Set<String> others = new HashSet<>(expected.keySet());
    others.remove(client);
    if (used() + count > places || (!others.isEmpty() && !isWithinShare(client, count))) {
      return false;
    }
    expected.remove(client);
    taken.merge(client, count, Integer::sum);
    return true;
  }

  /**
   * Keeps the others to their shares until a refused client comes back, if it has less. No more
   * clients are expected than there are places, as requests can have any name.
   */
  synchronized void expect(String client, int count, long until) {
    if (expected.size() < places && isWithinShare(client, count)) {
      expected.put(client, until);
    }
  }

  private boolean isWithinShare(String client, int count) {
    Set<String> clients = new HashSet<>(taken.keySet());
    clients.addAll(expected.keySet());
    clients.add(client);
    return taken.getOrDefault(client, 0) + count <= Math.max(1, places / clients.size());
  }

  /** Gives a place back. */
  synchronized void release(String client) {
    taken.computeIfPresent(client, (name, count) -> count > 1 ? count - 1 : null);
  }
}
