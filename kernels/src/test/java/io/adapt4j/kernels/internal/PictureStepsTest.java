package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.picture.PictureRows;
import io.adapt4j.core.internal.nn.picture.Pictures;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.Logits;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps after a picture whose rows have positions in height and width. */
class PictureStepsTest {

  private static final int HEIGHT = 7;
  private static final int WIDTH = 3;
  private static final int NEW_TOKENS = 12;

  @ParameterizedTest
  @ValueSource(strings = {"qwen2_5_vl", "qwen3_vl"})
  void stepsChooseTheTokensOfTheOperators(String family) {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
    try (LoadedModel model =
            LoadedModel.load(
                StepKernelsTest.FAMILIES.resolve(family),
                Precision.FP32,
                WeightFormat.asStored(),
                List.of());
        Pictures.Held picture = model.decoder().pictures().hold("picture", rows(model))) {
      int[] prompt =
          IntStream.concat(
                  IntStream.concat(IntStream.range(3, 9), Arrays.stream(picture.ids())),
                  IntStream.range(11, 20))
              .toArray();
      Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of());
      GenerationOptions options =
          GenerationOptions.greedy().toBuilder()
              .maxNewTokens(NEW_TOKENS)
              .ignoreContextLength(true)
              .build();
      assertThat(generator.generate(List.of(prompt), options).get(0).tokenIds())
          .isEqualTo(byOperators(model.decoder(), prompt));
    }
  }

  private static PictureRows rows(LoadedModel model) {
    int width = model.decoder().dimensions().hiddenSize();
    float[] values = new float[HEIGHT * WIDTH * width];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextDouble() * 4 - 2);
    }
    Tensor rows = Tensor.of(values, HEIGHT * WIDTH, width).own();
    return PictureRows.onGrid(rows, List.of(), HEIGHT, WIDTH);
  }

  /** Reads the whole text for each token. */
  private static List<Integer> byOperators(Decoder decoder, int[] prompt) {
    int[] text = prompt;
    for (int i = 0; i < NEW_TOKENS; i++) {
      try (Scope scope = Scope.open(decoder.engine());
          PromptPictures pictures = decoder.pictures().of(text);
          KvCache cache = decoder.newCache(1, text.length);
          Positions positions =
              decoder.joinedPositions(
                  List.of(cache), new int[] {text.length}, new int[1], List.of(pictures))) {
        long[] ids = Arrays.stream(text).mapToLong(id -> id < Pictures.FIRST ? id : 0).toArray();
        Tensor read = Tensor.of(ids, 1, ids.length);
        Tensor hidden = decoder.hidden(Ops.inference(), read, positions, false);
        long[] chosen = Logits.likeliest(decoder.logits(hidden.narrow(1, ids.length - 1, 1)));
        text = Arrays.copyOf(text, text.length + 1);
        text[text.length - 1] = Math.toIntExact(chosen[0]);
      }
    }
    return Arrays.stream(text, prompt.length, text.length).boxed().toList();
  }
}
