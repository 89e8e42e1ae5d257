package io.adapt4j.core;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A BERT of random weights, with a tokenizer of a few words. */
public final class SmallEmbedder {

  private SmallEmbedder() {}

  /** Writes the model as a checkpoint. */
  public static Path write(Path folder) throws IOException {
    return write(folder, "BertModel", "");
  }

  /** Writes the model with a head for three classes. */
  public static Path writeClassifier(Path folder) throws IOException {
    return write(
        folder,
        "BertForSequenceClassification",
        "\"id2label\": {\"0\": \"neg\", \"1\": \"neu\", \"2\": \"pos\"},");
  }

  private static Path write(Path folder, String architecture, String fields) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "bert", "architectures": ["%s"], "dtype": "float32", %s
         "vocab_size": 9, "hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2,
         "num_attention_heads": 4, "hidden_act": "gelu", "max_position_embeddings": 40,
         "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0}
        """
            .formatted(architecture, fields));
    ModelConfig config = ModelConfig.read(folder);
    try (Encoder encoder = Architectures.declareEncoder(config)) {
      encoder.allocate(DType.F32);
      Weights.randomize(encoder, 7);
      CheckpointFolder.write(folder, folder, config, Weights.tensors(encoder, StoredType.F32));
    }
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
         "normalizer": null, "pre_tokenizer": {"type": "BertPreTokenizer"},
         "post_processor": {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
             {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
           "pair": [{"Sequence": {"id": "A", "type_id": 0}},
             {"Sequence": {"id": "B", "type_id": 1}}],
           "special_tokens": {
             "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
             "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
         "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
         "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
           "max_input_chars_per_word": 100, "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2,
             "[SEP]": 3, "a": 4, "cat": 5, "dog": 6, "sat": 7, "ran": 8}}}
        """);
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]",
         "model_max_length": 32, "tokenizer_class": "BertTokenizer"}
        """);
    return folder;
  }

  /** Writes the model as a sentence transformer with prompts of its own. */
  public static Path writeWithPrompts(Path folder) throws IOException {
    write(folder);
    Files.writeString(
        folder.resolve("modules.json"),
        """
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "name": "1", "path": "1_Pooling",
          "type": "sentence_transformers.models.Pooling"}]
        """);
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling/config.json"),
        """
        {"word_embedding_dimension": 24, "pooling_mode_mean_tokens": true}
        """);
    Files.writeString(
        folder.resolve("config_sentence_transformers.json"),
        """
        {"prompts": {"query": "cat ", "passage": "dog "}, "default_prompt_name": null}
        """);
    return folder;
  }
}
