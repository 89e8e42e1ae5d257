package io.adapt4j.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Events;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ConsoleProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Nested
  class OnAPipe {
    private final ConsoleProgress progress = ConsoleProgress.to(out);

    @Test
    void saysWhatIsTrained() {
      progress.started(Events.START);
      assertThat(lines())
          .containsExactly(
              "Training stories260K in fp32: 240 steps, 3 epochs, 640 training examples and 80"
                  + " validation examples, 12,288 of 260,032 parameters trainable (4.73 %)");
    }

    @Test
    void saysSoIfTheExamplesAreStreamedAndNotValidated() {
      progress.started(new RunStart(10, 0.5, 1, 4, 0, 0, "tiny", "bf16", Map.of(), true));
      assertThat(lines())
          .containsExactly(
              "Training tiny in bf16: 10 steps, 0.50 epochs, streamed training examples,"
                  + " 1 of 4 parameters trainable (25.00 %)");
    }

    @Test
    void printsTheFiguresOfAStep() {
      progress.step(Events.step(12));
      assertThat(lines())
          .containsExactly(
              "step 12/240 | epoch 0.15 | loss 2.3131 | lr 2.00e-04 | grad norm 1.21"
                  + " | 1234 tokens/s | 1.50 GiB | 5:42 left");
    }

    @Test
    void saysThatItEstimatesWhileNothingIsKnown() {
      progress.step(Events.early());
      assertThat(lines().get(0)).endsWith("| 10 tokens/s | estimating time left");
      assertThat(ProgressText.besideBar(Events.early())).endsWith("10 tok/s estimating");
    }

    @Test
    void printsEvaluationsCheckpointsSkippedStepsAndWarnings() {
      progress.evaluated(Events.EVALUATION);
      progress.evaluated(new EvaluationEvent(130, 0, 1, false, Map.of("accuracy", 0.875)));
      progress.checkpointSaved(Events.CHECKPOINT);
      progress.skipped(Events.SKIPPED);
      progress.warned(Events.WARNING);
      assertThat(lines())
          .containsExactly(
              "step 120 | validation loss 2.1000 | perplexity 8.17 | best so far",
              "step 130 | validation loss 0.0000 | accuracy 0.8750",
              "step 120 | checkpoint saved to " + Events.CHECKPOINT.path() + " (best)",
              "step 121/240 | skipped: loss is NaN (1 in a row)",
              "step 130 | warning: Validation gets worse. Train for less time.");
    }

    @Test
    void saysHowTheRunEnded() {
      progress.ended(Events.END);
      progress.ended(
          new RunEnd(
              StopReason.STOP_REQUESTED,
              7,
              OptionalInt.empty(),
              OptionalDouble.empty(),
              Duration.ofSeconds(3723)));
      assertThat(lines())
          .containsExactly(
              "Training completed after 240 steps in 1:23; best validation loss 2.1000 at step 120",
              "Training stopped on request after 7 steps in 1:02:03");
    }

    @Test
    void printsAboutTwentyStepsOfARunWithoutControlCharacters() {
      Events.replay(progress);
      assertThat(lines().stream().filter(line -> line.contains("| lr "))).hasSize(21);
      assertThat(lines()).anyMatch(line -> line.startsWith("step 1/240"));
      assertThat(lines()).anyMatch(line -> line.startsWith("step 240/240"));
      assertThat(text().replace(System.lineSeparator(), "").chars()).noneMatch(c -> c < ' ');
    }

    @Test
    void printsEveryStepOfAShortRun() {
      for (int step = 1; step <= 3; step++) {
        progress.step(
            new StepEvent(
                step,
                3,
                0,
                1,
                1,
                1,
                1,
                1,
                Duration.ZERO,
                Duration.ZERO,
                0,
                Duration.ZERO,
                ResourceUse.UNKNOWN,
                Map.of()));
      }
      assertThat(lines()).hasSize(3);
    }
  }

  @Nested
  class OnATerminal {
    @Test
    void drawsStepLossRateSpeedAndTimeLeftOnOneLine() {
      ConsoleProgress progress = ConsoleProgress.live(out, 80);
      progress.started(Events.START);
      progress.step(Events.step(108));
      progress.ended(Events.END);
      String lastBar = screen().get(1);
      assertThat(lastBar)
          .hasSizeLessThan(80)
          .matches(
              " +45% \\[=+>? *\\] 108/240 \\(0:00:0\\d\\) +loss 2.3131 lr 2.0e-04 1234 tok/s 3:18 left *");
    }

    @Test
    void keepsEvaluationsAndCheckpointsOnLinesOfTheirOwn() {
      Events.replay(ConsoleProgress.live(out, 80));
      assertThat(screen())
          .hasSize(6)
          .contains(
              "step 120 | validation loss 2.1000 | perplexity 8.17 | best so far",
              "step 120 | checkpoint saved to " + Events.CHECKPOINT.path() + " (best)",
              "step 121/240 | skipped: loss is NaN (1 in a row)");
      assertThat(screen().get(4)).startsWith(" 100% [=").contains("240/240");
      assertThat(screen().get(5)).startsWith("Training completed");
    }

    @Test
    void sendsNoEscapeSequences() {
      Events.replay(ConsoleProgress.live(out, 80));
      assertThat(text()).doesNotContain("\u001b");
    }

    @Test
    void leavesNoThreadThatKeepsTheJvmAlive() {
      Events.replay(ConsoleProgress.live(out, 80));
      assertThat(Thread.getAllStackTraces().keySet())
          .filteredOn(thread -> thread.getName().equals("ProgressBar"))
          .allMatch(Thread::isDaemon);
    }

    @Test
    void endsItsLineHoweverShortTheRun() {
      ConsoleProgress progress = ConsoleProgress.live(out, 80);
      for (int run = 0; run < 100; run++) {
        progress.started(Events.START);
        progress.ended(Events.END);
      }
      assertThat(screen()).hasSize(300);
    }

    @Test
    void canShowOneRunAfterAnother() {
      ConsoleProgress progress = ConsoleProgress.live(out, 80);
      Events.replay(progress);
      Events.replay(progress);
      assertThat(screen()).hasSize(12);
    }

    @Test
    void namesTheMissingLibrary() {
      assertThatThrownBy(() -> ConsoleProgress.requireLibrary(ClassLoader.getPlatformClassLoader()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("me.tongfei:progressbar:0.10.1");
    }

    @Test
    void takesItsWidthFromTheEnvironment() {
      assertThat(ConsoleProgress.columns("132")).isEqualTo(132);
      assertThat(ConsoleProgress.columns("3")).isEqualTo(40);
      assertThat(ConsoleProgress.columns("wide")).isEqualTo(80);
      assertThat(ConsoleProgress.columns(null)).isEqualTo(80);
    }

    /** The lines as a terminal shows them: a carriage return goes back to overwrite. */
    private List<String> screen() {
      return lines().stream().map(this::overwritten).toList();
    }

    private String overwritten(String line) {
      StringBuilder shown = new StringBuilder();
      for (String part : line.split("\r", -1)) {
        shown.replace(0, Math.min(part.length(), shown.length()), part);
      }
      return shown.toString().stripTrailing();
    }
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private List<String> lines() {
    return List.of(text().split(System.lineSeparator()));
  }
}
