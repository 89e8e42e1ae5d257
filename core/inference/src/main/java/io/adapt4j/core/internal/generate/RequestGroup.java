package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.AdapterSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The requests of one call, which are queued one after the other. */
final class RequestGroup implements AutoCloseable {

  private final CancellationToken cancellation = new CancellationToken();
  private final List<Request> requests = new ArrayList<>();

  /** Number of requests handed out; guarded by the scheduler's monitor. */
  private int given;

  /**
   * Adds a request.
   *
   * @param adapter released when the request is over; null for the active adapters
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

  /** Returns the next request to queue. */
  Optional<Request> next() {
    return given < requests.size() ? Optional.of(requests.get(given++)) : Optional.empty();
  }

  /** Returns all requests not yet handed out, and marks them as handed out. */
  List<Request> rest() {
    List<Request> rest = requests.subList(given, requests.size());
    given = requests.size();
    return rest;
  }

  /** Returns whether a request of the group has started; the same weights must then answer all. */
  boolean hasBegun() {
    return given > 1;
  }

  /** Waits for the answers. If a request fails, the others end before the exception is thrown. */
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

  /** Releases the adapters. */
  @Override
  public void close() {
    requests.forEach(Request::letGo);
  }
}
