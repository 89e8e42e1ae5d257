package io.adapt4j.benchmarks;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A Llama's bf16 checkpoint as llama.cpp reads it: a GGUF file with its matrices in a type of
 * ggml's and its norms in fp32. Tensors pass through one after another, a piece at a time.
 *
 * <p>llama.cpp's converter also permutes the rows of the query and key projections, since it turns
 * neighboring entries of a head. That is left out here: it changes what the model says, not how
 * long it takes. The vocabulary is made up: the unknown token, the beginning, the end, bytes where
 * a program looks some of them up, and then single characters, so that a text of n of them is n
 * tokens.
 */
final class GgufFile {

  private static final int FIRST_CHARACTER = 0x3400;

  /** Of a larger vocabulary characters would run into surrogates: it begins in another plane. */
  private static final int MOST_CHARACTERS = 0xD800 - FIRST_CHARACTER;

  private static final int FIRST_OF_MANY = 0x20000;
  private static final List<String> SPECIAL = List.of("<unk>", "<s>", "</s>");
  private static final int BEGINNING = 1;
  private static final int END = 2;

  /** How llama.cpp calls tokens: normal, unknown, control, byte. */
  private static final int NORMAL_TOKEN = 1;

  private static final int UNKNOWN_TOKEN = 2;
  private static final int CONTROL_TOKEN = 3;

  private static final int BYTE_TOKEN = 6;

  private static final int BYTE_TOKENS = 256;

  private static final int F32 = 0;
  private static final int PIECE = 1 << 20;

  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("model.embed_tokens", "token_embd"),
          Map.entry("model.norm", "output_norm"),
          Map.entry("lm_head", "output"),
          Map.entry("input_layernorm", "attn_norm"),
          Map.entry("self_attn.q_proj", "attn_q"),
          Map.entry("self_attn.k_proj", "attn_k"),
          Map.entry("self_attn.v_proj", "attn_v"),
          Map.entry("self_attn.o_proj", "attn_output"),
          Map.entry("post_attention_layernorm", "ffn_norm"),
          Map.entry("mlp.gate_proj", "ffn_gate"),
          Map.entry("mlp.up_proj", "ffn_up"),
          Map.entry("mlp.down_proj", "ffn_down"));

  private final Checkpoint source;
  private final DecoderConfig config;
  private final Weights weights;
  private final boolean bytes;

  private GgufFile(Checkpoint source, DecoderConfig config, Weights weights, boolean bytes) {
    this.source = source;
    this.config = config;
    this.weights = weights;
    this.bytes = bytes;
  }

  /** How matrices are stored, with ggml's numbers of the type and of a file of them. */
  enum Weights {
    BF16(30, 32),
    Q8_0(8, 7),
    Q4_0(Q4Blocks.TYPE, 2);

    private final int type;
    private final int fileType;

    Weights(int type, int fileType) {
      this.type = type;
      this.fileType = fileType;
    }

    private long bytes(long count) {
      return switch (this) {
        case BF16 -> count * Short.BYTES;
        case Q8_0 -> Q8Blocks.bytes(count);
        case Q4_0 -> Q4Blocks.bytes(count);
      };
    }

    private void put(float[] values, int count, ByteBuffer target) {
      switch (this) {
        case BF16 -> {
          for (int i = 0; i < count; i++) {
            target.putShort((short) (Float.floatToRawIntBits(values[i]) >>> 16));
          }
        }
        case Q8_0 -> Q8Blocks.quantize(values, count, target);
        case Q4_0 -> Q4Blocks.quantize(values, count, target);
      }
    }
  }

  /**
   * Writes a file.
   *
   * @param model the model's configuration
   * @param folder its checkpoint in bf16
   * @param weights how matrices are stored
   * @param bytes whether the vocabulary has a token for each byte, as node-llama-cpp needs
   * @param target the file
   */
  static void write(ModelConfig model, Path folder, Weights weights, boolean bytes, Path target) {
    DecoderConfig config = DecoderConfig.from(model, DecoderConfig.Defaults.LLAMA);
    try (Checkpoint source = Checkpoint.open(folder);
        WritableByteChannel file = Files.newByteChannel(target, CREATE_NEW, WRITE)) {
      new GgufFile(source, config, weights, bytes).write(file);
    } catch (IOException e) {
      throw new UncheckedIOException("Writing " + target + " failed", e);
    }
  }

  /** A text of so many tokens. */
  static String text(int tokens) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < tokens; i++) {
      text.append((char) (FIRST_CHARACTER + i));
    }
    return text.toString();
  }

  private void write(WritableByteChannel file) throws IOException {
    GgufHeader header = new GgufHeader();
    putModel(header);
    putVocabulary(header);
    for (String name : source.names()) {
      TensorEntry entry = source.entry(name);
      int type = isMatrix(entry) ? weights.type : F32;
      header.tensor(renamed(name), entry.shape(), type, bytes(entry));
    }
    file.write(ByteBuffer.wrap(header.bytes()));
    for (String name : source.names()) {
      copy(source.entry(name), file);
    }
  }

  private void putModel(GgufHeader header) {
    header.put("general.architecture", "llama");
    header.put("general.file_type", weights.fileType);
    header.put("llama.block_count", config.layers());
    header.put("llama.context_length", config.contextLength());
    header.put("llama.embedding_length", config.hiddenSize());
    header.put("llama.feed_forward_length", config.intermediateSize());
    header.put("llama.attention.head_count", config.heads());
    header.put("llama.attention.head_count_kv", config.kvHeads());
    header.put("llama.attention.layer_norm_rms_epsilon", (float) config.rmsNormEps());
    header.put("llama.rope.dimension_count", config.headDim());
    header.put("llama.vocab_size", config.vocabSize());
  }

  private void putVocabulary(GgufHeader header) {
    List<String> tokens = new ArrayList<>(SPECIAL);
    boolean isLarge = config.vocabSize() > MOST_CHARACTERS;
    for (int value = 0; bytes && value < BYTE_TOKENS; value++) {
      tokens.add(String.format(Locale.ROOT, "<0x%02X>", value));
    }
    int first = (isLarge ? FIRST_OF_MANY : FIRST_CHARACTER) - tokens.size();
    while (tokens.size() < config.vocabSize()) {
      tokens.add(Character.toString(first + tokens.size()));
    }
    int[] types = new int[tokens.size()];
    Arrays.fill(types, NORMAL_TOKEN);
    if (bytes) {
      Arrays.fill(types, SPECIAL.size(), SPECIAL.size() + BYTE_TOKENS, BYTE_TOKEN);
    }
    types[0] = UNKNOWN_TOKEN;
    types[BEGINNING] = CONTROL_TOKEN;
    types[END] = CONTROL_TOKEN;
    header.put("tokenizer.ggml.model", "llama");
    header.putTexts("tokenizer.ggml.tokens", tokens);
    header.putFloats("tokenizer.ggml.scores", new float[tokens.size()]);
    header.putInts("tokenizer.ggml.token_type", types);
    header.put("tokenizer.ggml.bos_token_id", BEGINNING);
    header.put("tokenizer.ggml.eos_token_id", END);
    header.put("tokenizer.ggml.unknown_token_id", 0);
    header.put("tokenizer.ggml.add_space_prefix", false);
  }

  private static String renamed(String name) {
    String path = name.substring(0, name.length() - ".weight".length());
    if (NAMES.containsKey(path)) {
      return NAMES.get(path) + ".weight";
    }
    String[] parts = path.split("\\.", 4); // model, layers, index, the rest
    return "blk." + parts[2] + "." + NAMES.get(parts[3]) + ".weight";
  }

  private static boolean isMatrix(TensorEntry entry) {
    return entry.shape().size() == 2;
  }

  private long bytes(TensorEntry entry) {
    return isMatrix(entry) ? weights.bytes(entry.elements()) : entry.elements() * Float.BYTES;
  }

  private void copy(TensorEntry entry, WritableByteChannel file) throws IOException {
    ByteBuffer stored = little(PIECE * Short.BYTES);
    float[] values = new float[PIECE];
    ByteBuffer written = little(PIECE * Float.BYTES);
    for (long first = 0; first < entry.elements(); first += PIECE) {
      int count = (int) Math.min(PIECE, entry.elements() - first);
      source.read(entry.name(), first * Short.BYTES, stored.clear().limit(count * Short.BYTES));
      stored.flip();
      for (int i = 0; i < count; i++) {
        values[i] = Float.intBitsToFloat(stored.getShort() << 16);
      }
      written.clear();
      if (isMatrix(entry)) {
        weights.put(values, count, written);
      } else {
        written.asFloatBuffer().put(values, 0, count);
        written.position(count * Float.BYTES);
      }
      file.write(written.flip());
    }
    file.write(ByteBuffer.allocate(GgufHeader.padding(bytes(entry))));
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
