package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.attention.GatedAttention;
import io.adapt4j.core.internal.nn.attention.LatentAttention;
import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.attention.MixerSum;
import io.adapt4j.core.internal.nn.attention.RecurrentMixer;
import io.adapt4j.core.internal.nn.attention.SharingAttention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.QueryKeyNorm;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.kernels.internal.StepArguments.Unsupported;
import io.adapt4j.kernels.internal.StepWriter.Branch;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Emits token mixers: attention and recurrences. */
final class StepMixers {

  /** Number of the sigmoid among the activations of {@link StepProgram}. */
  private static final int SIGMOID = 6;

  private final StepProgram program;
  private final StepWriter writer;
  private final List<RotaryFrequencies> rotary;
  private final StepRecurrences recurrences;
  private final StepSharing sharing;
  private final StepLatents latents;

  StepMixers(StepWriter writer, List<RotaryFrequencies> rotary) {
    this.program = writer.program();
    this.writer = writer;
    this.rotary = rotary;
    this.recurrences = new StepRecurrences(writer);
    this.sharing = new StepSharing(writer, rotary);
    this.latents = new StepLatents(writer, rotary);
  }

  void mixer(Mixer mixer, int x, Branch branch, int layer) {
    if (mixer instanceof Attention attention) {
      attention(attention, false, null, x, branch, layer);
    } else if (mixer instanceof GatedAttention gated) {
      LinearSlot gate = gated.gate();
      attention(gated.attention(), gate == null, gate, x, branch, layer);
    } else if (mixer instanceof LatentAttention latent) {
      latents.attention(latent, x, branch, layer);
    } else if (mixer instanceof SharingAttention attention) {
      sharing.attention(attention, x, branch);
    } else if (mixer instanceof RecurrentMixer recurrent) {
      recurrences.recurrence(recurrent, x, branch, layer);
    } else if (mixer instanceof MixerSum sum && branch.isDirect() && x != branch.residual()) {
      part(sum.recurrent(), x, branch, layer);
      part(sum.attention(), x, branch, layer);
    } else {
      throw new Unsupported();
    }
  }

  private void part(MixerSum.Branch part, int x, Branch branch, int layer) {
    int own = x;
    if (part.in() != 1) {
      own = writer.shared("scaled", writer.hiddenSize());
      program.scale(x, own, 0, writer.hiddenSize(), (float) part.in());
    }
    mixer(part.mixer(), own, branch.times(part.out()), layer);
  }

  private void attention(
      Attention attention,
      boolean gated,
      @Nullable LinearSlot gate,
      int x,
      Branch branch,
      int layer) {
    Heads heads = attention.heads();
    boolean isPlain = attention.limit() == 0 && attention.rule().alibi() == 0;
    if (!isPlain || (gated && heads.interleaved())) {
      throw new Unsupported();
    }
    long gates = gated ? heads.queryWidth() : 0;
    int projected =
        writer.shared("projected", heads.queryWidth() + gates + 2 * heads.keyValueWidth());
    writer.linear(attention.qkv(), x, projected, 1, false);
    program.heads(
        heads.query(),
        heads.keyValue(),
        heads.dim(),
        heads.interleaved(),
        gated,
        heads.pairs(),
        writer.cacheCode(),
        layer);
    int table = attention.rotary();
    boolean turns = table != Attention.NO_ROTARY;
    int queryTable = turns ? attention.queryRotary() : Attention.NO_ROTARY;
    long half = turns ? rotary.get(table).rotaryDim() / 2 : 0;
    if (turns && rotary.get(queryTable).rotaryDim() != 2 * half) {
      throw new Unsupported();
    }
    QueryKeyNorm norm = attention.norm();
    if (norm != null && norm.afterRotary() && turns) {
      program.rotate(projected, queryTable, table, half);
      queryTable = Attention.NO_ROTARY;
      table = Attention.NO_ROTARY;
    }
    if (norm != null) {
      queryKeyNorm(norm, projected, heads, gated);
    }
    int joined = writer.shared("joined", heads.queryWidth());
    AttentionRule rule = attention.rule();
    program.attend(
        projected,
        joined,
        queryTable,
        table,
        half,
        (float) rule.scale(),
        (float) rule.softCap(),
        rule.window(),
        StepArguments.address(attention.sinks()),
        StepArguments.codeOf(attention.sinks()));
    if (gated) {
      long dim = heads.dim();
      program.gate(SIGMOID, projected, dim, 2 * dim, joined, dim);
    }
    if (gate != null) {
      int opened = writer.shared("gates", heads.queryWidth());
      writer.linear(gate, x, opened, 1, false);
      program.gate(SIGMOID, opened, 0, heads.dim(), joined, heads.dim());
    }
    writer.branch(attention.output(), joined, branch);
  }

  private void queryKeyNorm(QueryKeyNorm norm, int projected, Heads heads, boolean gated) {
    long dim = heads.dim();
    if (heads.interleaved() && (!norm.perHead() || heads.query() != heads.keyValue())) {
      throw new Unsupported();
    }
    if (!norm.perHead()) {
      if (gated) {
        throw new Unsupported();
      }
      writer.segments(norm.query(), projected, 0, heads.queryWidth(), 0, 1);
      writer.segments(norm.key(), projected, heads.queryWidth(), heads.keyValueWidth(), 0, 1);
    } else if (heads.interleaved()) {
      writer.segments(norm.query(), projected, 0, dim, 3 * dim, heads.query());
      writer.segments(norm.key(), projected, dim, dim, 3 * dim, heads.keyValue());
    } else {
      long stride = gated ? 2 * dim : dim;
      writer.segments(norm.query(), projected, 0, dim, stride, heads.query());
      writer.segments(norm.key(), projected, heads.query() * stride, dim, dim, heads.keyValue());
    }
  }
}
