package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.MemoryMeter;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tiles of a long sequence in a recomputed MLP: the same gradients with less memory. */
class TiledMlpTest {

  private static final int HIDDEN = 64;
  private static final int INNER = 192;

  private GatedMlp mlp = fresh();

  private static GatedMlp fresh() {
    return new GatedMlp(
        LinearSlot.of("gate_up", HIDDEN, false, 2 * INNER, false),
        LinearSlot.of("down", INNER, false, HIDDEN, false),
        Activation.SILU);
  }

  private List<Parameter> parameters() {
    return Stream.of(mlp.gateUp(), mlp.down())
        .flatMap(slot -> slot.linear().parameters().stream())
        .toList();
  }

  private Tensor whole(Ops ops, Tensor x) {
    return mlp.forward(ops, x, true);
  }

  private Tensor tiled(Ops ops, Tensor x) {
    return mlp.forward(ops, x);
  }

  /** As the layers do it, whose output is not needed when it is recomputed. */
  private Tensor tiledAndUncomputed(Ops ops, Tensor x) {
    return ops.isRecomputing()
        ? ops.uncomputedSum(x, mlp.tiled(ops, x, false))
        : ops.add(x, mlp.forward(ops, x));
  }

  private Tensor added(Ops ops, Tensor x) {
    return ops.add(x, mlp.forward(ops, x, true));
  }

  /** The output and the gradients of input and weights. */
  private List<float[]> results(int rows, int length, BiFunction<Ops, Tensor, Tensor> part) {
    List<float[]> results = new ArrayList<>();
    mlp = fresh();
    try (Scope scope = Scope.open();
        Tape tape = new Tape()) {
      Torch.seed(1);
      Tensor x = Tensor.randn(DType.F32, rows, length, HIDDEN);
      Tensor dy = Tensor.randn(DType.F32, rows, length, HIDDEN);
      for (Parameter parameter : parameters()) {
        parameter.allocate(DType.F32);
        parameter.value().copyFrom(Tensor.randn(DType.F32, parameter.sizes()));
        parameter.train();
      }
      tape.track(x);
      Ops ops = Ops.recording(tape, 5);
      Tensor y = ops.checkpoint(x, true, part);
      results.add(y.toFloats());
      results.add(tape.backward(y, dy, x).toFloats());
      parameters().forEach(parameter -> results.add(parameter.gradient().toFloats()));
    }
    parameters().forEach(Parameter::close);
    return results;
  }

  private static void assertEqual(List<float[]> found, List<float[]> expected) {
    for (int i = 0; i < expected.size(); i++) {
      float most = 0;
      for (float value : expected.get(i)) {
        most = Math.max(most, Math.abs(value));
      }
      assertThat(most).isPositive();
      assertThat(found.get(i)).hasSameSizeAs(expected.get(i));
      for (int j = 0; j < expected.get(i).length; j++) {
        assertThat((double) found.get(i)[j])
            .isCloseTo(expected.get(i)[j], within(2e-5 * (double) most));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4096, 8192, 5000})
  void tilesGiveTheSameOutputAndGradients(int length) {
    assertEqual(results(1, length, this::tiled), results(1, length, this::whole));
  }

  @Test
  void rowsAreTiledTogetherAndTheOutputNeedNotBeComputed() {
    assertEqual(results(2, 4500, this::tiledAndUncomputed), results(2, 4500, this::added));
  }

  /** Peak bytes of a forward and backward pass beyond input, gradient and weights. */
  private long peak(int length, BiFunction<Ops, Tensor, Tensor> part) {
    MemoryMeter meter = new MemoryMeter();
    mlp = fresh();
    try (Scope scope = Scope.open(meter.engine());
        Tape tape = new Tape()) {
      for (Parameter parameter : parameters()) {
        parameter.allocate(DType.F32);
        parameter.train();
      }
      Tensor x = Tensor.zeros(DType.F32, 1, length, HIDDEN);
      Tensor dy = Tensor.zeros(DType.F32, 1, length, HIDDEN);
      tape.track(x);
      long before = meter.bytes();
      meter.restart();
      Tensor y = Ops.recording(tape, 1).checkpoint(x, true, part);
      tape.backward(y, dy, x);
      return meter.peak() - before;
    } finally {
      parameters().forEach(Parameter::close);
    }
  }

  @Test
  void thePeakOfALongSequenceIsThatOfATileAndTheResult() {
    long whole = peak(8192, this::added);
    long tiled = peak(8192, this::tiledAndUncomputed);
    System.out.printf("8192 positions: peak %,d bytes, in tiles %,d%n", whole, tiled);
    assertThat(tiled).isLessThan(whole / 2);
    // The intermediates do not grow with the length, only what has the width of the model does.
    long longer = peak(32768, this::tiledAndUncomputed);
    System.out.printf(
        "32768 positions: peak %,d bytes, in tiles %,d%n", peak(32768, this::added), longer);
    assertThat(longer).isLessThan(peak(32768, this::added) / 3);
    assertThat(peak(2048, this::tiledAndUncomputed)).isEqualTo(peak(2048, this::added));
  }
}
