package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.KvCache;
import io.adapt4j.core.internal.nn.StepKernels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a batch, prepared when they are first needed. Requests with any low-rank adapters
 * are joined in one program; an adapter that changes more than linear layers has a program of its
 * own, which runs while it is on alone. Not thread safe.
 */
final class PreparedSteps {

  /**
   * Steps for some adapters.
   *
   * @param alone the only adapter, which has to be on; null where those are that are on
   */
  record Program(
      DecoderSteps steps, List<AttachedAdapter> joined, @Nullable AttachedAdapter alone) {

    /** The number by which tokens name an adapter. */
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

  private final Decoder decoder;
  private final AdapterSet adapters;
  private final int tokens;
  private final @Nullable KvCache[] caches;

  /** Which state of its cache each row was placed in. */
  private final int[] placed;

  /** Of those that are on and the low-rank ones; once wanted, empty where there are no kernels. */
  private Optional<Program> joined = Optional.empty();

  private boolean isJoinedWanted;

  /** Of adapters that run alone. */
  private final Map<AttachedAdapter, Optional<Program>> alone = new HashMap<>();

  PreparedSteps(Decoder decoder, AdapterSet adapters, int rows, int tokens) {
    this.decoder = decoder;
    this.adapters = adapters;
    this.tokens = tokens;
    this.caches = new @Nullable KvCache[rows];
    this.placed = new int[rows];
  }

  /**
   * Finds the steps of a request.
   *
   * @param adapter what takes part in it; null for the adapters that are on
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
    Optional<DecoderSteps> steps = StepKernels.prepared(decoder, caches.length, tokens, named);
    for (int row = 0; row < caches.length && steps.isPresent(); row++) {
      KvCache cache = caches[row];
      if (cache != null) {
        steps.get().place(row, cache, 0);
      }
    }
    return steps.map(made -> new Program(made, named, onAlone));
  }

  /** Gives a row its keys and values. */
  void place(int row, KvCache cache) {
    caches[row] = cache;
    placed[row] = cache.changes();
    for (Program program : programs()) {
      program.steps().place(row, cache, 0);
    }
  }

  /** Places rows again whose caches share more or less than before. */
  void placeChanged() {
    for (int row = 0; row < caches.length; row++) {
      KvCache cache = caches[row];
      if (cache != null && cache.changes() != placed[row]) {
        place(row, cache);
      }
    }
  }

  /** Takes them away. */
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

  /** Lets go of what was prepared, since weights or layers are about to change. */
  void release() {
    programs().forEach(program -> program.steps().close());
    joined = Optional.empty();
    isJoinedWanted = false;
    alone.clear();
  }
}
