package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.InputGate;
import io.adapt4j.core.internal.nn.LayerInputs;
import io.adapt4j.core.internal.nn.TokenTable;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cpu.StreamProgram;

/** Writes down what layers read besides the residual stream. */
final class StepInputs {

  private final StepWriter writer;

  /** Buffer of those of all layers side by side. */
  private int inputs;

  StepInputs(StepWriter writer) {
    this.writer = writer;
  }

  /**
   * Makes them.
   *
   * @param x buffer of the embeddings
   */
  void inputs(LayerInputs all, int x) {
    Tensor rows = all.tokens().value();
    long width = rows.size(1) / all.layers();
    int projected = writer.shared("projected inputs", rows.size(1));
    inputs = writer.shared("inputs", rows.size(1));
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
    writer.segments(all.norm(), projected, 0, width, width, all.layers());
    writer.program().add(projected, inputs, half, -1);
  }

  /**
   * Computes what a layer reads of them.
   *
   * @param x buffer of what the gate reads
   * @param residuals the streams that it is added to
   */
  void gate(InputGate gate, int x, int... residuals) {
    int y = writer.shared("branch", writer.hiddenSize());
    writer.linear(gate.projection(), read(gate, x), y, 1, false);
    writer.normInPlace(gate.norm(), y);
    for (int residual : residuals) {
      writer.program().add(y, residual, 1, -1);
    }
  }

  /** What the last projection of a gate takes. */
  private int read(InputGate gate, int x) {
    long width = gate.gate().linear().outFeatures();
    int opened = writer.shared("input gate", width);
    int part = writer.shared("input", width);
    writer.linear(gate.gate(), x, opened, 1, false);
    try (StreamProgram program = new StreamProgram(writer.program())) {
      program.gate(gate.activation().kind(), opened, inputs, gate.layer() * width, part);
    }
    return part;
  }
}
