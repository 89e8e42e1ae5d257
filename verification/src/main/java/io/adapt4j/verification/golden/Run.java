package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.LearningRate;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.TrainerOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A training run as its options describe it.
 *
 * @param batches micro-batches in the order of the data
 * @param steps indices of the micro-batches of each step
 * @param learningRate learning rate by step
 * @param settings the optimizer's settings
 */
public record Run(
    List<Batch> batches,
    List<List<Integer>> steps,
    LearningRate learningRate,
    TrainingStep.Settings settings) {

  static Run read(Path folder, JsonNode options) {
    List<Batch> batches = batches(folder.resolve("batches.safetensors"));
    List<List<Integer>> steps =
        steps(
            batches.size(),
            options.path("gradient_accumulation_steps").asInt(1),
            options.path("num_train_epochs").asInt(1));
    LearningRate learningRate =
        new LearningRate(
            TrainerOptions.schedule(options.path("lr_scheduler_type").asText()),
            options.path("learning_rate").asDouble(),
            Warmup.ofSteps(options.path("warmup_steps").asInt(0)),
            steps.size());
    return new Run(batches, steps, learningRate, TrainerOptions.settings(options));
  }

  /** Groups micro-batches into steps; the last step of an epoch may be smaller. */
  private static List<List<Integer>> steps(int batches, int accumulation, int epochs) {
    List<List<Integer>> steps = new ArrayList<>();
    for (int epoch = 0; epoch < epochs; epoch++) {
      for (int first = 0; first < batches; first += accumulation) {
        List<Integer> step = new ArrayList<>();
        for (int i = first; i < Math.min(batches, first + accumulation); i++) {
          step.add(i);
        }
        steps.add(step);
      }
    }
    return steps;
  }

  private static List<Batch> batches(Path file) {
    try (Checkpoint tensors = Checkpoint.openFile(file)) {
      List<Long> shape = tensors.entry("input_ids").shape();
      if (shape.size() != 3) {
        throw new GoldenException(
            file + ": input_ids: expected [micro-batches, rows, length], found " + shape);
      }
      int rows = Math.toIntExact(shape.get(1));
      int length = Math.toIntExact(shape.get(2));
      long[] ids = GoldenFolder.longs(tensors, "input_ids");
      long[] mask = GoldenFolder.longs(tensors, "attention_mask");
      long[] labels = GoldenFolder.longs(tensors, "labels");
      List<Batch> batches = new ArrayList<>();
      int size = rows * length;
      int labelsEach = labels.length / (ids.length / size);
      for (int at = 0; at < ids.length; at += size) {
        batches.add(
            new Batch(
                Arrays.copyOfRange(ids, at, at + size),
                Arrays.copyOfRange(mask, at, at + size),
                new long[size],
                Arrays.copyOfRange(labels, at / size * labelsEach, (at / size + 1) * labelsEach),
                rows,
                length));
      }
      return batches;
    }
  }

  List<Batch> batches(int step) {
    return steps.get(step).stream().map(batches::get).toList();
  }

  /** Returns the number of labels of a step before the shift, as the Trainer counts them. */
  double labels(int step) {
    return batches(step).stream()
        .flatMapToLong(batch -> Arrays.stream(batch.labels()))
        .filter(label -> label != TargetRows.IGNORED)
        .count();
  }
}
