package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Step kernels of a batch, prepared on first use. Requests with any low-rank adapters share one
 * program; an adapter that changes more than linear layers has its own, which runs while it is the
 * only active adapter. Not thread safe.
 */
final class PreparedSteps {

  /**
   * Kernels for a set of adapters.
   *
   * @param alone the adapter that must be the only active one; null for the currently active
   *     adapters
   */
  record Program(
      DecoderSteps steps, List<AttachedAdapter> joined, @Nullable AttachedAdapter alone) {

    /** Returns the index by which tokens refer to an adapter. */
    int number(@Nullable AttachedAdapter adapter) {
      return adapter == null || adapter == alone
          ? DecoderSteps.Token.NO_ADAPTER
          : joined.indexOf(adapter);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  private final StepKernels kernels;
  private final Decoder decoder;
  private final AdapterSet adapters;
  private final int tokens;
  private final @Nullable KvCache[] caches;

  /** Change count of each row's cache when it was placed. */
  private final int[] placed;

  /**
   * Program of the active adapters and all low-rank ones; once prepared, empty if there are no
   * kernels.
   */
  private Optional<Program> joined = Optional.empty();

  private boolean isJoinedWanted;

  /** Programs of adapters that run alone. */
  private final Map<AttachedAdapter, Optional<Program>> alone = new HashMap<>();

  PreparedSteps(StepKernels kernels, Decoder decoder, AdapterSet adapters, int rows, int tokens) {
    this.kernels = kernels;
    this.decoder = decoder;
    this.adapters = adapters;
    this.tokens = tokens;
    this.caches = new @Nullable KvCache[rows];
    this.placed = new int[rows];
  }

  /**
   * Returns the program for a request.
   *
   * @param adapter the request's adapter; null for the active adapters
   */
  Optional<Program> programFor(@Nullable AttachedAdapter adapter) {
    if (!isJoinedWanted) {
      isJoinedWanted = true;
      joined = prepared(adapters.joinable(), null);
    }
    if (adapter == null || joined.filter(all -> all.joined().contains(adapter)).isPresent()) {
      return joined;
    }
    if (!alone.containsKey(adapter)) {
      adapters.with(adapter, () -> alone.put(adapter, prepared(List.of(), adapter)));
    }
    return alone.get(adapter);
  }

  private Optional<Program> prepared(
      List<AttachedAdapter> named, @Nullable AttachedAdapter onAlone) {
    Optional<DecoderSteps> steps = kernels.prepare(decoder, caches.length, tokens, named);
    for (int row = 0; row < caches.length && steps.isPresent(); row++) {
      KvCache cache = caches[row];
      if (cache != null) {
        steps.get().place(row, cache, 0);
      }
    }
    return steps.map(made -> new Program(made, named, onAlone));
  }

  /** Assigns a cache to a row. */
  void place(int row, KvCache cache) {
    caches[row] = cache;
    placed[row] = cache.changes();
    for (Program program : programs()) {
      program.steps().place(row, cache, 0);
    }
  }

  /** Places rows again if the blocks their caches share have changed. */
  void placeChanged() {
    for (int row = 0; row < caches.length; row++) {
      KvCache cache = caches[row];
      if (cache != null && cache.changes() != placed[row]) {
        place(row, cache);
      }
    }
  }

  /** Removes a row's cache. */
  void remove(int row) {
    caches[row] = null;
    for (Program program : programs()) {
      program.steps().remove(row);
    }
  }

  private List<Program> programs() {
    List<Optional<Program>> all = new ArrayList<>(alone.values());
    all.add(joined);
    return all.stream().flatMap(Optional::stream).toList();
  }

  /** Releases all programs, since weights or layers are about to change. */
  void release() {
    programs().forEach(program -> program.steps().close());
    joined = Optional.empty();
    isJoinedWanted = false;
    alone.clear();
  }
}
