package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.task.distillation.ByteLevelTokenizer;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.DistillationTask;
import io.adapt4j.core.task.DistillationTask.Alignment;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A student learns from a teacher with another tokenizer. */
class AlignedDistillationRunTest {

  private static final Dataset ROWS = SmallModel.sentences(16);

  @TempDir private Path folder;
  private Path student;

  @BeforeEach
  void writeStudent() throws IOException {
    student = SmallModel.write(folder.resolve("student"));
  }

  /** Trains a teacher with a byte-level tokenizer, which makes longer rows than the student's. */
  private Path byteLevelTeacher() throws IOException {
    Path untrained = ByteLevelTokenizer.write(SmallModel.writeLonger(folder.resolve("bytes"), 128));
    return tuner(untrained, folder.resolve("teaching"), Task.nextTokens(), new Log())
        .epochs(12)
        .maxLength(100)
        .learningRate(1e-2)
        .build()
        .run()
        .last();
  }

  private double textLoss(Path model) {
    Log log = new Log();
    tuner(model, folder.resolve("measured"), Task.nextTokens(), log)
        .maxSteps(1)
        .overwriteOutput()
        .build()
        .run();
    return log.evaluations.get(0).loss();
  }

  @Test
  void aTeacherOfOtherTokensTeachesItsTexts() throws IOException {
    Path teacher = byteLevelTeacher();
    double before = textLoss(student);
    DistillationTask aligned = Task.distillation(teacher).alignTokenizers().beta(0);
    Alignment usual = Alignment.create();
    Map<DistillationTask, Double> shares = new LinkedHashMap<>();
    shares.put(aligned, 0.5);
    shares.put(aligned.alignTokenizers(usual.hybrid(1, 1)), 0.5);
    shares.put(aligned.alignTokenizers(usual.sorted().crossEntropy(1)), 0.3);
    shares.put(aligned.alignTokenizers(usual.wholeTexts(false)), 0.9);
    shares.put(aligned.onPolicy(0.5, 6), 0.9);
    shares.forEach(
        (task, share) -> {
          Log log = new Log();
          Path run = folder.resolve("run" + task.hashCode());
          Path learned =
              tuner(student, run, task, log).epochs(10).learningRate(1e-2).build().run().last();
          double first = log.evaluations.get(0).loss();
          double last = log.evaluations.get(log.evaluations.size() - 1).loss();
          assertThat(last).as(task.toString()).isLessThan(0.5 * first);
          assertThat(textLoss(learned)).as(task.toString()).isLessThan(share * before);
        });
  }

  @Test
  void equalTokenizersLearnAsWithoutAlignment() throws IOException {
    Path teacher =
        tuner(student, folder.resolve("teaching"), Task.nextTokens(), new Log())
            .epochs(4)
            .learningRate(1e-2)
            .build()
            .run()
            .last();
    for (double beta : new double[] {0, 0.5}) {
      Log plain = new Log();
      DistillationTask task = Task.distillation(teacher).beta(beta);
      tuner(student, folder.resolve("plain" + beta), task, plain).epochs(2).build().run();
      Log aligned = new Log();
      tuner(student, folder.resolve("aligned" + beta), task.alignTokenizers(), aligned)
          .epochs(2)
          .build()
          .run();
      assertThat(aligned.losses).hasSameSizeAs(plain.losses);
      for (int step = 0; step < plain.losses.size(); step++) {
        assertThat(aligned.losses.get(step)).isCloseTo(plain.losses.get(step), within(1e-5));
      }
    }
  }

  @Test
  void theTeacherIsPlannedInMemory() throws IOException {
    Path teacher = ByteLevelTokenizer.write(SmallModel.writeLonger(folder.resolve("bytes"), 128));
    Task task = Task.distillation(teacher).alignTokenizers();
    assertThat(tuner(student, folder.resolve("run"), task, new Log()).build().plan().toString())
        .contains("teacher");
  }

  @Test
  void anotherTokenizerWithoutTheOptionIsRefusedBeforeTraining() throws IOException {
    Path teacher = ByteLevelTokenizer.write(SmallModel.write(folder.resolve("bytes")));
    FineTuner tuner =
        tuner(student, folder.resolve("run"), Task.distillation(teacher), new Log()).build();
    refuses(TrainingException.class, tuner::run, "the model's tokenizer", "alignTokenizers");
  }

  @Test
  void aTeacherWithoutATokenizerIsRefused() throws IOException {
    Path teacher = SmallModel.write(folder.resolve("bare"));
    Files.delete(teacher.resolve("tokenizer.json"));
    Task task = Task.distillation(teacher).alignTokenizers();
    FineTuner.Builder tuner = tuner(student, folder.resolve("run"), task, new Log());
    refuses(SettingsException.class, tuner::build, "alignTokenizers needs tokenizer.json");
  }

  @Test
  void whatNeedsTheSameTokensIsRefused() {
    DistillationTask aligned = Task.distillation(student).alignTokenizers();
    for (Runnable other :
        List.<Runnable>of(
            () -> aligned.stored(folder.resolve("top.safetensors"), 20),
            () -> aligned.top(20),
            () -> aligned.miniLlm(0.9, 8),
            () -> Task.selfDistillation().alignTokenizers())) {
      assertThatIllegalArgumentException()
          .isThrownBy(other::run)
          .withMessageContaining("alignTokenizers: expected a teacher's folder without stored");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Alignment.create().hybrid(1, -1))
        .withMessageContaining("unmatched");
  }

  private FineTuner.Builder tuner(Path model, Path output, Task task, TrainingListener listener) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .task(task)
        .dataset(new Split(ROWS, ROWS, ROWS))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .epochs(1)
        .maxLength(32)
        .learningRate(1e-3)
        .evaluateEvery(Interval.EPOCH)
        .seed(3)
        .listener(listener)
        .output(output);
  }

  private static final class Log implements TrainingListener {
    private final List<Double> losses = new ArrayList<>();
    private final List<EvaluationEvent> evaluations = new ArrayList<>();

    @Override
    public void step(StepEvent event) {
      losses.add(event.loss());
    }

    @Override
    public void evaluated(EvaluationEvent event) {
      evaluations.add(event);
    }
  }
}
