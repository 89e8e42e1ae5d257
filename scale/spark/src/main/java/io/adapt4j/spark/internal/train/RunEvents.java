package io.adapt4j.spark.internal.train;

import io.adapt4j.core.train.StepEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.util.AccumulatorV2;

/**
 * Accumulator of the newest events of a run. The leading worker adds them; they are sent with each
 * heartbeat of its executor, and with the result of its task. It holds enough events that only
 * steps of a few milliseconds are lost.
 *
 * <p>Spark reads it in a different thread.
 */
public final class RunEvents extends AccumulatorV2<RunEvent, List<RunEvent>> {

  static final int MOST = 512;

  private static final long serialVersionUID = 1;

  /** Replaced, never mutated, so that another thread can serialize it at any time. */
  private volatile List<RunEvent> events = List.of();

  /** Creates an empty accumulator. */
  public RunEvents() {}

  private RunEvents(List<RunEvent> events) {
    this.events = events;
  }

  @Override
  public boolean isZero() {
    return events.isEmpty();
  }

  @Override
  public RunEvents copy() {
    return new RunEvents(events);
  }

  @Override
  public void reset() {
    events = List.of();
  }

  @Override
  public synchronized void add(RunEvent event) {
    List<RunEvent> all = new ArrayList<>(events);
    all.add(event);
    events = newest(all);
  }

  @Override
  public synchronized void merge(AccumulatorV2<RunEvent, List<RunEvent>> other) {
    events = merged(events, other.value());
  }

  /** Returns the newest events of two lists, in order. */
  static List<RunEvent> merged(List<RunEvent> some, List<RunEvent> others) {
    return newest(
        Stream.concat(some.stream(), others.stream())
            .distinct()
            .sorted(Comparator.comparingInt(RunEvent::attempt).thenComparingLong(RunEvent::number))
            .toList());
  }

  private static List<RunEvent> newest(List<RunEvent> all) {
    Deque<RunEvent> kept = new ArrayDeque<>();
    int steps = 0;
    int others = 0;
    for (int i = all.size() - 1; i >= 0; i--) {
      boolean step = all.get(i).isA(StepEvent.class);
      if (step ? steps++ < MOST : others++ < MOST) {
        kept.addFirst(all.get(i));
      }
    }
    return List.copyOf(kept);
  }

  @Override
  public List<RunEvent> value() {
    return events;
  }
}
