package io.adapt4j.core.internal.plan;

import java.util.Comparator;
import java.util.List;

/**
 * The predicted memory of a run: what lasts through it, and what each of its phases takes on top.
 *
 * @param lasting what exists from the first step to the last
 * @param phases the phases, in the order of a run
 * @param host what lasts in the machine's memory beside a device of another kind; no part of the
 *     peak
 */
public record MemoryEstimate(List<MemoryItem> lasting, List<Phase> phases, List<MemoryItem> host) {

  /**
   * A phase of a run.
   *
   * @param name what is done in it
   * @param items what it takes at its height
   */
  public record Phase(String name, List<MemoryItem> items) {

    /**
     * Copies the list.
     *
     * @param name what is done
     * @param items what it takes
     */
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

  /**
   * Copies the lists.
   *
   * @param lasting what exists throughout
   * @param phases the phases
   * @param host what lasts outside the device
   */
  public MemoryEstimate {
    lasting = List.copyOf(lasting);
    phases = List.copyOf(phases);
    host = List.copyOf(host);
  }

  private static long total(List<MemoryItem> items) {
    return items.stream().mapToLong(MemoryItem::bytes).sum();
  }

  /**
   * Adds up what lasts.
   *
   * @return bytes
   */
  public long lastingBytes() {
    return total(lasting);
  }

  /**
   * Finds the phase that takes most.
   *
   * @return the phase in which the peak falls
   */
  public Phase peakPhase() {
    return phases.stream().max(Comparator.comparingLong(Phase::bytes)).orElseThrow();
  }

  /**
   * Predicts the most memory that exists at once.
   *
   * @return bytes
   */
  public long peakBytes() {
    return lastingBytes() + peakPhase().bytes();
  }

  /**
   * Looks up one item of what lasts.
   *
   * @param name its name
   * @return its bytes, 0 where there is no such item
   */
  public long lasting(String name) {
    return lasting.stream()
        .filter(memoryItem -> memoryItem.name().equals(name))
        .mapToLong(MemoryItem::bytes)
        .sum();
  }
}
