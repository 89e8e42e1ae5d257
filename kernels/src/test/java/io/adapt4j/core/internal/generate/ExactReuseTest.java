package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a conversation gets that reuses all it can, to the bit of its log probabilities, for every
 * family: in native steps and operator by operator, in fp32 and in bf16 by turns.
 */
class ExactReuseTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");
  private static final String STEPS = "adapt4j.kernels.steps";
  private static final int END = 2;
  private static final GenerationOptions OPTIONS =
      GenerationOptions.builder()
          .maxNewTokens(9)
          .temperature(0.8)
          .seed(3)
          .logprobs(1)
          .ignoreContextLength(true)
          .ignoreEos(true)
          .build();

  static Stream<Arguments> families() {
    List<String> all =
        JoinedStepsTest.families()
            .filter(family -> family.matches(System.getProperty("adapt4j.decoders", ".*")))
            .toList();
    return IntStream.range(0, 2 * all.size())
        .mapToObj(
            i ->
                Arguments.of(
                    all.get(i / 2),
                    i / 2 % 2 == 0 ? Precision.FP32 : Precision.BF16,
                    i % 2 == 0 ? "on" : "off"));
  }

  @AfterEach
  void takeBackTheProperty() {
    System.clearProperty(STEPS);
  }

  @ParameterizedTest
  @MethodSource("families")
  void isWhatAColdRunGets(String family, Precision precision, String steps) {
    System.setProperty(STEPS, steps);
    long before = Tensor.live();
    try (LoadedModel model =
        LoadedModel.load(FAMILIES.resolve(family), precision, WeightFormat.asStored(), List.of())) {
      Decoder decoder = model.decoder();
      Generator generator = new Generator(decoder, Optional.empty(), Set.of(END));
      long cold = 0;
      try (PromptCache warm = exact(decoder)) {
        for (int[] prompt : trace(Math.min(700, decoder.positionLimit() - 10))) {
          Generation found = answer(generator, prompt, warm);
          try (PromptCache empty = exact(decoder)) {
            assertThat(found)
                .as("prompt of %d tokens, %d cached", prompt.length, found.cachedTokens())
                .isEqualTo(answer(generator, prompt, empty));
          }
          cold += prompt.length;
        }
        if (!decoder.rotationChanges(1, Integer.MAX_VALUE) && decoder.positionLimit() > 700) {
          assertThat(warm.prefilledTokens()).isLessThan(cold / 2);
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static PromptCache exact(Decoder decoder) {
    PromptCache prompts = new PromptCache(decoder, 1L << 30);
    prompts.exact(true);
    return prompts;
  }

  private static Generation answer(Generator generator, int[] prompt, PromptCache prompts) {
    return generator.generate(prompt, prompts, OPTIONS, text -> {}, new CancellationToken());
  }

  /** Turns that grow, are asked again, are edited, are taken back, and lose an earlier thought. */
  private static List<int[]> trace(int most) {
    List<int[]> messages = new ArrayList<>();
    List<int[]> prompts = new ArrayList<>();
    int[] lengths = {150, 12, 40, 65, 9, 90, 35, 70, 20, 50};
    for (int i = 0; i < lengths.length; i++) {
      messages.add(message(i, lengths[i]));
      if (i % 2 == 1) {
        prompts.add(joined(messages));
      }
    }
    prompts.add(joined(messages));
    messages.set(9, message(77, 50));
    prompts.add(joined(messages));
    prompts.add(joined(messages.subList(0, 6)));
    messages.set(4, message(78, 3));
    prompts.add(joined(messages));
    return prompts.stream().filter(prompt -> prompt.length <= most).toList();
  }

  private static int[] message(int seed, int length) {
    int[] ids = new SplittableRandom(seed).ints(length, 3, 39).toArray();
    ids[length - 1] = END;
    return ids;
  }

  private static int[] joined(List<int[]> messages) {
    return messages.stream().flatMapToInt(IntStream::of).toArray();
  }
}
