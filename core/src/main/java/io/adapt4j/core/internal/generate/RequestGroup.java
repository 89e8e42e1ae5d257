package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.AdapterSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The requests of one call, which wait one after the other. */
final class RequestGroup implements AutoCloseable {

  private final CancellationToken cancellation = new CancellationToken();
  private final List<Request> requests = new ArrayList<>();

  /** How many have been given out; guarded by the scheduler's monitor. */
  private int given;

  /**
   * Adds a request.
   *
   * @param adapter let go of when it is over; null for the adapters that are on
   */
  void add(int[] prompt, GenerationOptions options, AdapterSet.@Nullable Lease adapter) {
    requests.add(
        new Request(
            prompt,
            options,
            RequestScheduler.SILENT,
            cancellation,
            adapter,
            requests.size(),
            this));
  }

  /** The next request that is to wait. */
  Optional<Request> next() {
    return given < requests.size() ? Optional.of(requests.get(given++)) : Optional.empty();
  }

  /** Those that do not wait yet, from now on given out. */
  List<Request> rest() {
    List<Request> rest = requests.subList(given, requests.size());
    given = requests.size();
    return rest;
  }

  /** Whether one of its requests has started: then the same weights answer all. */
  boolean hasBegun() {
    return given > 1;
  }

  /** Waits for the answers. Where a request fails, the others are over before that is told. */
  List<Generation> await() {
    List<Generation> answers = new ArrayList<>();
    RuntimeException failure = null;
    for (Request request : requests) {
      try {
        answers.add(request.await());
      } catch (RuntimeException e) {
        cancellation.cancel();
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return answers;
  }

  /** Lets the adapters go. */
  @Override
  public void close() {
    requests.forEach(Request::letGo);
  }
}
