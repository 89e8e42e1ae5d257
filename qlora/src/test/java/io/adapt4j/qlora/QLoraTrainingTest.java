package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.LoraInit;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An adapter that trains over a base in 4 bits, and what becomes of it. */
class QLoraTrainingTest {

  private static final int ROWS = 2;
  private static final int LENGTH = 12;
  private static final int VOCABULARY = 80;
  private static final QLora METHOD = QLora.nf4().rank(4);

  @TempDir private Path temporary;
  private Path base;

  @BeforeEach
  void writeBase() {
    base = temporary.resolve("base");
    FourBitCase.write(base, FourBitCase.llama(32, 48, 4, 8, 2, VOCABULARY), StoredType.F32);
  }

  private Network load(DType type) {
    return FourBitCase.load(base, Methods.of(METHOD).weightFormat(), type);
  }

  /** Trains some steps on one batch; returns their losses. */
  static List<Double> train(Network network, Adaptation adaptation, boolean recompute, int steps) {
    TrainingStep.Settings settings =
        new TrainingStep.Settings(Optimizer.pagedAdamW(), 0, 1, recompute);
    long[] ids = new SplittableRandom(1).longs(ROWS * LENGTH, 3, VOCABULARY).toArray();
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    Batch batch = new Batch(ids, mask, ids, ROWS, LENGTH);
    List<Double> losses = new ArrayList<>();
    List<Long> live = new ArrayList<>();
    try (TrainingStep<Batch> step =
        TrainingStep.ofLanguageModel((Decoder) network, adaptation, settings)) {
      for (int i = 0; i < steps; i++) {
        losses.add(step.run(List.of(batch), ROWS * (LENGTH - 1), 1e-2, i).loss());
        live.add(Tensor.live());
      }
    }
    assertThat(live.subList(1, steps)).as("open tensors").containsOnly(live.get(1));
    return losses;
  }

  @Test
  void theLossFallsOverEightBitsToo() {
    Int8Case.needTheLibrary();
    QLora method = QLora.of(Quantization.int8(), Lora.rank(4));
    try (Network network = FourBitCase.load(base, Methods.of(method).weightFormat(), DType.F32);
        Adaptation adaptation = Methods.of(method).attach(network, base, 5)) {
      List<Double> losses = train(network, adaptation, true, 40);
      assertThat(losses.get(39)).isLessThan(losses.get(0) - 0.4);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void theLossFallsAndNothingStaysOpen(DType type) {
    long before = Tensor.live();
    try (Network network = load(type);
        Adaptation adaptation = Methods.of(METHOD).attach(network, base, 5)) {
      assertThat(Methods.of(METHOD).problems(network, base)).isEmpty();
      List<Double> losses = train(network, adaptation, true, 40);
      assertThat(losses.get(39)).isLessThan(losses.get(0) - 0.4);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void recomputedLayersGiveTheSameLosses() {
    List<List<Double>> found = new ArrayList<>();
    for (boolean recompute : new boolean[] {false, true}) {
      try (Network network = load(DType.F32);
          Adaptation adaptation = Methods.of(METHOD).attach(network, base, 5)) {
        found.add(train(network, adaptation, recompute, 5));
      }
    }
    assertThat(found.get(1)).isEqualTo(found.get(0));
  }

  @Test
  void trainingIsThatOverTheRestoredWeights() {
    List<Double> fourBit;
    List<Double> plain;
    try (Network network = load(DType.F32)) {
      try (Network restored = FourBitCase.plainEqual(base, network);
          Adaptation adaptation = Methods.of(METHOD.lora()).attach(restored, base, 5)) {
        plain = train(restored, adaptation, false, 10);
      }
      try (Adaptation adaptation = Methods.of(METHOD).attach(network, base, 5)) {
        fourBit = train(network, adaptation, false, 10);
      }
    }
    assertThat(fourBit).usingElementComparator(within1e6()).isEqualTo(plain);
  }

  private static java.util.Comparator<Double> within1e6() {
    return (value, other) -> Math.abs(value - other) < 1e-6 ? 0 : Double.compare(value, other);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void theAdapterIsAPeftFolderThatFitsTheBaseInFourBitsAndThePlainOne(DType type) {
    Path folder = temporary.resolve("adapter");
    float[] trained;
    try (Network network = load(type);
        Adaptation adaptation = Methods.of(METHOD).attach(network, base, 5)) {
      train(network, adaptation, true, 10);
      trained = FourBitCase.outputs(network);
      adaptation.save(folder);
    }
    LoraAdapter adapter = LoraAdapter.at(folder);
    assertThat(adapter.base()).contains(base.toString());
    try (Network network = load(type);
        AttachedAdapter attached = AdapterMechanics.of(adapter).attach(network)) {
      assertThat(FourBitCase.outputs(network)).isEqualTo(trained);
    }
    try (Network network = FourBitCase.load(base, WeightFormat.asStored(), type);
        AttachedAdapter attached = AdapterMechanics.of(adapter).attach(network)) {
      assertThat(distance(FourBitCase.outputs(network), trained)).isBetween(1e-4, 0.5);
    }
  }

  @Test
  void withoutTheAdapterTheModelIsItsBaseInFourBits() {
    try (Network network = load(DType.F32)) {
      float[] reference = FourBitCase.outputs(network);
      try (Adaptation adaptation = Methods.of(METHOD).attach(network, base, 5)) {
        train(network, adaptation, true, 5);
        assertThat(FourBitCase.outputs(network)).isNotEqualTo(reference);
        assertThat(adaptation.withoutAdapter(() -> FourBitCase.outputs(network)))
            .isEqualTo(reference);
      }
      assertThat(FourBitCase.outputs(network)).isEqualTo(reference);
    }
  }

  @Test
  void mergedIntoTheRestoredBaseItIsTheTrainedModelIntoTheOriginalItIsNot() {
    Path folder = temporary.resolve("adapter");
    float[] trained;
    try (Network network = load(DType.F32);
        Adaptation adaptation = Methods.of(METHOD).attach(network, base, 5)) {
      train(network, adaptation, true, 10);
      trained = FourBitCase.outputs(network);
      adaptation.save(folder);
    }
    long before = Tensor.live();
    LoraAdapter adapter = LoraAdapter.at(folder);
    Path restored = temporary.resolve("restored");
    Path original = temporary.resolve("original");
    adapter.writeMerged(base, Methods.of(METHOD).weightFormat(), restored);
    adapter.writeMerged(base, original);
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(plainOutputs(restored)).containsExactly(trained, within(1e-5f));
    // What quantizing changed is back in the other, and no more than that.
    double error = distance(plainOutputs(original), trained);
    double quantizing;
    try (Network network = load(DType.F32)) {
      quantizing = distance(FourBitCase.outputs(network), plainOutputs(base));
    }
    assertThat(error).isBetween(quantizing / 4, quantizing * 4).isGreaterThan(1e-3);
  }

  @Test
  void aBaseThatIsStoredInFourBitsIsRestoredAndMergedIntoLikeOthers() {
    Path stored = temporary.resolve("stored");
    Path plain = temporary.resolve("plain");
    Path folder = temporary.resolve("adapter");
    QuantizedCheckpoint.quantize(base, stored, METHOD.weights());
    float[] trained;
    try (Network network = load(DType.F32);
        Adaptation adaptation = Methods.of(METHOD).attach(network, stored, 5)) {
      train(network, adaptation, true, 10);
      trained = FourBitCase.outputs(network);
      adaptation.save(folder);
    }
    QuantizedCheckpoint.dequantize(stored, plain);
    Path merged = temporary.resolve("merged");
    LoraAdapter.at(folder).writeMerged(plain, merged);
    assertThat(plainOutputs(merged)).containsExactly(trained, within(1e-5f));
  }

  private static float[] plainOutputs(Path folder) {
    try (Network network = FourBitCase.load(folder, WeightFormat.asStored(), DType.F32)) {
      return FourBitCase.outputs(network);
    }
  }

  /** The root mean square of the differences. */
  private static double distance(float[] value, float[] other) {
    double sum = 0;
    for (int i = 0; i < value.length; i++) {
      sum += Math.pow((double) value[i] - other[i], 2);
    }
    return Math.sqrt(sum / value.length);
  }

  @Test
  void whatCannotTrainIsRefusedWithTheRemedy() {
    try (Network network = load(DType.F32)) {
      assertThat(
              Methods.of(METHOD.lora(lora -> lora.modulesToSave("up_proj")))
                  .problems(network, base))
          .singleElement()
          .asString()
          .contains("mlp.up_proj", "held packed");
      assertThat(Methods.of(METHOD.targets(Targets.names("c_attn"))).problems(network, base))
          .singleElement()
          .asString()
          .contains("c_attn");
    }
  }

  @Test
  void variantsThatReadTheBaseTrainOverTheRestoredOne() {
    for (Lora lora : List.of(Lora.rank(4).dora(), Lora.rank(4).initialize(LoraInit.pissa()))) {
      QLora method = QLora.of(Quantization.fp4(), lora);
      Path folder = temporary.resolve("variant");
      float[] trained;
      try (Network network = FourBitCase.load(base, Methods.of(method).weightFormat(), DType.F32);
          Adaptation adaptation = Methods.of(method).attach(network, base, 5)) {
        List<Double> losses = train(network, adaptation, true, 20);
        assertThat(losses.get(19)).isLessThan(losses.get(0));
        trained = FourBitCase.outputs(network);
        adaptation.save(folder);
      }
      try (Network network = FourBitCase.load(base, Methods.of(method).weightFormat(), DType.F32);
          AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(folder)).attach(network)) {
        assertThat(FourBitCase.outputs(network)).containsExactly(trained, within(1e-5f));
      }
    }
  }

  @Test
  void aSkippedModuleCanTrainInFull() {
    QLora method = METHOD.skip("up_proj").lora(lora -> lora.modulesToSave("up_proj"));
    try (Network network = FourBitCase.load(base, Methods.of(method).weightFormat(), DType.F32)) {
      assertThat(Methods.of(method).problems(network, base)).isEmpty();
      try (Adaptation adaptation = Methods.of(method).attach(network, base, 5)) {
        List<Double> losses = train(network, adaptation, true, 20);
        assertThat(losses.get(19)).isLessThan(losses.get(0));
        assertThat(adaptation.trained())
            .anySatisfy(parameter -> assertThat(parameter.name()).contains("up_proj", "weight"));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void thePlanOfANetworkInFourBitsIsThatOfItsConfiguration(boolean doubleQuant) {
    QLora method = METHOD.doubleQuant(doubleQuant).skip("k_proj");
    StepShape step = StepShape.of(ROWS, LENGTH, DType.BF16, Optimizer.adamW());
    try (Network network = FourBitCase.load(base, Methods.of(method).weightFormat(), DType.BF16)) {
      var declared = Planner.of(network.modelConfig(), method).estimate(step);
      var loaded = Planner.of(network, method).estimate(step);
      assertThat(loaded).isEqualTo(declared);
      long packed =
          network.packedLinears().stream().mapToLong(linear -> linear.packedBytes()).sum();
      assertThat(
              loaded.lasting(MemoryNames.PACKED_CODES)
                  + loaded.lasting(MemoryNames.PACKED_SCALES)
                  + loaded.lasting(MemoryNames.PACKED_TABLES))
          .isEqualTo(packed);
    }
  }
}
