package io.adapt4j.verification.memory;

import static io.adapt4j.verification.memory.Operations.SOURCE;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** What needs more memory than there is, or nearly so. */
final class LargeOperations {

  private static final String LONG = "Once upon a time there was a girl. ".repeat(60);

  private final Operations shared;

  LargeOperations(Operations shared) {
    this.shared = shared;
  }

  List<Operation> all() {
    return List.of(
        new Operation("train a large batch", 1, this::train),
        new Operation("embed many", 1, this::embed),
        new Operation("score many", 1, this::score),
        new Operation("generate many", 1, this::generate),
        new Operation("hold many models", 1, this::hold));
  }

  private void train(Random random) {
    int batch = 8 << random.nextInt(5);
    FineTuner.builder()
        .model(SOURCE)
        .dataset(Datasets.of(Collections.nCopies(batch, new Example.Text(LONG))))
        .method(random.nextBoolean() ? Lora.rank(8) : QLora.nf4())
        .maxLength(480)
        .maxSteps(1)
        .batchSize(batch)
        .output(shared.folder.resolve("large"))
        .overwriteOutput()
        .build()
        .run();
  }

  private void embed(Random random) {
    int count = 8 << random.nextInt(5);
    List<float[]> vectors = shared.embedder.embedAll(Collections.nCopies(count, LONG));
    if (vectors.size() != count) {
      throw new AssertionError("expected " + count + " vectors, found " + vectors.size());
    }
  }

  private void score(Random random) {
    int count = 8 << random.nextInt(4);
    String context = LONG.substring(0, 900);
    shared.model.scoreAll(
        Collections.nCopies(count, new ScoringRequest(context, " She had a dog.")));
  }

  private void generate(Random random) {
    int count = 8 << random.nextInt(4);
    GenerationOptions options =
        GenerationOptions.builder()
            .temperature(0)
            .maxNewTokens(16 << random.nextInt(3))
            .ignoreEos(true)
            .build();
    List<Generation> found =
        shared.model.generateAll(Collections.nCopies(count, LONG.substring(0, 600)), options);
    if (found.stream().map(Generation::text).distinct().count() != 1) {
      throw new AssertionError("the same prompt, another answer");
    }
  }

  /** As many as there is memory for. */
  private void hold(Random random) {
    List<LanguageModel> held = new ArrayList<>();
    try {
      int count = 5 + random.nextInt(26);
      for (int i = 0; i < count; i++) {
        held.add(LanguageModel.load(SOURCE, Precision.FP32));
      }
    } finally {
      held.forEach(LanguageModel::close);
    }
  }
}
