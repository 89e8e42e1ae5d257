package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.attention.RecurrentMixer;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.StepArguments.Unsupported;
import io.adapt4j.kernels.internal.StepWriter.Branch;
import io.adapt4j.kernels.internal.cpu.RecurrentProgram;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Emits recurrent layers. Sizes, numbers and parameters of a recurrence are in the order of its
 * operator.
 */
final class StepRecurrences {

  private final StepProgram program;
  private final StepWriter writer;

  StepRecurrences(StepWriter writer) {
    this.program = writer.program();
    this.writer = writer;
  }

  void recurrence(RecurrentMixer mixer, int x, Branch branch, int layer) {
    long width = mixer.in().linear().outFeatures();
    int projected = writer.shared("projected", width);
    writer.linear(mixer.in(), x, projected, 1, false);
    int y = writer.shared("joined", mixer.recurrence().width());
    try (RecurrentProgram own = new RecurrentProgram(program, layer)) {
      switch (mixer.recurrence().kind()) {
        case SHORT_CONVOLUTION -> shortConvolution(mixer, own, projected, y);
        case GATED_DELTA -> gatedDelta(mixer, own, projected, y);
        case STATE_SPACE -> stateSpace(mixer, own, projected, y);
      }
    }
    writer.branch(mixer.out(), y, branch);
  }

  /**
   * Emits a short convolution; its projection consists of input, gates and values of equal width.
   */
  private void shortConvolution(RecurrentMixer mixer, RecurrentProgram own, int projected, int y) {
    List<Parameter> parameters = mixer.ownParameters();
    long width = mixer.recurrence().width();
    convolve(
        own, projected, y, parameters.get(0), parameters.size() > 1 ? parameters.get(1) : null);
    own.channels(0, 0, width);
    own.gate(2 * width, width);
  }

  private static void convolve(
      RecurrentProgram own, int projected, int to, Parameter weight, @Nullable Parameter bias) {
    requireOneType(weight, bias == null ? weight : bias);
    Tensor taps = weight.value();
    own.convolve(
        projected,
        to,
        StepArguments.address(weight),
        StepArguments.address(bias),
        StepArguments.code(taps),
        taps.size(0),
        Math.toIntExact(taps.size(2)));
  }

  private static void requireOneType(Parameter first, Parameter... others) {
    for (Parameter other : others) {
      if (other.value().type() != first.value().type()) {
        throw new Unsupported();
      }
    }
  }

  private void gatedDelta(RecurrentMixer mixer, RecurrentProgram own, int projected, int y) {
    long[] sizes = mixer.recurrence().sizes();
    int groups = (int) sizes[0];
    int heads = (int) sizes[1];
    long keyDim = sizes[2];
    long valueDim = sizes[3];
    boolean byGroup = sizes[4] == 1;
    List<Parameter> parameters = mixer.ownParameters();
    Parameter rates = parameters.get(1);
    Parameter added = parameters.get(2);
    Parameter norm = parameters.get(3);
    requireOneType(rates, added);
    long each = heads / groups;
    long wide = each * valueDim;
    long keys = groups * keyDim;
    long channels = 2 * keys + groups * wide;
    int convolved = writer.shared("convolved", channels);
    convolve(own, projected, convolved, parameters.get(0), null);
    own.heads(groups, heads, keyDim, valueDim, 0, keys, 2 * keys);
    if (byGroup) {
      long stride = 2 * keyDim + 2 * wide;
      for (int group = 0; group < groups; group++) {
        long from = group * stride;
        own.channels(from, group * keyDim, keyDim);
        own.channels(from + keyDim, keys + group * keyDim, keyDim);
        own.channels(from + 2 * keyDim, 2 * keys + group * wide, wide);
      }
      long betas = groups * stride;
      own.columns(betas + each, 2 * each, betas, 2 * each, 2 * keyDim + wide, stride);
    } else {
      long betas = channels + groups * wide;
      own.channels(0, 0, channels);
      own.columns(betas + heads, each, betas, each, channels, wide);
    }
    own.deltaRule(
        projected,
        convolved,
        y,
        StepArguments.address(rates),
        StepArguments.address(added),
        StepArguments.codeOf(rates),
        StepArguments.address(norm),
        StepArguments.codeOf(norm),
        (float) mixer.recurrence().numbers()[0]);
  }

  /** Emits a state space; its projection consists of gates, values, keys, queries and steps. */
  private void stateSpace(RecurrentMixer mixer, RecurrentProgram own, int projected, int y) {
    long[] sizes = mixer.recurrence().sizes();
    double[] numbers = mixer.recurrence().numbers();
    int groups = (int) sizes[0];
    int heads = (int) sizes[1];
    long keyDim = sizes[2];
    long valueDim = sizes[3];
    int normParts = (int) sizes[4];
    boolean normFirst = sizes[5] == 1;
    boolean hasBias = sizes[6] == 1;
    List<Parameter> parameters = mixer.ownParameters();
    Parameter rates = parameters.get(1);
    Parameter added = parameters.get(2);
    Parameter through = parameters.get(3);
    requireOneType(rates, added, through);
    long inner = heads * valueDim;
    long shared = groups * keyDim;
    long channels = inner + 2 * shared;
    if (numbers.length > 3) {
      scale(projected, numbers, inner, inner, shared, shared, heads);
    }
    int convolved = writer.shared("convolved", channels);
    Parameter bias = hasBias ? parameters.get(parameters.size() - 1) : null;
    convolve(own, projected, convolved, parameters.get(0), bias);
    own.channels(inner, 0, channels);
    own.heads(groups, heads, keyDim, valueDim, inner + shared, inner, 0);
    own.columns(inner + channels, heads / groups, 0, 0, 0, 0);
    own.stateSpace(
        projected,
        convolved,
        y,
        StepArguments.address(rates),
        StepArguments.address(added),
        StepArguments.address(through),
        StepArguments.codeOf(rates),
        (float) numbers[1],
        (float) numbers[2]);
    if (!normFirst) {
      program.gate(Activation.SILU.kind(), projected, 0, inner, y, inner);
    }
    if (normParts > 0) {
      norm(parameters.get(4), y, inner / normParts, normParts, (float) numbers[0]);
    }
    if (normFirst) {
      program.gate(Activation.SILU.kind(), projected, 0, inner, y, inner);
    }
  }

  /** Multiplies parts of the projection by the numbers after the third one. */
  private void scale(int projected, double[] numbers, long... widths) {
    long start = 0;
    for (int i = 0; i < widths.length; i++) {
      if (numbers[3 + i] != 1) {
        program.scale(projected, projected, start, widths[i], (float) numbers[3 + i]);
      }
      start += widths[i];
    }
  }

  /** Normalizes equal parts, each by its own part of the weight. */
  private void norm(Parameter weight, int y, long width, int parts, float epsilon) {
    for (int part = 0; part < parts; part++) {
      program.norm(
          y,
          y,
          part * width,
          width,
          0,
          1,
          false,
          StepArguments.addressFrom(weight, part * width),
          0,
          StepArguments.codeOf(weight),
          0,
          epsilon);
    }
  }
}
