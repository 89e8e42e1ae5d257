package io.adapt4j.core;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The small model of the families' folders in the form in which jina-embeddings-v3 is published,
 * with a tokenizer of a few words and the files of Sentence Transformers.
 */
public final class SmallJina {

  /** Its tasks, in the order of their matrices. */
  public static final List<String> TASKS =
      List.of("retrieval.query", "retrieval.passage", "separation");

  private static final String FAMILY = "families/jina_v3_published_features";

  private SmallJina() {}

  /** Writes the model. */
  public static Path write(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("1_Pooling"));
    for (String name : List.of("config.json", Checkpoint.SINGLE_FILE)) {
      Files.copy(SmallModel.fixture(FAMILY).resolve(name), folder.resolve(name));
    }
    Files.writeString(
        folder.resolve("modules.json"),
        """
        [{"idx": 0, "name": "transformer", "path": "", "type": "custom_st.Transformer",
          "kwargs": ["task"]},
         {"idx": 1, "name": "pooler", "path": "1_Pooling",
          "type": "sentence_transformers.models.Pooling"},
         {"idx": 2, "name": "normalizer", "path": "2_Normalize",
          "type": "sentence_transformers.models.Normalize"}]
        """);
    Files.writeString(
        folder.resolve("1_Pooling/config.json"),
        """
        {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": true}
        """);
    Files.writeString(
        folder.resolve("config_sentence_transformers.json"),
        """
        {"prompts": {"retrieval.query": "Represent the query: ",
           "retrieval.passage": "Represent the document: ", "separation": ""},
         "default_prompt_name": null}
        """);
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
         "normalizer": null, "pre_tokenizer": {"type": "BertPreTokenizer"},
         "post_processor": {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
             {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "</s>", "type_id": 0}}],
           "pair": [{"Sequence": {"id": "A", "type_id": 0}},
             {"Sequence": {"id": "B", "type_id": 0}}],
           "special_tokens": {
             "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
             "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}},
         "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
         "model": {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##",
           "max_input_chars_per_word": 100, "vocab": {"<s>": 0, "<pad>": 1, "</s>": 2,
             "<unk>": 3, "Represent": 4, "the": 5, "query": 6, "document": 7, ":": 8, "a": 9,
             "cat": 10, "dog": 11, "sat": 12, "ran": 13, "red": 14, "blue": 15}}}
        """);
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>",
         "model_max_length": 30, "tokenizer_class": "XLMRobertaTokenizer"}
        """);
    return folder;
  }
}
