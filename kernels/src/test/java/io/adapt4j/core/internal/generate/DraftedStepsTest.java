package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** The layer reads the hidden states of the steps; its values are random. */
  @ParameterizedTest
  @ValueSource(strings = {"qwen3_next", "qwen3_5"})
  void aNextTokenLayerChangesNoBit(String family) {
    long before = Tensor.live();
    for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
      try (LoadedModel model = load(family, precision)) {
        assumeThat(hasSteps(model)).isTrue();
        Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of());
        List<GenerationOptions> ways = ways();
        List<Generation> wanted = new ArrayList<>();
        ways.forEach(way -> wanted.add(answer(generator, way)));
        for (int i = 0; i < ways.size(); i++) {
          // A new one each time, of which it is not known yet that it costs more than it saves.
          NextTokenDraft draft = new NextTokenDraft(model.decoder(), layer(model.decoder()), 3);
          generator.useDraft(draft);
          assertThat(answer(generator, ways.get(i)))
              .as("%s, %d", precision, i)
              .isEqualTo(wanted.get(i));
          assertThat(draft.held()).isGreaterThan(PROMPT.length);
        }
        generator.closeDraft();
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static NextTokenLayer layer(Decoder decoder) {
    NextTokenLayer layer = Architectures.nextTokenLayer(decoder).orElseThrow();
    layer.standOn(decoder, false, false);
    layer.network().allocate(decoder.type());
    SplittableRandom random = new SplittableRandom(9);
    for (Parameter parameter : layer.network().parameters()) {
      if (!parameter.isShared()) {
        float[] values = new float[Math.toIntExact(parameter.count())];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian() / 3;
        }
        try (Tensor drawn = Tensor.of(values, parameter.sizes())) {
          parameter.value().copyFrom(drawn);
        }
      }
    }
    return layer;
  }

  /** Steps compute the hidden states that operators compute, before the final norm. */
  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.generate.JoinedStepsTest#families")
  void theLastLayersOutputIsThatOfOperators(String family) {
    try (LoadedModel model = load(family, Precision.FP32)) {
      Decoder decoder = model.decoder();
      assumeThat(hasSteps(model)).isTrue();
      int width = decoder.dimensions().hiddenSize();
      float[] found = new float[PROMPT.length * width];
      try (KvCache cache = decoder.newCache(1, PROMPT.length);
          DecoderSteps steps =
              StepKernels.prepared(decoder, 1, PROMPT.length, List.of()).orElseThrow()) {
        steps.place(0, cache, 0);
        List<DecoderSteps.Token> tokens = new ArrayList<>();
        for (int i = 0; i < PROMPT.length; i++) {
          tokens.add(new DecoderSteps.Token(PROMPT[i], 0, i, 0, i == PROMPT.length - 1));
        }
        steps.run(tokens);
        boolean isKept = steps.lastLayer(0, found, 0);
        assumeThat(isKept).isTrue();
        for (int i = 0; i < PROMPT.length; i++) {
          steps.lastLayer(i, found, i * width);
        }
      }
      long[] mask = new long[PROMPT.length];
      Arrays.fill(mask, 1);
      long[] ids = Arrays.stream(PROMPT).asLongStream().toArray();
      try (Scope scope = Scope.open();
          Positions positions = decoder.positions(mask, 1, PROMPT.length)) {
        Ops ops = Ops.inference();
        Tensor input = Tensor.of(ids, 1, PROMPT.length);
        float[] wanted = decoder.hidden(ops, input, positions, false).toFloats();
        Tensor states = Tensor.of(found, 1, PROMPT.length, width);
        assertThat(decoder.body().end(ops, states).toFloats())
            .containsExactly(wanted, within(1e-3f));
      }
    }
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
