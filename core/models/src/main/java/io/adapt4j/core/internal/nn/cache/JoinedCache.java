package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.CachedAttention;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Caches of several texts whose new tokens lie one after the other in one row of a pass. Linear
 * layers then read their weights once for all; attention and recurrences run text by text, each
 * exactly as alone.
 */
final class JoinedCache implements LayerCache {

  /**
   * A text.
   *
   * @param from index of its first new token in the row
   * @param rotary its part of each rotary table of the row
   * @param masks masks by window, as in {@link Positions}
   */
  record Text(
      KvCache cache,
      long from,
      long tokens,
      Map<RotaryTable, RotaryTable> rotary,
      Map<Long, Tensor> masks) {

    Tensor of(Tensor x, int dimension) {
      return x.narrow(dimension, from, tokens).typedAs(x);
    }
  }

  /** Computation of one text. */
  private interface Each {
    Tensor of(Text text);
  }

  private final List<Text> texts;

  /** Whether each text has one new token: an operator then attends for all. */
  private final boolean single;

  JoinedCache(List<Text> texts) {
    this.texts = List.copyOf(texts);
    this.single =
        texts.stream().allMatch(text -> text.tokens() == 1 && text.cache().unfilled().isEmpty());
    if (single) {
      texts.forEach(text -> text.cache().separate());
    }
  }

  private CachedAttention.Texts caches(int layer) {
    return new CachedAttention.Texts(
        texts.stream().map(text -> text.cache().keys(layer)).toList(),
        texts.stream().map(text -> text.cache().values(layer)).toList(),
        texts.stream().mapToLong(text -> text.cache().length()).toArray());
  }

  private Tensor joined(Each each) {
    List<Tensor> parts = new ArrayList<>();
    texts.forEach(text -> parts.add(each.of(text)));
    return Tensor.concatenated(parts, 1).typedAs(parts.get(0));
  }

  @Override
  public Tensor attend(int layer, Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    if (single) {
      return CachedAttention.joined(q, k, v, caches(layer), rule);
    }
    return joined(
        text ->
            text.cache()
                .attend(
                    layer,
                    text.of(q, 2),
                    text.of(k, 2),
                    text.of(v, 2),
                    text.masks().get(rule.window()),
                    rule));
  }

  @Override
  public Tensor attend(
      int layer, Tensor q, Tensor k, Tensor v, Parameter sinks, Tensor mask, AttentionRule rule) {
    return joined(
        text ->
            text.cache()
                .attend(
                    layer,
                    text.of(q, 2),
                    text.of(k, 2),
                    text.of(v, 2),
                    sinks,
                    text.masks().get(rule.window()),
                    rule));
  }

  @Override
  public Tensor attend(
      int layer,
      Tensor projected,
      Heads heads,
      RotaryTable table,
      Tensor mask,
      AttentionRule rule) {
    if (single) {
      return CachedAttention.rotatedJoined(projected, heads.query(), table, caches(layer), rule);
    }
    return joined(
        text ->
            text.cache()
                .attend(
                    layer,
                    text.of(projected, 1),
                    heads,
                    text.rotary().get(table),
                    text.masks().get(rule.window()),
                    rule));
  }

  @Override
  public Tensor recur(int layer, Tensor x, Recurrent recurrent) {
    return joined(text -> text.cache().recur(layer, text.of(x, 1), recurrent));
  }

  @Override
  public void advance(long tokens) {
    texts.forEach(text -> text.cache().advance(text.tokens()));
  }
}
