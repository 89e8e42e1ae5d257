package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.Scheduling;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Order in which waiting requests start: by priority, then in turns of clients by weight
 * (start-time fair queueing, Goyal et al. 1996, with a cost of 1), then by arrival. Every eighth
 * start is that of the oldest. Not thread safe.
 */
final class StartOrder {

  /** One of this many starts is that of the oldest request. */
  static final int OLDEST = 8;

  /** Most clients whose turns are remembered. */
  private static final int MOST_CLIENTS = 4096;

  /** The time of each client's next turn, the least recently started first. */
  private final Map<String, Double> turns = new LinkedHashMap<>();

  /** The time of the last turn. */
  private double now;

  private int starts;

  /** Returns the next of the requests, which are in order of arrival. */
  Optional<Request> next(List<Request> waiting) {
    return starts % OLDEST == OLDEST - 1
        ? waiting.stream().findFirst()
        : waiting.stream()
            .min(
                Comparator.comparingInt((Request request) -> of(request).priority())
                    .thenComparingDouble(request -> turn(of(request).client())));
  }

  private static Scheduling of(Request request) {
    return request.options().scheduling();
  }

  private double turn(String client) {
    return Math.max(now, turns.getOrDefault(client, 0.0));
  }

  /** Takes the turn of a request that starts. */
  void started(Request request) {
    starts++;
    Scheduling scheduling = of(request);
    double turn = turn(scheduling.client());
    // The start of the oldest is out of turn and must not let all others skip theirs.
    now = starts % OLDEST == 0 ? now : turn;
    turns.remove(scheduling.client());
    turns.put(scheduling.client(), turn + 1.0 / scheduling.weight());
    turns.values().removeIf(next -> next <= now);
    if (turns.size() > MOST_CLIENTS) {
      turns.remove(turns.keySet().iterator().next());
    }
  }

  /** Returns how many of the waiting requests start before another one, about. */
  static int ahead(Request request, Collection<Request> waiting) {
    Scheduling own = of(request);
    Map<String, Integer> counts = new HashMap<>();
    Map<String, Integer> weights = new HashMap<>();
    int ahead = 0;
    for (Request other : waiting) {
      Scheduling scheduling = of(other);
      if (scheduling.priority() < own.priority()) {
        ahead++;
      } else if (scheduling.priority() == own.priority()) {
        counts.merge(scheduling.client(), 1, Integer::sum);
        weights.put(scheduling.client(), scheduling.weight());
      }
    }
    int before = Optional.ofNullable(counts.remove(own.client())).orElse(0);
    double rounds = (before + 1.0) / own.weight();
    for (Map.Entry<String, Integer> client : counts.entrySet()) {
      double turns = Math.ceil(rounds * weights.get(client.getKey()));
      ahead += (int) Math.min(client.getValue(), turns);
    }
    return ahead + before;
  }
}
