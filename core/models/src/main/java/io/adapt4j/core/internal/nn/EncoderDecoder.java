package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.sequence.SequenceCache;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.nn.sequence.SequenceTokens;
import io.adapt4j.core.internal.nn.sequence.Side;
import io.adapt4j.core.internal.nn.sequence.SideLayer;
import io.adapt4j.core.internal.nn.sequence.SidePlaces;
import io.adapt4j.core.internal.nn.sequence.SourcePositions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Masks;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A network that reads a text, or features of a recording, with an encoder and writes a text with a
 * decoder, which attends to the encoder's states (Vaswani et al. 2017). Layers are numbered
 * consecutively: those of the encoder, then those of the decoder. Not thread safe.
 */
public final class EncoderDecoder extends Network {

  // Dropout places at both ends of the sides; layers and adapters have other places.
  private static final long ENCODER_FIRST = -2;
  private static final long DECODER_FIRST = -5;
  private static final long ENCODER_LAST = -6;
  private static final long DECODER_LAST = -7;

  private final Side encoder;
  private final Side decoder;
  private final List<Parameter> otherInputs;
  private final VocabularyHead head;
  private final SequenceTokens specialTokens;
  private List<Parameter> readTables = List.of();

  /** Declares a network. */
  public EncoderDecoder(
      ModelConfig modelConfig,
      Dimensions dimensions,
      StoredNames storedNames,
      Embeddings tokens,
      List<Parameter> otherInputs,
      Side encoder,
      Side decoder,
      VocabularyHead head,
      SequenceTokens specialTokens) {
    super(
        modelConfig,
        dimensions,
        storedNames,
        new Transformer(tokens, List.of(), Norm.NONE, List.of()));
    this.encoder = encoder;
    this.decoder = decoder;
    this.otherInputs = List.copyOf(otherInputs);
    this.head = head;
    this.specialTokens = specialTokens;
  }

  @Override
  List<Parameter> headParameters() {
    return Stream.of(head.weight(), head.bias())
        .filter(Objects::nonNull)
        .filter(parameter -> !otherInputs.contains(parameter))
        .toList();
  }

  @Override
  List<LinearSlot> headLinears() {
    return List.of();
  }

  @Override
  public List<LinearSlot> linears() {
    return layerLinears();
  }

  @Override
  public List<LinearSlot> layerLinears() {
    return Stream.concat(encoder.linears().stream(), decoder.linears().stream()).toList();
  }

  @Override
  public List<Parameter> layerParameters(int layer) {
    return layer(layer).parameters();
  }

  private SideLayer layer(int number) {
    int read = encoder.layers().size();
    return number < read ? encoder.layers().get(number) : decoder.layers().get(number - read);
  }

  @Override
  public List<Parameter> embeddingParameters() {
    List<Parameter> all = new ArrayList<>(super.embeddingParameters());
    all.addAll(otherInputs);
    for (Side side : List.of(encoder, decoder)) {
      if (side.positions() != null) {
        all.addAll(side.positions().parameters());
      }
      all.addAll(side.embeddingNorm().parameters());
    }
    return all;
  }

  @Override
  public List<Parameter> parameters() {
    Set<Parameter> all = new LinkedHashSet<>(embeddingParameters());
    for (Side side : List.of(encoder, decoder)) {
      all.addAll(side.outerParameters());
      side.layers().forEach(layer -> all.addAll(layer.parameters()));
    }
    all.addAll(headParameters());
    return List.copyOf(all);
  }

  @Override
  public Optional<VocabularyHead> vocabulary() {
    return Optional.of(head);
  }

  @Override
  public long windowMasks() {
    return 0;
  }

  /** {@return the output head, for the decoder's states} */
  public VocabularyHead head() {
    return head;
  }

  /** {@return the special tokens: start and padding} */
  public SequenceTokens specialTokens() {
    return specialTokens;
  }

  /** {@return the encoder} */
  public Side encoder() {
    return encoder;
  }

  /** {@return the decoder} */
  public Side decoder() {
    return decoder;
  }

  /** {@return the maximum number of tokens that can be written, including the start token} */
  public int targetLimit() {
    return limit(decoder);
  }

  private static int limit(Side side) {
    return side.positions() == null ? Integer.MAX_VALUE : side.positions().limit();
  }

  @Override
  public void allocate(DType computeType) {
    super.allocate(computeType);
    computedTables()
        .forEach(
            positions -> {
              positions.table().allocate(computeType);
              positions.compute();
            });
  }

  /** Finds the position tables that a checkpoint stores although they could be computed. */
  public Map<String, Parameter> storedTables(Set<String> stored) {
    Map<String, Parameter> tables = new LinkedHashMap<>();
    computedTables()
        .filter(SourcePositions::readsStored)
        .map(SourcePositions::table)
        .forEach(
            table -> {
              String name = storedNames().find(table.slices().get(0).name(), stored);
              if (stored.contains(name)) {
                tables.put(name, table);
              }
            });
    return tables;
  }

  /** Sets the position tables that were read from a file: they become part of the model. */
  public void setReadTables(Collection<Parameter> tables) {
    readTables = List.copyOf(tables);
  }

  /** Returns the position tables that were read from a file, to be written with the model. */
  public List<Parameter> readTables() {
    return readTables;
  }

  private Stream<SourcePositions> computedTables() {
    return Stream.of(encoder, decoder)
        .map(Side::positions)
        .filter(positions -> positions != null && positions.computed());
  }

  /** {@return whether the encoder reads features instead of token ids} */
  public boolean readsFeatures() {
    return encoder.tokens().readsFeatures();
  }

  /**
   * {@return the number of frames that fill the encoder's positions, of which it reads two each}
   */
  public int frames() {
    return 2 * encoder.positions().limit();
  }

  /** {@return the number of values of a frame} */
  public int featureWidth() {
    return Math.toIntExact(otherInputs.get(0).sizes()[1]);
  }

  /**
   * Runs the encoder over a batch.
   *
   * @param states receives every hidden state; null if they are not needed
   */
  public SequenceSource read(
      Ops ops, SequenceInputs inputs, boolean recompute, @Nullable List<Tensor> states) {
    Tensor ids = Tensor.of(inputs.ids(), inputs.rows(), inputs.length());
    return read(ops, ids, inputs.attentionMask(), inputs.rows(), recompute, states);
  }

  /**
   * Runs the encoder over features, without padding.
   *
   * @param features as the encoder's first layer takes them [B, frames, width]
   * @param states receives every hidden state; null if they are not needed
   */
  public SequenceSource read(
      Ops ops, Tensor features, int length, boolean recompute, @Nullable List<Tensor> states) {
    int rows = Math.toIntExact(features.size(0));
    long[] seen = new long[rows * length];
    Arrays.fill(seen, 1);
    return read(ops, features, seen, rows, recompute, states);
  }

  private SequenceSource read(
      Ops ops,
      Tensor ids,
      long[] attentionMask,
      int rows,
      boolean recompute,
      @Nullable List<Tensor> states) {
    int length = attentionMask.length / rows;
    Tensor mask = Masks.padding(Tensor.of(attentionMask, rows, length), 0, type());
    boolean padded = Arrays.stream(attentionMask).anyMatch(seen -> seen == 0);
    SidePlaces places =
        places(encoder, 0, rows, length, padded || encoder.relative() != null ? mask : null, null);
    Tensor read =
        encoder.forward(
            ops.dropping(dropout()),
            ids,
            rows(tokens(attentionMask, rows)),
            null,
            places,
            recompute,
            new Side.Drop(dropout().embedding(), ENCODER_FIRST, ENCODER_LAST, 0),
            states);
    return new SequenceSource(read, mask);
  }

  /**
   * Runs the decoder over whole targets.
   *
   * @param ids the token before each target [B, T]
   * @return [B, T, hidden]
   */
  public Tensor write(
      Ops ops,
      SequenceSource source,
      Tensor ids,
      boolean recompute,
      @Nullable List<Tensor> states) {
    int rows = Math.toIntExact(ids.size(0));
    int length = Math.toIntExact(ids.size(1));
    Tensor mask = null;
    if (decoder.relative() != null) {
      long[] all = new long[length];
      Arrays.fill(all, 1);
      mask = Masks.causal(Tensor.of(all, 1, length), length, 0, type());
    }
    SidePlaces places = places(decoder, 0, rows, length, mask, null).reading(source.mask());
    long[] tokens = new long[rows];
    Arrays.fill(tokens, length);
    return written(ops, ids, tokens, source.states(), places, recompute, states);
  }

  /** Creates a cache for generating from encoded texts. */
  public SequenceCache newCache(SequenceSource source, long[] rows, int capacity) {
    return new SequenceCache(
        decoder.layers().stream().map(SideLayer::cross).toList(), source, rows, capacity, type());
  }

  /**
   * Runs the decoder over one more token of each text.
   *
   * @return [B, 1, hidden], in the open scope
   */
  public Tensor next(long[] ids, SequenceCache cache) {
    return next(ids, 1, cache);
  }

  /**
   * Runs the decoder over more tokens of each text: several only with an empty cache and without
   * relative positions.
   *
   * @param ids the tokens [B, count]
   * @return [B, count, hidden], in the open scope
   */
  public Tensor next(long[] ids, int count, SequenceCache cache) {
    int first = Math.toIntExact(cache.length());
    int rows = ids.length / count;
    SidePlaces places =
        places(decoder, first, rows, count, null, cache).reading(cache.memoryMask());
    long[] tokens = new long[rows];
    Arrays.fill(tokens, first + count);
    Tensor made =
        written(Ops.inference(), Tensor.of(ids, rows, count), tokens, null, places, false, null);
    cache.advance(count);
    return made;
  }

  private Tensor written(
      Ops ops,
      Tensor ids,
      long[] tokens,
      @Nullable Tensor memory,
      SidePlaces places,
      boolean recompute,
      @Nullable List<Tensor> states) {
    return decoder.forward(
        ops.dropping(dropout()),
        ids,
        rows(tokens),
        memory,
        places,
        recompute,
        new Side.Drop(
            dropout().embedding(), DECODER_FIRST, DECODER_LAST, 2 * encoder.layers().size()),
        states);
  }

  private static SidePlaces places(
      Side side,
      int first,
      int rows,
      int length,
      @Nullable Tensor mask,
      @Nullable SequenceCache cache) {
    Tensor positions =
        side.positions() == null
            ? null
            : Tensor.of(side.positions().ids(first, rows, length), rows, length);
    Tensor buckets = null;
    Parameter bias = null;
    if (side.relative() != null) {
      int keys = first + length;
      buckets = Tensor.of(side.relative().buckets(first, length, keys), length, keys);
      bias = side.relative().table();
    }
    return new SidePlaces(positions, mask, buckets, bias, null, cache);
  }

  private static Positions rows(long[] tokens) {
    return new Positions(null, List.of(), Map.of(), null, tokens);
  }

  private static long[] tokens(long[] mask, int rows) {
    int length = mask.length / rows;
    long[] tokens = new long[rows];
    for (int row = 0; row < rows; row++) {
      tokens[row] = Arrays.stream(mask, row * length, (row + 1) * length).sum();
    }
    return tokens;
  }

  /** Runs encoder and decoder over a batch and returns every hidden state. */
  public List<List<float[]>> allStates(SequenceInputs inputs) {
    try (Scope scope = Scope.open(engine())) {
      List<Tensor> read = new ArrayList<>();
      List<Tensor> written = new ArrayList<>();
      Ops ops = Ops.inference();
      SequenceSource source = read(ops, inputs, false, read);
      write(ops, source, inputs.targetInputs(specialTokens), false, written);
      return Stream.of(read, written)
          .map(states -> states.stream().map(Tensor::toFloats).toList())
          .toList();
    }
  }

  @Override
  public List<Tensor> hiddenStates(Ops ops, Tensor ids, Tensor typeIds, Positions positions) {
    throw new UnsupportedOperationException("an encoder-decoder has states of two sides");
  }

  @Override
  public void close() {
    super.close();
    computedTables().map(SourcePositions::table).distinct().forEach(Parameter::close);
  }
}
