package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.Candidate;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model with adapters is evaluated like any other, and told apart by the adapters in use. */
class AdapterCandidateTest {

  private static final ModelSource BASE = ModelSource.path(example("models/stories260K"));

  @TempDir Path folder;

  @Test
  void theIdentityOfACandidateNamesTheAdaptersInUse() {
    Path adapter = tune("first", 1e-3);
    Path other = tune("second", 2e-3);
    try (LanguageModel model = LanguageModel.load(BASE, LoraAdapter.at(adapter));
        LanguageModel again = LanguageModel.load(BASE, LoraAdapter.at(adapter));
        LanguageModel another = LanguageModel.load(BASE, LoraAdapter.at(other))) {
      Candidate candidate = Candidate.of(model);
      String withAdapter = candidate.identity();
      assertThat(Candidate.of(again).identity()).isEqualTo(withAdapter);
      assertThat(Candidate.of(another).identity()).isNotEqualTo(withAdapter);

      model.useAdapters();
      assertThat(candidate.identity()).isNotEqualTo(withAdapter);
      assertThat(withAdapter).startsWith(candidate.identity());
    }
  }

  private Path tune(String name, double rate) {
    return FineTuner.builder()
        .model(BASE)
        .dataset(Datasets.jsonl(example("data/shakespeare/passages.jsonl")))
        .method(Lora.rank(2))
        .maxSteps(1)
        .batchSize(1)
        .maxLength(32)
        .learningRate(rate)
        .output(folder.resolve(name))
        .build()
        .run()
        .last();
  }
}
