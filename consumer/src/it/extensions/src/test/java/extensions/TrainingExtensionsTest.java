package extensions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What changes how a run trains, each brought from outside. */
class TrainingExtensionsTest {

  @TempDir private Path folder;

  private static void assertSame(List<Double> expected, List<Double> found, double tolerance) {
    assertEquals(expected.size(), found.size());
    for (int step = 0; step < expected.size(); step++) {
      assertEquals(expected.get(step), found.get(step), tolerance, "step " + step);
    }
    assertTrue(found.get(found.size() - 1) < found.get(0), "the loss does not fall");
  }

  @Test
  void anOptimizerThatIsAdamWTrainsAsAdamW() {
    List<Double> ours = Tiny.losses(Tiny.tuner(folder.resolve("a")).optimizer(Optimizer.adamW()));
    List<Double> own =
        Tiny.losses(
            Tiny.tuner(folder.resolve("b"))
                .optimizer(Optimizer.custom(new AdamWRule(0.9, 0.999, 1e-8))));
    assertSame(ours, own, 1e-4);
  }

  @Test
  void aPreferenceLossThatIsDpoTrainsAsDpo() {
    assertSame(
        preference("a", PreferenceLoss.dpo(0.2)),
        preference("b", PreferenceLoss.custom(new SigmoidLoss(0.2))),
        1e-6);
  }

  private List<Double> preference(String output, PreferenceLoss loss) {
    return Tiny.losses(
        Tiny.tuner(folder.resolve(output))
            .dataset(Tiny.pairs().split(0.8, 0.2, 0, 1))
            .task(Task.preference(loss)));
  }

  @Test
  void aTaskThatIsCrossEntropyBeginsWithItsLoss() {
    FineTuneReport ours = Tiny.tuner(folder.resolve("a")).maxSteps(1).build().run();
    FineTuneReport own =
        Tiny.tuner(folder.resolve("b"))
            .task(Task.custom(new FocalObjective(0)))
            .maxSteps(1)
            .build()
            .run();
    assertEquals(
        ours.initialValidationLoss().orElseThrow(),
        own.initialValidationLoss().orElseThrow(),
        1e-4);
  }

  @Test
  void aTaskOfItsOwnLearnsAndIsMeasured() {
    FineTuneReport report =
        Tiny.tuner(folder.resolve("run"))
            .task(Task.custom(new FocalObjective(2)))
            .keepBest()
            .metricForBestModel("token_accuracy")
            .build()
            .run();
    assertTrue(
        report.bestValidationLoss().orElseThrow() < report.initialValidationLoss().orElseThrow());
    assertTrue(report.bestMetrics().get("token_accuracy") > 0.5, report.bestMetrics().toString());
  }

  @Test
  void aScheduleFallsAndAListenerWritesIt() throws IOException {
    Path csv = folder.resolve("losses.csv");
    Tiny.tuner(folder.resolve("run"))
        .schedule(InverseSquareRoot.schedule())
        .warmupSteps(0)
        .listener(new LossCsv(csv))
        .build()
        .run();
    List<String> lines = Files.readAllLines(csv);
    assertEquals(12, lines.size());
    double first = Double.parseDouble(lines.get(0).split(",")[1]);
    double seventh = Double.parseDouble(lines.get(6).split(",")[1]);
    assertEquals(first / Math.sqrt(5), seventh, 1e-9);
  }

  @Test
  void aRewardOfItsOwnJudgesCompletions() {
    Grpo grpo =
        Grpo.builder()
            .reward("vowels", new VowelReward())
            .promptsPerRollout(2)
            .groupSize(4)
            .maxNewTokens(12)
            .build();
    List<Double> rewards = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            rewards.add(event.metrics().get("reward"));
          }
        };
    Tiny.tuner(folder.resolve("run"))
        .task(Task.reinforcement(grpo))
        .batchSize(8)
        .maxSteps(2)
        .listener(listener)
        .build()
        .run();
    assertEquals(2, rewards.size());
    assertTrue(rewards.stream().allMatch(mean -> mean > 0 && mean < 1), rewards.toString());
  }
}
