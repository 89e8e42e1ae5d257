package io.adapt4j.core.internal.plan;

import java.util.Comparator;
import java.util.List;

/**
 * The predicted memory of a run: what lasts through it, and what each of its phases takes on top.
 *
 * @param phases the phases, in the order of a run
 */
public record MemoryEstimate(List<MemoryItem> lasting, List<Phase> phases, List<MemoryItem> host) {

  /** A phase of a run. */
  public record Phase(String name, List<MemoryItem> items) {

    /** Copies the list. */
    public Phase {
      items = List.copyOf(items);
    }

    /**
     * Adds up the items.
     *
     * @return bytes
     */
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

  /** Adds up what lasts. */
  public long lastingBytes() {
    return total(lasting);
  }

  /** Finds the phase that takes most. */
  public Phase peakPhase() {
    return phases.stream().max(Comparator.comparingLong(Phase::bytes)).orElseThrow();
  }

  /** Predicts the most memory that exists at once. */
  public long peakBytes() {
    return lastingBytes() + peakPhase().bytes();
  }

  /**
   * Looks up one item of what lasts.
   *
   * @return its bytes, 0 where there is no such item
   */
  public long lasting(String name) {
    return lasting.stream()
        .filter(memoryItem -> memoryItem.name().equals(name))
        .mapToLong(MemoryItem::bytes)
        .sum();
  }
}
