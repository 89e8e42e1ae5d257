package io.adapt4j.verification.study;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Trains the study's models, each only if it is not on disk yet. */
final class StudyTraining {

  private static final double PRETRAINING_RATE = 1e-3;
  private static final int PRETRAINING_LENGTH = 256;
  private static final int PRETRAINING_ROWS = 8;
  private static final int TUNING_LENGTH = 64;
  private static final int TUNING_ROWS = 16;
  private static final int SAVE_STEPS = 100;

  private final StudySize size;
  private final Path output;
  private final Consumer<String> progress;

  StudyTraining(StudySize size, Path output, Consumer<String> progress) {
    this.size = size;
    this.output = output;
    this.progress = progress;
  }

  /** Returns the base model, trained further from another one on stories and villages. */
  Path base(ModelSource start, List<String> stories) throws IOException {
    Path folder = output.resolve("base");
    return once(
        folder,
        "base model",
        start,
        () -> new Pretraining(size).rows(stories),
        tuner ->
            tuner
                .epochs(1)
                .packing(true)
                .maxLength(PRETRAINING_LENGTH)
                .batchSize(PRETRAINING_ROWS)
                .learningRate(PRETRAINING_RATE)
                .schedule(LearningRateSchedule.COSINE)
                .evaluateEvery(Interval.EPOCH)
                .saveEvery(Interval.steps(SAVE_STEPS))
                .saveLimit(1)
                .seed(11));
  }

  /** Returns the base model fine-tuned on sentences that state the facts. */
  Path tuned(Path base, long seed, List<Village> villages, Condition condition) throws IOException {
    return once(
        output.resolve("seed-" + seed).resolve(condition.model()),
        "seed " + seed + ", " + condition.model(),
        ModelSource.path(base),
        () -> sentences(villages, condition.paraphrases(), seed),
        tuner ->
            tuner
                .epochs(size.epochs() * condition.repeats())
                .groupByLength()
                .maxLength(TUNING_LENGTH)
                .batchSize(TUNING_ROWS)
                .learningRate(condition.rate())
                .schedule(LearningRateSchedule.LINEAR)
                .saveLimit(0)
                .seed(seed));
  }

  private static List<Example> sentences(List<Village> villages, int paraphrases, long seed) {
    List<Example> rows = new ArrayList<>();
    for (Village village : villages) {
      for (Relation relation : Relation.values()) {
        Texts.paraphrases(village, relation, paraphrases, seed)
            .forEach(text -> rows.add(new Example.Text(text)));
      }
    }
    return rows;
  }

  /** Lazily created rows of a training. */
  private interface Rows {
    List<Example> make();
  }

  private Path once(
      Path folder,
      String name,
      ModelSource from,
      Rows rows,
      UnaryOperator<FineTuner.Builder> settings)
      throws IOException {
    Path done = folder.resolveSibling(folder.getFileName() + ".done");
    Path model = folder.resolve("last");
    if (Files.exists(done)) {
      return model;
    }
    List<Example> examples = rows.make();
    FineTuner.Builder builder =
        FineTuner.builder()
            .model(from)
            .dataset(Datasets.of(examples))
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .weightDecay(0.01)
            .output(folder);
    FineTuneReport report =
        settings
            .apply(
                Files.isDirectory(folder.resolve("states"))
                    ? builder.resume()
                    : builder.overwriteOutput())
            .build()
            .run();
    Files.writeString(
        done,
        String.format(
            Locale.ROOT,
            "%d rows, %d steps, %d tokens an epoch, %.0f s%n",
            examples.size(),
            report.plan().steps(),
            report.plan().targetTokensPerEpoch(),
            report.elapsed().toMillis() / 1e3));
    progress.accept(name + ": " + Files.readString(done).strip());
    return model;
  }
}
