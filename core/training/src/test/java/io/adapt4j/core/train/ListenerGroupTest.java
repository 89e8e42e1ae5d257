package io.adapt4j.core.train;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ListenerGroupTest {
  private final List<String> calls = new ArrayList<>();

  @Test
  void everyListenerGetsEveryEventInOrder() {
    TrainingListener group = TrainingListener.all(List.of(recorder("a"), recorder("b")));
    group.started(Events.START);
    group.step(Events.step(1));
    group.evaluated(Events.EVALUATION);
    group.checkpointSaved(Events.CHECKPOINT);
    group.skipped(Events.SKIPPED);
    group.warned(Events.WARNING);
    group.ended(Events.END);
    assertThat(calls)
        .containsExactly(
            split(
                "|",
                "a started|b started|a step|b step|a evaluated|b evaluated|a saved|b saved",
                "a skipped|b skipped|a warned|b warned|a ended|b ended"));
  }

  @Test
  void aFailingListenerStopsNeitherTheOthersNorTheTraining() {
    TrainingListener failing =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            throw new IllegalStateException("thrown by the test on purpose");
          }
        };
    TrainingListener group = TrainingListener.all(List.of(failing, recorder("b")));
    assertThatCode(() -> group.step(Events.step(1))).doesNotThrowAnyException();
    assertThat(calls).containsExactly("b step");
  }

  @Test
  void aListenerMayIgnoreEvents() {
    assertThatCode(() -> Events.replay(new TrainingListener() {})).doesNotThrowAnyException();
  }

  private TrainingListener recorder(String name) {
    return new TrainingListener() {
      @Override
      public void started(RunStart event) {
        calls.add(name + " started");
      }

      @Override
      public void step(StepEvent event) {
        calls.add(name + " step");
      }

      @Override
      public void evaluated(EvaluationEvent event) {
        calls.add(name + " evaluated");
      }

      @Override
      public void checkpointSaved(CheckpointEvent event) {
        calls.add(name + " saved");
      }

      @Override
      public void skipped(SkippedStep event) {
        calls.add(name + " skipped");
      }

      @Override
      public void warned(TrainingWarning warning) {
        calls.add(name + " warned");
      }

      @Override
      public void ended(RunEnd event) {
        calls.add(name + " ended");
      }
    };
  }
}
