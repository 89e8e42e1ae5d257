package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.layer.AltUp;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.layer.StreamLayer;
import io.adapt4j.core.internal.nn.layer.Streams;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.kernels.internal.StepWriter.Branch;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import io.adapt4j.kernels.internal.cpu.StreamProgram;
import java.util.List;
import java.util.stream.IntStream;

/** Emits layers that work on one of several residual streams, each in a buffer (AltUp). */
final class StepStreams {

  private final StepProgram program;
  private final StepWriter writer;
  private final StepMixers mixers;
  private final StepMlps mlps;
  private final StepInputs inputs;

  /** Buffers of the streams between layers, and of the streams a layer predicts. */
  private int[] streams = {};

  private int[] predicted = {};

  StepStreams(StepWriter writer, StepMixers mixers, StepMlps mlps, StepInputs inputs) {
    this.program = writer.program();
    this.writer = writer;
    this.mixers = mixers;
    this.mlps = mlps;
    this.inputs = inputs;
  }

  /** Emits the initial streams. */
  void begin(Streams all, int x) {
    streams = buffers(all.count());
    predicted = buffers(all.count());
    streams[0] = x;
    project(all.spread(), new int[] {x}, streams, x);
  }

  private int[] buffers(int count) {
    return IntStream.range(0, count).map(i -> program.buffer(writer.hiddenSize())).toArray();
  }

  /**
   * Projects streams to others except the first, and rescales them to the magnitude of a given one.
   */
  private void project(List<LinearSlot> slots, int[] from, int[] to, int as) {
    try (StreamProgram matching = new StreamProgram(program)) {
      for (int i = 0; i < slots.size(); i++) {
        writer.linear(slots.get(i), from[from.length == 1 ? 0 : i + 1], to[i + 1], 1, false);
        matching.match(as, (float) Streams.EPS, to[i + 1]);
      }
    }
  }

  /** Merges the streams, for all tokens as adapter updates are. */
  int end(Streams all) {
    project(all.gathered(), streams, predicted, streams[0]);
    for (int i = 1; i < streams.length; i++) {
      program.add(predicted[i], streams[0], 1, -1);
    }
    program.scale(streams[0], streams[0], 0, writer.hiddenSize(), 1f / streams.length);
    return streams[0];
  }

  /** Restricts the following operators to tokens whose logits are requested. */
  void wanted() {
    streams = inputs.wanted(streams);
  }

  void layer(StreamLayer layer, int index) {
    AltUp altUp = layer.altUp();
    int count = altUp.count();
    int from = coefficients(altUp, altUp.prediction(), streams[altUp.activeStream()]);
    try (StreamProgram mixing = new StreamProgram(program)) {
      mixing.mix(count, streams, from, predicted);
    }
    int worked = work(layer, predicted[altUp.activeStream()], index);
    int by = coefficients(altUp, altUp.correction(), worked);
    int read = streams[altUp.activeStream()];
    try (StreamProgram correcting = new StreamProgram(program)) {
      correcting.correct(count, predicted, worked, by, altUp.activeStream(), streams);
      if (altUp.scales()) {
        read = writer.shared("scaled", writer.hiddenSize());
        correcting.times(
            streams[altUp.activeStream()],
            StepArguments.address(altUp.scale()),
            StepArguments.codeOf(altUp.scale()),
            read);
      }
    }
    inputs.gate(layer.input(), read, IntStream.of(streams).skip(1).toArray());
  }

  private int coefficients(AltUp altUp, LinearSlot slot, int x) {
    double factor = 1.0 / writer.hiddenSize();
    int read = writer.scaledNorm(altUp.norm(), x, "routed", factor);
    int routed = writer.shared("streams", altUp.count());
    writer.linear(altUp.router(), read, routed, 1, false);
    program.activate(Activation.TANH.kind(), routed, routed, 1, false);
    int coefficients = writer.shared("coefficients", slot.linear().outFeatures());
    writer.linear(slot, routed, coefficients, 1, false);
    return coefficients;
  }

  /**
   * Emits attention, the low-rank branch and the MLP of the active stream and returns the output
   * buffer.
   */
  private int work(StreamLayer streamLayer, int active, int index) {
    SequentialLayer layer = streamLayer.layer();
    int mixed = writer.shared("mixed", writer.hiddenSize());
    int normed = writer.norm(layer.beforeAttention(), active, "attention");
    program.scale(active, mixed, 0, writer.hiddenSize(), 1);
    program.add(normed, mixed, 1, -1);
    int low = writer.shared("branch's rank", streamLayer.left().linear().outFeatures());
    writer.linear(streamLayer.left(), normed, low, 1, false);
    writer.branch(streamLayer.right(), low, new Branch(mixed, streamLayer.branchNorm(), 1));
    mixers.mixer(layer.mixer(), normed, new Branch(mixed, layer.afterAttention(), 1), index);
    program.scale(mixed, mixed, 0, writer.hiddenSize(), (float) Math.sqrt(0.5));
    int worked = writer.norm(layer.beforeMlp(), mixed, "mlp");
    mlps.mlp(layer.mlp(), worked, new Branch(mixed, layer.afterMlp(), 1));
    return mixed;
  }
}
