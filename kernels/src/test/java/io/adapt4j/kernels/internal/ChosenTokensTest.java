package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps.Token;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps of texts that are longer than the number of tokens that each one reads. */
class ChosenTokensTest {

  private static final int PROMPT = 31;
  private static final int LENGTH = 60;

  /** No text is longer. */
  private static final int ALL = 64;

  private static final long[] IDS = new SplittableRandom(3).longs(LENGTH, 1, 38).toArray();

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v32", "glm_moe_dsa", "glm_moe_dsa_shared"})
  void stepsChooseTheTokensThatOperatorsChoose(String family) {
    try (Decoder decoder = StepKernelsTest.load(family, DType.F32);
        Decoder readingAll = load(family, ALL)) {
      float[] wanted = byOperators(decoder);
      assertThat(byOperators(readingAll)).as("where all are read").isNotEqualTo(wanted);
      assertThat(CpuKernelsTest.variantsOfSteps())
          .isNotEmpty()
          .allSatisfy(
              variant -> {
                assertThat(difference(inSteps(decoder, variant, 1), wanted)).isLessThan(1e-4);
                assertThat(difference(inSteps(decoder, variant, 7), wanted)).isLessThan(1e-4);
              });
    }
  }

  private static Decoder load(String family, int chosen) {
    Path path = StepKernelsTest.FAMILIES.resolve(family);
    ModelConfig config = ModelConfig.read(path).with("index_topk", IntNode.valueOf(chosen));
    Decoder decoder = (Decoder) Architectures.declare(config);
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
    }
    return decoder;
  }

  /** The logits of the last token: after the prompt, the others one after another. */
  private static float[] byOperators(Decoder decoder) {
    float[] logits = {};
    try (KvCache cache = decoder.newCache(1, LENGTH)) {
      forward(decoder, cache, PROMPT);
      for (int i = PROMPT; i < LENGTH; i++) {
        logits = forward(decoder, cache, 1);
      }
    }
    return logits;
  }

  /** The same with steps of several tokens after the prompt. */
  private static float[] inSteps(Decoder decoder, CpuVariant variant, int most) {
    try (KvCache cache = decoder.newCache(1, LENGTH);
        CpuDecoderSteps steps =
            StepCompiler.compile(decoder, 1, most, variant, List.of()).orElseThrow()) {
      forward(decoder, cache, PROMPT);
      steps.place(0, cache, 0);
      for (int from = PROMPT; from < LENGTH; from += most) {
        int to = Math.min(LENGTH, from + most);
        steps.run(
            IntStream.range(from, to)
                .mapToObj(i -> new Token((int) IDS[i], 0, i, 0, i == to - 1))
                .toList());
        cache.advance((long) to - from);
      }
      float[] logits = new float[Math.toIntExact(decoder.head().weight().sizes()[0])];
      steps.logits(0, logits, 0);
      return logits;
    }
  }

  private static float[] forward(Decoder decoder, KvCache cache, int count) {
    int from = Math.toIntExact(cache.length());
    long[] mask = new long[from + count];
    Arrays.fill(mask, 1);
    long[] ids = Arrays.copyOfRange(IDS, from, from + count);
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, 1, count, cache)) {
      Tensor hidden = decoder.hidden(Ops.inference(), Tensor.of(ids, 1, count), positions, false);
      return decoder.logits(hidden.narrow(1, count - 1L, 1)).toFloats();
    }
  }

  private static double difference(float[] found, float[] wanted) {
    return IntStream.range(0, wanted.length)
        .mapToDouble(i -> Math.abs((double) found[i] - wanted[i]))
        .max()
        .orElseThrow();
  }
}
