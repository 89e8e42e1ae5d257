package io.adapt4j.core.internal.plan;

import java.util.Comparator;
import java.util.List;

/** Predicted memory of a run: persistent items, and the additional items of each phase. */
public record MemoryEstimate(List<MemoryItem> lasting, List<Phase> phases, List<MemoryItem> host) {

  /** A phase of a run. */
  public record Phase(String name, List<MemoryItem> items) {

    /** Copies the list. */
    public Phase {
      items = List.copyOf(items);
    }

    /** Adds up the items. */
    public long bytes() {
      return total(items);
    }
  }

  /** Copies the lists. */
  public MemoryEstimate {
    lasting = List.copyOf(lasting);
    phases = List.copyOf(phases);
    host = List.copyOf(host);
  }

  private static long total(List<MemoryItem> items) {
    return items.stream().mapToLong(MemoryItem::bytes).sum();
  }

  /** Returns the total of the persistent items. */
  public long lastingBytes() {
    return total(lasting);
  }

  /** Returns the phase with the most memory. */
  public Phase peakPhase() {
    return phases.stream().max(Comparator.comparingLong(Phase::bytes)).orElseThrow();
  }

  /** Returns the predicted peak memory. */
  public long peakBytes() {
    return lastingBytes() + peakPhase().bytes();
  }

  /** Looks up a persistent item. */
  public long lasting(String name) {
    return lasting.stream()
        .filter(memoryItem -> memoryItem.name().equals(name))
        .mapToLong(MemoryItem::bytes)
        .sum();
  }
}
