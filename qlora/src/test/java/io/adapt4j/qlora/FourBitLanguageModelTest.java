package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.score.TokenSpan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Language models whose linear layers are in 4 bits, as applications use them. */
class FourBitLanguageModelTest {

  private static final ModelSource STORIES =
      ModelSource.path(Path.of("..", "examples", "models", "stories260K"));
  private static final ModelSource FOUR_BIT = ModelSource.path(Golden.folder("nf4/llama_nf4_dq"));
  private static final List<int[]> PROMPTS =
      List.of(new int[] {5, 17, 40}, new int[] {9}, new int[] {80, 81, 82, 83, 84, 85, 86});
  private static final String STORY =
      "Once upon a time, there was a little girl named Lily. She loved to play outside in the"
          + " park. One day, she saw a big, red ball. She wanted to play with it.";

  @TempDir private Path temporary;

  @Test
  void aFourBitCheckpointGeneratesAndScoresAsTheSameWeightsDo() {
    QuantizedCheckpoint.dequantize(Golden.folder("nf4/llama_nf4_dq"), temporary, Precision.FP32);
    long before = Tensor.live();
    GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(24).build();
    try (LanguageModel fourBit = LanguageModel.load(FOUR_BIT);
        LanguageModel plain = LanguageModel.load(ModelSource.path(temporary))) {
      List<int[]> found = fourBit.generateIds(PROMPTS, options);
      List<int[]> wanted = plain.generateIds(PROMPTS, options);
      for (int i = 0; i < wanted.size(); i++) {
        assertThat(found.get(i)).isEqualTo(wanted.get(i));
        assertThat(fourBit.generateIds(List.of(PROMPTS.get(i)), options).get(0))
            .isEqualTo(wanted.get(i));
      }
      assertThat(logProbability(fourBit)).isCloseTo(logProbability(plain), within(1e-4));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static double logProbability(LanguageModel model) {
    int[] context = {1};
    int[] continuation = IntStream.range(20, 60).toArray();
    TokenScores scores = model.scoreIds(List.of(new TokenSpan(context, continuation))).get(0);
    return scores.sum();
  }

  @Test
  void aRealModelInFourBitsTellsStoriesAlmostAsWell() {
    try (LanguageModel plain = LanguageModel.load(STORIES, Precision.FP32);
        LanguageModel nf4 = LanguageModel.load(STORIES, Quantization.nf4(), Precision.FP32)) {
      double exact = perplexity(plain);
      double found = perplexity(nf4);
      assertThat(found).isNotEqualTo(exact).isBetween(0.9 * exact, 1.3 * exact);
      String story =
          nf4.generate(
              "Once upon a time", GenerationOptions.greedy().toBuilder().maxNewTokens(40).build());
      assertThat(story).startsWith(", there was a");
    }
  }

  private static double perplexity(LanguageModel model) {
    TokenScores scores = model.scoreAll(List.of(new ScoringRequest("", STORY))).get(0);
    return Math.exp(-scores.sum() / scores.tokenIds().size());
  }

  @Test
  void answersOfOtherFormatsAreNotTakenForThoseOfThisOne() {
    List<WeightFormat> formats =
        List.of(
            WeightFormat.asStored(),
            Quantization.nf4(),
            Quantization.nf4().doubleQuant(false),
            Quantization.nf4().skip("down_proj"));
    Set<String> identities = new HashSet<>();
    for (WeightFormat format : formats) {
      try (LanguageModel model = LanguageModel.load(STORIES, format, Precision.FP32)) {
        identities.add(model.asGenerator().identity().orElseThrow());
      }
    }
    assertThat(identities).hasSameSizeAs(formats);
  }

  @Test
  void twoModelsRunAtTheSameTime() {
    try (LanguageModel languageModel = LanguageModel.load(FOUR_BIT);
        LanguageModel other = LanguageModel.load(STORIES, Quantization.fp4())) {
      GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(16).build();
      List<int[]> first = languageModel.generateIds(PROMPTS, options);
      List<int[]> second = other.generateIds(PROMPTS, options);
      List<CompletableFuture<Void>> running = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        LanguageModel model = i % 2 == 0 ? languageModel : other;
        List<int[]> wanted = i % 2 == 0 ? first : second;
        running.add(
            CompletableFuture.runAsync(
                () -> assertSame(model.generateIds(PROMPTS, options), wanted)));
      }
      running.forEach(CompletableFuture::join);
    }
  }

  private static void assertSame(List<int[]> found, List<int[]> wanted) {
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(Arrays.toString(found.get(i))).isEqualTo(Arrays.toString(wanted.get(i)));
    }
  }

  @Test
  void aFormatThatTheCheckpointDoesNotHaveIsRefused() {
    long before = Tensor.live();
    LanguageModel.load(FOUR_BIT, Quantization.nf4()).close();
    assertThatThrownBy(() -> LanguageModel.load(FOUR_BIT, Quantization.fp4()))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("FP4 in blocks of 64 with double quantization, as was asked for")
        .hasMessageContaining("found NF4");
    assertThatThrownBy(() -> LanguageModel.load(FOUR_BIT, Quantization.nf4().skip("down_proj")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("quantization_config")
        .hasMessageContaining("down_proj");
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void otherQuantizationsAreRefusedAsBefore() throws Exception {
    Files.writeString(
        temporary.resolve("config.json"),
        "{\"model_type\": \"llama\", \"quantization_config\": {\"quant_method\": \"gptq\"}}");
    assertThatThrownBy(() -> LanguageModel.load(ModelSource.path(temporary)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("gptq")
        .hasMessageContaining("original");
  }

  @Test
  void aModuleToSkipThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> LanguageModel.load(STORIES, Quantization.nf4().skip("down_projj")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("down_projj");
  }
}
