package io.adapt4j.core.model;

import io.adapt4j.core.config.DecoderConfig;
import io.adapt4j.core.config.ModelConfig;
import io.adapt4j.core.config.RopeScaling;
import io.adapt4j.core.config.RotaryFrequencies;
import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Masks;
import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.RotaryTable;
import io.adapt4j.core.engine.Scope;
import io.adapt4j.core.engine.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A decoder language model: embedding, layers, final norm, output head.
 *
 * <p>Its structure exists before its weights do: a declared decoder answers questions about
 * parameters and projections, and {@link #allocate} gives it memory. Not thread safe.
 */
public final class Decoder implements AutoCloseable {

  private final ModelConfig modelConfig;
  private final DecoderConfig config;
  private final RotaryFrequencies frequencies;
  private final Parameter embedding;
  private final List<DecoderLayer> layers;
  private final RmsNorm norm;
  private Parameter head;
  private DType type;

  Decoder(
      ModelConfig modelConfig,
      DecoderConfig config,
      Parameter embedding,
      List<DecoderLayer> layers,
      RmsNorm norm,
      Parameter head) {
    this.modelConfig = modelConfig;
    this.config = config;
    this.frequencies = RotaryFrequencies.of(config);
    this.embedding = embedding;
    this.layers = List.copyOf(layers);
    this.norm = norm;
    this.head = head;
  }

  /**
   * Returns the configuration file's content.
   *
   * @return the configuration as read
   */
  public ModelConfig modelConfig() {
    return modelConfig;
  }

  /**
   * Returns the shape of the model.
   *
   * @return the checked configuration
   */
  public DecoderConfig config() {
    return config;
  }

  /**
   * Returns the compute type.
   *
   * @return F32 or BF16
   * @throws IllegalStateException before {@link #allocate}
   */
  public DType type() {
    if (type == null) {
      throw new IllegalStateException("The model has no weights yet");
    }
    return type;
  }

  /**
   * Returns the token embedding.
   *
   * @return [vocabulary, hidden]; the decoder closes it
   */
  public Parameter embedding() {
    return embedding;
  }

  /**
   * Returns the output head.
   *
   * @return [vocabulary, hidden]; the embedding itself where they are tied
   */
  public Parameter head() {
    return head;
  }

  /**
   * Tells whether embedding and output head are one parameter.
   *
   * @return true where the head has no values of its own
   */
  public boolean isTied() {
    return head == embedding;
  }

  /**
   * Gives a tied output head values of its own, so that it can be trained alone.
   *
   * @param name the checkpoint name of the new parameter
   */
  public void untieHead(String name) {
    if (isTied()) {
      head = Parameter.of(name, embedding.sizes());
      if (type != null) {
        head.allocate(type);
        head.value().copyFrom(embedding.value());
      }
    }
  }

  /** Makes the embedding the output head again: the opposite of {@link #untieHead}. */
  public void tieHead() {
    if (!isTied()) {
      head.close();
      head = embedding;
    }
  }

  /**
   * Returns the places of all linear layers inside the decoder layers.
   *
   * @return first layer first; in a layer qkv, attention output, gate and up, down
   */
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>();
    for (DecoderLayer layer : layers) {
      slots.add(layer.attention().qkv());
      slots.add(layer.attention().output());
      slots.add(layer.mlp().gateUp());
      slots.add(layer.mlp().down());
    }
    return slots;
  }

  /**
   * Returns every parameter once: embedding, layers, norms, head, and what stands in linear places.
   *
   * @return an immutable list in checkpoint order; the decoder closes them
   */
  public List<Parameter> parameters() {
    Set<Parameter> all = new LinkedHashSet<>();
    all.add(embedding);
    for (DecoderLayer layer : layers) {
      all.add(layer.attentionNorm().weight());
      all.addAll(layer.attention().qkv().linear().parameters());
      all.addAll(layer.attention().output().linear().parameters());
      all.add(layer.mlpNorm().weight());
      all.addAll(layer.mlp().gateUp().linear().parameters());
      all.addAll(layer.mlp().down().linear().parameters());
    }
    all.add(norm.weight());
    all.add(head);
    return List.copyOf(all);
  }

  /**
   * Returns the checkpoint tensors the model is made of.
   *
   * @return dimensions by name, in the order of {@link #parameters}
   */
  public Map<String, List<Long>> tensors() {
    Map<String, List<Long>> tensors = new LinkedHashMap<>();
    for (Parameter parameter : parameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        List<Long> sizes = new ArrayList<>();
        for (long size : parameter.sizes(slice)) {
          sizes.add(size);
        }
        tensors.put(slice.name(), sizes);
      }
    }
    return tensors;
  }

  /**
   * Returns the number of values in all parameters.
   *
   * @return their count; a tied matrix counts once
   */
  public long parameterCount() {
    return parameters().stream().mapToLong(Parameter::count).sum();
  }

  /**
   * Returns the most tokens of a sequence: as many as the model was made for.
   *
   * @return {@code max_position_embeddings}, times the factor of a dynamic rotary scaling
   */
  public int contextLength() {
    int length = config.maxPositionEmbeddings();
    return config.ropeScaling() instanceof RopeScaling.Dynamic dynamic
        ? (int) Math.min(Integer.MAX_VALUE, Math.max(1, dynamic.factor()) * length)
        : length;
  }

  /**
   * Checks token ids against the vocabulary.
   *
   * @param ids the ids
   * @param what names them in the error, such as {@code Prompt 0}
   * @throws IllegalArgumentException if one has no embedding
   */
  public void requireKnownIds(int[] ids, String what) {
    for (int id : ids) {
      if (id < 0 || id >= config.vocabSize()) {
        throw new IllegalArgumentException(
            what
                + " has the token id "
                + id
                + ", but the model's ids are 0 to "
                + (config.vocabSize() - 1)
                + "; use the tokenizer that belongs to the model");
      }
    }
  }

  /**
   * Gives every parameter memory, with undefined content.
   *
   * @param computeType F32 or BF16
   */
  public void allocate(DType computeType) {
    type = computeType;
    parameters().forEach(parameter -> parameter.allocate(computeType));
  }

  /**
   * Places a batch that starts at the beginning of its texts.
   *
   * @param attentionMask 1 on tokens and 0 on padding, row-major [rows, length]
   * @param rows B
   * @param length T
   * @return positions counted from each row's first token
   */
  public Positions positions(long[] attentionMask, int rows, int length) {
    if (isRightPadded(attentionMask, rows, length)) {
      return new Positions(table(range(0, length), length, length), null, null);
    }
    return masked(attentionMask, rows, length, length, null);
  }

  /**
   * Places the next tokens of a batch after those in a cache.
   *
   * @param attentionMask 1 on tokens and 0 on padding of everything so far, the new tokens included
   * @param rows B
   * @param count new tokens a row, T
   * @param cache what came before
   * @return their positions
   */
  public Positions positions(long[] attentionMask, int rows, int count, KvCache cache) {
    int total = Math.toIntExact(cache.length() + count);
    if (total > cache.capacity()) {
      throw new IllegalArgumentException(
          "The cache has room for " + cache.capacity() + " tokens, " + total + " were given");
    }
    boolean plain = allOnes(attentionMask) && (count == 1 || cache.length() == 0);
    if (plain) {
      int past = Math.toIntExact(cache.length());
      return new Positions(table(range(past, total), total, count), null, cache);
    }
    return masked(attentionMask, rows, total, count, cache);
  }

  private Positions masked(long[] mask, int rows, int total, int count, KvCache cache) {
    long[] positions = new long[rows * count];
    long highest = 0;
    for (int row = 0; row < rows; row++) {
      long seen = 0;
      for (int i = 0; i < total; i++) {
        seen += mask[row * total + i];
        int at = i - (total - count);
        if (at >= 0) {
          positions[row * count + at] = mask[row * total + i] == 0 ? 1 : seen - 1;
        }
      }
      highest = Math.max(highest, seen);
    }
    try (Scope scope = Scope.open()) {
      Tensor additive = Masks.causal(Tensor.of(mask, rows, total), count, type()).own();
      return new Positions(
          table(positions, Math.toIntExact(highest), rows, count), additive, cache);
    }
  }

  private RotaryTable table(long[] positions, int sequenceLength, long... sizes) {
    try (Scope scope = Scope.open()) {
      return RotaryTable.of(
          Tensor.of(positions, sizes),
          Tensor.of(frequencies.inverseFrequencies(sequenceLength), frequencies.rotaryDim() / 2),
          frequencies.attentionFactor(),
          type());
    }
  }

  private static long[] range(int from, int to) {
    long[] values = new long[to - from];
    for (int i = 0; i < values.length; i++) {
      values[i] = (long) from + i;
    }
    return values;
  }

  private static boolean isRightPadded(long[] mask, int rows, int length) {
    for (int row = 0; row < rows; row++) {
      for (int i = 1; i < length; i++) {
        if (mask[row * length + i] > mask[row * length + i - 1]) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean allOnes(long[] mask) {
    for (long one : mask) {
      if (one == 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Makes an empty cache.
   *
   * @param rows B
   * @param capacity tokens a row
   * @return the cache, closed by the caller
   */
  public KvCache newCache(int rows, int capacity) {
    return new KvCache(config.layers(), rows, config.kvHeads(), config.headDim(), capacity, type());
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
    Tensor x = ops.embedding(ids, embedding);
    for (int i = 0; i < layers.size(); i++) {
      DecoderLayer layer = layers.get(i);
      int index = i;
      Tensor next =
          ops.segment(x, recompute, (inner, in) -> layer.forward(inner, in, positions, index));
      if (!ops.isRecording()) {
        x.close();
      }
      x = next;
    }
    if (positions.cache() != null) {
      positions.cache().advance(ids.size(1));
    }
    return norm.forward(ops, x);
  }

  /**
   * Scores every vocabulary entry.
   *
   * @param ops the operators to use
   * @param hidden [.., hidden]
   * @return logits [.., vocabulary] in the compute type
   */
  public Tensor logits(Ops ops, Tensor hidden) {
    return ops.linear(hidden, head, null);
  }

  @Override
  public void close() {
    parameters().forEach(Parameter::close);
    linears().forEach(slot -> slot.linear().close());
  }
}
