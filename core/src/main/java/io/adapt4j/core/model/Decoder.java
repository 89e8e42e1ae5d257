package io.adapt4j.core.model;

import io.adapt4j.core.config.ModelConfig;
import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.engine.VocabularyHead;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** A decoder language model: embedding, layers, final norm, output head. Not thread safe. */
public final class Decoder extends Network {

  private final Placement placement;
  private final String headName;
  private VocabularyHead head;

  /**
   * Declares a decoder.
   *
   * @param headName the name a head of its own has in checkpoints
   * @param head the output head; its weight is the token embedding where the two are tied
   */
  Decoder(
      ModelConfig modelConfig,
      Dimensions dimensions,
      StoredNames storedNames,
      Transformer body,
      String headName,
      VocabularyHead head) {
    super(modelConfig, dimensions, storedNames, body);
    this.placement = body.placement();
    this.headName = headName;
    this.head = head;
  }

  @Override
  List<Parameter> headParameters() {
    return Stream.of(head.weight(), head.bias()).filter(Objects::nonNull).toList();
  }

  @Override
  List<LinearSlot> headLinears() {
    return List.of();
  }

  @Override
  public Optional<VocabularyHead> vocabulary() {
    return Optional.of(head);
  }

  @Override
  public long windowMasks() {
    return 0;
  }

  /**
   * Returns the output head.
   *
   * @return its weight [vocabulary, hidden] is the embedding itself where they are tied
   */
  public VocabularyHead head() {
    return head;
  }

  /**
   * Returns the checkpoint name of the head's weight, whether it has one of its own or not.
   *
   * @return such as {@code lm_head.weight}
   */
  public String headName() {
    return headName;
  }

  /**
   * Tells whether embedding and output head are one parameter.
   *
   * @return true where the head has no values of its own
   */
  public boolean isTied() {
    return head.weight() == embedding();
  }

  /** Gives a tied output head values of its own, so that it can be trained alone. */
  public void untieHead() {
    if (isTied()) {
      Parameter own = Parameter.of(headName, embedding().sizes());
      if (isAllocated()) {
        own.allocate(type());
        own.value().copyFrom(embedding().value());
      }
      head = head.withWeight(own);
    }
  }

  /** Makes the embedding the output head again: the opposite of {@link #untieHead}. */
  public void tieHead() {
    if (!isTied()) {
      head.weight().close();
      head = head.withWeight(embedding());
    }
  }

  /**
   * Places a batch that starts at the beginning of its texts.
   *
   * @param attentionMask 1 on tokens and 0 on padding, row-major [rows, length]
   * @param rows B
   * @param length T
   * @return positions counted from each row's first token
   * @throws IllegalArgumentException if a text is longer than a model with learned positions allows
   */
  public Positions positions(long[] attentionMask, int rows, int length) {
    return placement.causal(attentionMask, rows, length, type());
  }

  /**
   * Places the next tokens of a batch after those in a cache.
   *
   * @param attentionMask 1 on tokens and 0 on padding of everything so far, the new tokens included
   * @param rows B
   * @param count new tokens a row, T
   * @param cache what came before
   * @return their positions
   * @throws IllegalArgumentException if the cache has no room, or a text is longer than a model
   *     with learned positions allows
   */
  public Positions positions(long[] attentionMask, int rows, int count, KvCache cache) {
    return placement.next(attentionMask, rows, count, cache, type());
  }

  /**
   * Tells whether keys of a sequence must be made again when it grows: its rotary frequencies
   * change at a length in between (longrope).
   *
   * @param from tokens so far
   * @param to tokens then
   * @return true where keys in a cache no longer fit
   */
  public boolean outgrowsCache(int from, int to) {
    return placement.rotary().stream().anyMatch(one -> one.switchesBetween(from, to));
  }

  /**
   * Makes an empty cache.
   *
   * @param rows B
   * @param capacity tokens a row
   * @return the cache, closed by the caller
   */
  public KvCache newCache(int rows, int capacity) {
    Heads heads = body().layers().get(0).attention().heads();
    return new KvCache(
        dimensions().layers(), rows, heads.keyValue(), heads.dim(), capacity, type());
  }

  /**
   * Runs the model up to and with its final norm.
   *
   * @param ops the operators to use
   * @param ids token ids, I64 [B, T]
   * @param positions where they stand
   * @param recompute whether each layer's intermediates are dropped and made again for the
   *     derivative
   * @return [B, T, hidden]
   */
  public Tensor hidden(Ops ops, Tensor ids, Positions positions, boolean recompute) {
    Tensor hidden = body().forward(ops, ids, null, positions, recompute);
    if (positions.cache() != null) {
      positions.cache().advance(ids.size(1));
    }
    return hidden;
  }

  /**
   * Scores every vocabulary entry.
   *
   * @param hidden [.., hidden]
   * @return logits [.., vocabulary] in the compute type
   */
  public Tensor logits(Tensor hidden) {
    return head.logits(hidden);
  }
}
