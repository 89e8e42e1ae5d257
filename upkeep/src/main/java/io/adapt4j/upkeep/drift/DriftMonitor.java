package io.adapt4j.upkeep.drift;

import io.adapt4j.core.data.Row;
import io.adapt4j.upkeep.drift.DriftReport.Result;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Tests a stream of rows for drift, a window at a time, in fixed memory: a reference sample and the
 * current window. An alarm is not repeated while the same tests keep finding drift. Thread-safe;
 * the row that fills a window waits for its test.
 *
 * <p>Each window has the test's probability of a false alarm: at an alpha of 0.05 about one in 20
 * windows, at 0.001 one in 1000.
 */
public final class DriftMonitor {

  private final DriftTest test;
  private final int referenceRows;
  private final int windowRows;
  private final Consumer<DriftReport> listener;
  private final SplittableRandom random = new SplittableRandom(0);
  private final List<Row> reference = new ArrayList<>();
  private final List<Row> window = new ArrayList<>();
  private final Set<String> drifting = new HashSet<>();
  private long learned;

  /**
   * Creates a monitor without reference rows.
   *
   * @param test the test of each window
   * @param referenceRows maximum size of the reference sample, at least 20
   * @param windowRows size of a window, at least 20
   * @param listener receives the report of every window, such as a {@link DriftMeters}
   * @throws IllegalArgumentException if a size is below 20
   */
  public DriftMonitor(
      DriftTest test, int referenceRows, int windowRows, Consumer<DriftReport> listener) {
    this.test = Objects.requireNonNull(test, "test");
    this.referenceRows = required("referenceRows", referenceRows);
    this.windowRows = required("windowRows", windowRows);
    this.listener = Objects.requireNonNull(listener, "listener");
  }

  private static int required(String name, int rows) {
    if (rows < 20) {
      throw new IllegalArgumentException(
          "%s: expected at least 20, found %d. Try 1000.".formatted(name, rows));
    }
    return rows;
  }

  /**
   * Offers a row to the reference sample, in which every row so far has the same chance to be
   * (Vitter 1985, "Random Sampling with a Reservoir").
   *
   * @param row a row of the reference period
   */
  public synchronized void learn(Row row) {
    learned++;
    if (reference.size() < referenceRows) {
      reference.add(row);
    } else {
      long place = random.nextLong(learned);
      if (place < referenceRows) {
        reference.set((int) place, row);
      }
    }
  }

  /**
   * Adds a row to the current window and tests a full window, after which the next one begins.
   *
   * @param row a row of now
   * @return the report, if the window is full and a test finds drift that found none in the window
   *     before
   * @throws IllegalStateException if fewer than 20 reference rows were learned
   */
  public synchronized Optional<DriftReport> add(Row row) {
    if (reference.size() < 20) {
      throw new IllegalStateException(
          "expected at least 20 reference rows, found %d. Call learn() with them first."
              .formatted(reference.size()));
    }
    window.add(row);
    if (window.size() < windowRows) {
      return Optional.empty();
    }
    List<Row> full = List.copyOf(window);
    window.clear();
    DriftReport report = test.compare(reference, full);
    listener.accept(report);
    Set<String> found = new HashSet<>();
    report.results().stream()
        .filter(Result::drifted)
        .forEach(result -> found.add(result.method() + " " + result.field()));
    boolean isNew = !drifting.containsAll(found);
    drifting.clear();
    drifting.addAll(found);
    return isNew ? Optional.of(report) : Optional.empty();
  }

  /** Forgets the reference and the current window, to learn what is normal from now on. */
  public synchronized void reset() {
    reference.clear();
    window.clear();
    drifting.clear();
    learned = 0;
  }
}
