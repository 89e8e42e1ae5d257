package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.cache.KvBlock;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Decoder steps run by a compiled program. */
final class CpuDecoderSteps implements DecoderSteps {

  /**
   * Buffers that are read after a step.
   *
   * @param lastLayer the last layer's output of all tokens; -1 if there is none
   */
  record Buffers(int logits, int lastLayer, int width) {}

  private final StepProgram program;
  private final List<RotaryFrequencies> rotary;
  private final DType type;
  private final boolean cachesInEightBits;
  private final int maxTokens;
  private final boolean readsPrompts;
  private final boolean leavesLayersOut;
  private final int vocabulary;
  private final Buffers buffers;
  private final int adapters;
  private final @Nullable Int8Matrix head;

  /** End of the places that have room in a row's cache; 0 if it has no cache. */
  private final int[] capacities;

  /** First place of a row whose window is whole. */
  private final int[] first;

  /** Memory for reading a row of a buffer. */
  private FloatBuffer read = FloatBuffer.allocate(0);

  private boolean open = true;

  /**
   * Takes ownership of a program.
   *
   * @param head the output layer in 8 bits, closed with these steps; null if the model's own is
   *     used
   */
  CpuDecoderSteps(
      StepProgram program,
      Decoder decoder,
      int maxTokens,
      boolean readsPrompts,
      boolean leavesLayersOut,
      int rows,
      int adapters,
      Buffers buffers,
      @Nullable Int8Matrix head) {
    this.program = program;
    this.rotary = decoder.body().rotary();
    this.type = decoder.type();
    this.cachesInEightBits = decoder.cachesInEightBits();
    this.maxTokens = maxTokens;
    this.readsPrompts = readsPrompts;
    this.leavesLayersOut = leavesLayersOut;
    this.vocabulary = Math.toIntExact(decoder.head().weight().sizes()[0]);
    this.capacities = new int[rows];
    this.first = new int[rows];
    this.adapters = adapters;
    this.buffers = buffers;
    this.head = head;
  }

  @Override
  public boolean readsPrompts() {
    return readsPrompts;
  }

  @Override
  public boolean readsLongPrompts() {
    return readsPrompts && leavesLayersOut;
  }

  @Override
  public void place(int row, KvCache cache, int cacheRow) {
    requireOpen();
    requireIn("row", row, capacities.length);
    requireIn("cacheRow", cacheRow, cache.rows());
    List<KvCache.Part> parts = cache.parts();
    KvCache.Part own = parts.get(parts.size() - 1);
    if (!own.block().isAsMade(cachesInEightBits)) {
      throw new IllegalArgumentException(
          "cache: expected keys and values "
              + (cachesInEightBits ? "in 8 bits" : "in " + type)
              + ", which these steps read");
    }
    parts.forEach(part -> place(row, part, cache.layers(), cacheRow));
    if (cache.hasStates()) {
      keep(row, cache, cacheRow);
    }
    long start = own.start();
    first[row] =
        own.block().firstPlace() == 0 ? 0 : Math.toIntExact(start + own.block().firstPlace());
    capacities[row] = Math.toIntExact(start + own.block().endPlace());
  }

  private void place(int row, KvCache.Part part, int layers, int cacheRow) {
    long[] addresses = new long[4 * layers];
    KvBlock block = part.block();
    for (int layer = 0; layer < layers; layer++) {
      if (block.hasKeys(layer)) {
        addresses[layer] = addressOf(block.keys(layer), cacheRow);
        addresses[layers + layer] = addressOf(block.values(layer), cacheRow);
        addresses[2 * layers + layer] = block.keys(layer).size(2);
        addresses[3 * layers + layer] = part.start() + block.first(layer);
      }
    }
    program.place(row, part.start(), layers, addresses);
  }

  /**
   * Registers the recurrent states of a row: convolution tails first; some layers have no other
   * state.
   */
  private void keep(int row, KvCache cache, int cacheRow) {
    int layers = cache.layers();
    long[] addresses = new long[2 * layers];
    for (int layer = 0; layer < layers; layer++) {
      List<Tensor> states = cache.states(layer);
      for (int i = 0; i < states.size(); i++) {
        addresses[i * layers + layer] = addressOf(states.get(i), cacheRow);
      }
    }
    program.keep(row, layers, addresses);
  }

  private static long addressOf(Tensor ofRows, int row) {
    return ofRows.address() + row * (ofRows.count() / ofRows.size(0) * ofRows.type().bytes());
  }

  @Override
  public void remove(int row) {
    requireIn("row", row, capacities.length);
    capacities[row] = 0;
  }

  @Override
  public int[] run(List<Token> tokens) {
    requireOpen();
    int count = tokens.size();
    if (count < 1 || count > maxTokens) {
      throw new IllegalArgumentException(
          "tokens: expected 1 to " + maxTokens + " in a step, found " + count);
    }
    int[] of = new int[6 * count];
    for (int i = 0; i < count; i++) {
      Token token = tokens.get(i);
      requireIn("id", token.id(), vocabulary);
      requireIn("row", token.row(), capacities.length);
      requireIn("place", token.place(), capacities[token.row()]);
      if (token.place() < first[token.row()]) {
        throw new IllegalArgumentException(
            "place: expected at least "
                + first[token.row()]
                + ", as what windows before it see has been freed, found "
                + token.place());
      }
      requireIn("first", token.first(), token.place() + 1);
      of[i] = token.id();
      of[count + i] = token.row();
      of[2 * count + i] = token.place();
      of[3 * count + i] = token.first();
      of[4 * count + i] = token.position();
      if (token.adapter() != Token.NO_ADAPTER) {
        requireIn("adapter", token.adapter(), adapters);
      }
      of[5 * count + i] = token.adapter();
    }
    int[] outputs = IntStream.range(0, count).filter(i -> tokens.get(i).isOutput()).toArray();
    if (outputs.length > capacities.length) {
      throw new IllegalArgumentException(
          "tokens: expected at most "
              + capacities.length
              + " outputs in a step, found "
              + outputs.length);
    }
    int[] likeliest = new int[outputs.length];
    int[] positions = tokens.stream().mapToInt(Token::position).toArray();
    List<RotaryFrequencies.Tables> tables =
        rotary.stream().map(frequencies -> frequencies.tables(positions)).toList();
    program.run(
        count,
        of,
        likeliest.length,
        outputs,
        tables.size(),
        tables.stream().mapToInt(RotaryFrequencies.Tables::columns).toArray(),
        turns(tables, positions),
        likeliest);
    return likeliest;
  }

  private static void requireIn(String name, int value, int end) {
    if (value < 0 || value >= end) {
      throw new IllegalArgumentException(
          name + ": expected 0 to " + (end - 1) + ", found " + value);
    }
  }

  @Override
  public Map<String, Long> profile(List<Token> tokens) {
    requireOpen();
    program.timed(true);
    run(tokens);
    program.timed(false);
    Map<String, Long> times = new LinkedHashMap<>();
    for (int i = 0; i < program.operators(); i++) {
      times.merge(program.name(i).getString(), program.nanos(i), Long::sum);
    }
    return times;
  }

  /** Returns the rotary cosines and sines, rounded to the compute type as in training. */
  private float[] turns(List<RotaryFrequencies.Tables> tables, int[] positions) {
    float[] turns =
        new float[tables.stream().mapToInt(table -> table.cos().length + table.sin().length).sum()];
    int at = 0;
    for (int i = 0; i < tables.size(); i++) {
      RotaryFrequencies.Tables table = tables.get(i);
      Optional<RotaryFrequencies.Temperature> temperature = rotary.get(i).temperature();
      for (float[] values : List.of(table.cos(), table.sin())) {
        for (int j = 0; j < values.length; j++) {
          float value = (float) type.round(values[j]);
          int position = positions[j / table.columns()];
          turns[at++] =
              temperature.isEmpty()
                  ? value
                  : (float) type.round(value * factor(temperature.get(), position));
        }
      }
    }
    return turns;
  }

  private static float factor(RotaryFrequencies.Temperature temperature, int position) {
    int rounds = position / temperature.length();
    return (float) (1 + temperature.beta() * Math.log(1 + rounds));
  }

  @Override
  public void logits(int output, float[] to, int at) {
    requireOpen();
    read(buffers.logits(), output, vocabulary, to, at);
  }

  @Override
  public boolean lastLayer(int token, float[] to, int at) {
    requireOpen();
    requireIn("token", token, maxTokens);
    if (buffers.lastLayer() < 0) {
      return false;
    }
    read(buffers.lastLayer(), token, buffers.width(), to, at);
    return true;
  }

  private void read(int buffer, int row, int width, float[] to, int at) {
    if (read.capacity() < width) {
      read =
          ByteBuffer.allocateDirect(width * Float.BYTES)
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
    }
    program.read(buffer, row, read);
    read.get(0, to, at, width);
  }

  private void requireOpen() {
    if (!open) {
      throw new IllegalStateException("These steps have been closed");
    }
  }

  @Override
  public void close() {
    open = false;
    program.close();
    if (head != null) {
      head.close();
    }
  }
}
