package io.adapt4j.core.internal.task.causallm;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.PartBatches;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Validation batches, by part where the data has several, and the task that measures them. */
record HeldBatches(
    Optional<? extends BatchSource<Batch>> batches, Optional<PartBatches<Batch>> parts) {

  static HeldBatches of(Optional<EncodableRows> held, Function<EncodableRows, Batches> batches) {
    Map<String, EncodableRows> parts = held.map(EncodableRows::parts).orElse(Map.of());
    if (parts.size() < 2) {
      return new HeldBatches(held.map(batches), Optional.empty());
    }
    Map<String, Batches> byName = new LinkedHashMap<>();
    parts.forEach((name, rows) -> byName.put(shortName(name, parts.keySet()), batches.apply(rows)));
    Optional<PartBatches<Batch>> divided = Optional.of(new PartBatches<>(byName));
    return new HeldBatches(divided, divided);
  }

  /** Returns the file's name of a path, unless another part has the same. */
  static String shortName(String name, Set<String> names) {
    List<String> files = names.stream().map(path -> path.replaceFirst(".*[/\\\\]", "")).toList();
    String file = name.replaceFirst(".*[/\\\\]", "");
    return file.isEmpty() || Collections.frequency(files, file) > 1 ? name : file;
  }

  /** Returns the task whose evaluations measure the loss of each part. */
  NextTokens task(Decoder decoder, LanguageModelLoss.Form form) {
    return new NextTokens(decoder, form, task -> measured(task::evaluate, task), Optional.empty());
  }

  /** Returns the task whose evaluations also answer some rows. */
  NextTokens task(Decoder decoder, LanguageModelLoss.Form form, AnswerSamples samples) {
    return new NextTokens(
        decoder,
        form,
        task -> measured(new SampledEvaluation(task, samples), task),
        Optional.empty());
  }

  private Evaluation<Batch> measured(Evaluation<Batch> all, TrainingTask<Batch> task) {
    return parts.<Evaluation<Batch>>map(of -> new PartLosses(all, task, of)).orElse(all);
  }
}
