package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.DecoderSteps.Token;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters on the experts of a mixture, in steps of one native call. */
class ExpertAdaptersTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");
  private static final int ROWS = 3;
  private static final int TOKENS = 9;

  @TempDir private Path temporary;

  private int count;

  @BeforeEach
  void needTheLibrary() {
    Int8Case.needTheLibrary();
  }

  /** Experts of modules of their own, and those of PEFT's target_parameters. */
  @ParameterizedTest
  @CsvSource({
    "mixtral,         w1, w2",
    "qwen2_moe,       gate_proj, down_proj",
    "gpt_oss,         gate_up_proj, down_proj",
    "mixtral_stacked, gate_up_proj, down_proj",
    "granitemoe,      input_linear, output_linear"
  })
  void stepsGiveTheLogitsOfOperators(String family, String first, String second) {
    Path base = FAMILIES.resolve(family);
    Lora lora = Lora.rank(3).targets(Targets.names("q_proj", first, second));
    try (Decoder decoder = load(base, WeightFormat.asStored())) {
      List<float[]> plain = byOperators(decoder);
      try (AttachedAdapter adapter = attach(decoder, base, lora, 1)) {
        List<float[]> wanted = byOperators(decoder);
        assertThat(difference(wanted, plain)).isGreaterThan(0.01);
        assertThat(difference(bySteps(decoder, List.of()), wanted)).isLessThan(1e-5);
      }
    }
  }

  @Test
  void expertsIn8BitsHaveThemToo() {
    Path base = FAMILIES.resolve("mixtral");
    Lora lora = Lora.rank(20).targets(Targets.names("w1", "w3"));
    try (Decoder decoder = load(base, Quantization.int8());
        Decoder rounding = load(base, Quantization.int8())) {
      RoundedTokens.install(rounding);
      try (AttachedAdapter ofSteps = attach(decoder, base, lora, 2);
          AttachedAdapter ofOperators = attach(rounding, base, lora, 2)) {
        assertThat(difference(bySteps(decoder, List.of()), byOperators(rounding))).isLessThan(1e-3);
      }
    }
  }

  /** Each row has another adapter, or those that are on; rows without one have the base. */
  @ParameterizedTest
  @CsvSource({"mixtral, w1, w2", "gpt_oss, gate_up_proj, down_proj"})
  void eachTokenHasTheAdapterThatItNames(String family, String first, String second) {
    Path base = FAMILIES.resolve(family);
    Lora narrow = Lora.rank(2).targets(Targets.names(first));
    Lora wide = Lora.rank(17).targets(Targets.names("v_proj", first, second));
    try (Decoder decoder = load(base, WeightFormat.asStored());
        AttachedAdapter one = attach(decoder, base, narrow, 3);
        AttachedAdapter other = attach(decoder, base, wide, 4)) {
      other.enabled(false);
      List<float[]> ofOne = byOperators(decoder);
      one.enabled(false);
      other.enabled(true);
      List<float[]> ofOther = byOperators(decoder);
      other.enabled(false);
      List<float[]> none = byOperators(decoder);
      List<float[]> mixed = bySteps(decoder, List.of(one, other));
      assertThat(difference(row(mixed, 0), row(ofOne, 0))).isLessThan(1e-5);
      assertThat(difference(row(mixed, 1), row(ofOther, 1))).isLessThan(1e-5);
      assertThat(difference(row(mixed, 2), row(none, 2))).isLessThan(1e-5);
      assertThat(difference(row(ofOne, 1), row(ofOther, 1))).isGreaterThan(0.01);
      one.enabled(true);
      assertThat(difference(row(bySteps(decoder, List.of(one, other)), 2), row(ofOne, 2)))
          .isLessThan(1e-5);
    }
  }

  private AttachedAdapter attach(Decoder decoder, Path base, Lora lora, int seed) {
    Path output = temporary.resolve("adapter" + count++);
    try (Decoder trained = load(base, WeightFormat.asStored());
        Adaptation adaptation = Methods.of(lora).attach(trained, base, seed)) {
      SplittableRandom random = new SplittableRandom(seed);
      for (Trainable parameter : adaptation.trained()) {
        float[] values = parameter.value().toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) (0.2 * random.nextGaussian());
        }
        try (Tensor moved = Tensor.of(values, parameter.value().sizes())) {
          parameter.value().copyFrom(moved);
        }
      }
      adaptation.refresh();
      adaptation.save(output);
    }
    return AdapterMechanics.of(LoraAdapter.at(output)).attach(decoder);
  }

  private static Decoder load(Path folder, WeightFormat format) {
    return (Decoder) FourBitCase.load(folder, format, DType.F32);
  }

  private static int[] tokens(Decoder decoder, int row) {
    int vocabulary = Math.toIntExact(decoder.head().weight().sizes()[0]);
    return new SplittableRandom(row).ints(TOKENS, 1, vocabulary).toArray();
  }

  /** The logits of each row after its last token. */
  private static List<float[]> byOperators(Decoder decoder) {
    List<float[]> logits = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      try (KvCache cache = decoder.newCache(1, TOKENS)) {
        logits.add(Int8Case.forward(decoder, cache, tokens(decoder, row)));
      }
    }
    return logits;
  }

  /** All rows at once; row 0 and row 1 name the first and the second adapter, where there are. */
  private static List<float[]> bySteps(Decoder decoder, List<AttachedAdapter> adapters) {
    try (KvCache cache = decoder.newCache(ROWS, TOKENS);
        DecoderSteps steps =
            StepKernels.prepared(decoder, ROWS, ROWS * TOKENS, adapters).orElseThrow()) {
      List<Token> all = new ArrayList<>();
      for (int place = 0; place < TOKENS; place++) {
        for (int row = 0; row < ROWS; row++) {
          int adapter = row < adapters.size() ? row : Token.NO_ADAPTER;
          all.add(
              new Token(tokens(decoder, row)[place], row, place, 0, place == TOKENS - 1, adapter));
        }
      }
      for (int row = 0; row < ROWS; row++) {
        steps.place(row, cache, row);
      }
      steps.run(all);
      List<float[]> logits = new ArrayList<>();
      for (int row = 0; row < ROWS; row++) {
        float[] own = new float[Math.toIntExact(decoder.head().weight().sizes()[0])];
        steps.logits(row, own, 0);
        logits.add(own);
      }
      return logits;
    }
  }

  private static List<float[]> row(List<float[]> all, int row) {
    return List.of(all.get(row));
  }

  private static double difference(List<float[]> found, List<float[]> wanted) {
    double largest = 0;
    for (int row = 0; row < found.size(); row++) {
      largest = Math.max(largest, Int8Case.difference(found.get(row), wanted.get(row)));
    }
    return largest;
  }
}
