package io.adapt4j.benchmarks.models;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.QuantizedSource;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Converts a Llama's bf16 checkpoint to GGUF, with matrices in a ggml type and norms in fp32.
 * Tensors are streamed one after another, a piece at a time.
 *
 * <p>llama.cpp's converter also permutes the rows of the query and key projections, since it
 * rotates neighboring entries of a head. That is omitted here: it affects the output, not the
 * speed. The vocabulary is artificial: the unknown, BOS and EOS tokens, bytes if a program needs
 * them, and then single characters, so that a text of n characters has n tokens.
 */
public final class LlamaGguf {

  private static final int FIRST_CHARACTER = 0x3400;

  /** Number of characters before the surrogates: a larger vocabulary begins in another plane. */
  private static final int MOST_CHARACTERS = 0xD800 - FIRST_CHARACTER;

  private static final int FIRST_OF_MANY = 0x20000;
  private static final List<String> SPECIAL = List.of("<unk>", "<s>", "</s>");
  private static final int BEGINNING = 1;
  private static final int END = 2;

  /** llama.cpp's token types: normal, unknown, control, byte. */
  private static final int NORMAL_TOKEN = 1;

  private static final int UNKNOWN_TOKEN = 2;
  private static final int CONTROL_TOKEN = 3;

  private static final int BYTE_TOKEN = 6;

  private static final int BYTE_TOKENS = 256;

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

  /** Values of {@code general.file_type} by matrix type. */
  private static final Map<TensorType, Integer> FILE_TYPES =
      Map.of(TensorType.BF16, 32, TensorType.Q8_0, 7, TensorType.Q4_0, 2);

  private final Checkpoint source;
  private final DecoderConfig config;
  private final TensorType matrices;
  private final boolean bytes;

  private LlamaGguf(Checkpoint source, DecoderConfig config, TensorType matrices, boolean bytes) {
    this.bytes = bytes;
    this.source = source;
    this.config = config;
    this.matrices = matrices;
  }

  public static void write(
      ModelConfig model, Path folder, TensorType matrices, boolean bytes, Path target) {
    DecoderConfig config = DecoderConfig.from(model, DecoderConfig.Defaults.LLAMA);
    try (Checkpoint source = Checkpoint.open(folder)) {
      LlamaGguf gguf = new LlamaGguf(source, config, matrices, bytes);
      GgufWriter.write(target, gguf.metadata(), source.names().stream().map(gguf::tensor).toList());
    }
  }

  /** Returns a text of a number of tokens. */
  public static String text(int tokens) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < tokens; i++) {
      text.append((char) (FIRST_CHARACTER + i));
    }
    return text.toString();
  }

  private GgufMetadata metadata() {
    GgufMetadata.Builder metadata =
        GgufMetadata.builder()
            .string("general.architecture", "llama")
            .uint32("general.file_type", FILE_TYPES.get(matrices))
            .uint32("llama.block_count", config.layers())
            .uint32("llama.context_length", config.contextLength())
            .uint32("llama.embedding_length", config.hiddenSize())
            .uint32("llama.feed_forward_length", config.intermediateSize())
            .uint32("llama.attention.head_count", config.heads())
            .uint32("llama.attention.head_count_kv", config.kvHeads())
            .float32("llama.attention.layer_norm_rms_epsilon", (float) config.rmsNormEps())
            .uint32("llama.rope.dimension_count", config.headDim())
            .uint32("llama.vocab_size", config.vocabSize());
    return addVocabulary(metadata).build();
  }

  private GgufMetadata.Builder addVocabulary(GgufMetadata.Builder metadata) {
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
    return metadata
        .string("tokenizer.ggml.model", "llama")
        .strings("tokenizer.ggml.tokens", tokens)
        .float32s("tokenizer.ggml.scores", new float[tokens.size()])
        .int32s("tokenizer.ggml.token_type", types)
        .uint32("tokenizer.ggml.bos_token_id", BEGINNING)
        .uint32("tokenizer.ggml.eos_token_id", END)
        .uint32("tokenizer.ggml.unknown_token_id", 0)
        .bool("tokenizer.ggml.add_space_prefix", false);
  }

  private static String renamed(String name) {
    String path = name.substring(0, name.length() - ".weight".length());
    if (NAMES.containsKey(path)) {
      return NAMES.get(path) + ".weight";
    }
    String[] parts = path.split("\\.", 4); // model, layers, index, the rest
    return "blk." + parts[2] + "." + NAMES.get(parts[3]) + ".weight";
  }

  private TensorSource tensor(String name) {
    TensorEntry entry = source.entry(name);
    List<Long> shape = new ArrayList<>(entry.shape());
    Collections.reverse(shape);
    TensorType type = shape.size() == 2 ? matrices : TensorType.F32;
    return QuantizedSource.of(
        renamed(name), shape, type, (first, target, count) -> read(name, first, target, count));
  }

  private void read(String name, long first, float[] target, int count) {
    ByteBuffer stored = ByteBuffer.allocate(count * Short.BYTES);
    source.read(name, first * Short.BYTES, stored);
    Quantizer.of(TensorType.BF16).dequantize(stored.flip(), target, 0, count);
  }
}
