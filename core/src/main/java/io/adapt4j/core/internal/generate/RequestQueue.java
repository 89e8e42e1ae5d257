package io.adapt4j.core.internal.generate;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Requests that wait, in the order in which they came. Of a group one waits at a time: the next one
 * comes last when it has started, so that the requests of other calls get their turn. Not thread
 * safe.
 */
final class RequestQueue {

  private final Set<Request> waiting = new LinkedHashSet<>();

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** How many calls for one prompt wait. */
  int calls() {
    return (int) waiting.stream().filter(request -> request.group().isEmpty()).count();
  }

  void add(Request request) {
    waiting.add(request);
  }

  /** The first that fits. */
  Optional<Request> first(Predicate<Request> which) {
    return waiting.stream().filter(which).findFirst();
  }

  /** Takes a request out that starts. */
  void started(Request request) {
    waiting.remove(request);
    request.group().flatMap(RequestGroup::next).ifPresent(waiting::add);
  }

  /** Takes requests out, with what would follow them. */
  List<Request> remove(Predicate<Request> which) {
    List<Request> removed = new ArrayList<>(waiting.stream().filter(which).toList());
    waiting.removeAll(removed);
    List.copyOf(removed).stream()
        .flatMap(request -> request.group().stream())
        .forEach(group -> removed.addAll(group.rest()));
    return removed;
  }
}
