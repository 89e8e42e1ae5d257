package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.CachedAttention;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Caches of several texts whose new tokens lie one after the other in one row of a pass. Linear
 * layers then read their weights once for all. Attention runs for all at once if each has one new
 * token, otherwise text by text as alone, like recurrences.
 */
final class JoinedCache implements LayerCache {

  /**
   * A text.
   *
   * @param from index of its first new token in the row
   * @param rotary its part of each rotary table of the row
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

  /** Lengths of texts with one new token each: an operator then attends for all. */
  private final @Nullable Tensor lengths;

  private final long longest;

  /** Masks of these by window; none if all have the same length. */
  private final Map<Long, Tensor> masks = new HashMap<>();

  /** Joins caches; lengths and masks belong to the open scope. */
  JoinedCache(List<Text> texts, Set<Long> windows, DType type) {
    this.texts = List.copyOf(texts);
    long[] all = texts.stream().mapToLong(text -> text.cache().length()).toArray();
    this.longest = Arrays.stream(all).max().orElseThrow();
    if (texts.stream().allMatch(JoinedCache::isReadWithOthers)) {
      texts.forEach(text -> text.cache().separate());
      KvBlock.join(texts.stream().map(text -> text.cache().own()).toList());
      this.lengths = Tensor.of(all, all.length);
      if (Arrays.stream(all).anyMatch(length -> length < longest)) {
        windows.forEach(window -> masks.put(window, mask(all, window).copyAs(type)));
      }
    } else {
      this.lengths = null;
    }
  }

  private static boolean isReadWithOthers(Text text) {
    return text.tokens() == 1
        && text.cache().unfilled().isEmpty()
        && text.cache().own().isReadWithOthers();
  }

  private Tensor mask(long[] all, long window) {
    int width = Math.toIntExact(longest + 1);
    float[] mask = new float[all.length * width];
    for (int row = 0; row < all.length; row++) {
      for (int at = 0; at < width; at++) {
        boolean seen = at <= all[row] && (window == 0 || at > all[row] - window);
        mask[row * width + at] = seen ? 0 : Float.NEGATIVE_INFINITY;
      }
    }
    return Tensor.of(mask, all.length, 1, 1, width);
  }

  private CachedAttention.Texts caches(Tensor cached, int layer, AttentionRule rule) {
    KvBlock first = texts.get(0).cache().own();
    return new CachedAttention.Texts(
        first.keys(layer), first.values(layer), cached, longest, masks.get(rule.window()));
  }

  private Tensor joined(Each each) {
    List<Tensor> parts = new ArrayList<>();
    texts.forEach(text -> parts.add(each.of(text)));
    return Tensor.concatenated(parts, 1).typedAs(parts.get(0));
  }

  @Override
  public Tensor attend(int layer, Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    if (lengths != null) {
      return CachedAttention.joined(q, k, v, caches(lengths, layer, rule), rule);
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
      int layer, Tensor q, Tensor k, Selection selection, Tensor mask, AttentionRule rule) {
    return joined(
        text ->
            text.cache()
                .attend(
                    layer,
                    text.of(q, 2),
                    text.of(k, 2),
                    selection.of(text.from(), text.tokens()),
                    text.masks().get(rule.window()),
                    rule));
  }

  @Override
  public long longest(long tokens) {
    return texts.stream().mapToLong(text -> text.cache().longest(text.tokens())).max().orElse(0);
  }

  /** Whether the texts are empty or not, each attends to its own tokens. */
  @Override
  public boolean isEmpty() {
    return false;
  }

  @Override
  public void append(int layer, Tensor k, Tensor v) {
    texts.forEach(text -> text.cache().append(layer, text.of(k, 2), text.of(v, 2)));
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
    if (lengths != null) {
      return CachedAttention.rotatedJoined(
          projected, heads.query(), table, caches(lengths, layer, rule), rule);
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
