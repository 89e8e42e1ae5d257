package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.task.Task;
import java.nio.file.Path;
import java.util.List;

/**
 * Fine-tunes an embedding model on a collection's own documents: each title has to match its
 * abstract. Neither queries nor judgments are used.
 */
final class TitleTuning {

  static final int EPOCHS = 1;
  static final double RATE = 2e-5;
  static final int BATCH = 32;

  /** Maximum number of tokens of an abstract: its beginning states its subject. */
  static final int MAX_LENGTH = 128;

  private TitleTuning() {}

  /** Tunes on nine tenths of the pairs and returns the model's folder. */
  static FineTuneReport tune(Path base, TestCollection collection, Path output) {
    List<Example> pairs =
        collection.documents().stream()
            .filter(document -> !document.summary().isEmpty() && !document.title().isBlank())
            .<Example>map(item -> new Example.QueryPassage(item.title(), item.summary()))
            .toList();
    Dataset all = Datasets.of(pairs);
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(Task.embeddings())
        .dataset(all.split(0.9, 0.1, 0, 42))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(EPOCHS)
        .batchSize(BATCH)
        .maxLength(MAX_LENGTH)
        .learningRate(RATE)
        .warmupRatio(0.1)
        .listener(TrainingListeners.console())
        .output(output)
        .overwriteOutput()
        .build()
        .run();
  }
}
