package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.attention.LatentAttention;
import io.adapt4j.core.internal.nn.attention.TokenChoice;
import io.adapt4j.core.internal.nn.attention.TokenIndex;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.kernels.internal.StepArguments.Unsupported;
import io.adapt4j.kernels.internal.StepWriter.Branch;
import io.adapt4j.kernels.internal.cpu.LatentProgram;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.util.List;

/** Emits latent attention, with the choice of the tokens that it reads. */
record StepLatents(StepWriter writer, List<RotaryFrequencies> rotary) {

  private static final int NONE = -1;

  /** Emits a layer's attention. */
  void attention(LatentAttention attention, int x, Branch branch, int layer) {
    LatentAttention.Widths widths = attention.widths();
    AttentionRule rule = attention.rule();
    TokenChoice choice = attention.choice();
    int table = attention.rotary();
    // Rotated columns come first, so that a table of their width rotates them alone.
    if (!(attention.up().linear() instanceof DenseLinear up)
        || rotary.get(table).rotaryDim() != widths.rotated()
        || (choice != null && rule.window() != 0)) {
      throw new Unsupported();
    }
    int read = read(attention, x);
    int queries = writer.shared("queries", (long) widths.heads() * widths.key());
    writer.linear(attention.query(), read, queries, 1, false);
    int latent = latent(attention, x);
    long indexed = choice == null ? 0 : choice.dim();
    long width = indexed + widths.rotated() + widths.rank();
    int projected = writer.shared("projected", (widths.heads() + 1) * width);
    int mixed = writer.shared("mixed", widths.heads() * width);
    int joined = writer.shared("joined", (long) widths.heads() * widths.value());
    Tensor weight = up.weight().value();
    try (LatentProgram program =
        new LatentProgram(
            writer.program(),
            weight.address(),
            StepArguments.code(weight),
            widths.heads(),
            widths.rank(),
            widths.plain(),
            widths.rotated(),
            widths.value())) {
      if (choice != null) {
        program.choosing(choice.chosen(), indexed);
      }
      int keys = choice instanceof TokenIndex index ? keys(index, x, table) : NONE;
      int type = StepArguments.code(writer.type());
      program.absorb(queries, latent, keys, projected, widths.pairs(), type, layer);
      program.append(projected, table, widths.rotated() / 2);
      if (choice instanceof TokenIndex index) {
        choose(index, x, read, table, program);
      }
      program.attend(projected, mixed, (float) rule.scale(), (float) rule.softCap(), rule.window());
      program.restore(mixed, joined);
    }
    writer.branch(attention.output(), joined, branch);
  }

  /** Emits the input of the projection of queries. */
  private int read(LatentAttention attention, int x) {
    if (attention.queryDown() == null) {
      return x;
    }
    long width = attention.queryDown().linear().outFeatures();
    int narrow = writer.shared("narrow queries", width);
    writer.linear(attention.queryDown(), x, narrow, 1, false);
    writer.segments(attention.queryNorm(), narrow, 0, width, 0, 1);
    return narrow;
  }

  /** Emits the latent vector, followed by the rotated part of the key. */
  private int latent(LatentAttention attention, int x) {
    LatentAttention.Widths widths = attention.widths();
    int latent = writer.shared("latent", (long) widths.rank() + widths.rotated());
    writer.linear(attention.down(), x, latent, 1, false);
    writer.segments(attention.downNorm(), latent, 0, widths.rank(), 0, 1);
    if (attention.latentScale() != 1) {
      float factor = (float) attention.latentScale();
      writer.program().scale(latent, latent, 0, widths.rank(), factor);
    }
    return latent;
  }

  /** Emits the key by which a token is chosen. */
  private int keys(TokenIndex index, int x, int table) {
    int keys = writer.shared("index keys", index.dim());
    writer.linear(index.key(), x, keys, 1, false);
    writer.segments(index.norm(), keys, 0, index.dim(), 0, 1);
    rotate(index, keys, 1, table);
    return keys;
  }

  /** Emits the choice, which steps without long texts leave out. */
  private void choose(TokenIndex index, int x, int read, int table, LatentProgram program) {
    writer.program().beyond(index.chosen());
    int queries = writer.shared("index queries", (long) index.heads() * index.dim());
    int weights = writer.shared("index weights", index.heads());
    writer.linear(index.query(), read, queries, 1, false);
    rotate(index, queries, index.heads(), table);
    writer.linear(index.weights(), x, weights, 1, false);
    program.choose(queries, weights);
    writer.program().beyond(0);
  }

  private void rotate(TokenIndex index, int buffer, int heads, int table) {
    long half = rotary.get(table).rotaryDim() / 2;
    if (2 * half > index.dim()) {
      throw new Unsupported();
    }
    StepProgram program = writer.program();
    int type = StepArguments.code(writer.type());
    program.heads(heads, 1, index.dim(), false, false, index.pairs(), type, 0);
    program.rotate(buffer, table, Attention.NO_ROTARY, half);
  }
}
