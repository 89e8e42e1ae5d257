package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys and values in 8 bits, as users call for them. */
class EightBitKeysTest {

  private static final GenerationOptions EIGHT =
      GenerationOptions.greedy().toBuilder().maxNewTokens(8).ignoreEos(true).build();
  private static final String STORY =
      "Once upon a time, there was a little girl named Lily. She had a cat and a dog and a bird.";

  @TempDir private static Path folder;

  private long before;
  private LanguageModel model;

  @BeforeEach
  void load() throws IOException {
    before = Tensor.live();
    model = TestModels.fp32(SmallModel.writeLonger(folder.resolve("model"), 2048));
  }

  @AfterEach
  void closingFreesAll() {
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void keysAndValuesHaveTheTypeOfTheComputationUnlessAskedOtherwise() {
    model.generate(STORY, EIGHT);
    long plain = model.prompts.bytes();
    model.cacheInEightBits(true);
    assertThat(model.prompts.bytes()).isZero();
    model.generate(STORY, EIGHT);
    int headDim = model.model.decoder().dimensions().hiddenSize() / heads();
    assertThat((double) model.prompts.bytes() / plain)
        .isCloseTo((headDim + 4) / (4.0 * headDim), within(1e-9));
  }

  private int heads() {
    return model.model.decoder().modelConfig().fields().requirePositiveInt("num_attention_heads");
  }

  @Test
  void theLikeliestTokensAreThoseOfPlainKeysAndValues() {
    Generation plain = model.generate(STORY, EIGHT, piece -> {});
    model.cacheInEightBits(true);
    assertThat(model.generate(STORY, EIGHT, piece -> {}).tokenIds()).isEqualTo(plain.tokenIds());
    model.cacheInEightBits(false);
    assertThat(model.generate(STORY, EIGHT, piece -> {})).isEqualTo(plain);
  }

  @Test
  void answersDoNotDependOnWhatIsCachedOrRunsBeside() {
    model.cacheInEightBits(true);
    model.reusePromptsExactly(true);
    Generation cold = model.generate(STORY, EIGHT, piece -> {});
    model.generate(STORY + cold.text() + " Then", EIGHT, piece -> {});
    Generation warm = model.generate(STORY, EIGHT, piece -> {});
    assertThat(warm.tokenIds()).isEqualTo(cold.tokenIds());
    assertThat(model.generateAll(List.of("Tom", STORY, "Lily said"), EIGHT).get(1).tokenIds())
        .isEqualTo(cold.tokenIds());
  }

  @Test
  void aDraftHasASettingOfItsOwn() throws IOException {
    try (LanguageModel draft = TestModels.fp32(folder.resolve("model"))) {
      Generation plain = model.generate(STORY, EIGHT, piece -> {});
      model.useDraft(draft, 4);
      for (boolean rounded : new boolean[] {true, false, true}) {
        draft.cacheInEightBits(rounded);
        assertThat(model.generate(STORY, EIGHT, piece -> {}).tokenIds())
            .isEqualTo(plain.tokenIds());
      }
    }
  }
}
