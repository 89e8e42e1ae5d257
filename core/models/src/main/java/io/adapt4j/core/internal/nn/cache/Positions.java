package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.nn.picture.BatchPictures;
import io.adapt4j.core.internal.nn.picture.Insertion;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.DocumentBlocks;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Positions and masks of one forward pass: created once and used by every layer. Closed by the
 * caller that requested them from the model.
 */
public final class Positions implements AutoCloseable {

  private final Tensor ids;
  private final List<RotaryTable> rotary;
  private final Map<Long, Tensor> masks;
  private final LayerCache cache;
  private final DocumentBlocks documents;
  private final long[] rowTokens;
  private final Map<Integer, Tensor> inputs = new HashMap<>();
  private final Choices choices = new Choices();
  private @Nullable Tensor keep;
  private @Nullable Tensor layerInputs;
  private List<Insertion> insertions = List.of();
  private @Nullable BatchPictures pictures;

  /**
   * Creates the positions of a batch.
   *
   * @param ids position ids [B, T], or null if none are learned
   * @param cache cache of earlier tokens, or null
   */
  public Positions(
      Tensor ids,
      List<RotaryTable> rotary,
      Map<Long, Tensor> masks,
      LayerCache cache,
      long[] rowTokens) {
    this(ids, rotary, masks, cache, null, rowTokens);
  }

  /** Creates the positions of a packed batch. */
  public Positions(
      Tensor ids, List<RotaryTable> rotary, DocumentBlocks documents, long[] rowTokens) {
    this(ids, rotary, Map.of(), null, documents, rowTokens);
  }

  private Positions(
      Tensor ids,
      List<RotaryTable> rotary,
      Map<Long, Tensor> masks,
      LayerCache cache,
      DocumentBlocks documents,
      long[] rowTokens) {
    this.ids = ids;
    this.rotary = List.copyOf(rotary);
    this.masks = Map.copyOf(masks);
    this.cache = cache;
    this.documents = documents;
    this.rowTokens = rowTokens;
  }

  public Tensor ids() {
    return ids;
  }

  public RotaryTable rotary(int index) {
    return rotary.get(index);
  }

  /** Returns the mask for a window, or null if the attention rule alone determines it. */
  public Tensor mask(long window) {
    return masks.get(window);
  }

  /** Returns the number of tokens in each row. */
  public long[] rowTokens() {
    return rowTokens.clone();
  }

  public LayerCache cache() {
    return cache;
  }

  /** Returns the documents of a packed batch, or null if each row is one text. */
  public DocumentBlocks documents() {
    return documents;
  }

  /** Marks padding, which must not change the states of layers. */
  Positions keeping(@Nullable Tensor tokens) {
    keep = tokens;
    return this;
  }

  /** Returns F32 [B, T, 1] with 0 on padding; null if padding, if any, is on the right. */
  public @Nullable Tensor keep() {
    return keep;
  }

  /** Sets the concatenated per-layer inputs. */
  public void layerInputs(Tensor ofAll) {
    layerInputs = ofAll;
  }

  /** Returns the per-layer inputs [B, T, layers * width]. */
  public Tensor layerInputs() {
    return Objects.requireNonNull(layerInputs, "layer inputs");
  }

  /** Sets the rows of pictures that take the places of tokens. */
  public Positions inserting(List<Insertion> rows) {
    insertions = List.copyOf(rows);
    return this;
  }

  /** Returns the rows of pictures that take the places of tokens. */
  public List<Insertion> insertions() {
    return insertions;
  }

  /** Sets the pictures of a batch in training. */
  public Positions with(BatchPictures ofBatch) {
    pictures = ofBatch;
    return this;
  }

  /** Returns the pictures of a batch in training; null if it has none. */
  public @Nullable BatchPictures pictures() {
    return pictures;
  }

  /** Keeps the input of a layer for later ones. */
  public void inputOf(int layer, Tensor x) {
    inputs.put(layer, x);
  }

  /** Returns the input of an earlier layer. */
  public Tensor inputOf(int layer) {
    return Objects.requireNonNull(inputs.get(layer), "input of an earlier layer");
  }

  /** Returns the tokens that layers have chosen for later layers too. */
  public Choices choices() {
    return choices;
  }

  /** Closes tables and masks; the cache stays open. */
  @Override
  public void close() {
    if (ids != null) {
      ids.close();
    }
    rotary.forEach(RotaryTable::close);
    masks.values().forEach(Tensor::close);
    choices.close();
    if (documents != null) {
      documents.close();
    }
    if (keep != null) {
      keep.close();
    }
  }
}
