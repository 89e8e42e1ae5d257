package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.task.DistillationTask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/** Completions that the student writes to the prompts of batches. */
record StudentSampling(
    Generator generator, int maxNewTokens, int longest, double temperature, int padId) {

  static StudentSampling of(
      Decoder student, TaskModel model, ExampleEncoder encoder, DistillationTask task) {
    LoadedModel.SpecialIds ids =
        LoadedModel.specialIds(
            model.config(),
            GenerationDefaults.read(model.folder(), model.config()),
            Optional.of(encoder.tokenizer()));
    return new StudentSampling(
        new Generator(student, Optional.of(encoder.tokenizer()), new LinkedHashSet<>(ids.end())),
        task.maxNewTokens(),
        encoder.maxLength(),
        task.temperature(),
        ids.pad());
  }

  /** Returns a batch of the same prompts; of the rows' own completions if a prompt has no room. */
  Batch completed(Batch batch, long seed) {
    List<int[]> prompts = new ArrayList<>();
    for (int row = 0; row < batch.rows(); row++) {
      prompts.add(prompt(batch, row));
    }
    int room = Math.min(maxNewTokens, longest - Batch.longest(prompts));
    if (room < 1) {
      return batch;
    }
    GenerationOptions options =
        GenerationOptions.builder().maxNewTokens(room).temperature(temperature).seed(seed).build();
    List<Generation> written =
        generator.generate(prompts, options, piece -> {}, new CancellationToken());
    List<int[]> rows = new ArrayList<>();
    List<int[]> labels = new ArrayList<>();
    for (int row = 0; row < batch.rows(); row++) {
      int[] prompt = prompts.get(row);
      int[] completion = written.get(row).tokenIds().stream().mapToInt(Integer::intValue).toArray();
      int[] all = Arrays.copyOf(prompt, prompt.length + completion.length);
      System.arraycopy(completion, 0, all, prompt.length, completion.length);
      rows.add(all);
      int[] targets = all.clone();
      Arrays.fill(targets, 0, prompt.length, Batch.IGNORED);
      labels.add(targets);
    }
    Batch padded = Batch.padded(rows, padId);
    return padded.with(padded.typeIds(), Batch.matrix(labels, padded.length(), Batch.IGNORED));
  }

  private static int[] prompt(Batch batch, int row) {
    int from = row * batch.length();
    return Arrays.stream(batch.ids(), from, from + promptLength(batch, row))
        .mapToInt(Math::toIntExact)
        .toArray();
  }

  /** Returns the number of tokens before the first target: at least one. */
  static int promptLength(Batch batch, int row) {
    int from = row * batch.length();
    int length = 1;
    while (length < batch.length()
        && batch.attentionMask()[from + length] == 1
        && batch.labels()[from + length] == Batch.IGNORED) {
      length++;
    }
    return length;
  }
}
