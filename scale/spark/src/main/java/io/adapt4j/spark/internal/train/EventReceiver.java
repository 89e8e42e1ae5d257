package io.adapt4j.spark.internal.train;

import com.google.common.util.concurrent.ThreadFactoryBuilder;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingListener;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Passes events from workers to listeners on the driver. A slow listener delays neither Spark nor
 * the run: only the newest pending events are kept. The run starts and ends once, regardless of the
 * number of attempts.
 */
final class EventReceiver extends SparkListener {

  private static final Logger LOG = LoggerFactory.getLogger(EventReceiver.class);

  private final RunEvents events;
  private final TrainingListener listener;
  private final AtomicReference<@Nullable List<RunEvent>> waiting = new AtomicReference<>();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          new ThreadFactoryBuilder().setDaemon(true).setNameFormat("adapt4j-run-events").build());
  private final long begun = System.nanoTime();

  // Accessed only by the notifying thread.
  private @Nullable RunEvent last;
  private boolean started;
  private int lastStep;
  private long lost;

  EventReceiver(RunEvents events, TrainingListener listener) {
    this.events = events;
    this.listener = listener;
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    for (var task : CollectionConverters.asJava(update.accumUpdates())) {
      for (AccumulableInfo info : CollectionConverters.asJava(task._4())) {
        if (info.id() == events.id() && info.update().isDefined()) {
          take(info.update().get());
        }
      }
    }
  }

  @SuppressWarnings("unchecked") // The type of the accumulator with this id.
  void take(Object value) {
    List<RunEvent> newest = (List<RunEvent>) value;
    if (waiting.getAndAccumulate(newest, EventReceiver::joined) == null) {
      thread.execute(this::tell);
    }
  }

  private static List<RunEvent> joined(
      @Nullable List<RunEvent> before, @Nullable List<RunEvent> more) {
    List<RunEvent> newest = more == null ? List.of() : more;
    return before == null ? newest : RunEvents.merged(before, newest);
  }

  private void tell() {
    List<RunEvent> newest = waiting.getAndSet(null);
    if (newest != null) {
      newest.forEach(event -> tell(event, false));
    }
  }

  /** Delivers the remaining events, always including the end of the run. */
  void finish(boolean completed) {
    List<RunEvent> rest = List.copyOf(events.value());
    thread.execute(
        () -> {
          tell();
          rest.forEach(event -> tell(event, completed));
          if (started && !completed) {
            Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
            listener.ended(
                new RunEnd(
                    StopReason.FAILED,
                    lastStep,
                    OptionalInt.empty(),
                    OptionalDouble.empty(),
                    elapsed));
          }
          if (lost > 0) {
            LOG.warn(
                "{} events of the run have not reached the driver: steps are faster than heartbeats"
                    + " of executors take them along (spark.executor.heartbeatInterval)",
                lost);
          }
        });
    thread.shutdown();
    try {
      thread.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private void tell(RunEvent event, boolean completed) {
    RunEvent before = last;
    if (!event.isAfter(before)) {
      return;
    }
    if (event.isA(RunEnd.class) && !completed) {
      // The end of an attempt is not that of the run.
      return;
    }
    boolean sameAttempt = before != null && before.attempt() == event.attempt();
    lost += event.number() - (sameAttempt && before != null ? before.number() + 1 : 0);
    last = event;
    boolean again = started && event.isA(RunStart.class);
    started |= event.isA(RunStart.class);
    Record value = event.event().value();
    if (value instanceof StepEvent step) {
      lastStep = step.step();
    }
    if (!again) {
      RunEvent.tell(listener, value);
    }
  }
}
