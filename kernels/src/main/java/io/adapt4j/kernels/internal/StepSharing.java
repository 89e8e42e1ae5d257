package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.attention.KeyValues;
import io.adapt4j.core.internal.nn.attention.SharingAttention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.UnitRmsNorm;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.kernels.internal.StepArguments.Unsupported;
import io.adapt4j.kernels.internal.StepWriter.Branch;
import io.adapt4j.kernels.internal.cpu.SharingProgram;
import java.util.List;

/** Emits attention whose keys and values later layers may share, reading them in the cache. */
record StepSharing(StepWriter writer, List<RotaryFrequencies> rotary) {

  /** Emits a layer's attention. */
  void attention(SharingAttention attention, int x, Branch branch) {
    KeyValues keyValues = attention.keyValues();
    Heads heads = keyValues.heads();
    if (heads.interleaved() || heads.pairs()) {
      throw new Unsupported();
    }
    int table = attention.rotary();
    long half = table == Attention.NO_ROTARY ? 0 : rotary.get(table).rotaryDim() / 2;
    int queries = writer.shared("queries", heads.queryWidth());
    int joined = writer.shared("joined", heads.queryWidth());
    AttentionRule rule = attention.rule();
    try (SharingProgram program =
        new SharingProgram(
            writer.program(),
            heads.query(),
            heads.keyValue(),
            heads.dim(),
            writer.cacheCode(),
            keyValues.layer())) {
      if (attention.owns()) {
        keep(keyValues, x, table, half, program);
      }
      writer.linear(attention.query(), x, queries, 1, false);
      writer.segments(attention.queryNorm(), queries, 0, heads.dim(), heads.dim(), heads.query());
      program.attend(
          queries,
          joined,
          table,
          half,
          (float) rule.scale(),
          (float) rule.softCap(),
          rule.window());
    }
    writer.branch(attention.output(), joined, branch);
  }

  /** Emits keys and values. Values are normalized first, as they may be the keys. */
  private void keep(KeyValues keyValues, int x, int table, long half, SharingProgram program) {
    Heads heads = keyValues.heads();
    int keys = writer.shared("keys and values", 2 * heads.keyValueWidth());
    writer.linear(keyValues.projection(), x, keys, 1, false);
    if (keyValues.valueNorm() instanceof UnitRmsNorm unit) {
      program.values(keys, keyValues.areOne(), (float) unit.eps());
    } else if (keyValues.areOne() || !(keyValues.valueNorm() instanceof Norm.None)) {
      throw new Unsupported();
    }
    writer.segments(keyValues.keyNorm(), keys, 0, heads.dim(), heads.dim(), heads.keyValue());
    program.append(keys, table, half);
  }
}
