package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps.Token;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Steps of Gemma 3n and 4 in shapes that no checkpoint of the tests has: several parts together,
 * and widths that fill no register.
 */
class SharingStepsTest {

  private static final String COMMON =
      """
      "vocab_size": 40, "vocab_size_per_layer_input": 38, "max_position_embeddings": 64,
      "hidden_size": 20, "intermediate_size": 28, "hidden_activation": "gelu_pytorch_tanh",
      "head_dim": 6, "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-6,
      "sliding_window": 6, "hidden_size_per_layer_input": 5, "tie_word_embeddings": true,
      "num_hidden_layers": 4, "layer_types": ["sliding_attention", "full_attention",
      "sliding_attention", "full_attention"], "num_kv_shared_layers": 2,
      """;

  /** Keys that are values in two heads, experts in layers that share keys. */
  private static final String EXPERTS =
      """
      {"model_type": "gemma4_text", %s "attention_k_eq_v": true, "global_head_dim": 10,
       "num_global_key_value_heads": 2, "enable_moe_block": true, "num_experts": 6,
       "top_k_experts": 3, "moe_intermediate_size": 9, "use_double_wide_mlp": true}
      """
          .formatted(COMMON);

  /** The active stream is not the first, and the others read it as it is. */
  private static final String STREAMS =
      """
      {"model_type": "gemma3n_text", %s "altup_num_inputs": 4, "altup_active_idx": 2,
       "altup_correct_scale": false, "laurel_rank": 3,
       "activation_sparsity_pattern": [0.9, 0.3, 0.0, 0.5], "final_logit_softcapping": 2.0}
      """
          .formatted(COMMON);

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  static Stream<Arguments> shapesAndVariants() {
    return Stream.of(Named.of("Gemma 4", EXPERTS), Named.of("Gemma 3n", STREAMS))
        .flatMap(
            shape -> CpuKernelsTest.variantsOfSteps().map(variant -> Arguments.of(shape, variant)));
  }

  @ParameterizedTest
  @MethodSource("shapesAndVariants")
  void stepsGiveTheLogitsOfTheOperators(String shape, CpuVariant variant) {
    ModelConfig config = ModelConfig.parse(Path.of("random", "config.json"), shape);
    try (Decoder decoder = (Decoder) Architectures.declare(config)) {
      decoder.allocate(DType.F32);
      randomize(decoder);
      assertThat(StepKernelsTest.difference(decoder, null, decoder, variant)).isLessThan(1e-4);
    }
  }

  /** Layers without keys of their own compute nothing of tokens whose logits are not wanted. */
  @ParameterizedTest
  @MethodSource("shapesAndVariants")
  void whichLogitsAreWantedChangesNoBit(String shape, CpuVariant variant) {
    ModelConfig config = ModelConfig.parse(Path.of("random", "config.json"), shape);
    try (Decoder decoder = (Decoder) Architectures.declare(config)) {
      decoder.allocate(DType.F32);
      randomize(decoder);
      int[] ids = new SplittableRandom(3).ints(40, 1, 40).toArray();
      float[][] wanted = logits(decoder, variant, ids, 1, place -> true);
      assertThat(logits(decoder, variant, ids, 40, place -> place == 39)[39]).isEqualTo(wanted[39]);
      float[][] some = logits(decoder, variant, ids, 10, place -> place / 10 == 2 && place % 3 > 0);
      for (int place = 20; place < 30; place++) {
        assertThat(some[place]).isEqualTo(place % 3 > 0 ? wanted[place] : null);
      }
      assertThat(some[39]).isNull();
    }
  }

  /** The logits of each token, null where they are not wanted. */
  private static float[][] logits(
      Decoder decoder, CpuVariant variant, int[] ids, int most, IntPredicate isWanted) {
    float[][] logits = new float[ids.length][];
    try (KvCache cache = decoder.newCache(1, ids.length);
        CpuDecoderSteps steps =
            StepCompiler.compile(decoder, most, most, variant, List.of()).orElseThrow()) {
      steps.place(0, cache, 0);
      for (int from = 0; from < ids.length; from += most) {
        steps.run(
            IntStream.range(from, from + most)
                .mapToObj(i -> new Token(ids[i], 0, i, 0, isWanted.test(i)))
                .toList());
        int[] outputs = IntStream.range(from, from + most).filter(isWanted).toArray();
        for (int i = 0; i < outputs.length; i++) {
          logits[outputs[i]] = new float[40];
          steps.logits(i, logits[outputs[i]], 0);
        }
      }
    }
    return logits;
  }

  private static void randomize(Decoder decoder) {
    SplittableRandom random = new SplittableRandom(5);
    for (Parameter parameter : decoder.parameters()) {
      long[] sizes = parameter.sizes();
      boolean factors = sizes.length == 1;
      float[] values = new float[Math.toIntExact(parameter.count())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (factors ? random.nextDouble(0.5, 1.5) : random.nextDouble(-0.5, 0.5));
      }
      try (Tensor drawn = Tensor.of(values, sizes)) {
        parameter.value().copyFrom(drawn);
      }
    }
  }
}
