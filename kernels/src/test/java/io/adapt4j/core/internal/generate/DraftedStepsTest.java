package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Guesses checked in steps of the kernels change no bit of what is written, also where states go
 * back to a checkpoint.
 */
class DraftedStepsTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");

  /** Ten tokens twice, so that there is much to look up, most of it wrong. */
  private static final int[] PROMPT = {
    5, 9, 30, 7, 12, 21, 5, 9, 33, 8, 5, 9, 30, 7, 12, 21, 5, 9, 33, 8
  };

  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.generate.JoinedStepsTest#families")
  void everyTokenAndItsLogProbabilityIsThatWithoutGuesses(String family) {
    long before = Tensor.live();
    for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
      try (LoadedModel model = load(family, precision)) {
        assumeThat(hasSteps(model)).isTrue();
        Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of());
        List<GenerationOptions> ways = ways();
        List<Generation> wanted = new ArrayList<>();
        ways.forEach(way -> wanted.add(answer(generator, way)));
        for (int i = 0; i < ways.size(); i++) {
          GenerationOptions lookup = ways.get(i).toBuilder().promptLookupTokens(5).build();
          assertThat(answer(generator, lookup))
              .as("%s, prompt lookup, %d", precision, i)
              .isEqualTo(wanted.get(i));
        }
        for (String smaller : List.of(family, "lfm2")) {
          try (LoadedModel other = load(smaller, precision);
              DraftModel draft = draft(other)) {
            generator.useDraft(draft);
            for (int i = 0; i < ways.size(); i++) {
              assertThat(answer(generator, ways.get(i)))
                  .as("%s, drafted by %s, %d", precision, smaller, i)
                  .isEqualTo(wanted.get(i));
            }
          }
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static List<GenerationOptions> ways() {
    GenerationOptions greedy =
        GenerationOptions.greedy().toBuilder().maxNewTokens(24).ignoreContextLength(true).build();
    return List.of(
        greedy,
        greedy.toBuilder().temperature(0.9).topP(0.95).seed(3).logprobs(1).build(),
        greedy.toBuilder().temperature(0.7).topK(9).repetitionPenalty(1.2).seed(8).build());
  }

  private static Generation answer(Generator generator, GenerationOptions options) {
    return generator.generate(List.of(PROMPT), options).get(0);
  }

  private static boolean hasSteps(LoadedModel model) {
    try (DecoderSteps steps = StepKernels.prepared(model.decoder(), 1, 1, List.of()).orElse(null)) {
      return steps != null;
    }
  }

  private static LoadedModel load(String family, Precision precision) {
    return LoadedModel.load(
        FAMILIES.resolve(family), precision, WeightFormat.asStored(), List.of());
  }

  private static DraftModel draft(LoadedModel model) {
    return new DraftModel(
        model.decoder(),
        model.adapters(),
        new ReentrantLock(),
        4,
        model.decoder().dimensions().vocabularySize());
  }
}
