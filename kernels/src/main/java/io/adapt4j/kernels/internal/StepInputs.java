package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.embedding.LayerInputs;
import io.adapt4j.core.internal.nn.embedding.TokenTable;
import io.adapt4j.core.internal.nn.layer.InputGate;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import io.adapt4j.kernels.internal.cpu.StreamProgram;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Emits the per-layer inputs that layers read besides the residual stream. */
final class StepInputs {

  private final StepWriter writer;

  private static final int NONE = -1;

  /** Buffer with the inputs of all layers side by side. */
  private int inputs = NONE;

  private long width;

  StepInputs(StepWriter writer) {
    this.writer = writer;
  }

  void inputs(LayerInputs all, int x) {
    Tensor rows = all.tokens().value();
    width = rows.size(1);
    long ofLayer = width / all.layers();
    int projected = writer.shared("projected inputs", width);
    inputs = writer.program().buffer(width);
    float half = (float) Math.sqrt(0.5);
    try (StreamProgram program = new StreamProgram(writer.program())) {
      program.embed(
          inputs,
          StepArguments.address(rows),
          StepArguments.code(rows),
          rows.size(0),
          half * (float) new TokenTable(all.tokens(), all.scale()).factor());
    }
    float scale = (float) (1 / Math.sqrt((double) writer.hiddenSize()));
    writer.linear(all.projection(), x, projected, scale, false);
    writer.segments(all.norm(), projected, 0, ofLayer, ofLayer, all.layers());
    writer.program().add(projected, inputs, half, -1);
  }

  /** Emits a layer's gated input, added to residual streams. */
  void gate(InputGate gate, int x, int... residuals) {
    int y = writer.shared("branch", writer.hiddenSize());
    writer.linear(gate.projection(), read(gate, x), y, 1, false);
    writer.normInPlace(gate.norm(), y);
    for (int residual : residuals) {
      writer.program().add(y, residual, 1, -1);
    }
  }

  /** Restricts the following operators to tokens whose logits are requested. */
  int[] wanted(int... streams) {
    StepProgram program = writer.program();
    IntStream all = IntStream.of(streams);
    int[] from = (inputs == NONE ? all : IntStream.concat(all, IntStream.of(inputs))).toArray();
    int[] to =
        IntStream.range(0, from.length)
            .map(i -> program.buffer(i < streams.length ? writer.hiddenSize() : width))
            .toArray();
    try (StreamProgram gathering = new StreamProgram(program)) {
      gathering.wanted(from.length, from, to);
    }
    if (inputs != NONE) {
      inputs = to[streams.length];
    }
    return Arrays.copyOf(to, streams.length);
  }

  /** Emits a gate and returns the buffer that its last projection reads. */
  private int read(InputGate gate, int x) {
    long ofLayer = gate.gate().linear().outFeatures();
    int opened = writer.shared("input gate", ofLayer);
    int part = writer.shared("input", ofLayer);
    writer.linear(gate.gate(), x, opened, 1, false);
    try (StreamProgram program = new StreamProgram(writer.program())) {
      program.gate(gate.activation().kind(), opened, inputs, gate.layer() * ofLayer, part);
    }
    return part;
  }
}
