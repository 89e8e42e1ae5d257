package io.adapt4j.core;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.host.Processor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenSpan;
import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Greedy decoding against the tokens Transformers chose; exact. */
class GoldenGenerationTest {

  private static final GenerationOptions TWENTY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(20).ignoreEos(true).build();

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama_tied"})
  void onePromptGivesTheTokensOfTransformers(String name) {
    try (Case golden = Case.open(name)) {
      int[] prompt = golden.prompts("").get(0);
      assertThat(golden.model.generateIds(List.of(prompt), TWENTY).get(0))
          .isEqualTo(golden.rows("generated").get(0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama_tied"})
  void aLeftPaddedBatchGivesTheTokensOfTransformers(String name) {
    try (Case golden = Case.open(name)) {
      assertThat(golden.model.generateIds(golden.prompts("_left"), TWENTY))
          .containsExactlyElementsOf(golden.rows("generated_left"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama_tied"})
  void rowsOfABatchEndByThemselvesAndTheBatchWithTheLast(String name) throws IOException {
    try (Case golden = Case.open(name)) {
      int eos = golden.json().get("eos_token_id_for_generated_left_eos").intValue();
      List<int[]> expected = golden.rows("generated_left_eos");
      List<int[]> found =
          golden.model.generateIds(
              golden.prompts("_left"), TWENTY.toBuilder().stopIds(Set.of(eos)).build());
      int width = found.stream().mapToInt(row -> row.length).max().orElseThrow();
      List<int[]> padded = new ArrayList<>();
      for (int[] row : found) {
        int[] filled = Arrays.copyOf(row, width);
        Arrays.fill(filled, row.length, width, golden.model.padTokenId());
        padded.add(filled);
      }
      assertThat(padded).containsExactlyElementsOf(expected);
      assertThat(found).anyMatch(row -> row.length < width);
    }
  }

  @Test
  void generationEndsAtTheModelsContextLength() {
    try (LanguageModel model = TestModels.fp32(TestModels.golden("llama"))) {
      int[] prompt = new int[model.contextLength() - 3];
      Arrays.fill(prompt, 7);
      assertThat(model.generateIds(List.of(prompt), TWENTY).get(0)).hasSize(3);
      int[] full = new int[model.contextLength()];
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.generateIds(List.of(prompt, full), TWENTY))
          .withMessageContaining("Prompt 1")
          .withMessageContaining("256");
    }
  }

  @Test
  void bfloat16ModelsGenerateAndScoreRaggedBatchesNearTheirFp32Numbers() {
    ModelSource source = ModelSource.path(Golden.folder("models/llama_bf16"));
    List<int[]> prompts = List.of(new int[] {5, 6, 7, 8}, new int[] {9});
    List<TokenSpan> spans =
        List.of(
            new TokenSpan(new int[] {5, 6}, new int[] {7, 8, 9}),
            new TokenSpan(new int[] {5}, new int[] {6}));
    try (LanguageModel half = LanguageModel.load(source, Precision.BF16);
        LanguageModel single = LanguageModel.load(source, Precision.FP32);
        LanguageModel automatic = LanguageModel.load(source)) {
      assertThat(half.generateIds(prompts, TWENTY)).allMatch(row -> row.length == 20);
      for (int i = 0; i < spans.size(); i++) {
        assertThat(half.scoreIds(spans).get(i).sum())
            .isCloseTo(single.scoreIds(spans).get(i).sum(), within(0.3));
      }
      assertThat(automatic.decoder().type())
          .isEqualTo(Processor.hasBf16() ? DType.BF16 : DType.F32);
    }
  }

  @Test
  void unusablePromptsAreNamed() {
    try (LanguageModel model = TestModels.fp32(TestModels.golden("llama"))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.generateIds(List.of(new int[] {1}, new int[0]), TWENTY))
          .withMessageContaining("Prompt 1");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.generateIds(List.of(new int[] {160}), TWENTY))
          .withMessageContaining("160")
          .withMessageContaining("0 to 159");
      assertThat(model.generateIds(List.of(), TWENTY)).isEmpty();
    }
  }

  @Test
  void aModelWithoutTokenizerTakesIdsAndSaysSoWhenGivenText() {
    try (LanguageModel model = TestModels.fp32(TestModels.golden("llama"))) {
      refuses(IllegalStateException.class, () -> model.generate("Hello", TWENTY), "tokenizer.json");
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  model.generateIds(
                      List.of(new int[] {1}), TWENTY.toBuilder().stopStrings("x").build()))
          .withMessageContaining("stopIds");
    }
  }

  @Test
  void theCountOfATiedModelCountsTheSharedMatrixOnce() {
    try (LanguageModel model = TestModels.fp32(TestModels.golden("llama_tied"));
        Case golden = Case.open("llama_tied")) {
      assertThat(model.parameterCount()).isEqualTo(golden.json().get("param_count").longValue());
      assertThat(model.endTokenIds()).containsExactly(2);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A golden model with its expected numbers. */
  private record Case(Path folder, LanguageModel model, SafetensorsFile expected)
      implements AutoCloseable {

    static Case open(String name) {
      Path folder = TestModels.golden(name);
      return new Case(
          folder,
          TestModels.fp32(folder),
          SafetensorsFile.open(folder.resolve("expected.safetensors")));
    }

    JsonNode json() throws IOException {
      return Json.parse(Files.readString(folder.resolve("expected.json")));
    }

    /** The rows of the batch without their padding. */
    List<int[]> prompts(String suffix) {
      List<int[]> prompts = new ArrayList<>();
      List<int[]> masks = rows("attention_mask" + suffix);
      List<int[]> ids = rows("input_ids" + suffix);
      for (int row = 0; row < ids.size(); row++) {
        int[] mask = masks.get(row);
        int[] all = ids.get(row);
        int length = Arrays.stream(mask).sum();
        int start = mask[0] == 1 ? 0 : mask.length - length;
        prompts.add(Arrays.copyOfRange(all, start, start + length));
      }
      return prompts;
    }

    List<int[]> rows(String tensor) {
      long[] values = new long[Math.toIntExact(expected.entry(tensor).elements())];
      LongBuffer buffer = expected.bytes(tensor).asLongBuffer();
      buffer.get(values);
      int width = Math.toIntExact(expected.entry(tensor).shape().get(1));
      List<int[]> rows = new ArrayList<>();
      for (int at = 0; at < values.length; at += width) {
        rows.add(Arrays.stream(values, at, at + width).mapToInt(Math::toIntExact).toArray());
      }
      return rows;
    }

    @Override
    public void close() {
      expected.close();
      model.close();
    }
  }
}
