package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.MaskPrediction;
import io.adapt4j.core.score.MaskPrediction.Candidate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Masked tokens with a small BERT, against the logits of its network. */
class MaskedLanguageModelTest {

  private static final int VOCABULARY = 20;

  @TempDir private Path folder;

  @Test
  void everyMaskHasTheLikeliestTokensAndTheirProbabilities() throws IOException {
    try (MaskedLanguageModel model = load()) {
      List<MaskPrediction> found = model.fill("the [MASK] sat on [MASK] mat", VOCABULARY);
      long[] ids = SmallEncoder.ids("the", "[MASK]", "sat", "on", "[MASK]", "mat");
      assertThat(found).hasSize(2);
      assertPrediction(found.get(0), ids, 2);
      assertPrediction(found.get(1), ids, 5);
    }
  }

  private void assertPrediction(MaskPrediction found, long[] ids, int position) {
    float[] logits =
        SmallEncoder.run(
            folder,
            ids,
            new long[ids.length],
            (encoder, hidden) ->
                encoder
                    .vocabularyHead()
                    .logits(
                        encoder.vocabularyInput(Ops.inference(), hidden.narrow(1, position, 1))));
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    assertThat(found.candidates())
        .hasSize(VOCABULARY)
        .isSortedAccordingTo(
            Comparator.comparingDouble((Candidate candidate) -> -candidate.probability()));
    for (Candidate candidate : found.candidates()) {
      assertThat(candidate.probability())
          .isCloseTo(Math.exp(logits[candidate.id()]) / sum, within(1e-5));
    }
    assertThat(found.best()).isEqualTo(found.candidates().get(0));
  }

  @Test
  void onlyAsManyTokensAsAskedForAreGivenWithTheirText() throws IOException {
    try (MaskedLanguageModel model = load()) {
      assertThat(model.maskToken()).isEqualTo("[MASK]");
      MaskPrediction all = model.fill("[MASK]", VOCABULARY).get(0);
      assertThat(model.fill("[MASK]", 3).get(0).candidates())
          .isEqualTo(all.candidates().subList(0, 3));
      assertThat(all.candidates())
          .filteredOn(candidate -> candidate.id() == 6)
          .extracting(Candidate::text)
          .containsExactly("cat");
    }
  }

  @Test
  void aTextWithoutAMaskOrTooLongForTheModelIsRefused() throws IOException {
    try (MaskedLanguageModel model = load()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.fill("the cat", 3))
          .withMessageContaining("no mask token")
          .withMessageContaining("[MASK]");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.fill("[MASK] " + "cat ".repeat(40), 3))
          .withMessageContaining("43 tokens")
          .withMessageContaining("32");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.fill("[MASK]", 0))
          .withMessageContaining("best: expected at least 1, found 0");
    }
  }

  @Test
  void aModelWithoutAHeadForMaskedTokensIsRefused() throws IOException {
    SmallEncoder.write(folder);
    assertThatThrownBy(() -> MaskedLanguageModel.load(ModelSource.path(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("ForMaskedLM")
        .hasMessageContaining("TextEmbedder");
  }

  @Test
  void aTokenizerWithoutAMaskTokenIsRefused() throws IOException {
    SmallEncoder.write(folder, "BertForMaskedLM", "");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
    assertThatThrownBy(() -> MaskedLanguageModel.load(ModelSource.path(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("mask_token");
  }

  @Test
  void memoryDoesNotGrowWithCalls() throws IOException {
    try (MaskedLanguageModel model = load()) {
      model.fill("[MASK]", 1);
      long loaded = Tensor.live();
      for (int i = 0; i < 20; i++) {
        model.fill("the [MASK] [MASK]", 2);
      }
      assertThat(Tensor.live()).isEqualTo(loaded);
    }
  }

  private MaskedLanguageModel load() throws IOException {
    SmallEncoder.write(folder, "BertForMaskedLM", "");
    return MaskedLanguageModel.load(ModelSource.path(folder), Precision.FP32);
  }
}
