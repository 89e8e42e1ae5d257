package io.adapt4j.spark;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A BERT of random weights, with a tokenizer of a few words. */
public final class SmallBert {

  private static final List<String> VOCABULARY =
      List.of(
          "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "dog", "sat", "ran", "on",
          "mat", "the", "query", ":", "fast", "slow", "##ly", "red", "blue");

  private static final String CONFIG =
      """
      {"model_type": "bert", "architectures": ["%s"], "dtype": "float32", "vocab_size": 20,
       "hidden_size": 64, "intermediate_size": 32, "num_hidden_layers": 2,
       "num_attention_heads": 4, "hidden_act": "gelu", "max_position_embeddings": 40,
       "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0%s}
      """;

  private SmallBert() {}

  /** Writes a model without an output layer. */
  public static Path embedder(Path folder) throws IOException {
    return write(folder, "BertModel", "");
  }

  /** Writes a classifier of some labels. */
  public static Path classifier(Path folder, String... labels) throws IOException {
    String named =
        IntStream.range(0, labels.length)
            .mapToObj(i -> "\"" + i + "\": \"" + labels[i] + "\"")
            .collect(Collectors.joining(", "));
    return write(folder, "BertForSequenceClassification", ", \"id2label\": {" + named + "}");
  }

  /**
   * Writes a model.
   *
   * @param architecture the class that tells its output layer
   * @param fields more of its configuration, after a comma
   */
  private static Path write(Path folder, String architecture, String fields) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), CONFIG.formatted(architecture, fields));
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
                     "rstrip": false, "normalized": false, "special": true}\
                    """
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
}
