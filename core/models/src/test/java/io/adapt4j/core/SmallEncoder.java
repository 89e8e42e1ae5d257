package io.adapt4j.core;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A BERT of random weights, with a tokenizer of a few words. */
public final class SmallEncoder {

  /** Width of its hidden states. */
  public static final int WIDTH = 24;

  public static final int HIDDEN = WIDTH;
  public static final int POSITIONS = 40;
  public static final int CLS = 2;
  public static final int SEP = 3;
  public static final int MASK = 4;

  private static final List<String> VOCABULARY =
      List.of(
          "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "dog", "sat", "ran", "on",
          "mat", "the", "query", ":", "fast", "slow", "##ly", "red", "blue");

  private static final String CONFIG =
      """
      {"model_type": "bert", "architectures": ["%s"], "dtype": "float32", "vocab_size": 20,
       "hidden_size": %d, "intermediate_size": 32, "num_hidden_layers": 2,
       "num_attention_heads": 4, "hidden_act": "gelu", "max_position_embeddings": 40,
       "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0%s}
      """;

  private SmallEncoder() {}

  /** Writes a model without an output layer. */
  public static Path write(Path folder) throws IOException {
    return write(folder, "BertModel", "");
  }

  /**
   * Writes a model.
   *
   * @param architecture the class that tells its output layer
   * @param fields more of its configuration, after a comma
   */
  public static Path write(Path folder, String architecture, String fields) throws IOException {
    return write(folder, WIDTH, architecture, fields);
  }

  /** Writes a model whose hidden states have this width. */
  public static Path write(Path folder, int width, String architecture, String fields)
      throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), CONFIG.formatted(architecture, width, fields));
    ModelConfig config = ModelConfig.read(folder);
    try (Encoder encoder = Architectures.declareEncoder(config)) {
      encoder.allocate(DType.F32);
      Weights.randomize(encoder, 7);
      // Ten times what training starts from, so that texts differ clearly.
      encoder.parameters().stream()
          .filter(parameter -> parameter.sizes().length == 2)
          .forEach(
              parameter -> {
                try (Tensor large = parameter.value().scaled(10)) {
                  parameter.value().copyFrom(large);
                }
              });
      CheckpointFolder.write(folder, folder, config, Weights.tensors(encoder, StoredType.F32));
    }
    writeTokenizer(folder);
    return folder;
  }

  private static void writeTokenizer(Path folder) throws IOException {
    String vocabulary =
        IntStream.range(0, VOCABULARY.size())
            .mapToObj(i -> "\"" + VOCABULARY.get(i) + "\": " + i)
            .collect(Collectors.joining(", "));
    String added =
        IntStream.range(0, 5)
            .mapToObj(
                i ->
                    """
                    {"id": %d, "content": "%s", "single_word": false, "lstrip": false,
                     "rstrip": false, "normalized": false, "special": true}"""
                        .formatted(i, VOCABULARY.get(i)))
            .collect(Collectors.joining(", "));
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [%s],
         "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
           "strip_accents": null, "lowercase": false},
         "pre_tokenizer": {"type": "BertPreTokenizer"},
         "post_processor": {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
             {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
           "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
             {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
             {"Sequence": {"id": "B", "type_id": 1}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
           "special_tokens": {
             "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
             "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
         "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
         "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
           "max_input_chars_per_word": 100, "vocab": {%s}}}
        """
            .formatted(added, vocabulary));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]",
         "mask_token": "[MASK]", "model_max_length": 32, "tokenizer_class": "BertTokenizer"}
        """);
  }

  /** The ids of words with those added around them. */
  public static long[] ids(String... words) {
    long[] ids = new long[words.length + 2];
    ids[0] = CLS;
    for (int i = 0; i < words.length; i++) {
      ids[i + 1] = VOCABULARY.indexOf(words[i]);
    }
    ids[words.length + 1] = SEP;
    return ids;
  }

  /** Hidden states of one sequence, run alone: one row a token. */
  public static float[][] hidden(Path folder, long[] ids) {
    float[] values = run(folder, ids, new long[ids.length], (encoder, hidden) -> hidden);
    float[][] rows = new float[ids.length][];
    for (int i = 0; i < ids.length; i++) {
      rows[i] = Arrays.copyOfRange(values, i * HIDDEN, (i + 1) * HIDDEN);
    }
    return rows;
  }

  /** What a function makes of the hidden states of one sequence. */
  public static float[] run(
      Path folder, long[] ids, long[] types, BiFunction<Encoder, Tensor, Tensor> output) {
    try (Encoder encoder = Architectures.declareEncoder(ModelConfig.read(folder));
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      encoder.allocate(DType.F32);
      Weights.load(encoder, checkpoint);
      long[] mask = new long[ids.length];
      Arrays.fill(mask, 1);
      try (Scope scope = Scope.open();
          Positions positions = encoder.positions(ids, mask, 1, ids.length)) {
        Tensor hidden =
            encoder.hidden(
                Ops.inference(),
                Tensor.of(ids, 1, ids.length),
                Tensor.of(types, 1, ids.length),
                positions,
                false);
        return output.apply(encoder, hidden).toFloats();
      }
    }
  }
}
