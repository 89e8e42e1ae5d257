package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.DistillationTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A student learns what a teacher predicts: asked in every step, once, or on its own texts. */
class DistillationRunTest {

  private static final Dataset ROWS = SmallModel.sentences(16);

  @TempDir private static Path models;
  private static Path student;
  private static Path teacher;

  @TempDir private Path folder;

  @BeforeAll
  static void trainTeacher() throws IOException {
    student = SmallModel.write(models.resolve("student"));
    teacher =
        tuner(models.resolve("teaching"), Task.nextTokens(), new Log())
            .epochs(12)
            .learningRate(1e-2)
            .build()
            .run()
            .last();
  }

  @Test
  void theDivergenceFalls() {
    for (double beta : new double[] {0, 0.5, 1}) {
      Log log = new Log();
      Task task = Task.distillation(teacher).beta(beta);
      tuner(folder.resolve("run" + beta), task, log).epochs(8).learningRate(1e-2).build().run();
      double first = log.evaluations.get(0).loss();
      double last = log.evaluations.get(log.evaluations.size() - 1).loss();
      assertThat(first).as("beta %s", beta).isPositive();
      assertThat(last).as("beta %s", beta).isBetween(0.0, 0.8 * first);
    }
  }

  @Test
  void aStudentEqualToItsTeacherHasNothingToLearn() {
    Log log = new Log();
    tuner(folder.resolve("run"), Task.distillation(student), log).build().run();
    assertThat(log.losses.get(1)).isCloseTo(0, within(1e-6));
  }

  @Test
  void predictionsAreStoredOnceAndNeedNoTeacherLater() throws IOException {
    Path file = folder.resolve("predictions.safetensors");
    DistillationTask storing = Task.distillation(teacher).stored(file, 8);
    Log first = new Log();
    tuner(folder.resolve("first"), storing, first).build().run();
    byte[] stored = Files.readAllBytes(file);
    Log live = new Log();
    tuner(folder.resolve("live"), Task.distillation(teacher).top(8), live).build().run();
    first.losses.forEach(
        (step, loss) -> assertThat(loss).isCloseTo(live.losses.get(step), within(1e-6)));

    Log second = new Log();
    DistillationTask alone =
        new DistillationTask(
            Optional.empty(),
            Optional.empty(),
            storing.stored(),
            8,
            storing.beta(),
            1,
            0,
            1,
            OptionalDouble.empty(),
            Optional.empty());
    tuner(folder.resolve("second"), alone, second).build().run();
    assertThat(second.losses).isEqualTo(first.losses);
    assertThat(Files.readAllBytes(file)).isEqualTo(stored);
  }

  @Test
  void aFileOfAnotherTeacherOrTemperatureIsRefused() throws IOException {
    Path file = folder.resolve("predictions.safetensors");
    tuner(folder.resolve("first"), Task.distillation(teacher).stored(file, 8), new Log())
        .build()
        .run();
    FineTuner other =
        tuner(folder.resolve("other"), Task.distillation(student).stored(file, 8), new Log())
            .build();
    refuses(TrainingException.class, other::run, "teacher with hash", "Name another file");
    FineTuner hotter =
        tuner(
                folder.resolve("hotter"),
                Task.distillation(teacher).stored(file, 8).temperature(2),
                new Log())
            .build();
    refuses(TrainingException.class, hotter::run, "temperature 2.0", "temperature 1.0");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
    FineTuner damaged =
        tuner(folder.resolve("damaged"), Task.distillation(teacher).stored(file, 8), new Log())
            .build();
    refuses(TrainingException.class, damaged::run, "checksum");
  }

  @Test
  void onItsOwnTextsAStoppedRunGoesOnToTheBit() {
    DistillationTask task = Task.distillation(teacher).onPolicy(0.6, 5);
    Log whole = new Log();
    tuner(folder.resolve("whole"), task, whole).epochs(2).build().run();
    FineTuner[] running = new FineTuner[1];
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            if (event.step() == 3) {
              running[0].stop();
            }
          }
        };
    Path cut = folder.resolve("cut");
    running[0] = tuner(cut, task, stop).epochs(2).build();
    assertThat(running[0].run().reason()).isEqualTo(StopReason.STOP_REQUESTED);
    Log rest = new Log();
    tuner(cut, task, rest).epochs(2).resume().build().run();
    assertThat(rest.losses).isEqualTo(whole.losses.tailMap(4));
  }

  @Test
  void miniLlmDrawsTheStudentToItsTeacher() {
    Log log = new Log();
    tuner(folder.resolve("run"), Task.distillation(teacher).miniLlm(0.5, 6), log)
        .epochs(24)
        .learningRate(1e-2)
        .build()
        .run();
    double first = log.evaluations.get(0).loss();
    assertThat(log.evaluations.get(log.evaluations.size() - 1).loss()).isBetween(0.0, 0.85 * first);
  }

  @Test
  void withoutATeacherTheModelShowsItselfTheAnswers() {
    Dataset rows =
        Datasets.of(
            IntStream.range(0, 8)
                .mapToObj(
                    i ->
                        new Example.PromptCompletion(
                            "Once upon a time " + i, " Lily saw a big dog."))
                .toList());
    Log log = new Log();
    tuner(folder.resolve("run"), Task.selfDistillation().onPolicy(1, 6), log)
        .dataset(new Split(rows, rows, rows))
        .epochs(10)
        .learningRate(3e-3)
        .build()
        .run();
    double first = log.evaluations.get(0).loss();
    assertThat(first).isPositive();
    assertThat(log.evaluations.get(log.evaluations.size() - 1).loss()).isLessThan(first);
    FineTuner texts = tuner(folder.resolve("texts"), Task.selfDistillation(), new Log()).build();
    refuses(TrainingException.class, texts::run, "expected a prompt with a completion");
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    DistillationTask task = Task.distillation(teacher);
    assertThatIllegalArgumentException().isThrownBy(() -> task.beta(1.1));
    assertThatIllegalArgumentException().isThrownBy(() -> task.temperature(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> task.stored(folder.resolve("a"), 4).onPolicy(0.5, 4))
        .withMessageContaining("stored predictions");
  }

  @Test
  void dynamicFineTuningSmoothingAndZLossTrain() {
    for (Task task :
        List.of(
            Task.nextTokens().dynamicFineTuning(),
            Task.nextTokens().labelSmoothing(0.1).zLoss(1e-3))) {
      Log log = new Log();
      tuner(folder.resolve("sft" + task.hashCode()), task, log)
          .epochs(12)
          .learningRate(1e-2)
          .build()
          .run();
      double first = log.evaluations.get(0).loss();
      assertThat(log.evaluations.get(log.evaluations.size() - 1).loss()).isLessThan(first);
    }
  }

  private static FineTuner.Builder tuner(Path output, Task task, TrainingListener listener) {
    return FineTuner.builder()
        .model(ModelSource.path(student))
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
    private final TreeMap<Integer, Double> losses = new TreeMap<>();
    private final List<EvaluationEvent> evaluations = new ArrayList<>();

    @Override
    public void step(StepEvent event) {
      losses.put(event.step(), event.loss());
    }

    @Override
    public void evaluated(EvaluationEvent event) {
      evaluations.add(event);
    }
  }
}
