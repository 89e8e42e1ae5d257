package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.DocumentBlocks;
import io.adapt4j.core.internal.tensor.RotaryTable;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the tokens of one forward pass stand and what they may see: made once, used by every layer.
 * Closed by whoever asked the model for it.
 */
public final class Positions implements AutoCloseable {

  private final Tensor ids;
  private final List<RotaryTable> rotary;
  private final Map<Long, Tensor> masks;
  private final KvCache cache;
  private final DocumentBlocks documents;
  private final long[] rowTokens;
  private final Map<Integer, Tensor> inputs = new HashMap<>();
  private @Nullable Tensor keep;
  private @Nullable Tensor layerInputs;

  /**
   * Collects what was made.
   *
   * @param ids position ids [B, T], or null where none are learned
   * @param cache keys and values of earlier tokens, or null
   */
  Positions(
      Tensor ids,
      List<RotaryTable> rotary,
      Map<Long, Tensor> masks,
      KvCache cache,
      long[] rowTokens) {
    this(ids, rotary, masks, cache, null, rowTokens);
  }

  /** Collects what was made for a packed batch. */
  Positions(Tensor ids, List<RotaryTable> rotary, DocumentBlocks documents, long[] rowTokens) {
    this(ids, rotary, Map.of(), null, documents, rowTokens);
  }

  private Positions(
      Tensor ids,
      List<RotaryTable> rotary,
      Map<Long, Tensor> masks,
      KvCache cache,
      DocumentBlocks documents,
      long[] rowTokens) {
    this.ids = ids;
    this.rotary = List.copyOf(rotary);
    this.masks = Map.copyOf(masks);
    this.cache = cache;
    this.documents = documents;
    this.rowTokens = rowTokens;
  }

  Tensor ids() {
    return ids;
  }

  RotaryTable rotary(int index) {
    return rotary.get(index);
  }

  /** The mask for a window, or null where the attention rule alone says what is seen. */
  Tensor mask(long window) {
    return masks.get(window);
  }

  /** Counts the tokens of each row. */
  public long[] rowTokens() {
    return rowTokens.clone();
  }

  KvCache cache() {
    return cache;
  }

  /** Where the documents of a packed batch lie, or null where each row is one text. */
  DocumentBlocks documents() {
    return documents;
  }

  /** Says which tokens are padding, for layers whose states they must leave alone. */
  Positions keeping(@Nullable Tensor tokens) {
    keep = tokens;
    return this;
  }

  /** F32 [B, T, 1] with 0 on padding; null where padding, if any, is on the right. */
  @Nullable Tensor keep() {
    return keep;
  }

  /** Hands layers what they read besides the residual stream, side by side. */
  void layerInputs(Tensor ofAll) {
    layerInputs = ofAll;
  }

  /** What layers read besides the residual stream [B, T, layers * width]. */
  Tensor layerInputs() {
    return Objects.requireNonNull(layerInputs, "layer inputs");
  }

  /** Keeps the input of a layer for later ones. */
  void inputOf(int layer, Tensor x) {
    inputs.put(layer, x);
  }

  /** The input of an earlier layer. */
  Tensor inputOf(int layer) {
    return Objects.requireNonNull(inputs.get(layer), "input of an earlier layer");
  }

  /** Closes tables and masks; the cache stays open. */
  @Override
  public void close() {
    if (ids != null) {
      ids.close();
    }
    rotary.forEach(RotaryTable::close);
    masks.values().forEach(Tensor::close);
    if (documents != null) {
      documents.close();
    }
    if (keep != null) {
      keep.close();
    }
  }
}
