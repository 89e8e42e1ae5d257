package io.adapt4j.qlora;

import static io.adapt4j.core.Floats.difference;
import static io.adapt4j.core.Floats.largest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.ChosenKernels;
import io.adapt4j.core.internal.tensor.op.HostKernels;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.kernels.internal.AllKernels;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.internal.LowRank;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A training step with the kernels for layers against the same step operator by operator. */
class LayerKernelsTrainingTest {

  private static final int ROWS = 3;
  private static final int LENGTH = 60;

  /** Not a whole number of vectors, nor even. */
  private static final int VOCABULARY = 513;

  private static final Set<String> OF_ROWS =
      Set.of("rmsNorm", "rmsNormBackward", "gated", "gatedBackward", "crossEntropy");
  private static final Set<String> OF_MATRICES =
      Set.of("multiply", "multiplyTransposed", "attendRotated", "attendRotatedBackward");

  @TempDir private static Path folder;

  @BeforeAll
  static void writeACheckpoint() {
    FourBitCase.write(folder, FourBitCase.llama(256, 272, 4, 64, 2, VOCABULARY), StoredType.BF16);
  }

  @BeforeEach
  void needTheLibrary() {
    assumeThat(AllKernels.ofLayers()).isNotEmpty();
  }

  static List<FineTuningMethod> methods() {
    return List.of(Lora.rank(32), FullFineTuning.create());
  }

  @ParameterizedTest
  @MethodSource("methods")
  void inFp32LossAndGradientsAreThoseOfTheOperators(FineTuningMethod method) {
    Step wanted = step(method, DType.F32, Optional.empty(), false);
    AllKernels.ofLayers()
        .forEach(
            (name, kernels) -> {
              Set<String> used = new TreeSet<>();
              Step found = step(method, DType.F32, Optional.of(noting(kernels, used)), false);
              assertThat(used).as(name).isEqualTo(OF_ROWS);
              assertThat(found.loss).as(name).isCloseTo(wanted.loss, within(1e-5 * wanted.loss));
              assertThat(found.gradients.keySet()).isEqualTo(wanted.gradients.keySet());
              wanted.gradients.forEach(
                  (parameter, gradient) ->
                      assertClose(
                          name + ": " + parameter,
                          found.gradients.get(parameter),
                          gradient,
                          1e-5f * largest(gradient)));
            });
  }

  /** Operators round each result to 8 bits: kernels must be no further from fp32 than they are. */
  @ParameterizedTest
  @MethodSource("methods")
  void inBfloat16LossAndGradientsAreAsNearToFp32AsThoseOfTheOperators(FineTuningMethod method) {
    Step exact = step(method, DType.F32, Optional.empty(), false);
    Step operators = step(method, DType.BF16, Optional.empty(), false);
    double rounding = operators.distance(exact);
    assertThat(rounding).isBetween(1e-4, 0.1);
    AllKernels.ofLayers()
        .forEach(
            (name, kernels) -> {
              Set<String> used = new TreeSet<>();
              Step found = step(method, DType.BF16, Optional.of(noting(kernels, used)), false);
              assertThat(used).as(name).containsAll(OF_ROWS);
              if (name.equals("AVX512BF16")) {
                assertThat(used).containsAll(OF_MATRICES);
              }
              assertThat(found.loss).as(name).isCloseTo(exact.loss, within(2e-3 * exact.loss));
              assertThat(found.distance(exact)).as(name).isLessThan(1.2 * rounding);
            });
  }

  @ParameterizedTest
  @MethodSource("methods")
  void activationsMadeAgainGiveTheSameGradients(FineTuningMethod method) {
    for (DType type : List.of(DType.F32, DType.BF16)) {
      AllKernels.ofLayers()
          .forEach(
              (name, kernels) -> {
                Step kept = step(method, type, Optional.of(kernels), false);
                Step again = step(method, type, Optional.of(kernels), true);
                assertThat(again.loss).as(name).isEqualTo(kept.loss);
                assertThat(again.distance(kept)).as(name).isLessThan(1e-6);
              });
    }
  }

  /** An output layer of an odd vocabulary: kernels sum over pairs. */
  @Test
  void lowRankUpdatesOfAnOddNumberOfOutputsHaveTheGradientsOfTheOperators() {
    for (int out : new int[] {512, 513}) {
      double[] wanted = lowRankGradients(out, Optional.empty());
      AllKernels.ofLayers()
          .forEach(
              (name, kernels) ->
                  assertThat(difference(lowRankGradients(out, Optional.of(kernels)), wanted))
                      .as("%s, %d outputs", name, out)
                      .isLessThan(1e-2));
    }
  }

  private static double[] lowRankGradients(int out, Optional<HostKernels> kernels) {
    try (ChosenKernels chosen = new ChosenKernels(kernels);
        Scope scope = Scope.open();
        Tape tape = new Tape()) {
      Tensor x = random(1, 256, 512);
      Tensor y = random(2, 256, out);
      Tensor a = random(3, 16, 512);
      Tensor b = random(4, out, 16);
      Tensor dy = random(5, 256, out);
      tape.track(x);
      float[][] found = new float[3][];
      Tensor sum =
          LowRank.add(
              Ops.recording(tape, 1),
              y,
              x,
              a,
              b,
              (da, db) -> {
                found[0] = da.toFloats();
                found[1] = db.toFloats();
              });
      found[2] = tape.backward(sum, dy, x).toFloats();
      return Arrays.stream(found)
          .flatMapToDouble(
              part -> {
                double largest = largest(part);
                double[] share = new double[part.length];
                for (int i = 0; i < share.length; i++) {
                  share[i] = part[i] / largest;
                }
                return Arrays.stream(share);
              })
          .toArray();
    }
  }

  private static Tensor random(long seed, int rows, int columns) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, rows, columns).copyAs(DType.BF16);
  }

  /** What a step found. */
  private static final class Step {
    private final double loss;
    private final Map<String, float[]> gradients = new LinkedHashMap<>();

    Step(double loss, List<Trainable> trained) {
      this.loss = loss;
      trained.forEach(
          parameter -> gradients.put(parameter.name(), parameter.gradient().toFloats()));
    }

    /** Of all gradients, as a share of the other's. */
    double distance(Step other) {
      return difference(all(), other.all());
    }

    private double[] all() {
      return gradients.values().stream()
          .flatMapToDouble(
              values -> {
                double[] wide = new double[values.length];
                Arrays.setAll(wide, i -> values[i]);
                return Arrays.stream(wide);
              })
          .toArray();
    }
  }

  private static Step step(
      FineTuningMethod method, DType type, Optional<HostKernels> kernels, boolean recompute) {
    try (ChosenKernels chosen = new ChosenKernels(kernels);
        Decoder decoder = (Decoder) FourBitCase.load(folder, WeightFormat.asStored(), type);
        Adaptation adaptation = Methods.of(method).attach(decoder, folder, 3)) {
      fillSecondFactors(adaptation);
      double loss =
          LanguageModelLoss.forwardBackward(
              decoder, batch(), 1.0 / (ROWS * (LENGTH - 1)), recompute, 5);
      return new Step(loss, adaptation.trained());
    }
  }

  /** They begin as zeros, with which the first factors would have no gradients. */
  private static void fillSecondFactors(Adaptation adaptation) {
    for (Trainable parameter : adaptation.trained()) {
      if (parameter.name().contains("lora_B")) {
        SplittableRandom random = new SplittableRandom(11);
        float[] values = new float[(int) parameter.value().count()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (0.05 * random.nextGaussian());
        }
        try (Tensor drawn = Tensor.of(values, parameter.value().sizes())) {
          parameter.value().copyFrom(drawn);
        }
      }
    }
    adaptation.refresh();
  }

  private static Batch batch() {
    long[] ids = new long[ROWS * LENGTH];
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    for (int i = 0; i < ids.length; i++) {
      ids[i] = 3 + (i * 31L + 7) % (VOCABULARY - 3);
    }
    return new Batch(ids, mask, ids.clone(), ROWS, LENGTH);
  }

  /** Kernels that note which of them are called. */
  private static HostKernels noting(HostKernels kernels, Set<String> called) {
    return (HostKernels)
        Proxy.newProxyInstance(
            HostKernels.class.getClassLoader(),
            new Class<?>[] {HostKernels.class},
            (proxy, method, arguments) -> {
              if (OF_ROWS.contains(method.getName()) || OF_MATRICES.contains(method.getName())) {
                called.add(method.getName());
              }
              try {
                return method.invoke(kernels, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** Each value, without an object of it: there are hundreds of thousands. */
  private static void assertClose(String name, float[] found, float[] wanted, float within) {
    assertThat(found).as(name).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      if (!(Math.abs(found[i] - wanted[i]) <= within)) {
        assertThat(found[i]).as("%s[%d]", name, i).isCloseTo(wanted[i], within(within));
      }
    }
  }
}
