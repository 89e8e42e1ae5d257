package io.adapt4j.core.internal.generate;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Waiting requests, which start in {@link StartOrder}. A group has one request in the queue at a
 * time: when it starts, the next joins at the end, so that the requests of other calls get their
 * turn. Not thread safe.
 */
final class RequestQueue {

  /** In order of arrival. */
  private final Set<Request> waiting = new LinkedHashSet<>();

  private final StartOrder order = new StartOrder();

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Returns the number of waiting single-prompt calls. */
  int calls() {
    return (int) waiting.stream().filter(request -> !request.isOfGroup()).count();
  }

  void add(Request request) {
    waiting.add(request);
  }

  /** Returns the matching request that starts first. */
  Optional<Request> first(Predicate<Request> which) {
    return order.next(waiting.stream().filter(which).toList());
  }

  /** Returns how many requests start before another one, about. */
  int ahead(Request request) {
    return StartOrder.ahead(request, waiting);
  }

  /** Removes a request that starts, and queues the next of its group. */
  void started(Request request) {
    order.started(request);
    waiting.remove(request);
    request.following().ifPresent(waiting::add);
  }

  /** Removes matching requests, together with the rest of their groups. */
  List<Request> remove(Predicate<Request> which) {
    List<Request> found = waiting.stream().filter(which).toList();
    found.forEach(waiting::remove);
    return found.stream()
        .flatMap(
            request ->
                Stream.iterate(
                    Optional.of(request), Optional::isPresent, next -> next.get().following()))
        .map(Optional::get)
        .toList();
  }
}
