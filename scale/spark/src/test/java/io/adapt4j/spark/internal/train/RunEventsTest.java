package io.adapt4j.spark.internal.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import io.adapt4j.spark.internal.serial.Sent;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Events of a run on their way to the driver. */
class RunEventsTest {

  private static final Duration TIME = Duration.ofMillis(12);

  private static final RunStart START =
      new RunStart(9, 1, 1, 2, 3, 0, "model", "fp32", Map.of(), true);

  private static StepEvent step(int number) {
    return new StepEvent(
        number,
        9,
        0.5,
        1,
        1e-3,
        1,
        10,
        10,
        Duration.ZERO,
        Duration.ZERO,
        0,
        Duration.ZERO,
        ResourceUse.UNKNOWN,
        Map.of());
  }

  private static RunEnd end(StopReason reason) {
    return new RunEnd(reason, 4, OptionalInt.empty(), OptionalDouble.empty(), Duration.ZERO);
  }

  /** Writes down what it is told. */
  private static final class Heard implements TrainingListener {

    private final List<String> events = new ArrayList<>();

    @Override
    public void started(RunStart event) {
      events.add("started");
    }

    @Override
    public void resumed(ResumeEvent event) {
      events.add("resumed " + event.step());
    }

    @Override
    public void step(StepEvent event) {
      events.add("step " + event.step());
    }

    @Override
    public void ended(RunEnd event) {
      events.add("ended " + event.reason());
    }
  }

  @Test
  void onlySoManyStepsAreHeldAndTheyDriveOutNothingElse() {
    RunEvents events = new RunEvents();
    EventSender sender = new EventSender(events, 0);
    sender.started(START);
    sender.evaluated(EvaluationEvent.of(0, 2, true));
    for (int i = 1; i <= RunEvents.MOST + 100; i++) {
      sender.step(step(i));
    }
    assertThat(events.value()).hasSize(RunEvents.MOST + 2);
    assertThat(events.value().get(0).event().value()).isEqualTo(START);
    assertThat(events.value().get(2).number()).isEqualTo(102);
    assertThat(sender.steps()).isEqualTo(RunEvents.MOST + 100);
    RunEvents merged = new RunEvents();
    merged.merge(events);
    assertThat(merged.value()).isEqualTo(events.value());
  }

  @Test
  void theRunStartsAndEndsOnceHoweverManyAttemptsItTakes() {
    RunEvents first = new RunEvents();
    EventSender failing = new EventSender(first, 0);
    failing.started(START);
    failing.step(step(1));
    failing.step(step(2));
    Heard heard = new Heard();
    RunEvents last = new RunEvents();
    EventReceiver receiver = new EventReceiver(last, heard);
    receiver.take(first.value());
    failing.ended(end(StopReason.FAILED));
    receiver.take(first.value());

    EventSender second = new EventSender(last, 1);
    second.started(START);
    second.resumed(new ResumeEvent(1, Path.of("state"), List.of()));
    second.step(step(2));
    receiver.take(List.copyOf(last.value()));
    second.step(step(3));
    second.ended(end(StopReason.COMPLETED));
    receiver.finish(true);

    assertThat(heard.events)
        .containsExactly(
            "started", "step 1", "step 2", "resumed 1", "step 2", "step 3", "ended COMPLETED");
  }

  @Test
  void aRunOfWhichEveryAttemptFailsEnds() {
    RunEvents events = new RunEvents();
    EventSender sender = new EventSender(events, 0);
    sender.started(START);
    sender.step(step(1));
    sender.ended(end(StopReason.FAILED));
    Heard heard = new Heard();
    new EventReceiver(events, heard).finish(false);
    assertThat(heard.events).containsExactly("started", "step 1", "ended FAILED");
  }

  @Test
  void eventsArriveAsTheyWere() throws Exception {
    List<Record> events =
        List.of(
            START.withSettings(Map.of("seed", "42")),
            new ResumeEvent(1, Path.of("state"), List.of("damaged")),
            step(3),
            new EvaluationEvent(4, 1.5, Double.NaN, true, Map.of("accuracy", 0.5)),
            new CheckpointEvent(5, Path.of("runs", "last"), false),
            new SkippedStep(6, 9, "loss", Double.NaN, 1, 2),
            new TrainingWarning(TrainingWarning.Kind.LOSS_RISING, 7, "message", "remedy"),
            new RunEnd(StopReason.COMPLETED, 8, OptionalInt.of(4), OptionalDouble.of(1.5), TIME));
    for (Record event : events) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
        out.writeObject(new RunEvent(0, 1, Sent.of(event)));
      }
      ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()));
      RunEvent read = (RunEvent) in.readObject();
      assertThat(read).isEqualTo(new RunEvent(0, 1, Sent.of(event)));
      assertThat(read.event().value()).isEqualTo(event);
    }
  }
}
